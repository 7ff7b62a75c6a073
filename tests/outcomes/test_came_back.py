"""What came back is kept as marks and made anew only for whom something changed; it comes to the same as counting every event, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select

from winback.model import HOLDOUT, EventKind, Verdict
from winback.store import came_back, database, events, hits_again, merging, refreshing, tables
from winback.store.as_of import AsOf
from winback.store.tables.campaigns import RARE

START = datetime(2026, 3, 1, 9, 30, 15, 250_000, tzinfo=UTC)  # when everybody is assigned


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def hears(world, key: str, kind: EventKind, customer: int, days: float, *, delivery: int | None = None, verdict=Verdict.HUMAN) -> None:
    """Something comes back, and is noted as it always is."""
    with database.writing(world.engine) as connection:
        events.record(connection, [events.Event(key, kind, customer, at(days), verdict, delivery)])


def refresh(world, days: float) -> None:
    """Facts are brought up to date, which empties their notes."""
    with database.writing(world.engine) as connection:
        refreshing.refresh(connection, AsOf(at(days), "Europe/Kyiv", "UAH"))


def everything(world, days: float):
    """The counts of the arms and of the stages."""
    figures = world.figures(days)
    return [
        (arm.arm, arm.opened_human, arm.opened_machine, arm.clicked, arm.replied, arm.complained, arm.interested) for arm in figures.arms
    ], figures.stages


def from_scratch(world, days: float):
    with database.writing(world.engine) as connection:
        for table in (tables.measurings, tables.outcomes, tables.came_back):
            connection.execute(delete(table))
    return everything(world, days)


def opened(world, days: float) -> dict[str, int]:
    return {arm: human for arm, human, *_ in everything(world, days)[0]}


@pytest.fixture
def crowd(world) -> list[int]:
    """So many that one of them is few; each with a letter."""
    people = [world.recipient(HOLDOUT if number % 4 == 0 else "gift") for number in range(12)]
    for who in people:
        world.delivery(who)
    return people


def letter_of(world, customer: int) -> int:
    with database.reading(world.engine) as connection:
        return connection.execute(select(tables.deliveries.c.id).where(tables.deliveries.c.customer_id == customer)).scalars().first()


def test_what_came_in_since_is_counted_and_nothing_else_is_looked_at(world, crowd):
    hears(world, "a", EventKind.OPEN, crowd[1], 2, delivery=letter_of(world, crowd[1]))
    hears(world, "b", EventKind.OPEN, crowd[2], 2, delivery=letter_of(world, crowd[2]))
    assert opened(world, 10) == {"gift": 2, HOLDOUT: 0}
    refresh(world, 10)
    everything(world, 10)
    with database.writing(world.engine) as connection:
        connection.execute(delete(tables.events).where(tables.events.c.dedupe_key == "a"))  # noted nowhere
    hears(world, "c", EventKind.OPEN, crowd[3], 10.5, delivery=letter_of(world, crowd[3]))
    assert opened(world, 11) == {"gift": 3, HOLDOUT: 0}
    assert from_scratch(world, 11)[0][0][1] == 2


def test_it_comes_to_the_same_as_counting_everything(world, crowd):
    everything(world, 1)
    for day, who in enumerate(crowd):
        letter = letter_of(world, who)
        hears(world, f"open {who}", EventKind.OPEN, who, 2 + day, delivery=letter, verdict=list(Verdict)[day % 3])
        if day % 2:
            hears(world, f"click {who}", EventKind.CLICK, who, 2 + day, delivery=letter)
        if day % 3 == 0:
            hears(world, f"reply {who}", EventKind.REPLY, who, 3 + day)  # names no letter
        if day % 5 == 0:
            hears(world, f"complaint {who}", EventKind.COMPLAINT, who, 3 + day, delivery=letter)
        everything(world, 4 + day)
    found = everything(world, 40)
    assert found[0][0][1:] == (3, 3, 6, 3, 2, 7)
    assert from_scratch(world, 40) == found


def test_a_verdict_that_is_changed_moves_its_mark(world, crowd):
    hears(world, "a", EventKind.OPEN, crowd[1], 2, delivery=letter_of(world, crowd[1]))
    assert opened(world, 10)["gift"] == 1
    with database.writing(world.engine) as connection:
        hits_again.set_verdicts(connection, {"a": (Verdict.MACHINE, "a scanner")})
    assert everything(world, 11)[0][0][1:3] == (0, 1)


@pytest.mark.parametrize("refreshed", [False, True], ids=["noted", "handed on"])
def test_what_happens_by_a_clock_that_is_ahead_counts_once_its_moment_has_come(world, crowd, refreshed):
    everything(world, 1)
    hears(world, "a", EventKind.OPEN, crowd[1], 20, delivery=letter_of(world, crowd[1]))
    assert opened(world, 10)["gift"] == 0
    if refreshed:
        refresh(world, 10)
    assert opened(world, 19)["gift"] == 0
    assert opened(world, 20)["gift"] == 1


def test_of_two_records_that_are_one_person_the_one_that_stays_counts_alone(world, crowd):
    merged, into = crowd[1], crowd[2]
    for who in (merged, into):
        hears(world, f"open {who}", EventKind.OPEN, who, 2, delivery=letter_of(world, who))
    assert opened(world, 10)["gift"] == 2
    with database.writing(world.engine) as connection:
        connection.execute(tables.campaign_runs.update().values(enrolled_at=START))
        assert isinstance(merging.merge(connection, merged, into, at(11)), merging.Merged)
    hears(world, "late", EventKind.CLICK, into, 12, delivery=letter_of(world, merged))  # by the letter that the merged record had
    found = everything(world, 13)
    assert (found[0][0][1], found[0][0][3]) == (1, 0)
    assert from_scratch(world, 13) == found


def test_a_word_after_the_window_is_no_answer(world, crowd):
    everything(world, 1)
    hears(world, "in", EventKind.REPLY, crowd[1], 59)
    hears(world, "out", EventKind.REPLY, crowd[2], 61)
    assert everything(world, 70)[0][0][4] == 1


def test_stages_that_begin_later_take_the_next_places(world, crowd):
    """Nine stages are more than one number holds; the first ones' marks stay where they are."""
    who = crowd[1]
    hears(world, "first", EventKind.OPEN, who, 2, delivery=letter_of(world, who))
    everything(world, 3)
    for number in range(8):
        letter = world.delivery(who, f"z{9 - number}", due=4 + number)
        hears(world, f"later {number}", EventKind.CLICK, who, 5 + number, delivery=letter)
        everything(world, 6 + number)
    with database.reading(world.engine) as connection:
        kept = connection.execute(select(tables.measurings.c.stages)).scalar_one()
        marks = select(tables.came_back.c.number).where(tables.came_back.c.customer_id == who)
        assert sorted(connection.execute(marks).scalars()) == [0, 1]
    assert kept == ["hello", "z9", "z8", "z7", "z6", "z5", "z4", "z3", "z2"]
    found = everything(world, 30)
    assert [(stage.stage, stage.opened, stage.clicked) for stage in found[1] if stage.arm == "gift"] == [
        ("hello", 1, 0), *((f"z{9 - number}", 0, 1) for number in range(8)),
    ]  # fmt: skip
    assert from_scratch(world, 30) == found


