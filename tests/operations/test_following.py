"""Stages, retention and movements in both databases, against plain Python."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert

from tests import projects
from tests.audience import histories
from tests.audience.histories import TODAY
from tests.operations import regulars
from tests.store import world
from winback import clock
from winback.audience import lifecycle, movements
from winback.audience.lifecycle import Facts, Lifecycle, Stage
from winback.audience.periods import Per
from winback.audience.segment import By
from winback.errors import ConfigError
from winback.model import ReasonSource
from winback.operations import following, scoring
from winback.store import database, leaving_reasons
from winback.store.tables import stage_changes

SHOP = histories.shop()
NOW = clock.end_of_day(TODAY, world.ZONE)
COUNTRIES, MANAGERS = ["UA", "GB", ""], ["olena", "", "andriy", "olena"]


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


def word(number: int, words: list[str]) -> str:
    return words[number % len(words)]


def people() -> dict[str, dict[str, str]]:
    told = {f"c{number}": {"country": word(number, COUNTRIES), "manager": word(number, MANAGERS)} for number in SHOP}
    for number in (9, 17, 25):
        told[f"c{number}"]["black_list"] = "debtor"
    return told


def there(day: date) -> set[int]:
    on_the_list = {9, 17, 25}
    return {number for number, history in SHOP.items() if any(bought <= day and (day - bought).days < 365 for bought, _ in history)} - on_the_list


def expected(period, whose=None) -> movements.Retention:
    whose = set(SHOP) if whose is None else whose
    before = period.first - timedelta(days=1)
    new = {number for number, history in SHOP.items() if history and before < history[0][0] <= period.last} - {9, 17, 25}
    return movements.retention(there(before) & whose, there(period.last) & whose, new & whose)


@pytest.mark.parametrize("per", Per)
def test_who_stayed_left_and_came_back_is_what_plain_python_counts(engine, project, per):
    regulars.populate(engine, SHOP, **people())
    told = following.life(project, engine, per=per, last=6, by=None, now=NOW)
    assert len(told.periods) == 7
    assert list(told.retentions) == [expected(period) for period in told.periods]
    assert sum(each.came_back for each in told.retentions) > 0
    assert sum(each.left for each in told.retentions) > 10
    assert told.as_json()["periods"][0] == {
        "period": told.periods[0].name,
        "from": told.periods[0].first.isoformat(),
        "to": told.periods[0].last.isoformat(),
        "is_over": True,
        **{name: getattr(told.retentions[0], name) for name in ("at_start", "new", "left", "came_back", "at_end")},
        "crr": told.retentions[0].crr / 100,
        "strict_crr": told.retentions[0].strict / 100,
    }


def test_the_stages_of_everybody_add_up_and_are_those_of_each(engine, project):
    regulars.populate(engine, SHOP, **people())
    told = following.life(project, engine, per=Per.QUARTER, last=1, by=None, now=NOW)
    each = Counter(stage_on(number, TODAY) for number in SHOP)
    assert told.stages == {stage: each[stage] for stage in Stage}
    buying = sum(count for stage, count in told.stages.items() if stage not in {Stage.LOST, Stage.POTENTIAL, Stage.BLACK_LIST})
    assert told.retentions[-1].at_end == buying, "there is who is neither lost nor potential nor listed"


def stage_on(number: int, day: date) -> Stage:
    bought = [each for each, _ in SHOP[number] if each <= day]
    facts = Facts(len(bought), min(bought, default=None), max(bought, default=None), black_list="debtor" if number in {9, 17, 25} else "")
    return lifecycle.stage(facts, Lifecycle(), day)


@pytest.mark.parametrize(("by", "words"), [(By.COUNTRY, COUNTRIES), (By.MANAGER, MANAGERS)])
def test_groups_are_counted_each_as_a_shop_of_its_own(engine, project, by, words):
    regulars.populate(engine, SHOP, **people())
    told = following.life(project, engine, per=Per.QUARTER, last=3, by=by, now=NOW)
    groups = {group.word: group.retentions for group in told.groups}
    assert set(groups) == {each or "unknown" for each in words}
    for group, retentions in groups.items():
        whose = {number for number in SHOP if (word(number, words) or "unknown") == group}
        assert list(retentions) == [expected(period, whose) for period in told.periods]
    assert [group.word for group in told.groups] == sorted(groups, key=lambda each: (-sum(one.left for one in groups[each]), each))


def test_the_latest_reason_known_by_then_tells_leavers_apart(engine, project):
    shop = {number: [(TODAY - timedelta(days=370), 10_000)] for number in range(1, 5)}
    ids = regulars.populate(engine, shop)
    with database.writing(engine) as connection:
        told = [(1, "price", -20), (1, "service", -10), (2, "service", -5), (3, "moved", +5)]
        for place, (number, reason, days) in enumerate(told):
            leaving_reasons.record(connection, ids[number], reason, ReasonSource.STAFF, key=str(place), recorded_at=NOW + timedelta(days=days))
    life = following.life(project, engine, per=Per.QUARTER, last=1, by=By.REASON, now=NOW)
    assert {group.word: sum(each.left for each in group.retentions) for group in life.groups} == {"service": 2, "unknown": 2}


def test_by_value_everybody_counts_with_the_class_of_today(engine, project):
    shop = {1: [(TODAY - timedelta(days=400), 90_000)], 2: [(TODAY - timedelta(days=400), 1_000)], 3: [(TODAY, 9_000)]}
    regulars.populate(engine, shop)
    life = following.life(project, engine, per=Per.QUARTER, last=1, by=By.VALUE, now=NOW)
    assert {group.word: sum(each.left for each in group.retentions) for group in life.groups} == {"gold": 1, "copper": 1, "silver": 0}


def test_by_stage_leavers_count_with_the_stage_they_left_from(engine, project):
    regulars.populate(engine, SHOP, **people())
    life = following.life(project, engine, per=Per.QUARTER, last=3, by=By.STAGE, now=NOW)
    for number, period in enumerate(life.periods):
        before = period.first - timedelta(days=1)
        left = Counter(stage_on(who, before) for who in there(before) - there(period.last))
        came = Counter(stage_on(who, period.last) for who in there(period.last) - there(before) if SHOP[who][0][0] <= before)
        groups = {Stage(group.word): group.retentions[number] for group in life.groups}
        assert {stage: each.left for stage, each in groups.items() if each.left} == left
        assert {stage: each.came_back for stage, each in groups.items() if each.came_back} == came


def test_a_shop_without_orders_gets_a_sentence_and_no_periods(engine, project):
    regulars.populate(engine, {1: []})
    for by in (None, By.STAGE, By.COUNTRY):
        told = following.life(project, engine, per=Per.MONTH, last=12, by=by, now=NOW)
        assert (told.periods, told.retentions, told.groups) == ((), (), ())
        assert told.sentences[0] == "Nobody has bought yet, so nobody stayed, left or came back. Bring orders in: winback import."
        assert told.stages[Stage.POTENTIAL] == 1


def test_periods_before_the_first_purchase_are_left_out(engine, project):
    regulars.populate(engine, {1: [(date(2026, 8, 5), 10_000)]})
    told = following.life(project, engine, per=Per.QUARTER, last=8, by=None, now=NOW)
    assert [period.name for period in told.periods] == ["2026-Q3", "2026-Q4"]
    assert [(each.at_start, each.new, each.at_end, each.crr) for each in told.retentions] == [(0, 1, 1, None), (1, 0, 1, 100)]


def test_as_of_a_past_day_only_what_was_known_then_counts(engine, project):
    regulars.populate(engine, SHOP, **people())
    following.life(project, engine, per=Per.QUARTER, last=1, by=None, now=NOW)
    then = date(2026, 6, 30)
    told = following.life(project, engine, per=Per.QUARTER, last=2, by=None, now=clock.end_of_day(then, world.ZONE), present=NOW)
    assert [(period.name, period.is_over) for period in told.periods] == [("2026-Q1", True), ("2026-Q2", True)]
    assert list(told.retentions) == [expected(period) for period in told.periods]
    assert told.stages == {stage: Counter(stage_on(number, then) for number in SHOP)[stage] for stage in Stage}
    assert told.sentences == ()


def note(engine, changes: list[tuple[int, str, str, str]]) -> None:
    rows = [
        {"customer_id": who, "before": before, "stage": stage, "since": date.fromisoformat(day), "recorded_at": datetime(2026, 11, 1, tzinfo=UTC)}
        for who, before, stage, day in changes
    ]
    with database.writing(engine) as connection:
        connection.execute(insert(stage_changes), rows)


def test_from_stage_to_stage_counts_where_somebody_came_from_and_where_they_are(engine, project):
    ids = regulars.populate(engine, dict.fromkeys(range(1, 8), ()))
    scoring.update(project, engine, now=NOW)  # everybody is potential, first noted today
    with database.writing(engine) as connection:
        connection.execute(stage_changes.delete())
        merged = world.customer(connection, "merged", merged_into=ids[1])
    note(
        engine,
        [
            *((ids[number], "", stage, "2026-01-01") for number, stage in enumerate(["regular", "vip", "lost", "buyer", "buyer"], start=1)),
            (ids[1], "regular", "lost", "2026-03-01"),
            (ids[2], "vip", "lost", "2026-03-01"),
            (ids[2], "lost", "vip", "2026-03-31"),
            (ids[3], "lost", "repeat", "2026-03-31"),
            (ids[4], "buyer", "repeat", "2026-02-28"),
            (ids[5], "buyer", "repeat", "2026-04-01"),
            (ids[6], "", "buyer", "2026-03-05"),
            (ids[7], "", "buyer", "2026-03-05"),
            (ids[7], "buyer", "repeat", "2026-03-09"),
            (merged, "buyer", "lost", "2026-03-09"),
        ],
    )
    told = following.moves(project, engine, since=date(2026, 3, 1), until=date(2026, 3, 31), now=NOW)
    assert dict(told.movements.counts) == {
        (Stage.REGULAR, Stage.LOST): 1,
        (Stage.LOST, Stage.REPEAT): 1,
        (Stage.BUYER, Stage.REPEAT): 1,
    }
    assert (told.movements.left, told.movements.came_back, told.first_seen) == (1, 1, 2)
    assert told.sentences == ("Customers whose stage was noted for the first time in these days: 2. They count from that stage on.",)
    assert told.as_json()["moves"] == [
        {"before": "buyer", "after": "repeat", "customers": 1},
        {"before": "lost", "after": "repeat", "customers": 1},
        {"before": "regular", "after": "lost", "customers": 1},
    ]


def test_the_first_scoring_moves_nobody(engine, project):
    regulars.populate(engine, SHOP)
    told = following.moves(project, engine, since=TODAY - timedelta(days=90), until=None, now=NOW)
    assert (dict(told.movements.counts), told.movements.left, told.movements.came_back, told.first_seen) == ({}, 0, 0, len(SHOP))
    assert told.sentences == (
        "Stages have been noted since 2026-11-23; what became of customers before is not known.",
        "Customers whose stage was noted for the first time in these days: 160. They count from that stage on.",
    )


def test_moves_of_the_history_are_those_that_stages_of_both_days_show(engine, project):
    """Scored on a day, then again half a year later."""
    then = TODAY - timedelta(days=180)
    known = {number: [each for each in history if each[0] <= then] for number, history in SHOP.items()}
    ids = regulars.populate(engine, known)
    scoring.update(project, engine, now=clock.end_of_day(then, world.ZONE))
    regulars.buy(engine, {number: [each for each in history if each[0] > then] for number, history in SHOP.items()}, ids)
    told = following.moves(project, engine, since=then + timedelta(days=1), until=TODAY, now=NOW)

    def stages(day: date) -> dict[str, Stage]:
        bought = {number: [each for each, _ in history if each <= day] for number, history in SHOP.items()}
        facts = {number: Facts(len(days), min(days, default=None), max(days, default=None)) for number, days in bought.items()}
        return {str(number): lifecycle.stage(each, Lifecycle(), day) for number, each in facts.items()}

    both = movements.movements(stages(then), stages(TODAY))
    assert dict(told.movements.counts) == {pair: count for pair, count in both.counts.items() if pair[0] != pair[1]}
    assert (told.movements.left, told.movements.came_back, told.first_seen) == (both.left, both.came_back, 0)
    assert both.left > 5


def test_days_the_wrong_way_round_are_refused(engine, project):
    with pytest.raises(ConfigError, match="--since 2026-03-01 comes after 2026-02-01. Write the earlier day after --since."):
        following.moves(project, engine, since=date(2026, 3, 1), until=date(2026, 2, 1), now=NOW)
    with pytest.raises(ConfigError, match="--since 2027-03-01 comes after 2026-11-23"):
        following.moves(project, engine, since=date(2027, 3, 1), until=None, now=NOW)
