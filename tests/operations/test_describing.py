"""All that is known of one customer, in words and for programs."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert

from tests import projects
from tests.audience import histories
from tests.audience.histories import TODAY
from tests.operations import regulars
from tests.store import world
from winback import clock
from winback.audience.lifecycle import Stage
from winback.audience.movements import Change
from winback.errors import ConfigError
from winback.model import FeedbackKind, OrderStatus, ReasonSource
from winback.operations import describing, scoring
from winback.store import database, leaving_reasons, refreshing
from winback.store.tables import facts, feedback, inquiries, scores

NOW = clock.end_of_day(TODAY, world.ZONE)


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


def words(told) -> dict[str, str]:
    return {name: found for _, name, found in told.in_words()}


@pytest.fixture
def anna(engine) -> int:
    """Three purchases and a return in hryvnias, one purchase in euros; a complaint, two inquiries, a reason."""
    with database.writing(engine) as connection:
        who = world.customer(connection, "anna")
        world.order(connection, who, "2025-03-31 20:59:59", 100, margin_minor=2_500, code="TEA")  # 31 March in Kyiv
        world.order(connection, who, "2025-03-31 21:00:00", 300)  # 1 April in Kyiv
        world.order(connection, who, "2025-11-10 12:00", 50)
        world.order(connection, who, "2025-11-12 12:00", -100, status=OrderStatus.RETURNED)
        world.order(connection, who, "2025-12-31 12:00", 20, currency="EUR")
        world.order(connection, who, "2025-12-31 13:00", 900, status=OrderStatus.CANCELLED)
        said = {"key": "f1", "kind": FeedbackKind.COMPLAINT, "said_at": datetime(2026, 11, 1, 12, tzinfo=UTC)}
        connection.execute(insert(feedback).values(customer_id=who, **said))
        for number, day in enumerate(["2026-01-05", "2026-01-06"]):
            moment = datetime.fromisoformat(day).replace(tzinfo=UTC)
            connection.execute(insert(inquiries).values(key=f"i{number}", customer_id=who, inquired_at=moment))
        for reason, days in (("service", -3), ("price", +3)):
            leaving_reasons.record(connection, who, reason, ReasonSource.STAFF, key=reason, recorded_at=NOW + timedelta(days=days), note="Waited")
        refreshing.due(connection, [who])
    return who


def test_every_column_has_a_name_for_people_and_none_is_left_out(engine, project, anna):
    told = describing.portrait_of(project, engine, "anna", now=NOW)
    shown_as_days = {"first_order_at", "last_order_at", "customer_id"}
    assert set(told.facts) == {column.name for column in facts.c} - shown_as_days | {"average_order_minor"}
    assert set(told.scores) == {column.name for column in scores.c} - {"customer_id"}
    names = [name for _, name, _ in told.in_words()]
    assert len(set(names)) == len(names) == len(told.facts) + len(told.scores)


def test_facts_in_words(engine, project, anna):
    found = words(describing.portrait_of(project, engine, "anna", now=NOW))
    assert {name: found[name] for name in ("orders", "days with an order", "orders with a code", "orders in a currency without a rate")} == {
        "orders": "4",
        "days with an order": "4",
        "orders with a code": "1",
        "orders in a currency without a rate": "1",
    }
    assert found["first order"] == "2025-03-31, 602 days ago"
    assert found["revenue"] == "350.00 UAH"
    assert found["average order"] == "116.67 UAH"
    assert found["currency of all orders"] == "several"
    assert found["days between two orders, usually"] == "51.0"
    assert found["last complaint that isn't mended"] == "2026-11-01, 22 days ago"
    assert found["last touch"] == "none"
    assert found["last score"] == "not known"
    assert found["chance of no purchase in the next 182 days"] == "not known"
    assert found["stage"] == "regular"


def test_quarters_are_those_of_the_shops_calendar_with_the_empty_ones_between(engine, project, anna):
    told = describing.portrait_of(project, engine, "anna", now=NOW)
    assert [(each.name, each.orders, f"{each.revenue.amount:f}") for each in told.quarters] == [
        ("2025-Q1", 1, "100.00"),
        ("2025-Q2", 1, "300.00"),
        ("2025-Q3", 0, "0.00"),
        ("2025-Q4", 2, "-50.00"),
    ]
    assert [(f"{money.amount:f} {money.currency}", count) for money, count in told.currencies] == [("350.00 UAH", 3), ("20.00 EUR", 1)]


def test_signs_stages_and_reasons_stand_beside_them(engine, project, anna):
    told = describing.portrait_of(project, engine, "anna", now=NOW)
    assert told.signs["dissatisfied"] == {"last_complaint": "2026-11-01"}
    assert told.signs_told["no-inquiries"] == "neither asked nor ordered for 90 days; try invitation-to-event, benefits-reminder"
    assert told.history == (Change(TODAY, None, Stage.REGULAR),)
    assert told.history[0].told == "regular, first noted on 2026-11-23"
    assert [(each.reason, each.title, each.note) for each in told.reasons] == [("service", "Poor service", "Waited")], "one is told later"
    assert told.sentences[0].startswith("No chance is told, so no expected value either: 1 customer has bought")


def test_as_of_a_past_day_only_what_was_known_then_is_shown(engine, project, anna):
    describing.portrait_of(project, engine, "anna", now=NOW)
    told = describing.portrait_of(project, engine, "anna", now=clock.end_of_day(date(2025, 4, 1), world.ZONE), present=NOW)
    assert words(told)["revenue"] == "400.00 UAH"
    assert words(told)["last order"] == "2025-04-01, 0 days ago"
    assert words(told)["stage"] == "repeat"
    assert (told.currencies, told.signs, told.history, told.reasons) == ((), {}, (), ())
    assert [each.name for each in told.quarters] == ["2025-Q1", "2025-Q2"]


def test_programs_get_amounts_as_text_and_days_as_iso(engine, project, anna):
    told = json.loads(json.dumps(describing.portrait_of(project, engine, "anna", now=NOW).as_json()))
    assert told["facts"]["revenue"] == {"amount": "350.00", "currency": "UAH"}
    assert told["facts"]["last_order_on"] == "2025-12-31"
    assert told["facts"]["last_touch_at"] is None
    assert told["quarters"][0] == {"quarter": "2025-Q1", "orders": 1, "revenue": {"amount": "100.00", "currency": "UAH"}}
    assert told["stages"] == [{"since": "2026-11-23", "before": None, "stage": "regular"}]
    assert told["scores"]["chance_lost"] is None
    assert [each["sign"] for each in told["signs"]] == ["no-inquiries", "dissatisfied"]


def test_who_never_bought_has_no_quarters_and_nothing_fails(engine, project):
    with database.writing(engine) as connection:
        refreshing.due(connection, [world.customer(connection, "new")])
    told = describing.portrait_of(project, engine, "new", now=NOW)
    found = words(told)
    assert (found["orders"], found["revenue"], found["average order"], found["currency of all orders"]) == ("0", "0.00 UAH", "not known", "not known")
    assert (found["stage"], found["value"], found["fifth by recency"], found["first order"]) == ("potential", "not known", "never bought", "none")
    assert told.quarters == ()


def test_who_was_merged_into_another_is_shown_as_the_other(engine, project, anna):
    with database.writing(engine) as connection:
        world.customer(connection, "anna-2", merged_into=anna)
    told = describing.portrait_of(project, engine, "anna-2", now=NOW)
    assert told.customer == "anna"
    assert words(told)["orders"] == "4"
    assert "anna-2 was merged into anna: everything lies there." in told.sentences


def test_who_came_after_the_scoring_of_the_day_is_told_how_to_be_scored(engine, project):
    regulars.populate(engine, histories.shop())
    scoring.update(project, engine, now=NOW)
    with database.writing(engine) as connection:
        refreshing.due(connection, [world.customer(connection, "late")])
    told = describing.portrait_of(project, engine, "late", now=NOW)
    assert (told.scores, told.history) == ({}, ())
    assert told.sentences == ("They came after everybody was scored today: `winback facts update` scores them now.",)
    assert words(told)["orders"] == "0"


@pytest.mark.parametrize(("chance", "said"), [(0.004, "under 1%"), (0.01, "1%"), (0.5, "50%"), (0.99, "99%"), (0.9999, "over 99%")])
def test_no_chance_is_shown_as_certain(engine, project, chance, said):
    regulars.populate(engine, histories.shop())
    scoring.update(project, engine, now=NOW)
    with database.writing(engine) as connection:
        connection.execute(scores.update().values(chance_lost=chance))
    assert words(describing.portrait_of(project, engine, "c1", now=NOW))["chance of no purchase in the next 182 days"] == said


def test_somebody_unknown_gets_a_sentence(engine, project):
    with pytest.raises(ConfigError, match="there is no customer `nobody`. Give the shop's own id"):
        describing.portrait_of(project, engine, "nobody", now=NOW)
