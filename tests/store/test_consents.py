"""Consents given and taken back, their proofs, and what must hold however a withdrawal falls among letters that are on their way."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from tests.letterbox import NOW, SENT_AT, Letterbox
from tests.store import world
from winback.audience.consents import MARKETING, OPEN_TRACKING, ConsentWay
from winback.journey import eligibility
from winback.journey.policy import Policy, Rules
from winback.model import ChannelName, DeliveryStatus, Reason, RecipientStatus
from winback.store import candidates, consents, database, deliveries, enrolling, merging, runs
from winback.store.as_of import AsOf
from winback.store.consents import Given, Withdrawn
from winback.store.deliveries import Outcome
from winback.store.tables import consent_proofs, customers
from winback.store.tables import consents as consents_table
from winback.store.tables import deliveries as deliveries_table
from winback.store.tables import suppressions as suppressions_table

EMAIL, TELEGRAM = ChannelName.EMAIL, ChannelName.TELEGRAM
AS_OF = AsOf(NOW, "Europe/Kyiv", "UAH")


@pytest.fixture
def shop(engine):
    return Letterbox(engine, world.KEY)


def wish(who: int, channel: ChannelName | None = EMAIL, **more) -> Withdrawn:
    return Withdrawn(who, ConsentWay.PAGE, channel, **more)


def proved(connection, who: int) -> list[tuple[str, str, str, str]]:
    return [(row.channel, row.purpose, row.deed, row.way) for row in consents.proofs(connection, who)]


def test_a_consent_is_proved_with_its_words_kept_once(engine):
    with database.writing(engine) as connection:
        olena, ivan = world.customer(connection, "olena"), world.customer(connection, "ivan")
        for who, text in ((olena, "Write to me."), (ivan, "Write to me."), (ivan, "Пишіть мені.")):
            words = consents.wording_id(connection, text, NOW)
            given = Given(who, EMAIL, ConsentWay.IMPORT, "checkout", SENT_AT, wording_id=words, evidence={"order": "A-1", "ip": "192.0.2.7"})
            consents.give(connection, given, NOW)
    with database.reading(engine) as connection:
        found = consents.proofs(connection, ivan)
        assert [(row.wording, row.happened_at, row.recorded_at, row.evidence) for row in found] == [
            ("Write to me.", SENT_AT, NOW, {"order": "A-1", "ip": "192.0.2.7"}),
            ("Пишіть мені.", SENT_AT, NOW, {"order": "A-1", "ip": "192.0.2.7"}),
        ]
        (first,) = consents.proofs(connection, olena)
        assert first.wording_id == found[0].wording_id


def test_a_withdrawal_is_obeyed_everywhere_at_once(engine, shop):
    who, letter = shop.written_to("olena", email="olena@mail.example")
    with database.writing(engine) as connection:
        consents.give(connection, Given(who, EMAIL, ConsentWay.IMPORT, "checkout", SENT_AT), SENT_AT)
        assert consents.withdraw(connection, wish(who, delivery_id=letter), NOW) == 1
    assert shop.standing(who) == [(RecipientStatus.STOPPED, Reason.UNSUBSCRIBED)]
    (row,) = shop.rows(consents_table)
    assert (row.given_at, row.source, row.withdrawn_at, row.withdrawn_through) == (SENT_AT, "checkout", NOW, "page")
    assert [(row.channel, row.reason, row.delivery_id, row.everywhere) for row in shop.rows(suppressions_table)] == [
        ("email", "unsubscribed", letter, False)
    ]
    with database.reading(engine) as connection:
        assert proved(connection, who) == [("email", MARKETING, "given", "import"), ("email", MARKETING, "withdrawn", "page")]


def test_who_asks_twice_is_proved_once(engine, shop):
    who, _ = shop.written_to("olena", email="olena@mail.example")
    with database.writing(engine) as connection:
        consents.withdraw(connection, wish(who), NOW)
        consents.withdraw(connection, wish(who), NOW + timedelta(days=1))
        assert proved(connection, who) == [("email", MARKETING, "withdrawn", "page")]
    assert [row.withdrawn_at for row in shop.rows(consents_table)] == [NOW]


def test_an_objection_of_somebody_who_never_agreed_is_kept(engine, shop):
    who, _ = shop.written_to("olena", email="olena@mail.example")
    with database.writing(engine) as connection:
        consents.withdraw(connection, wish(who), NOW)
        (found,) = candidates.find(connection, [who], AS_OF, run_id=None)[who].reach.values()
    assert (found.withdrawn, found.consented) == (True, False)


def test_others_with_the_same_address_are_left_alone_too(engine, shop):
    olena, _ = shop.written_to("olena", email="both@mail.example")
    namesake, _ = shop.written_to("olena-2", email="both@mail.example")
    other, _ = shop.written_to("ivan", email="ivan@mail.example")
    with database.writing(engine) as connection:
        assert consents.withdraw(connection, wish(olena), NOW) == 2
        assert proved(connection, namesake) == [("email", MARKETING, "withdrawn", "page")]
        assert proved(connection, other) == []
    assert shop.standing(namesake) == [(RecipientStatus.STOPPED, Reason.UNSUBSCRIBED)]
    assert shop.standing(other) == [(RecipientStatus.ACTIVE, "")]


def test_everywhere_closes_every_channel_even_one_that_is_joined_later(engine, shop):
    who = shop.customer("olena", email="olena@mail.example")
    with database.writing(engine) as connection:
        consents.withdraw(connection, wish(who, None, purposes=consents.EVERY_PURPOSE), NOW)
        world.reach(connection, who, TELEGRAM, "555")
        found = candidates.find(connection, [who], AS_OF, run_id=None)[who].reach
    assert {channel: reach.suppressed for channel, reach in found.items()} == {EMAIL: "unsubscribed", TELEGRAM: "unsubscribed"}


def test_a_suppression_outlives_the_customer(engine, shop):
    """Erased, and back with the next import under another id."""
    who = shop.customer("olena", email="olena@mail.example")
    with database.writing(engine) as connection:
        consents.withdraw(connection, wish(who, None), NOW)
        connection.execute(customers.update().where(customers.c.id == who).values(forgotten_at=NOW))
        for table in (consent_proofs, consents_table, world.contacts_table):
            connection.execute(table.delete().where(table.c.customer_id == who))
        again = world.customer(connection, "again")
        world.reach(connection, again, EMAIL, "olena@mail.example")
        (found,) = candidates.find(connection, [again], AS_OF, run_id=None)[again].reach.values()
    assert found.suppressed == "unsubscribed"


def test_taking_back_tracking_alone_closes_no_address(engine, shop):
    who, _ = shop.written_to("olena", email="olena@mail.example")
    policy = Policy(countries={"UA": Rules.model_validate({"open_tracking": "consent"})}, default=Rules())
    with database.writing(engine) as connection:
        connection.execute(world.customers.update().values(country="UA"))
        assert consents.may_track_opens(connection, policy, [who], NOW) == set()
        consents.give(connection, Given(who, EMAIL, ConsentWay.PAGE, "preference page", SENT_AT, OPEN_TRACKING), SENT_AT)
        assert consents.may_track_opens(connection, policy, [who], NOW) == {who}
        assert consents.may_track_opens(connection, Policy(), [who], NOW) == set(), "the country doesn't let us"
        assert consents.withdraw(connection, wish(who, purposes=(OPEN_TRACKING,)), NOW) == 0
        assert consents.may_track_opens(connection, policy, [who], NOW) == set(), "letters already sent hold a pixel: it says nothing any more"
    assert shop.standing(who) == [(RecipientStatus.ACTIVE, "")]
    assert shop.rows(suppressions_table) == []


def test_where_the_country_needs_no_consent_the_customer_may_still_say_no(engine, shop):
    who = shop.customer("olena", email="olena@mail.example")
    policy = Policy(default=Rules.model_validate({"open_tracking": True}))
    with database.writing(engine) as connection:
        assert consents.may_track_opens(connection, policy, [who], NOW) == {who}
        consents.withdraw(connection, wish(who, purposes=(OPEN_TRACKING,)), NOW)
        assert consents.may_track_opens(connection, policy, [who], NOW) == set()


def test_the_merge_of_two_records_proves_what_it_takes_back(engine):
    with database.writing(engine) as connection:
        into, merged = world.customer(connection, "into"), world.customer(connection, "merged")
        world.reach(connection, into)
        world.reach(connection, merged, consent=False)
        merging.merge(connection, merged, into, NOW)
        assert proved(connection, into) == [("email", MARKETING, "withdrawn", "merge")]


@pytest.mark.parametrize(
    ("days_ago", "alive", "bought", "quiet"),
    [(100, None, None, 100), (100, 20, None, 20), (100, 20, 3, 3), (100, None, 300, 100)],
)
def test_a_consent_is_quiet_since_the_last_sign_of_life(engine, days_ago, alive, bought, quiet):
    def ago(days):
        return None if days is None else NOW - timedelta(days=days)

    with database.writing(engine) as connection:
        who = world.customer(connection, "olena")
        world.reach(connection, who, consent=False, confirmed_at=ago(alive))
        consents.give(connection, Given(who, EMAIL, ConsentWay.IMPORT, "checkout", ago(days_ago)), NOW)
        if bought is not None:
            world.order(connection, who, ago(bought))
        (found,) = candidates.find(connection, [who], AS_OF, run_id=None)[who].reach.values()
    assert found.quiet_for == timedelta(days=quiet)
    assert found.bought_for == (None if bought is None else timedelta(days=bought))


LEASE = timedelta(minutes=5)
COUNT = 5


class Withdrawals(RuleBasedStateMachine):
    """Workers claim, hand over, are stopped and answer; customers withdraw in between. Who has withdrawn is never handed over again."""

    empty: Path

    @initialize()
    def found(self):
        self.folder = TemporaryDirectory()
        path = Path(self.folder.name) / "store.db"
        shutil.copy(self.empty, path)
        self.engine = database.open_engine(f"sqlite:///{path}", lasts=False)
        self.held: list = []
        self.out: list[int] = []
        self.withdrawn: set[int] = set()
        self.left_after: list[int] = []
        self.stages = 1
        with database.writing(self.engine) as connection:
            self.run_ = runs.start(connection, "c", number=1, salt="c-1", plan={"stop_when": []}, now=NOW)
            self.people = [world.customer(connection, f"k{number}", country="UA") for number in range(COUNT)]
            for who in self.people:
                world.reach(connection, who, address="both@post.example" if who in self.people[:2] else None)
            active = {"run_id": self.run_.id, "status": RecipientStatus.ACTIVE, "arm": "a", "facts": {}, "assigned_at": SENT_AT, "next_stage": 0}
            enrolling.enrol(connection, [{**active, "customer_id": who} for who in self.people])
        for which in range(COUNT):
            self.plan(which)

    def teardown(self):
        if hasattr(self, "engine"):
            self.engine.dispose()
            self.folder.cleanup()

    @rule(which=st.integers(0, COUNT - 1))
    def plan(self, which):
        """The next stage for somebody, decided on before the withdrawal was seen, or after."""
        self.stages += 1
        row = {"run_id": self.run_.id, "stage": f"s{self.stages}", "tactic": "a", "locale": "uk", "due_at": NOW, "status": DeliveryStatus.PLANNED}
        with database.writing(self.engine) as connection:
            deliveries.plan(connection, [{**row, "customer_id": self.people[which]}])

    @rule()
    def claim(self):
        """The claim with its last check: whom the check refuses is stopped."""
        with database.writing(self.engine) as connection:
            claimed = deliveries.claim(connection, self.run_.id, worker="w", now=NOW, lease=LEASE, limit=3)
            found = candidates.find(connection, [each.customer_id for each in claimed], AS_OF, run_id=self.run_.id)
            rules = Rules.model_validate({"channels": ("email",)})
            good = [each for each in claimed if isinstance(eligibility.usable(found[each.customer_id].reach, (EMAIL,), rules), tuple)]
            refused = [each for each in claimed if each not in good]
            deliveries.record(connection, [Outcome(each.id, DeliveryStatus.STOPPED, is_unsent=True) for each in refused], worker="w")
        assert not self.withdrawn & {each.customer_id for each in good}
        self.held += good

    @precondition(lambda self: self.held)
    @rule()
    def hand_over(self):
        rows = [{"id": each.id, "channel": "email", "letter": "x", "message_id": "", "cost_micros": 0} for each in self.held]
        with database.writing(self.engine) as connection:
            may = deliveries.record_hand_over(connection, rows, worker="w", now=NOW, lease=LEASE)
        self.left_after += [each.customer_id for each in self.held if each.id in may and each.customer_id in self.withdrawn]
        self.out += sorted(may)
        self.held = []

    @rule()
    def give_back(self):
        with database.writing(self.engine) as connection:
            deliveries.release(connection, self.run_.id, worker="w")
            deliveries.stop_those_of_ended(connection, [each.id for each in self.held])
        self.held = []

    @precondition(lambda self: self.out)
    @rule(again=st.booleans())
    def answer(self, again):
        """Accepted, or put off: planned again."""
        status = DeliveryStatus.PLANNED if again else DeliveryStatus.SENT
        with database.writing(self.engine) as connection:
            outcome = Outcome(self.out.pop(), status, due_at=NOW if again else None, sent_at=None if again else NOW)
            deliveries.record(connection, [outcome], worker="w")

    @rule(which=st.integers(0, COUNT - 1), everywhere=st.booleans())
    def withdraw(self, which, everywhere):
        who = self.people[which]
        with database.writing(self.engine) as connection:
            consents.withdraw(connection, wish(who, None if everywhere else EMAIL), NOW)
        self.withdrawn |= set(self.people[:2]) if which < 2 else {who}

    @precondition(lambda self: self.held)
    @rule(everywhere=st.booleans())
    def withdraw_one_who_is_claimed(self, everywhere):
        self.withdraw(self.people.index(self.held[0].customer_id), everywhere)

    @invariant()
    def nobody_who_withdrew_is_written_to(self):
        assert getattr(self, "left_after", []) == []


def test_after_a_withdrawal_nobody_is_handed_over_whatever_is_under_way(tmp_path):
    class Played(Withdrawals):
        empty = tmp_path / "empty.db"

    database.open_engine(f"sqlite:///{Played.empty}").dispose()
    phases = (Phase.generate, Phase.shrink)
    run_state_machine_as_test(Played, settings=settings(max_examples=60, stateful_step_count=20, deadline=None, phases=phases))


def test_a_withdrawal_during_a_claim_keeps_the_letter_from_leaving(engine):
    """The same on both databases, in the narrowest order: claimed and checked, then withdrawn, then handed over."""
    with database.writing(engine) as connection:
        run = runs.start(connection, "c", number=1, salt="c-1", plan={"stop_when": []}, now=NOW)
        who = world.customer(connection, "olena")
        world.reach(connection, who)
        row = {"run_id": run.id, "customer_id": who, "status": RecipientStatus.ACTIVE, "arm": "a", "facts": {}, "assigned_at": NOW, "next_stage": 0}
        enrolling.enrol(connection, [row])
        letter = {
            "run_id": run.id,
            "stage": "one",
            "customer_id": who,
            "tactic": "a",
            "locale": "uk",
            "status": DeliveryStatus.PLANNED,
            "due_at": NOW,
        }
        deliveries.plan(connection, [letter])
    with database.writing(engine) as connection:
        (claimed,) = deliveries.claim(connection, run.id, worker="w", now=NOW, lease=LEASE, limit=3)
    with database.writing(engine) as connection:
        consents.withdraw(connection, wish(who), NOW)
    with database.writing(engine) as connection:
        rows = [{"id": claimed.id, "channel": "email", "letter": "x", "message_id": "", "cost_micros": 0}]
        assert deliveries.record_hand_over(connection, rows, worker="w", now=NOW, lease=LEASE) == set()
        deliveries.release(connection, run.id, worker="w")
        deliveries.stop_those_of_ended(connection, [claimed.id])
        found = connection.execute(select(deliveries_table.c.status, deliveries_table.c.reason)).one()
    assert tuple(found) == (DeliveryStatus.STOPPED, Reason.UNSUBSCRIBED)
