"""A cohort held against what happened: a small shop worked out by hand, and the published purchases."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.cdnow import data
from tests.operations import shopdata
from tests.store import world
from winback.errors import ConfigError
from winback.model import OrderStatus
from winback.operations import backtesting, explaining, importing
from winback.store import database

CUT = date(2026, 1, 31)
WINDOW = 30  # days, so up to 2026-03-02
NOW = datetime(2026, 11, 23, tzinfo=UTC)
NAME = "silent-three-orders"
RULES = "title: Silent for a hundred days after three orders\nrules:\n  - days_since_last_order: {from: 100}\n  - orders: {at_least: 3}\n"


def cohort(project, content: str = RULES) -> None:
    folder = project.config("cohorts")
    folder.mkdir(exist_ok=True)
    (folder / f"{NAME}.yaml").write_text(content, encoding="utf-8")


@pytest.fixture
def project(tmp_path):
    """A shop in Kyiv with that cohort."""
    found = shopdata.shop(tmp_path)
    cohort(found)
    return found


def bought(engine, **histories: str) -> None:
    """Customers by their keys, with the days (or moments, in UTC) of their purchases."""
    with database.writing(engine) as connection:
        for key, moments in histories.items():
            who = world.customer(connection, key)
            for moment in moments.split(", "):
                world.order(connection, who, moment if " " in moment else f"{moment} 12:00")


def small_shop(engine) -> None:
    bought(
        engine,
        anna="2025-01-01, 2025-02-01, 2025-03-01",  # silent 336 days, stays away
        bohdan="2025-06-01, 2025-07-01, 2025-08-01, 2026-03-02 21:30",  # silent 183, back on the window's last day at 23:30
        vira="2025-12-29, 2025-12-30, 2025-12-31, 2026-01-31 22:30",  # silent 31, back half an hour after the cut
        halyna="2025-03-02, 2025-08-09, 2025-12-22, 2026-03-03",  # silent 40, back a day too late
        dmytro="2024-01-01",  # bought once: not judged
        yeva="2026-02-10, 2026-02-11, 2026-02-12",  # a customer from after the cut
    )


def backtest(project, engine, cut=CUT, days=WINDOW, now=NOW):
    return backtesting.backtest(project, engine, NAME, cut=cut, days=days, now=now)


def test_definitions_stand_side_by_side_on_the_same_customers(project, engine):
    small_shop(engine)
    with database.writing(engine) as connection:
        who = explaining.customer_id(engine, "anna")
        world.order(connection, who, "2026-02-05", status=OrderStatus.CANCELLED)
        world.order(connection, who, "2026-02-06", 0)  # a calendar for the new year
    told = backtest(project, engine)
    assert told.as_json() == {
        "cohort": NAME,
        "cut": "2026-01-31",
        "days": 30,
        "customers": 4,
        "definitions": [
            {"name": "rules", "picked": 2, "ordered_again": 1, "stayed_away": 0.5, "auc": 0.5},
            {"name": "silence", "picked": 2, "ordered_again": 1, "stayed_away": 0.5, "auc": 0.75},
            {"name": "rhythm", "picked": 2, "ordered_again": 1, "stayed_away": 0.5, "auc": 0.25},
        ],
        "fitted": None,
    }
    assert told.sentences[0] == (
        "None told the lost better than the cohort's rules: 50.0% of the 2 they picked stayed away, against 50.0% by the longest silence; "
        "the difference is small."
    )
    assert told.sentences[1:] == ("No chance is told: 5 customers have bought; a chance needs 100 or more. Use the plain rule until then.",)


def test_what_happened_after_now_is_not_known(project, engine):
    small_shop(engine)
    told = backtest(project, engine, now=datetime(2026, 3, 2, 21, 0, tzinfo=UTC), days=12)
    assert [standing.ordered_again for standing in told.standings] == [0, 0, 1]
    with pytest.raises(ConfigError, match="its last purchase is of 2026-02-12"):
        backtest(project, engine, now=datetime(2026, 3, 2, 21, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("histories", "cut", "days", "sentence"),
    [
        ({}, CUT, 30, "there is no purchase in the database yet. Bring some in with winback import."),
        (
            {"a": "2025-01-01, 2025-02-01, 2025-03-01, 2026-02-10"},
            CUT,
            29,
            "the 29 days after 2026-01-31 aren't over in the data: its last purchase is of 2026-02-10. Choose --cut 2026-01-12 or earlier.",
        ),
        ({"a": "2026-01-01, 2026-02-10"}, CUT, 182, "Choose an earlier --cut and fewer --days."),
        ({"a": "2026-01-01"}, date(9999, 12, 31), 182, "the 182 days after 9999-12-31 aren't over in the data"),
        (
            {"a": "2025-01-01, 2025-02-01", "b": "2026-03-03"},
            CUT,
            30,
            f"nobody who had bought by 2026-01-31 was in the cohort `{NAME}`. Choose another --cut; winback cohort show {NAME} --as-of 2026-01-31",
        ),
        (
            {"a": "2025-01-01 09:00, 2025-01-01 10:00, 2025-01-01 11:00", "b": "2026-03-03"},
            CUT,
            30,
            "nobody had bought on a second day by 2026-01-31, so nobody shows what coming back looks like.",
        ),
    ],
)
def test_what_cannot_be_held_against_anything_gets_a_sentence(project, engine, histories, cut, days, sentence):
    bought(engine, **histories)
    with pytest.raises(ConfigError) as refused:
        backtest(project, engine, cut, days)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(("last", "is_over"), [("2026-03-01", True), ("2026-02-28", False)])
def test_a_window_of_thirty_days_may_lack_its_last_one(project, engine, last, is_over):
    bought(engine, a="2025-01-01, 2025-02-01, 2025-03-01", b=last)
    if is_over:
        assert backtest(project, engine).customers == 1
    else:
        with pytest.raises(ConfigError, match="aren't over in the data"):
            backtest(project, engine)


def test_explain_shows_the_own_rhythm_which_decides_nothing(project, engine):
    small_shop(engine)
    told = {who: explaining.by_cohort(project, engine, NAME, who, now=datetime(2026, 1, 31, 12, tzinfo=UTC)) for who in ("bohdan", "dmytro", "yeva")}
    shown = {
        who: [(step.question, step.found) for step in explained.steps if step.question.startswith("own rhythm")] for who, explained in told.items()
    }
    assert shown == {
        "bohdan": [("own rhythm: usually buys", "every 30 days"), ("own rhythm: silent for", "183 days")],
        "dmytro": [("own rhythm: usually buys", "on fewer than 3 days so far: no rhythm yet"), ("own rhythm: silent for", "761 days")],
        "yeva": [],
    }
    assert told["bohdan"].verdict == "in the cohort"
    assert told["dmytro"].verdict == "not in the cohort"


def days_by_hand(cut: str) -> dict[str, set[str]]:
    with gzip.open(data() / "purchases.csv.gz", "rt", encoding="utf-8", newline="") as file:
        days = defaultdict(set)
        for row in csv.DictReader(file):
            if float(row["amount_usd"]) > 0 and row["ordered_on"] <= cut:
                days[row["customer_id"]].add(row["ordered_on"])
        return days


def test_on_the_published_purchases_the_chance_orders_customers_better_than_silence(cdnow_project, engine):
    """At the end of 1997, half a year ahead, customers who had bought on three days: .71 against .68."""
    importing.run(cdnow_project, engine, now=NOW)
    cut = date(1997, 12, 31)
    by_hand = days_by_hand(cut.isoformat())
    lists = cdnow_project.config("lists")
    lists.mkdir()
    (lists / "fewer-days.txt").write_text("\n".join(who for who, days in by_hand.items() if len(days) < 3), encoding="utf-8")
    cohort(
        cdnow_project,
        "title: Half a year\nrules:\n  - orders: {at_least: 3}\n  - days_since_last_order: {from: 183}\nexclude: {lists: [fewer-days.txt]}\n",
    )
    told = backtest(cdnow_project, engine, cut, 182)
    assert told.customers == sum(len(days) >= 3 for days in by_hand.values())
    half_a_year_before = (cut - timedelta(days=183)).isoformat()
    silent = sum(len(days) >= 3 and max(days) <= half_a_year_before for days in by_hand.values())
    assert [standing.picked for standing in told.standings] == [silent] * 4
    auc = {standing.name: standing.auc for standing in told.standings}
    assert auc["chance"] == pytest.approx(0.7095, abs=0.0005)
    assert auc["silence"] == pytest.approx(0.6833, abs=0.0005)
    assert auc["rhythm"] < auc["silence"]
    assert told.fitted.customers == len(by_hand)
    assert told.sentences[1].startswith("The chance expected ")
