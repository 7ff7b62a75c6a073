"""Several campaigns, workers that come when they like and die when they like, orders, wishes and clocks: what must never happen to a customer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from tests.store import world
from winback.journey import last_check
from winback.journey.last_check import Postpone, SkipStage, Stop
from winback.journey.policy import SPANS, Policy
from winback.journey.stage import Stage
from winback.model import DeliveryStatus, Reason, RecipientStatus
from winback.operations import stopping
from winback.sending import turns
from winback.sending.turns import Terms
from winback.store import database, deliveries, enrolling, events, runs, stops
from winback.store.deliveries import Outcome
from winback.store.tables import deliveries as table
from winback.store.tables import recipients, touches

LEASE = timedelta(minutes=10)
BEGIN = datetime(2026, 3, 20, 9, tzinfo=UTC)  # the clocks leap forward nine days later
ENDS_ON = date(2026, 12, 31)
CAMPAIGNS, STAGES, KYIV = 3, 12, ZoneInfo("Europe/Kyiv")
POLICY = Policy.model_validate({"default": {"caps": {"week": 2, "month": 3, "year": 6}, "gap": "1 day", "hours": "09:00-20:00"}})
RULES = POLICY.default
STAGE = {
    number: Stage.model_validate({"name": f"s{number}", "letter": "x", "if_capped": "skip" if number % 5 == 4 else "postpone"})
    for number in range(STAGES)
}
MAY_HAVE_LEFT = (DeliveryStatus.HANDED_OVER, DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN)


class Customers(RuleBasedStateMachine):
    """Every campaign writes to both customers; a stage follows as soon as the one before is concluded."""

    @initialize()
    def found(self):
        self.folder = TemporaryDirectory()
        self.engine = database.open_engine(f"sqlite:///{Path(self.folder.name) / 'shop.db'}")
        self.now, self.workers, self.deeds = BEGIN, 0, 0
        self.left: list[tuple[int, str, int, datetime]] = []  # campaign, stage, customer, moment: what was given to a channel
        self.stopped: dict[tuple[int, int], datetime] = {}
        self.spoken: dict[int, list[datetime]] = {}
        self.held: list[tuple[int, str, list]] = []
        with database.writing(self.engine) as connection:
            self.people = [world.customer(connection, f"k{number}") for number in range(2)]
            self.runs = [
                runs.start(
                    connection, f"c{number}", number=1, salt="s", plan={"stop_when": ["ordered", "replied"], "priority": number % 2}, now=BEGIN
                ).id
                for number in range(CAMPAIGNS)
            ]
            for run in self.runs:
                row = {
                    "run_id": run,
                    "status": RecipientStatus.ACTIVE,
                    "arm": "a",
                    "facts": {},
                    "assigned_at": BEGIN,
                    "next_stage": 0,
                    "next_due_at": None,
                }
                enrolling.enrol(connection, [{**row, "customer_id": who} for who in self.people])
                for who in self.people:
                    self._queue(connection, run, who, 0)

    def teardown(self):
        self.engine.dispose()
        self.folder.cleanup()

    def _queue(self, connection, run, who, stage):
        row = {"run_id": run, "stage": f"s{stage}", "customer_id": who, "tactic": "a", "locale": "uk", "due_at": self.now}
        deliveries.plan(connection, [{**row, "status": DeliveryStatus.PLANNED}])

    def _record(self, connection, run, name, claimed, outcome):
        """As the loop does: what was concluded is followed by the next stage, what ends the journey ends it."""
        if not deliveries.record(connection, [outcome], worker=name):
            return
        if outcome.status is DeliveryStatus.STOPPED:
            runs.end(connection, run, {claimed.customer_id: outcome.reason}, RecipientStatus.STOPPED, self.now)
        following = int(claimed.stage[1:]) + 1
        if outcome.status in {DeliveryStatus.SENT, DeliveryStatus.SKIPPED, DeliveryStatus.UNCERTAIN, DeliveryStatus.FAILED} and following < STAGES:
            self._queue(connection, run, claimed.customer_id, following)

    def _not_now(self, connection, run, name, claimed, verdict):
        match verdict:
            case Postpone(due_at, reason, _):
                assert due_at > self.now
                outcome = Outcome(claimed.id, DeliveryStatus.PLANNED, reason=reason or "", due_at=due_at)
            case SkipStage(reason, _):
                outcome = Outcome(claimed.id, DeliveryStatus.SKIPPED, reason=reason)
            case Stop(reason, _):
                outcome = Outcome(claimed.id, DeliveryStatus.STOPPED, reason=reason)
        self._record(connection, run, name, claimed, outcome)

    @rule(campaign=st.integers(0, CAMPAIGNS - 1))
    def a_worker_claims_and_checks(self, campaign):
        run = self.runs[campaign]
        self.workers += 1
        name = f"w{self.workers}"
        with database.writing(self.engine) as connection:
            claimed = deliveries.claim(connection, run, worker=name, now=self.now, lease=LEASE, limit=5)
            turn = turns.read(connection, POLICY, run, claimed, self.now)
            good = []
            for each in claimed:
                contacts, rival = turn.of(each.customer_id)
                verdict = last_check.turn(ENDS_ON, STAGE[int(each.stage[1:])], RULES, "Europe/Kyiv", self.now, contacts, rival)
                if verdict is None:
                    good.append(each)
                else:
                    self._not_now(connection, run, name, each, verdict)
        self.held.append((run, name, good))

    @rule(
        index=st.integers(0, 5),
        status=st.sampled_from([DeliveryStatus.SENT, DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN, DeliveryStatus.FAILED, None]),
    )
    def a_worker_hands_over_and_sends_or_dies(self, index, status):
        if not self.held:
            return
        run, name, claimed = self.held.pop(index % len(self.held))
        with database.writing(self.engine) as connection:
            late = turns.late(connection, ENDS_ON, [(each, Terms(STAGE[int(each.stage[1:])], RULES, "Europe/Kyiv")) for each in claimed], self.now)
            rows = [{"id": each.id, "channel": "email", "letter": "x", "message_id": "", "cost_micros": 0} for each in claimed if each.id not in late]
            mine = deliveries.record_hand_over(connection, rows, worker=name, now=self.now, lease=LEASE)
            for each in claimed:
                if each.id in late:
                    self._not_now(connection, run, name, each, late[each.id])
        self.left += [(run, each.stage, each.customer_id, self.now) for each in claimed if each.id in mine]
        if status is not None:
            with database.writing(self.engine) as connection:
                for each in claimed:
                    if each.id in mine:
                        self._record(
                            connection, run, name, each, Outcome(each.id, status, sent_at=self.now if status is DeliveryStatus.SENT else None)
                        )
            with database.writing(self.engine) as connection:
                deliveries.release(connection, run, worker=name)

    @rule(campaign=st.integers(0, CAMPAIGNS - 1), status=st.sampled_from([DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN]))
    def a_worker_comes_and_nobody_interrupts(self, campaign, status):
        self.a_worker_claims_and_checks(campaign)
        self.held[:] = [self.held[-1], *self.held[:-1]]
        self.a_worker_hands_over_and_sends_or_dies(0, status)

    @rule(campaign=st.integers(0, CAMPAIGNS - 1), who=st.integers(0, 1))
    def somebody_calls_between_the_check_and_the_hand_over(self, campaign, who):
        self.a_worker_claims_and_checks(campaign)
        self.held[:] = [self.held[-1], *self.held[:-1]]
        self.a_manager_calls(who)
        self.now += timedelta(minutes=1)
        self.a_worker_hands_over_and_sends_or_dies(0, DeliveryStatus.SENT)

    @rule(minutes=st.sampled_from([1, 7, 60, 300, 60 * 24, 60 * 24 * 3, 60 * 24 * 8]))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)
        with database.writing(self.engine) as connection:
            for run in self.runs:
                for row in deliveries.settle_dead_claims(connection, run, self.now):
                    following = int(row.stage[1:]) + 1
                    if following < STAGES:
                        self._queue(connection, run, row.customer_id, following)
            stops.stop_letters(connection)

    @rule(who=st.integers(0, 1))
    def a_manager_calls(self, who):
        self.deeds += 1
        with database.writing(self.engine) as connection:
            connection.execute(touches.insert().values(key=f"t{self.deeds}", customer_id=self.people[who], touched_at=self.now))
        self.spoken.setdefault(self.people[who], []).append(self.now)

    @rule(who=st.integers(0, 1), deed=st.sampled_from(["nothing"] * 17 + ["order", "unsubscribe", "black list"]))
    def a_customer_acts(self, who, deed):
        if deed == "nothing":
            return
        self.deeds += 1
        customer = self.people[who]
        with database.writing(self.engine) as connection:
            if deed == "order":
                world.order(connection, customer, self.now, key=f"o{self.deeds}")
            elif deed == "unsubscribe":
                events.stop(connection, customer, Reason.UNSUBSCRIBED, self.now)
            else:
                connection.execute(world.customers.update().where(world.customers.c.id == customer).values(black_list="debtor"))
        stopping.stop(self.engine, now=self.now)
        if deed != "order" or self.now > BEGIN:
            for run in self.runs:
                self.stopped.setdefault((run, customer), self.now)

    @invariant()
    def no_customer_has_more_contacts_than_the_caps(self):
        for who in self.people:
            letters = sorted(moment for _, _, customer, moment in self._standing() if customer == who)
            contacts = sorted([*letters, *self.spoken.get(who, [])])
            for letter in letters:
                day = letter.astimezone(KYIV).date()
                days = [each.astimezone(KYIV).date() for each in contacts if each <= letter]
                for span, length in SPANS.items():
                    assert sum(each > day - timedelta(days=length) for each in days) <= getattr(RULES.caps, span) + self._calls_after(who, letter)
            for letter in letters:
                before = [each for each in contacts if each < letter]
                if before:
                    walls = [each.astimezone(KYIV).replace(tzinfo=None) for each in (before[-1], letter)]
                    assert walls[1] - walls[0] >= RULES.gap
            assert len(set(letters)) == len(letters)

    def _standing(self):
        """What was given to a channel, without what was refused: that may be written again."""
        with database.reading(self.engine) as connection:
            rows = connection.execute(select(table.c.run_id, table.c.stage, table.c.customer_id).where(table.c.status.in_(MAY_HAVE_LEFT))).all()
        kept = {tuple(row) for row in rows}
        return [each for each in self.left if each[:3] in kept]

    def _calls_after(self, who, letter):
        """Calls of the very moment of a letter: nobody asks the policy before a call."""
        return sum(each == letter for each in self.spoken.get(who, []))

    @invariant()
    def nobody_gets_a_stage_twice_or_after_a_stop_or_in_quiet_hours(self):
        assert len({each[:3] for each in self.left}) == len(self.left)
        for run, _, who, moment in self.left:
            assert moment <= self.stopped.get((run, who), moment)
            local = moment.astimezone(KYIV)
            assert RULES.hours[0] <= local.time() < RULES.hours[1]
            assert local.weekday() in RULES.weekdays

    @invariant()
    def who_was_stopped_has_no_letter_planned(self):
        with database.reading(self.engine) as connection:
            ended = {
                tuple(row)
                for row in connection.execute(select(recipients.c.run_id, recipients.c.customer_id).where(recipients.c.ended_at.is_not(None)))
            }
        assert set(self.stopped) <= ended


TestCustomers = Customers.TestCase
TestCustomers.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
