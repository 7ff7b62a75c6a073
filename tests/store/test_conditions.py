"""Every word of a cohort on a small shop, on both databases: from facts counted as of a day, and from stored ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from sqlalchemy import insert, select

from tests.store import shop, world
from winback import strictyaml
from winback.audience import conditions
from winback.audience.cohort import Cohort, Rule, flat
from winback.audience.signs import Sign
from winback.model import RecipientStatus, RunStatus
from winback.store import cohorts, database, evidence, refreshing
from winback.store.as_of import AsOf
from winback.store.tables import campaign_runs, outcomes, recipients

CASES = yaml.safe_load(Path(__file__).with_name("conditions.yaml").read_text(encoding="utf-8"))


def cohort(rule: str, more: str = "") -> Cohort:
    return strictyaml.parse(f"title: t\nrules:\n  - {rule}\n{more}", Cohort, shown="config/cohorts/c.yaml").value


def stand(connection, rule: str, more: str = "", as_of: AsOf = shop.AS_OF, **options):
    return cohorts.ground(connection, shop.selection(cohort(rule, more)), as_of, costs=shop.COSTS, **options)


def found(connection, rule: str, more: str = "", as_of: AsOf = shop.AS_OF) -> list[str]:
    return list(cohorts.keys(connection, cohorts.members(stand(connection, rule, more, as_of))))


def test_each_condition_finds_whom_a_person_would(engine):
    with database.writing(engine) as connection:
        shop.populate(connection)
        counted = {case["rule"]: found(connection, case["rule"]) for case in CASES}
        refreshing.refresh(connection, shop.AS_OF)
        stored = {case["rule"]: found(connection, case["rule"]) for case in CASES}
    assert counted == {case["rule"]: sorted(case["finds"]) for case in CASES}
    assert stored == counted


def test_every_word_stands_in_the_table():
    tried = {rule.said[0] for case in CASES for rule in flat(cohort(case["rule"]).rules)}
    assert tried == {name.rstrip("_") for name in Rule.model_fields}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["rule"])
def test_every_condition_can_be_said(case):
    (rule,) = cohort(case["rule"]).rules
    sentence = conditions.describe(rule, shop.selection(cohort(case["rule"])))
    assert len(sentence) > 4
    assert "None" not in sentence
    assert "{" not in sentence


def test_each_condition_is_explained_with_the_value_it_looked_at(engine):
    with database.writing(engine) as connection:
        ids = shop.populate(connection)
        rule = "all: [{orders: {at_least: 3}}, {not: {country: [RO]}}]"
        told = cohorts.found(connection, stand(connection, rule, whose=[ids["anna"]]), ids["anna"])
        assert [(each.rule.said[0], each.depth, each.holds, each.value) for each in told] == [
            ("all", 0, True, None),
            ("orders", 1, True, 3),
            ("not", 1, True, None),
            ("country", 2, False, "UA"),
        ]


EXCLUDES = {
    "{contacted_within: 200 days}": ["bohdan", "dmytro", "pavlo", "vira", "yeva"],
    "{black_list: true}": ["anna", "bohdan", "dmytro", "pavlo", "vira"],
    "{in_another_campaign: true}": ["anna", "dmytro", "pavlo", "vira", "yeva"],
    "{returned_within: 30 days}": ["anna", "bohdan", "dmytro", "vira", "yeva"],
}


@pytest.mark.parametrize("exclude", EXCLUDES)
def test_some_are_left_out_whatever_the_rules_say(engine, exclude):
    with database.writing(engine) as connection:
        ids = shop.populate(connection)
        connection.execute(world.customers.update().where(world.customers.c.key == "yeva").values(black_list="debtor"))
        _in_a_campaign(connection, ids["bohdan"], RunStatus.ACTIVE, 1)
        _in_a_campaign(connection, ids["anna"], RunStatus.FINISHED, 2)
        for who, day in (("pavlo", "2026-11-01"), ("anna", "2026-10-01")):
            row = {"run_id": 2, "customer_id": ids[who], "currency": "UAH", "returned_at": shop.at(day), "orders": 1, "revenue_minor": 1}
            connection.execute(insert(outcomes).values(row | {"window_closed": True, "measured_at": shop.NOW}))
        more = f"exclude: {exclude}\n"
        everybody = "not: {country: [XX]}"
        assert found(connection, everybody, more) == EXCLUDES[exclude]
        (word, _), *_ = conditions.describe_excludes(cohort(everybody, more).exclude)
        stays = {name: cohorts.stays(connection, stand(connection, everybody, more), who)[word] for name, who in ids.items()}
        assert sorted(name for name, stay in stays.items() if stay) == EXCLUDES[exclude]


def _in_a_campaign(connection, who: int, status: RunStatus, number: int) -> None:
    run = {"id": number, "campaign": f"c{number}", "number": 1, "status": status, "salt": "s", "started_at": shop.at("2026-01-01"), "plan": {}}
    connection.execute(insert(campaign_runs).values(run))
    row = {"run_id": number, "customer_id": who, "status": RecipientStatus.ACTIVE, "facts": {}, "assigned_at": shop.at("2026-01-01")}
    connection.execute(insert(recipients).values(row))


def test_only_the_first_so_many_are_taken_in_order(engine):
    with database.writing(engine) as connection:
        shop.populate(connection)
        everybody = "not: {country: [XX]}"
        for by, first in {
            "expected_value": ["anna", "bohdan"],
            "lifetime_value": ["anna", "bohdan"],
            "chance_lost": ["anna", "dmytro"],
            "revenue": ["anna", "bohdan"],
            "average_order": ["anna", "vira"],
            "orders": ["anna", "bohdan"],
            "last_order": ["bohdan", "vira"],
        }.items():
            more = f"order_by: {by}\nlimit: 2\n"
            assert found(connection, everybody, more) == first, by
            assert cohorts.funnel(connection, stand(connection, everybody, more)) == [6, 6, 2]


def test_signs_come_with_what_shows_them(engine):
    with database.writing(engine) as connection:
        ids = shop.populate(connection)
        asking = stand(connection, f"sign: [{', '.join(Sign)}]", whose=list(ids.values()))
        shown = evidence.signs(connection, asking, list(ids.values()))
    assert shown[ids["anna"]] == {
        Sign.NO_INQUIRIES: {"last_inquiry": "2025-07-20", "last_order": "2025-08-01"},
        Sign.NO_ANSWER: {"touches_since_reaction": 3, "last_touch": "2026-08-01"},
    }
    assert shown[ids["bohdan"]][Sign.VOLUME_DROPPED]["recent"] == "90.00 UAH"
    assert shown[ids["bohdan"]][Sign.VOLUME_DROPPED]["recent_orders"] == 3
    assert shown[ids["vira"]][Sign.DISSATISFIED] == {"last_complaint": "2026-09-20", "last_score": 4, "last_score_at": "2026-10-20"}
    assert set(shown[ids["yeva"]]) == {Sign.INQUIRIES_WITHOUT_ORDERS}


def test_a_cohort_as_of_a_past_day_is_the_one_of_that_day(engine):
    with database.writing(engine) as connection:
        shop.populate(connection)
        refreshing.refresh(connection, shop.AS_OF)
        then = AsOf(shop.at("2025-09-01"), "Europe/Kyiv", "UAH")
        assert found(connection, "days_since_last_order: {below: 60}", as_of=then) == ["anna", "bohdan"]
        assert found(connection, "sign: [no-answer]", as_of=then) == []


def test_make_up_counts_languages_values_and_other_cohorts(engine):
    with database.writing(engine) as connection:
        shop.populate(connection)
        mine = stand(connection, "country: [UA]")
        others = {
            "silent": stand(connection, "days_since_last_order: {from: 365}"),
            "first": stand(connection, "not: {country: [XX]}", "order_by: orders\nlimit: 1\n"),
        }
        made_up = cohorts.make_up(connection, mine, others)
    assert made_up.languages == {"uk": 4}
    assert made_up.values == {"copper": 1, "gold": 1, "silver": 1, "unknown": 1}
    assert made_up.overlap == {"first": 1, "silent": 1}
    assert made_up.returning == pytest.approx(0.6 + 0.95)


@pytest.mark.parametrize(
    ("rule", "more"), [("orders: {at_least: 1}", ""), ("value: [gold, silver]", ""), ("country: [UA]", "order_by: orders\nlimit: 2\n")]
)
@pytest.mark.parametrize(
    "other", ["country: [UA]", "value: [gold, copper]", "orders: {at_least: 1, within: 900 days}", "reason: [price]", "sign: [no-inquiries]"]
)
def test_members_that_another_cohort_has_too_are_those_in_both(engine, rule, more, other):
    with database.writing(engine) as connection:
        shop.populate(connection)
        refreshing.refresh(connection, shop.AS_OF)
        shared = cohorts.make_up(connection, stand(connection, rule, more), {"other": stand(connection, other)}).overlap["other"]
        assert shared == len({*found(connection, rule, more)} & {*found(connection, other)})


def test_a_sample_is_the_same_whether_the_make_up_was_asked_for_or_not(engine):
    with database.writing(engine) as connection:
        shop.populate(connection)
        refreshing.refresh(connection, shop.AS_OF)
        asked = stand(connection, "orders: {at_least: 1}")
        cohorts.make_up(connection, asked, {})
        assert not asked.joins
        assert cohorts.some(connection, asked, 9, among=9, of=9) == found(connection, "orders: {at_least: 1}")


def test_a_merged_customer_is_in_no_cohort_and_explained_as_such(engine):
    with database.writing(engine) as connection:
        ids = shop.populate(connection)
        gone = world.customer(connection, "old-anna", merged_into=ids["anna"])
        assert "old-anna" not in found(connection, "not: {country: [XX]}")
        (told,) = cohorts.found(connection, stand(connection, "country: [UA]"), gone)
        assert not told.holds
        assert connection.execute(select(world.customers.c.id).where(world.customers.c.key == "old-anna")).scalar_one() == gone
