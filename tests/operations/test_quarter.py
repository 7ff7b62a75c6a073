"""The figures of a quarter, on both databases, against what following tells."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from lxml import html
from sqlalchemy import insert

from tests import projects
from tests.audience import histories
from tests.operations import regulars
from tests.store import world
from winback import clock
from winback.audience import periods
from winback.audience.periods import Per, Period
from winback.audience.segment import By
from winback.errors import ConfigError
from winback.model import HOLDOUT, ReasonSource
from winback.operations import exporting, following, quarter
from winback.outcomes import quarterly
from winback.store import database, leaving_reasons, tables
from winback.studio import quarter_page

SHOP = histories.shop()
NOW = clock.end_of_day(histories.TODAY, world.ZONE)
LAST = periods.before(Per.QUARTER, histories.TODAY)


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
def shop(engine):
    """Customers of two managers, some of whom told why they left."""
    told = {f"c{number}": {"country": "UA", "manager": ["olena", "", "andriy"][number % 3]} for number in SHOP}
    ids = regulars.populate(engine, SHOP, **told)
    with database.writing(engine) as connection:
        for number in list(SHOP)[:40]:
            leaving_reasons.record(connection, ids[number], "price", ReasonSource.STAFF, key=f"r{number}", recorded_at=NOW - timedelta(days=400))
    return engine


@pytest.mark.parametrize(
    ("name", "today", "found"),
    [
        ("2026Q3", date(2026, 11, 27), Period("2026-Q3", date(2026, 7, 1), date(2026, 9, 30), is_over=True)),
        ("2026-q4", date(2026, 11, 27), Period("2026-Q4", date(2026, 10, 1), date(2026, 11, 27), is_over=False)),
        ("2026Q4", date(2026, 12, 31), Period("2026-Q4", date(2026, 10, 1), date(2026, 12, 31), is_over=False)),
        ("2026Q5", date(2026, 11, 27), None),
        ("26Q3", date(2026, 11, 27), None),
        ("third", date(2026, 11, 27), None),
    ],
)
def test_a_quarter_is_named_as_people_write_it(name, today, found):
    assert periods.quarter(name, today) == found


def test_a_quarter_whose_last_day_is_behind_is_over():
    assert periods.quarter("2026Q4", date(2026, 12, 31), is_over=True) == Period("2026-Q4", date(2026, 10, 1), date(2026, 12, 31), is_over=True)
    assert periods.before(Per.QUARTER, date(2026, 1, 1)) == "2025-Q4"


def test_a_quarter_has_the_figures_of_the_lifecycle_and_its_parts_add_up(project, shop):
    told = quarter.tell(project, shop, LAST, now=NOW)
    life = following.life(project, shop, per=Per.QUARTER, last=4, by=None, now=NOW)
    place = [span.name for span in life.periods].index(LAST)
    assert told.retention == life.retentions[place]
    assert told.retention is not None
    assert told.retention.left > 0
    for by in (By.MANAGER, By.REASON):
        assert sum(part.retention.left for part in told.parts[by]) == told.retention.left
        assert sum(part.retention.at_end for part in told.parts[by]) == told.retention.at_end
    assert {part.title for part in told.parts[By.MANAGER]} == {"olena", "andriy", ""}
    assert {part.title for part in told.parts[By.REASON]} == {"Too dear", ""}


def test_campaigns_that_began_in_it_are_told_with_what_they_cost_and_brought(project, shop):
    began = datetime.combine(periods.quarter(LAST, histories.TODAY).first, datetime.min.time(), UTC) + timedelta(days=9)
    with database.writing(shop) as connection:
        plan = {"shares": {"gift": 0.5, HOLDOUT: 0.5}, "window_seconds": 86400 * 30}
        for name, moment in (("spring", began), ("older", began - timedelta(days=30)), ("newer", began + timedelta(days=200))):
            row = {"campaign": name, "number": 1, "status": "finished", "salt": name, "started_at": moment, "plan": plan}
            run_id = connection.execute(insert(tables.campaign_runs).values(**row)).inserted_primary_key[0]
            ids = connection.execute(tables.customers.select().with_only_columns(tables.customers.c.id).limit(20)).scalars().all()
            connection.execute(
                insert(tables.recipients),
                [
                    {"run_id": run_id, "customer_id": who, "status": "held_out" if place % 2 else "finished", "arm": HOLDOUT if place % 2 else "gift",
                     "facts": {}, "assigned_at": moment}
                    for place, who in enumerate(ids)
                ],
            )  # fmt: skip
        order = {"customer_id": ids[0], "ordered_at": began + timedelta(days=3), "amount_minor": 70_000, "currency": "UAH", "quantity": 1}
        connection.execute(insert(tables.orders).values(key="back", status="placed", **order))
    (spring,) = quarter.tell(project, shop, LAST, now=NOW).ran
    assert (spring.campaign, spring.run, spring.assigned, spring.is_closed) == ("spring", 1, 10, True)
    assert spring.returned >= 1
    assert spring.extra_returns is not None


def test_what_cannot_be_meant_is_refused(project, engine):
    with pytest.raises(ConfigError, match="is no quarter"):
        quarter.tell(project, engine, "2026Q9", now=NOW)
    with pytest.raises(ConfigError, match="hasn't begun"):
        quarter.tell(project, engine, f"{histories.TODAY.year + 1}Q1", now=NOW)


def test_a_shop_without_orders_has_a_quarter_too(project, engine):
    told = quarter.tell(project, engine, LAST, now=NOW)
    assert told.retention is None
    assert list(told.sentences()) == ["Nobody had bought by then, so nobody stayed, left or came back."]
    assert quarterly.tables(told) == []


def test_the_page_and_the_files_hold_the_same_tables(project, shop, tmp_path):
    told = quarter.tell(project, shop, LAST, now=NOW)
    page = html.fromstring(quarter_page.render(told))
    assert page.xpath("//h1")[0].text_content() == f"{LAST}: who left, and who came back"
    assert len(page.xpath("//table")) == len(quarterly.tables(told)) >= 3
    found = json.loads(json.dumps(told.as_json(), allow_nan=False))
    assert found["customers"]["left"] == told.retention.left
    assert {path.stem for path in exporting.write(told.as_json(), tmp_path)} == {"summary", "by-manager", "by-reason", "by-value"}
