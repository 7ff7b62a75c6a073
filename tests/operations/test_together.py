"""All campaigns together against the global holdout: who belongs where, from when what they bought counts, and what is said of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, update

from tests import projects
from tests.store import world
from winback import clock
from winback.model import HOLDOUT, Reason
from winback.operations import quarter
from winback.outcomes import quarterly, together
from winback.outcomes.comparison import Finding
from winback.outcomes.statistics import Counted, Moments
from winback.outcomes.together import Group
from winback.settings import GlobalHoldout
from winback.store import database, left_alone, tables
from winback.store import together as together_in_store

BEGAN = clock.start_of_day(date(2026, 7, 1), world.ZONE)
UNTIL = clock.end_of_day(date(2026, 9, 30), world.ZONE)
SETTINGS = "config/settings.yaml"
NOW = UNTIL + timedelta(days=40)
DAY = timedelta(days=1)
PLAN = {"shares": {"gift": 0.5, HOLDOUT: 0.5}, "window_seconds": 86400 * 30}


@pytest.fixture
def shop(engine):
    """Ten customers, a campaign, a second one, and greetings."""
    with database.writing(engine) as connection:
        connection.execute(insert(tables.customers), [{"id": number, "key": f"c{number}", "updated_at": BEGAN} for number in range(1, 11)])
        for number, (name, greets) in enumerate((("first", False), ("second", False), ("greetings", True)), 1):
            row = {"id": number, "campaign": name, "number": 1, "status": "active", "salt": name, "started_at": BEGAN, "plan": PLAN, "greets": greets}
            connection.execute(insert(tables.campaign_runs).values(**row))
    return engine


def decide(engine, run, customer, day, *, arm="gift", reason=""):
    status = {"gift": "active", HOLDOUT: "held_out"}.get(arm, "skipped")
    row = {"run_id": run, "customer_id": customer, "status": status, "reason": reason, "arm": arm if status != "skipped" else "", "facts": {}}
    with database.writing(engine) as connection:
        connection.execute(insert(tables.recipients).values(**row, assigned_at=BEGAN + day * DAY))
        if reason == Reason.GLOBAL_HOLDOUT:
            left_alone.record(connection, [customer], period="2026-Q3", until=UNTIL, decided_at=BEGAN + day * DAY)


def buy(engine, customer, day, amount, **more):
    row = {"key": f"o{customer}-{day}", "customer_id": customer, "ordered_at": BEGAN + day * DAY, "amount_minor": amount, "currency": "UAH"}
    with database.writing(engine) as connection:
        connection.execute(insert(tables.orders).values(**{"quantity": 1, "status": "placed", **row, **more}))


def sums(engine):
    with database.reading(engine) as connection:
        return together_in_store.sums(connection, BEGAN, UNTIL, "UAH", 0.4)


def test_somebody_belongs_where_the_first_decision_put_them_and_counts_from_then(shop):
    decide(shop, 1, 1, 5)
    decide(shop, 1, 2, 5, arm=HOLDOUT)  # of one campaign: all campaigns together are what is tried
    decide(shop, 1, 3, 5, arm="", reason=Reason.GLOBAL_HOLDOUT)
    decide(shop, 2, 3, 9)  # the share was made smaller in between
    decide(shop, 1, 4, 7)
    decide(shop, 2, 4, 20, arm="", reason=Reason.GLOBAL_HOLDOUT)
    buy(shop, 1, 4, 100)  # before anybody thought of writing
    buy(shop, 1, 6, 1000, margin_minor=300)
    buy(shop, 1, 7, 500)
    buy(shop, 3, 30, 2000)
    buy(shop, 4, 100, 9999)  # after the quarter
    written, left = sums(shop)
    assert (written.customers, written.returned) == (3, 1)
    assert written.revenue == Moments(3, 1500.0, 1500.0**2)
    assert written.margin == Moments(3, 500.0, 500.0**2), "300 that the one order tells, and 40 % of the other"
    assert (left.customers, left.returned, left.revenue.total) == (1, 1, 2000.0)


@pytest.mark.parametrize(("told", "margin"), [((None, None), 800.0), ((100, None), 500.0), ((100, 0), 100.0)])
def test_the_margin_that_no_order_tells_is_the_share_of_the_settings(shop, told, margin):
    decide(shop, 1, 1, 5)
    for day, known in zip((6, 7), told, strict=True):
        buy(shop, 1, day, 1000, margin_minor=known)
    buy(shop, 1, 8, 700, currency="USD", margin_minor=600)
    written, _ = sums(shop)
    assert written.margin == Moments(1, margin, margin**2)


def test_greetings_other_skips_other_spans_and_merged_records_decide_nothing(shop):
    decide(shop, 3, 1, 5)
    decide(shop, 1, 2, 5, arm="", reason=Reason.OTHER_LAYER)
    decide(shop, 1, 3, -1)
    decide(shop, 1, 4, 93)
    decide(shop, 1, 5, 5, reason=Reason.MERGED)
    assert [each.customers for each in sums(shop)] == [0, 0]
    decide(shop, 1, 1, 8, arm="", reason=Reason.GLOBAL_HOLDOUT)  # greeted before: left alone all the same
    assert [each.customers for each in sums(shop)] == [0, 1]


def test_whoever_is_left_alone_stays_so_whatever_is_decided_later(shop):
    decide(shop, 1, 1, 5, arm="", reason=Reason.GLOBAL_HOLDOUT)
    decide(shop, 2, 1, 3, arm="", reason=Reason.GLOBAL_HOLDOUT)  # began earlier and was broken off
    decide(shop, 3, 1, 9, arm="", reason=Reason.GLOBAL_HOLDOUT)
    with database.writing(shop) as connection:
        assert connection.execute(select(tables.left_alone.c.decided_at)).scalars().all() == [BEGAN + 3 * DAY]
        connection.execute(update(tables.recipients).values(status="skipped", reason=Reason.BLACK_LISTED))
    buy(shop, 1, 4, 100)
    assert [(each.customers, each.returned) for each in sums(shop)] == [(0, 0), (1, 1)]


def test_goods_brought_back_count_against_revenue_and_other_currencies_do_not(shop):
    decide(shop, 1, 1, 5)
    buy(shop, 1, 6, 1000)
    buy(shop, 1, 8, -400, status="returned")
    buy(shop, 1, 9, 700, currency="USD")
    buy(shop, 1, 10, 800, status="cancelled")
    written, _ = sums(shop)
    assert (written.returned, written.revenue.total) == (1, 600.0)


@pytest.mark.parametrize(
    ("length", "day", "first"),
    [("year", date(2026, 9, 30), date(2026, 1, 1)), ("half-year", date(2026, 9, 30), date(2026, 7, 1)), ("half-year", date(2026, 6, 30), date(2026, 1, 1)),
     ("quarter", date(2026, 9, 30), date(2026, 7, 1)), ("quarter", date(2026, 12, 1), date(2026, 10, 1)), ("ever", date(2026, 9, 30), date.min)],
)  # fmt: skip
def test_a_period_begins_on_its_first_day(length, day, first):
    rule = GlobalHoldout.model_validate({"share": 0.1, "for": length})
    assert rule.first_day_of(day) == first
    assert rule.period_of(max(first, date(2026, 1, 1))) == rule.period_of(day)
    last = rule.last_day_of(day)
    if length == "ever":
        assert last is None
        return
    assert rule.period_of(last) == rule.period_of(day) != rule.period_of(last + DAY)


def group(returned, n, mean=10.0):
    return Group(Counted(returned, n), Moments(n, mean * n, 2 * mean * mean * n), Moments(n, 0.0, 0.0))


def told(ours, theirs, *, share=0.1, closed=True):
    return together.compare(ours, theirs, since=BEGAN, until=UNTIL, share=share, closed=closed)


def test_the_verdict_is_that_of_two_rates():
    better = told(group(900, 9000), group(60, 1000))
    assert better.finding is Finding.BETTER
    assert told(group(600, 9000), group(100, 1000)).finding is Finding.WORSE
    assert told(group(900, 9000), group(98, 1000)).finding in {Finding.NO_DIFFERENCE, Finding.TOO_FEW}
    assert told(group(0, 0), group(9, 1000)) is None
    returns = better.compared[0]
    assert returns.difference == pytest.approx(0.04)
    assert returns.low < 0.04 < returns.high


def test_while_the_quarter_lasts_the_interval_holds_on_every_day():
    closed, still_open = told(group(900, 9000), group(60, 1000)), told(group(900, 9000), group(60, 1000), closed=False)
    width = [one.compared[0].high - one.compared[0].low for one in (closed, still_open)]
    assert width[1] > width[0]


def test_the_quarter_tells_it_in_every_door_and_says_where_sizes_are_wrong(shop, tmp_path):
    project = projects.make(tmp_path / "shop", (SETTINGS, "currency: UAH", "global_holdout: {share: 0.4, for: quarter}\ncurrency: UAH"))
    assert quarter.tell(project, shop, "2026Q3", now=NOW).together is None
    for customer in range(1, 11):
        is_left = customer > 6
        decide(shop, 1, customer, customer, arm="" if is_left else "gift", reason=Reason.GLOBAL_HOLDOUT if is_left else "")
        if customer % 2:
            buy(shop, customer, 30, 50_000)
    found = quarter.tell(project, shop, "2026Q3", now=NOW)
    assert found.together is not None
    assert (found.together.campaigns.returned, found.together.left_alone.returned) == (Counted(3, 6), Counted(2, 4))
    (table,) = [table for table in quarterly.tables(found) if table.section == "together"]
    assert table.rows[0][1:3] == ("6", "4")
    assert table.rows[2][1:3] == ("250.00", "250.00")
    assert table.rows[3][1:3] == ("100.00", "100.00")
    said = list(found.sentences())[-1]
    assert "50.0% of 6 bought again, against 50.0% of the 4" in said
    assert found.as_json()["together"]["groups"][1] == {
        "group": "left-alone", "customers": 4, "returned": 2, "revenue_per_customer": 250.0, "margin_per_customer": 100.0,
    }  # fmt: skip
    wrong = told(group(900, 9000), group(60, 1000), share=0.2)
    assert "10.00% are left alone, and 20.00% should be" in together.sentence(wrong, found.words, closed=True)
