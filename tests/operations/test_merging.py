"""Merging as it is asked for: refused with a sentence, rehearsed, done; and the campaign that goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, update

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate, standing
from tests.store import world
from winback.audience.cohort import Exclude, Selection
from winback.channels.memory import MemoryChannel
from winback.errors import ConfigError
from winback.model import ChannelName, DeliveryStatus, Reason, RecipientStatus, RunStatus
from winback.operations import explaining, measuring, merging
from winback.store import cohorts, database, runs
from winback.store.as_of import AsOf
from winback.store.tables import campaign_runs, customers, deliveries, orders, recipients


@pytest.fixture
def two(engine):
    with database.writing(engine) as connection:
        for key in ("A", "B", "C"):
            world.order(connection, world.customer(connection, key), "2025-01-01")


@pytest.mark.parametrize(
    ("merged", "into", "sentence"),
    [
        ("A", "A", "`A` can't be merged into itself. Name two customers: winback customer merge FROM INTO"),
        ("Z", "A", "there is no customer `Z`. Give the shop's own id"),
        ("A", "Z", "there is no customer `Z`."),
        ("B", "A", "`B` was merged into `A` before. There is nothing left to do."),
        ("B", "C", "`B` was merged into `A` before. Merge that one, if you want to: A."),
        ("C", "B", "`B` was merged into `A` before. Name the one that stays: winback customer merge C A"),
    ],
)
def test_what_cannot_be_merged_is_refused_with_a_sentence(engine, two, merged, into, sentence):
    merging.merge(engine, "B", "A", now=START)
    with pytest.raises(ConfigError) as refused:
        merging.merge(engine, merged, into, now=START)
    assert sentence in str(refused.value)


def test_a_busy_customer_is_refused_with_what_to_do(engine, two):
    values = {"campaign": "spring", "number": 1, "status": RunStatus.ACTIVE, "salt": "s", "started_at": START, "plan": {}}
    with database.writing(engine) as connection:
        connection.execute(insert(campaign_runs).values(values))
    with pytest.raises(
        ConfigError, match="`B` can't be merged just now: the campaign `spring` is still deciding on its cohort. Try again in a minute"
    ):
        merging.merge(engine, "B", "A", now=START)


def test_a_dry_run_says_the_same_and_changes_nothing(engine, two):
    rehearsed = merging.merge(engine, "B", "A", now=START, dry_run=True)
    with database.reading(engine) as connection:
        assert connection.execute(select(func.count()).where(customers.c.merged_into.is_not(None))).scalar_one() == 0
        assert connection.execute(select(func.count(orders.c.customer_id.distinct()))).scalar_one() == 3
    done = merging.merge(engine, "B", "A", now=START)
    assert rehearsed.result == done.result
    assert (rehearsed.as_json() | {"dry_run": False}) == done.as_json()
    assert done.as_json()["moved"] == {"orders": 1}


def test_what_a_person_should_know_is_said_in_sentences(engine):
    with database.writing(engine) as connection:
        anna, hanna = world.customer(connection, "A"), world.customer(connection, "B")
        world.reach(connection, anna, address="anna@gmail.con", mistyped="anna@gmail.com")
        world.reach(connection, hanna, address="anna@gmail.com", consent=False)
    assert list(merging.merge(engine, "B", "A", now=START).sentences()) == [
        "A keeps their own email address; that of B is not kept.",
        "But that one works, and the one kept doesn't: merge A into B instead.",
        "Consent to marketing by email (A: given, B: no): the stricter word counts, no.",
    ]


def pick(engine, *wanted: tuple[RecipientStatus, str]) -> list[int]:
    """One recipient of each status and arm."""
    found = []
    with database.reading(engine) as connection:
        for status, arm in wanted:
            statement = select(recipients.c.customer_id).where(recipients.c.status == status, recipients.c.customer_id.not_in(found))
            found.append(connection.execute((statement.where(recipients.c.arm == arm) if arm else statement).limit(1)).scalar_one())
    return found


def key(who: int) -> str:
    return f"c{who - 1:03d}"


def letters_of(engine, who: int) -> list[tuple[str, str, str]]:
    with database.reading(engine) as connection:
        statement = select(deliveries.c.stage, deliveries.c.status, deliveries.c.reason).where(deliveries.c.customer_id == who)
        return [tuple(row) for row in connection.execute(statement.order_by(deliveries.c.id))]


ACTIVE, HELD_OUT = RecipientStatus.ACTIVE, RecipientStatus.HELD_OUT


def test_a_person_of_two_tactics_goes_on_in_one_and_counts_once(engine, ready):
    populate(engine)
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    stays, goes = pick(engine, (ACTIVE, "warm-word"), (ACTIVE, "gift-first"))
    first = len(channel.letters)
    merging.merge(engine, key(goes), key(stays), now=START + timedelta(days=1))
    for days in (7, 21):
        go(ready, engine, START + timedelta(days=days), channel)
    assert [stage for stage, status, _ in letters_of(engine, stays) if status == DeliveryStatus.SENT] == ["first-letter", "reminder", "last-day"]
    assert letters_of(engine, goes) == [("first-letter", "sent", "")]
    assert f"c{goes}@post.example" not in {letter.to for letter in channel.letters[first:]}
    with database.reading(engine) as connection:
        run = runs.latest(connection, CAMPAIGN)
    assert run.status is RunStatus.FINISHED
    report = measuring.report(
        engine, run_id=run.id, campaign=CAMPAIGN, shares=run.shares, window=run.window, currency="UAH", now=START + timedelta(days=30)
    )
    assert sum(arm.assigned for arm in report.arms) == 39
    assert standing(engine).total() == 40


def test_one_who_was_held_out_too_waits_for_nothing_any_more(engine, ready):
    populate(engine)
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    stays, goes = pick(engine, (ACTIVE, ""), (HELD_OUT, ""))
    merging.merge(engine, key(goes), key(stays), now=START + timedelta(days=1))
    for days in (7, 21):
        go(ready, engine, START + timedelta(days=days), channel)
    assert letters_of(engine, goes) == [("first-letter", "held_out", "")]
    with database.reading(engine) as connection:
        assert runs.latest(connection, CAMPAIGN).status is RunStatus.FINISHED


def test_a_journey_goes_on_under_the_record_that_stays(engine, ready):
    populate(engine)
    with database.writing(engine) as connection:
        new = world.customer(connection, "new", given_name="Emma", country="GB", locale="en")
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    (goes,) = pick(engine, (ACTIVE, ""))
    merging.merge(engine, key(goes), "new", now=START + timedelta(days=1))
    for days in (7, 21):
        go(ready, engine, START + timedelta(days=days), channel)
    assert [letter.to for letter in channel.letters].count(f"c{goes}@post.example") == 3
    assert [(stage, status) for stage, status, _ in letters_of(engine, new)] == [
        (stage, "sent") for stage in ("first-letter", "reminder", "last-day")
    ]
    told = explaining.by_campaign(ready, engine, "new", now=START)
    with database.reading(engine) as connection:
        bucket = connection.execute(select(recipients.c.bucket).where(recipients.c.customer_id == new)).scalar_one()
    assert any(f":{key(goes)} is at {bucket} of 1" in step.found for step in told.steps)
    told = explaining.by_campaign(ready, engine, key(goes), now=START)
    assert told.steps[0].found == "into new, who is spoken of here"


def test_a_stage_that_reached_the_person_under_the_other_id_is_skipped_and_the_next_one_is_not(engine, ready):
    populate(engine)
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    stays, goes = pick(engine, (ACTIVE, ""), (ACTIVE, ""))
    with database.writing(engine) as connection:  # as if the record that stays had been later, in another time zone
        connection.execute(update(recipients).where(recipients.c.customer_id == stays).values(next_stage=0, next_due_at=START + timedelta(days=7)))
        connection.execute(deliveries.delete().where(deliveries.c.customer_id == stays))
    merging.merge(engine, key(goes), key(stays), now=START + timedelta(days=1))
    first = len(channel.letters)
    go(ready, engine, START + timedelta(days=7), channel)
    assert letters_of(engine, stays) == [("first-letter", "skipped", Reason.MERGED)]
    assert f"c{stays}@post.example" not in {letter.to for letter in channel.letters[first:]}
    go(ready, engine, START + timedelta(days=14), channel)
    assert letters_of(engine, stays)[1:] == [("reminder", "sent", "")]


def test_nobody_who_was_merged_is_in_a_cohort_and_a_list_that_names_them_leaves_the_person_out(engine, ready):
    populate(engine, 3)
    merging.merge(engine, "c001", "c000", now=START)
    as_of = AsOf(START, "Europe/Kyiv", "UAH")
    with database.reading(engine) as connection:
        for excluded, left in ((frozenset(), ["c000", "c002"]), (frozenset({"c001"}), ["c002"])):
            chosen = ready.cohort.value.model_copy(update={"exclude": Exclude(lists=tuple(excluded))})
            stand = cohorts.ground(connection, Selection(chosen, excluded), as_of)
            assert list(cohorts.keys(connection, cohorts.members(stand))) == left
            funnel = cohorts.funnel(connection, stand)
            assert (funnel[0], funnel[-1]) == (2, len(left))


def test_explain_hears_an_exclude_list_that_names_the_record_that_went(tmp_path, engine):
    project = projects.make(tmp_path / "listed")
    (project.config("lists")).mkdir()
    project.config("lists", "friends.txt").write_text("c001\n")
    cohort = project.config("cohorts", "silent-1-2-years-3-orders.yaml")
    cohort.write_text(cohort.read_text() + "exclude: {lists: [friends.txt]}\n")
    populate(engine, 2)
    merging.merge(engine, "c001", "c000", now=START)
    told = explaining.by_cohort(project, engine, "silent-1-2-years-3-orders", "c000", now=START)
    assert told.verdict == "not in the cohort"
    assert [step.holds for step in told.steps if step.question == "not on an exclude list"] == [False]


def test_an_invitation_to_the_bot_leads_to_the_record_that_stays(engine, two):
    from winback.store import chats

    merging.merge(engine, "B", "A", now=START)
    with database.writing(engine) as connection:
        ids = dict(connection.execute(select(customers.c.key, customers.c.id)).all())
        world.reach(connection, ids["A"], ChannelName.TELEGRAM, "77")
        assert chats.invited(connection, ids["B"]) == chats.Invited(ids["A"], "", "77")
        assert runs.customer_id(connection, "B") == ids["A"]
