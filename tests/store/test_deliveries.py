"""The ledger as an automaton: hypothesis plays workers, crashes and clocks against a model of what must never happen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from tests.store import world
from winback.limits import FuseCause
from winback.model import DeliveryStatus, Reason, RecipientStatus, RunStatus
from winback.store import database, deliveries, enrolling, events, fuses, runs
from winback.store.deliveries import Outcome
from winback.store.tables import campaign_runs
from winback.store.tables import deliveries as table

LEASE = timedelta(minutes=5)
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
COUNT = 8


def plan(connection, count=COUNT):
    run = runs.start(connection, "c", number=1, salt="c-1", plan={}, now=NOW)
    people = [world.customer(connection, f"k{number}") for number in range(count)]
    enrolling.enrol(
        connection,
        [
            {"run_id": run.id, "customer_id": who, "status": RecipientStatus.ACTIVE, "arm": "a", "facts": {}, "assigned_at": NOW, "next_stage": 0}
            for who in people
        ],
    )
    rows = [
        {"run_id": run.id, "stage": "one", "customer_id": who, "tactic": "a", "locale": "uk", "status": DeliveryStatus.PLANNED, "due_at": NOW}
        for who in people
    ]
    assert deliveries.plan(connection, rows) == count
    return run, rows


def handed_over(claimed):
    return {"id": claimed.id, "channel": "email", "letter": "x", "message_id": f"<{claimed.id}>", "cost_micros": 0}


def test_planning_the_same_stage_twice_writes_one_row(engine):
    with database.writing(engine) as connection:
        _, rows = plan(connection)
        assert deliveries.plan(connection, rows) == 0


def test_two_workers_never_claim_the_same_letter(engine):
    with database.writing(engine) as connection:
        run, _ = plan(connection)
    with database.writing(engine) as connection:
        first = deliveries.claim(connection, run.id, worker="a", now=NOW, lease=LEASE, limit=5)
    with database.writing(engine) as connection:
        second = deliveries.claim(connection, run.id, worker="b", now=NOW, lease=LEASE, limit=5)
    assert (len(first), len(second)) == (5, 3)
    assert not {claimed.id for claimed in first} & {claimed.id for claimed in second}


def test_two_workers_at_the_same_moment_share_the_letters(engine):
    """PostgreSQL: the second passes over what the first holds. SQLite: it waits, and sees what the first left."""
    with database.writing(engine) as connection:
        run, _ = plan(connection)

    def work(name):
        with database.writing(engine) as connection:
            return [each.id for each in deliveries.claim(connection, run.id, worker=name, now=NOW, lease=LEASE, limit=3)]

    with ThreadPoolExecutor(4) as pool:
        claimed = list(pool.map(work, "abcd"))
    taken = [delivery for batch in claimed for delivery in batch]
    assert len(taken) == len(set(taken)) == COUNT


def test_a_paused_or_cancelled_run_is_not_claimed_from(engine):
    with database.writing(engine) as connection:
        run, _ = plan(connection)
        runs.change_status(connection, run.id, RunStatus.PAUSED, NOW)
        assert deliveries.claim(connection, run.id, worker="a", now=NOW, lease=LEASE, limit=5) == []
        runs.change_status(connection, run.id, RunStatus.ACTIVE, NOW)
        assert len(deliveries.claim(connection, run.id, worker="a", now=NOW, lease=LEASE, limit=3)) == 3
        runs.change_status(connection, run.id, RunStatus.CANCELLED, NOW)
        assert deliveries.claim(connection, run.id, worker="a", now=NOW, lease=LEASE, limit=5) == []
        assert deliveries.counts(connection, run.id) == {("one", DeliveryStatus.CLAIMED): 3, ("one", DeliveryStatus.STOPPED): 5}


def test_a_worker_whose_lease_ran_out_can_only_add_what_it_knows(engine):
    later = NOW + LEASE * 2
    with database.writing(engine) as connection:
        run, _ = plan(connection, 2)
        mine = deliveries.claim(connection, run.id, worker="slow", now=NOW, lease=LEASE, limit=2)
        deliveries.record_hand_over(connection, [handed_over(mine[0])], worker="slow", now=NOW, lease=LEASE)
        lost = deliveries.settle_dead_claims(connection, run.id, later)
        assert [row.id for row in lost] == [mine[0].id]
        assert deliveries.counts(connection, run.id) == {("one", DeliveryStatus.PLANNED): 1, ("one", DeliveryStatus.UNCERTAIN): 1}
        assert deliveries.record(connection, [Outcome(each.id, DeliveryStatus.SENT, sent_at=later) for each in mine], worker="slow") == set()
        assert deliveries.record_hand_over(connection, [handed_over(mine[1])], worker="slow", now=later, lease=LEASE) == set()
        assert deliveries.counts(connection, run.id) == {("one", DeliveryStatus.PLANNED): 1, ("one", DeliveryStatus.SENT): 1}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_worker_that_froze_in_the_middle_of_a_transaction_holds_up_nobody(engine):
    """Of SQLite's one writer that can't be said: it must be ended or woken up."""
    with database.writing(engine) as connection:
        run, _ = plan(connection, 4)
        mine = deliveries.claim(connection, run.id, worker="frozen", now=NOW, lease=LEASE, limit=4)
        assert connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar() == "10min"
    with database.writing(engine) as frozen:
        deliveries.record_hand_over(frozen, [handed_over(each) for each in mine[:2]], worker="frozen", now=NOW, lease=LEASE)
        with database.writing(engine) as connection:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
            deliveries.settle_dead_claims(connection, run.id, NOW + LEASE * 2)
            assert deliveries.counts(connection, run.id) == {("one", DeliveryStatus.PLANNED): 2, ("one", DeliveryStatus.CLAIMED): 2}
    with database.writing(engine) as connection:
        assert len(deliveries.settle_dead_claims(connection, run.id, NOW + LEASE * 2)) == 2


def test_a_worker_whose_clock_jumped_does_not_take_itself_for_dead(engine):
    """Its letters under way would be uncertain, and those put off by the server failed for good."""
    later = NOW + LEASE * 2
    with database.writing(engine) as connection:
        run, _ = plan(connection, 2)
        mine = deliveries.claim(connection, run.id, worker="w", now=NOW, lease=LEASE, limit=2)
        deliveries.record_hand_over(connection, [handed_over(mine[0])], worker="w", now=NOW, lease=LEASE)
        assert deliveries.settle_dead_claims(connection, run.id, later, but="w") == []
        assert deliveries.counts(connection, run.id) == {("one", DeliveryStatus.CLAIMED): 1, ("one", DeliveryStatus.HANDED_OVER): 1}
        put_off = Outcome(mine[0].id, DeliveryStatus.PLANNED, reason="busy", due_at=later)
        assert deliveries.record(connection, [put_off], worker="w") == {mine[0].id}
        assert len(deliveries.settle_dead_claims(connection, run.id, later, but="another")) == 0
        assert deliveries.counts(connection, run.id) == {("one", DeliveryStatus.PLANNED): 2}


@pytest.mark.parametrize("status", [DeliveryStatus.PLANNED, DeliveryStatus.SKIPPED, DeliveryStatus.STOPPED])
def test_a_worker_that_holds_a_letter_twice_cannot_call_back_the_copy_that_is_on_its_way(engine, status):
    """It claimed ahead while a clock jumped beyond its lease: the last check of the second copy knows nothing of the first."""
    with database.writing(engine) as connection:
        run, _ = plan(connection, 1)
        (first,) = deliveries.claim(connection, run.id, worker="w", now=NOW, lease=LEASE, limit=1)
        later = NOW + LEASE * 2
        deliveries.settle_dead_claims(connection, run.id, later)
        (second,) = deliveries.claim(connection, run.id, worker="w", now=later, lease=LEASE, limit=1)
        assert deliveries.record_hand_over(connection, [handed_over(first)], worker="w", now=later, lease=LEASE) == {first.id}
        checked = Outcome(second.id, status, reason="too-soon", due_at=later, is_unsent=True)
        assert deliveries.record(connection, [checked], worker="w") == set()
        assert deliveries.record_hand_over(connection, [handed_over(second)], worker="w", now=later, lease=LEASE) == set()
        assert deliveries.record(connection, [Outcome(first.id, DeliveryStatus.SENT, sent_at=later)], worker="w") == {first.id}


def test_a_late_put_off_is_not_repeated_since_the_journey_has_gone_on(engine):
    with database.writing(engine) as connection:
        run, _ = plan(connection, 1)
        mine = deliveries.claim(connection, run.id, worker="slow", now=NOW, lease=LEASE, limit=1)
        deliveries.record_hand_over(connection, [handed_over(mine[0])], worker="slow", now=NOW, lease=LEASE)
        deliveries.settle_dead_claims(connection, run.id, NOW + LEASE * 2)
        assert deliveries.record(connection, [Outcome(mine[0].id, DeliveryStatus.PLANNED, reason="busy", due_at=NOW)], worker="slow") == set()
        assert deliveries.counts(connection, run.id) == {("one", DeliveryStatus.FAILED): 1}


@pytest.mark.parametrize("end", ["the run is paused", "the run is cancelled", "the recipient unsubscribed"])
def test_a_letter_that_was_claimed_is_not_handed_over_once_it_is_no_longer_wanted(engine, end):
    with database.writing(engine) as connection:
        run, _ = plan(connection, 2)
        mine = deliveries.claim(connection, run.id, worker="w", now=NOW, lease=LEASE, limit=2)
        if end == "the recipient unsubscribed":
            runs.end(connection, run.id, {mine[0].customer_id: "unsubscribed"}, RecipientStatus.STOPPED, NOW)
        else:
            runs.change_status(connection, run.id, RunStatus.PAUSED if "paused" in end else RunStatus.CANCELLED, NOW)
        allowed = deliveries.record_hand_over(connection, [handed_over(each) for each in mine], worker="w", now=NOW, lease=LEASE)
        assert allowed == ({mine[1].id} if "recipient" in end else set())
        deliveries.release(connection, run.id, worker="w")
        deliveries.stop_those_of_ended(connection, [each.id for each in mine])
        counts = deliveries.counts(connection, run.id)
    if "cancelled" in end:
        assert counts == {("one", DeliveryStatus.STOPPED): 2}
    elif "paused" in end:
        assert counts == {("one", DeliveryStatus.PLANNED): 2}
    else:
        assert counts == {("one", DeliveryStatus.STOPPED): 1, ("one", DeliveryStatus.HANDED_OVER): 1}


def test_a_group_is_handed_over_once_and_answers_are_written_for_all_of_it(engine):
    with database.writing(engine) as connection:
        run, _ = plan(connection, 4)
        mine = deliveries.claim(connection, run.id, worker="w", now=NOW, lease=LEASE, limit=4)
        group = [handed_over(each) for each in mine]
        assert deliveries.record_hand_over(connection, group, worker="w", now=NOW, lease=LEASE) == {each.id for each in mine}
        assert deliveries.record_hand_over(connection, group, worker="w", now=NOW, lease=LEASE) == set(), "never a second time"
        later = NOW + timedelta(hours=1)
        first, second, third, fourth = (each.id for each in mine)
        outcomes = [
            Outcome(first, DeliveryStatus.SENT, remote_id="r", attempts=1, sent_at=NOW),
            Outcome(second, DeliveryStatus.PLANNED, reason="busy", attempts=1, due_at=later),
            Outcome(third, DeliveryStatus.FAILED, reason="no-such-mailbox", detail="x" * 2000, attempts=1),
        ]
        assert deliveries.record(connection, outcomes, worker="somebody else") == set()
        assert deliveries.record(connection, outcomes, worker="w") == {first, second, third}
        rows = {row.id: row for row in connection.execute(select(table))}
    assert (rows[first].status, rows[first].message_id, rows[first].remote_id, rows[first].sent_at) == ("sent", f"<{first}>", "r", NOW)
    assert (rows[second].status, rows[second].due_at, rows[second].sent_at, rows[second].claimed_by) == ("planned", later, None, "")
    assert (rows[third].due_at, len(rows[third].detail)) == (NOW, 1000)
    assert (rows[fourth].status, rows[fourth].claimed_by) == ("handed_over", "w")


@pytest.mark.parametrize("said", ["250 \x00queued", "\x00", "x" * 499 + "\x00\ud800", "прийнято \udfff\x00"], ids=ascii)
def test_an_answer_in_signs_that_no_text_holds_is_written_with_those_beside_it(engine, said):
    with database.writing(engine) as connection:
        run, _ = plan(connection, 2)
        mine = deliveries.claim(connection, run.id, worker="w", now=NOW, lease=LEASE, limit=2)
        first, second = deliveries.record_hand_over(connection, [handed_over(each) for each in mine], worker="w", now=NOW, lease=LEASE)
        answers = [
            Outcome(first, DeliveryStatus.SENT, remote_id=said, attempts=1, sent_at=NOW),
            Outcome(second, DeliveryStatus.FAILED, reason="refused", detail=said, attempts=1),
        ]
        assert deliveries.record(connection, answers, worker="w") == {first, second}
        kept = said.replace("\x00", "").replace("\ud800", "").replace("\udfff", "")
        fuses.blow(connection, "email", FuseCause.ERRORS, NOW, counts={}, detail=said)
        fuses.note_closed(connection, "telegram", NOW, said, again_after=LEASE)
        rows = {row.id: row for row in connection.execute(select(table))}
        assert {fuse.detail for fuse in fuses.history(connection)} == {kept}
    assert (rows[first].remote_id, rows[second].detail) == (kept, kept)


def test_what_is_planned_stops_with_the_journey(engine):
    with database.writing(engine) as connection:
        run, rows = plan(connection, 3)
        connection.execute(campaign_runs.update().values(plan={"stop_when": ["replied"]}))
        assert events.stop(connection, rows[0]["customer_id"], Reason.UNSUBSCRIBED, NOW) == 1
        stopped = connection.execute(select(table.c.customer_id, table.c.reason).where(table.c.status == DeliveryStatus.STOPPED)).all()
        assert [tuple(row) for row in stopped] == [(rows[0]["customer_id"], "unsubscribed")]
        assert deliveries.counts(connection, run.id)["one", DeliveryStatus.PLANNED] == 2


@pytest.mark.parametrize(("was_sent", "status"), [(True, DeliveryStatus.SENT), (False, DeliveryStatus.FAILED)])
def test_only_a_person_settles_an_uncertain_letter(engine, was_sent, status):
    with database.writing(engine) as connection:
        run, _ = plan(connection, 2)
        claimed = deliveries.claim(connection, run.id, worker="a", now=NOW, lease=LEASE, limit=1)
        assert deliveries.resolve(connection, claimed[0].id, was_sent=was_sent, now=NOW) == DeliveryStatus.CLAIMED
        deliveries.record_hand_over(connection, [handed_over(claimed[0])], worker="a", now=NOW, lease=LEASE)
        deliveries.record(connection, [Outcome(claimed[0].id, DeliveryStatus.UNCERTAIN)], worker="a")
        assert deliveries.resolve(connection, claimed[0].id, was_sent=was_sent, now=NOW) == DeliveryStatus.UNCERTAIN
        assert deliveries.counts(connection, run.id)["one", status] == 1


class Ledger(RuleBasedStateMachine):
    """Workers claim, hand over, die, come back from the dead and record, in any order and at any time."""

    claims = Bundle("claims")

    @initialize()
    def found(self):
        self.folder = TemporaryDirectory()
        self.engine = database.open_engine(f"sqlite:///{Path(self.folder.name) / 'ledger.db'}")
        with database.writing(self.engine) as connection:
            self.run, _ = plan(connection)
        self.now = NOW
        self.worker = 0
        self.left: dict[int, int] = {}  # delivery -> how many times it was given to the channel
        self.holder: dict[int, str] = {}

    def teardown(self):
        self.engine.dispose()
        self.folder.cleanup()

    @rule(target=claims, limit=st.integers(1, 4))
    def claim(self, limit):
        self.worker += 1
        name = f"w{self.worker}"
        with database.writing(self.engine) as connection:
            claimed = deliveries.claim(connection, self.run.id, worker=name, now=self.now, lease=LEASE, limit=limit)
        return name, claimed

    @rule(claim=claims)
    def hand_over_and_send(self, claim):
        name, claimed = claim
        with database.writing(self.engine) as connection:
            mine = deliveries.record_hand_over(connection, [handed_over(each) for each in claimed], worker=name, now=self.now, lease=LEASE)
        for delivery in mine:
            self.left[delivery] = self.left.get(delivery, 0) + 1

    @rule(claim=claims, status=st.sampled_from([DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN]))
    def record(self, claim, status):
        name, claimed = claim
        handed = [each for each in claimed if each.id in self.left]
        with database.writing(self.engine) as connection:
            deliveries.record(connection, [Outcome(each.id, status, sent_at=self.now) for each in handed], worker=name)

    @rule(claim=claims)
    def give_back(self, claim):
        with database.writing(self.engine) as connection:
            deliveries.release(connection, self.run.id, worker=claim[0])

    @rule(minutes=st.integers(1, 12))
    def time_passes_and_the_dead_are_settled(self, minutes):
        self.now += timedelta(minutes=minutes)
        with database.writing(self.engine) as connection:
            deliveries.settle_dead_claims(connection, self.run.id, self.now)

    @invariant()
    def nobody_is_written_to_twice_and_nobody_is_lost(self):
        with database.reading(self.engine) as connection:
            rows = {row.id: DeliveryStatus(row.status) for row in connection.execute(select(table.c.id, table.c.status))}
        assert len(rows) == COUNT
        assert all(count == 1 for count in self.left.values())
        for delivery, status in rows.items():
            may_have_left = {DeliveryStatus.HANDED_OVER, DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN}
            assert (delivery in self.left) == (status in may_have_left)


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
