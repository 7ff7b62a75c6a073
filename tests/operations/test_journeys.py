"""Whole campaigns, played at random: two that want the same people, days and weeks, orders, replies, wishes, faults, a person at the lever."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select, update

from tests import projects
from tests.operations import daily
from tests.operations.lost import CAMPAIGN, START, go, populate
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.errors import ConfigError, PermanentError, TemporaryError, UncertainError
from winback.journey.policy import SPANS
from winback.model import UNFINISHED, CodeStatus, DeliveryStatus, EventKind, Reason, RecipientStatus, RunStatus, Verdict
from winback.operations import campaign_run, planning, steering, stopping
from winback.sending import prepared
from winback.store import codes, database, events, refreshing, runs
from winback.store.events import Event
from winback.store.tables import campaign_runs, customers, deliveries, recipients
from winback.store.tables import codes as table

DAY, OTHER = timedelta(days=1), "every-day"
CODE = re.compile(r"WB-[2-9CDFGHJKMNPQRTVWXY]{4}-[2-9CDFGHJKMNPQRTVWXY]{4}")
POLICY = ("config/policy.yaml", "caps: {week: 2, month: 4, year: 24}", "caps: {week: 1, month: 2, year: 5}")
CONCLUDED = {DeliveryStatus.SENT, DeliveryStatus.SKIPPED, DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN, DeliveryStatus.HELD_OUT}
MAY_HAVE_LEFT = (DeliveryStatus.HANDED_OVER, DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN)


class Fallible(MemoryChannel):
    """Says to each letter what `answers` hold next; accepts it when they are through."""

    def __init__(self):
        super().__init__()
        self.answers: list[str] = []

    async def send(self, letter):
        answer = self.answers.pop() if self.answers else ""
        if answer == "later":
            raise TemporaryError("451", "later")
        if answer == "no":
            raise PermanentError("mailbox-full", "552 full")
        receipt = await super().send(letter)  # what may have arrived is among the letters
        if answer == "silence":
            raise UncertainError("no-answer", "")
        return receipt


class Journeys(RuleBasedStateMachine):
    """`winter-tea` takes everybody in at once, the other one day by day; both begin with the same people, and give codes."""

    @initialize()
    def found(self):
        self.folder = TemporaryDirectory()
        project = projects.make(Path(self.folder.name) / "shop", POLICY)
        text = project.config("campaigns", f"{CAMPAIGN}.yaml").read_text(encoding="utf-8")
        other = text.replace("title: ", "title: Every day, ").replace(
            "ends_on: 2027-01-31", "ends_on: 2028-01-31\nenrol: daily\nback_fill: {a_day: 2}"
        )
        project.config("campaigns", f"{OTHER}.yaml").write_text(other, encoding="utf-8")
        self.campaigns = {name: prepared.prepare(project, name) for name in (CAMPAIGN, OTHER)}
        self.engine = database.open_engine(f"sqlite:///{Path(self.folder.name) / 'shop.db'}")
        self.now, self.deeds, self.lapsed = START, 0, 0
        self.channel, self.moments = Fallible(), {}
        self.stopped: dict[tuple[int, int], object] = {}
        self.people = populate(self.engine, 8)
        with database.writing(self.engine) as connection:
            refreshing.due(connection, self.people)
        members = {name: planning.plan(ready, self.engine, now=self.now).cohort for name, ready in self.campaigns.items()}
        for name in self.campaigns:  # each as if the other hadn't begun: both want everybody
            with database.writing(self.engine) as connection:
                connection.execute(update(campaign_runs).values(status=RunStatus.FINISHED))
            self._go(name)
        with database.writing(self.engine) as connection:
            connection.execute(update(campaign_runs).values(status=RunStatus.ACTIVE))
            decided = dict(connection.execute(select(recipients.c.run_id, func.count()).group_by(recipients.c.run_id)).all())
        assert members == {CAMPAIGN: 8, OTHER: 8}
        assert sorted(decided.values()) == [2, 8], "one at once, one two a day"

    def teardown(self):
        if hasattr(self, "engine"):
            self.engine.dispose()
            self.folder.cleanup()

    def _go(self, name):
        before = len(self.channel.letters)
        go(self.campaigns[name], self.engine, self.now, self.channel, worker=f"w{self.deeds}")
        self.moments |= {letter.delivery_id: self.now for letter in self.channel.letters[before:]}

    @rule(
        name=st.sampled_from([CAMPAIGN, OTHER]),
        hours=st.sampled_from([1, 24, 24, 72, 24 * 7, 24 * 15]),
        answers=st.lists(st.sampled_from(["", "", "", "later", "no", "silence"]), max_size=4),
    )
    def a_schedule_comes(self, name, hours, answers):
        self.deeds += 1
        self.now += timedelta(hours=hours)
        self.channel.answers = answers
        try:
            self._go(name)
        except ConfigError as error:  # over, by a person or by its dates
            assert campaign_run.is_over(self.engine, name), str(error)
        self.channel.answers = []

    @rule(who=st.integers(0, 40), deed=st.sampled_from(["order", "order with the code", "reply", "unsubscribe", "black list"]))
    def a_customer_acts(self, who, deed):
        self.deeds += 1
        self.now += timedelta(minutes=5)
        customer = self.people[who % len(self.people)]
        with database.writing(self.engine) as connection:
            concerned = self._journeys(connection, customer)
            if deed.startswith("order"):
                told = connection.execute(select(table.c.code).where(table.c.customer_id == customer, table.c.status == CodeStatus.GIVEN)).scalar()
                world.order(connection, customer, self.now, key=f"o{self.deeds}", code=(told or "") if "code" in deed else "")
            elif deed == "reply":
                events.record(connection, [Event(f"r{self.deeds}", EventKind.REPLY, customer, self.now, Verdict.HUMAN)])
                events.stop(connection, customer, Reason.REPLIED, self.now)
            elif deed == "unsubscribe":
                events.stop(connection, customer, Reason.UNSUBSCRIBED, self.now)
            else:
                connection.execute(update(customers).where(customers.c.id == customer).values(black_list="debtor"))
            refreshing.due(connection, [customer])
        stopping.stop(self.engine, now=self.now)
        for run in concerned:
            self.stopped.setdefault((run, customer), self.now)

    def _journeys(self, connection, customer):
        open_runs = select(recipients.c.run_id).join(campaign_runs, campaign_runs.c.id == recipients.c.run_id)
        return (
            connection.execute(
                open_runs.where(
                    recipients.c.customer_id == customer, recipients.c.status == RecipientStatus.ACTIVE, campaign_runs.c.status.in_(UNFINISHED)
                )
            )
            .scalars()
            .all()
        )

    @rule()
    def somebody_lapses(self):
        if self.lapsed < 6:
            ids = daily.lapse(self.engine, [0], begin=self.lapsed, moment=self.now)
            self.lapsed += 1
            self.people += ids

    @rule(name=st.sampled_from([CAMPAIGN, OTHER]), verb=st.sampled_from(["pause", "resume", "resume", "resume", "cancel"]), meant=st.integers(0, 3))
    def a_person_steers(self, name, verb, meant):
        if verb == "cancel" and meant:
            return
        with database.reading(self.engine) as connection:
            run = runs.latest(connection, name)
        try:
            steering.steer(self.engine, name, verb, now=self.now)
        except ConfigError:
            return
        if verb == "cancel":
            with database.reading(self.engine) as connection:
                everybody = connection.execute(select(recipients.c.customer_id).where(recipients.c.run_id == run.id)).scalars()
                for customer in everybody:
                    self.stopped.setdefault((run.id, customer), self.now)

    @invariant()
    def nobody_is_written_to_too_often(self):
        rules, contacts = self.campaigns[CAMPAIGN].policy.for_country("GB"), defaultdict(list)
        with database.reading(self.engine) as connection:
            left = connection.execute(select(deliveries.c.id, deliveries.c.customer_id).where(deliveries.c.status.in_(MAY_HAVE_LEFT))).all()
        for delivery, who in left:
            contacts[who].append(self.moments[delivery])
        for moments in contacts.values():
            moments.sort()
            assert all(later - before >= rules.gap for before, later in pairwise(moments))
            for last in moments:
                for span, length in SPANS.items():
                    assert sum(last - timedelta(days=length) < each <= last for each in moments) <= getattr(rules.caps, span)

    @invariant()
    def no_stage_comes_twice_or_after_a_stop(self):
        numbers = [letter.delivery_id for letter in self.channel.letters]
        assert len(set(numbers)) == len(numbers), "each is a stage of a customer of a run, by a unique key"
        with database.reading(self.engine) as connection:
            rows = connection.execute(select(deliveries.c.id, deliveries.c.run_id, deliveries.c.customer_id, deliveries.c.stage)).all()
        assert len({(row.run_id, row.customer_id, row.stage) for row in rows}) == len(rows)
        for row in rows:
            if row.id in self.moments and (row.run_id, row.customer_id) in self.stopped:
                assert self.moments[row.id] <= self.stopped[row.run_id, row.customer_id]

    @invariant()
    def no_code_is_two_peoples_and_nobody_has_two(self):
        told = defaultdict(set)
        for letter in self.channel.letters:
            for code in CODE.findall(letter.text):
                told[code].add(letter.to)
        assert all(len(people) == 1 for people in told.values())
        with database.reading(self.engine) as connection:
            rows = connection.execute(select(table)).all()
        assert max(Counter(row.customer_id for row in rows if row.status in codes.LIVE).values(), default=0) <= 1
        assert set(told) <= {row.code for row in rows}
        assert all(row.status != CodeStatus.RESERVED for row in rows if row.code in told), "what somebody was told of isn't free any more"

    @invariant()
    def a_cohort_is_letters_and_skips_and_holdouts(self):
        with database.reading(self.engine) as connection:
            people = connection.execute(select(recipients)).all()
            rows = connection.execute(select(deliveries.c.run_id, deliveries.c.customer_id, deliveries.c.stage, deliveries.c.status)).all()
        had = defaultdict(dict)
        for row in rows:
            had[row.run_id, row.customer_id][row.stage] = DeliveryStatus(row.status)
        for who in people:
            stages = had[who.run_id, who.customer_id]
            names = [stage.name for stage in self.campaigns[CAMPAIGN].campaign.stages]
            assert list(stages) == [] or who.status != RecipientStatus.SKIPPED
            behind = names[: who.next_stage]
            assert all(stages.get(name) in CONCLUDED for name in behind), (who, stages)
            assert len(stages) - len(behind) in {0, 1}, (who, stages)
            if who.status == RecipientStatus.HELD_OUT:
                assert set(stages.values()) <= {DeliveryStatus.HELD_OUT}
            elif who.status != RecipientStatus.ACTIVE:
                assert DeliveryStatus.PLANNED not in stages.values(), "who has come to an end waits for nothing"


TestJourneys = Journeys.TestCase
TestJourneys.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