def test_a_stage_that_is_gone_gives_its_place_to_the_next(world, crowd):
    who = crowd[1]
    letter = world.delivery(who, "second", due=3)
    hears(world, "a", EventKind.OPEN, who, 4, delivery=letter)
    everything(world, 5)
    with database.writing(world.engine) as connection:
        connection.execute(delete(tables.deliveries).where(tables.deliveries.c.stage == "hello"))
    found = everything(world, 6)
    assert [(stage.stage, stage.opened) for stage in found[1]] == [("second", 1)]


def test_who_was_assigned_after_the_last_time_is_counted_too(world, crowd):
    everything(world, 5)
    late = world.recipient("gift", assigned=6)
    letter = world.delivery(late, due=7)
    with database.writing(world.engine) as connection:
        row = {
            "dedupe_key": "e",
            "kind": EventKind.OPEN,
            "customer_id": late,
            "delivery_id": letter,
            "happened_at": at(8),
            "verdict": "human",
            "signals": {},
        }
        connection.execute(insert(tables.events), [row])
    assert opened(world, 9)["gift"] == 1


def test_the_index_of_what_few_do_knows_all_of_them_and_nobody_else():
    assert f"(marks & {sum(came_back.MARKS[name] for name in came_back.RARELY)}) <> 0" == RARE
