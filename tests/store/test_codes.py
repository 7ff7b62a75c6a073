"""The life of codes on both databases: nobody gets one twice, nobody holds two, and what is promised is what the rows say."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from tests.store import world
from winback.journey.offer import Offer
from winback.model import CodeSource, CodeStatus, DeliveryStatus, RecipientStatus
from winback.store import code_figures, code_pools, codes, database, merging, runs
from winback.store.codes import Wish
from winback.store.tables import codes as table
from winback.store.tables import deliveries, metadata, recipients

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
UNIQUE = Offer(text={"en": "tea"}, codes={})
SHARED = Offer(text={"en": "tea"}, code="TEA")
POOLED = Offer(text={"en": "tea"}, codes={"file": "codes/tea.txt"})


@pytest.fixture
def connection(engine):
    with database.writing(engine) as connection:
        yield connection


def people(connection, count) -> list[int]:
    return [world.customer(connection, f"c{number}") for number in range(count)]


def begin(connection, campaign="tea", number=1):
    return runs.start(connection, campaign, number=number, salt="s", plan={}, now=NOW)


def wishes(ids, *, ends=NOW + 30 * DAY, promised=500, offer="tin") -> list[Wish]:
    return [Wish(who, f"c{who}", offer, ends, promised, promised, 0.0) for who in ids]


def made(wish, number) -> str:
    return f"WB-{wish.key}-{number}"


def reserve(connection, run, ids, offer=UNIQUE, *, now=NOW, make=made, **more) -> set[int]:
    return codes.reserve(connection, run, wishes(ids, **more), offers={"tin": offer}, make=make, now=now)


def enrol(connection, run, ids, status=RecipientStatus.ACTIVE, ended=None) -> None:
    common = {"run_id": run.id, "status": status, "arm": "gift", "facts": {}, "assigned_at": NOW, "ended_at": ended}
    connection.execute(insert(recipients), [{"customer_id": who, **common} for who in ids])


def deliver(connection, run, who, status=DeliveryStatus.SENT, stage="one") -> int:
    values = {"run_id": run.id, "stage": stage, "customer_id": who, "tactic": "gift", "status": status, "due_at": NOW}
    return connection.execute(insert(deliveries).values(values).returning(deliveries.c.id)).scalar_one()


def statuses(connection) -> Counter[str]:
    return Counter(connection.execute(select(table.c.status)).scalars())


def test_each_gets_a_code_of_their_own_and_twice_comes_to_the_same(connection):
    ids, run = people(connection, 20), begin(connection)
    assert reserve(connection, run, ids) == set(ids)
    before = connection.execute(select(table.c.customer_id, table.c.code).order_by(table.c.id)).all()
    assert reserve(connection, run, ids) == set(ids)
    assert connection.execute(select(table.c.customer_id, table.c.code).order_by(table.c.id)).all() == before
    assert len({row.code for row in before}) == 20


def test_a_code_that_somebody_has_already_is_made_anew(connection):
    ids, run = people(connection, 3), begin(connection)
    reserve(
        connection, run, ids, make=lambda wish, number: f"WB-{max(0, number - 1 + (wish.customer_id == ids[0]))}" if number < 3 else f"WB-{wish.key}"
    )
    assert len(set(connection.execute(select(table.c.matched)).scalars())) == 3


def test_one_word_for_everybody_is_a_row_for_each(connection):
    ids, run = people(connection, 3), begin(connection)
    assert reserve(connection, run, ids, SHARED) == set(ids)
    assert set(connection.execute(select(table.c.code, table.c.source)).all()) == {("TEA", CodeSource.SHARED)}


def test_a_pool_is_its_file_and_a_short_one_goes_to_the_first(connection):
    ids, run = people(connection, 5), begin(connection)
    lines = {"Tea 1": 1, "TEA2": 2, "TEA3": 3}
    assert code_pools.load(connection, "tea", "tin", lines) == []
    assert code_pools.load(connection, "tea", "tin", lines) == []
    assert statuses(connection) == {"free": 3}
    assert reserve(connection, run, ids[:2], POOLED) == set(ids[:2])
    assert code_pools.load(connection, "tea", "tin", {"tea1": 1, "TEA2": 2, "TEA4": 3}) == []  # TEA3 was taken out, and nobody has it
    assert sorted(connection.execute(select(table.c.code).where(table.c.status == "free")).scalars()) == ["TEA4"]
    assert reserve(connection, run, ids[2:], POOLED) == {ids[2]}
    assert connection.execute(select(table.c.code).where(table.c.customer_id == ids[0])).scalar_one() == "Tea 1"


def test_a_code_of_another_campaign_in_the_file_is_told_with_its_line(connection):
    ids, run = people(connection, 1), begin(connection)
    code_pools.load(connection, "spring", "tin", {"TEA1": 1})
    reserve(connection, run, ids, make=lambda wish, number: "WB-1")
    lines = {"TEA0": 1, "tea1": 2, "wb-1": 3}
    assert code_pools.foreign(connection, "tea", "cup", lines) == [2, 3]
    assert code_pools.load(connection, "tea", "cup", lines) == [2, 3]
    assert code_pools.load(connection, "tea", "cup", lines) == [2, 3]


def test_nobody_holds_two_codes_until_the_first_is_over(connection):
    (who,), first, second = people(connection, 1), begin(connection), begin(connection, "spring")
    reserve(connection, first, [who])
    assert codes.elsewhere(connection, [who], NOW, run_id=second.id) == {who}
    assert reserve(connection, second, [who]) == set()
    codes.give(connection, {deliver(connection, first, who): codes.of(connection, first.id, [who])[who].id}, NOW)
    assert reserve(connection, second, [who], now=NOW + 30 * DAY, make=lambda *_: "X") == set()
    assert reserve(connection, second, [who], now=NOW + 31 * DAY, ends=NOW + 60 * DAY, make=lambda *_: "X") == {who}
    assert statuses(connection) == {"expired": 1, "reserved": 1}


def test_the_database_itself_refuses_a_second_code(engine):
    with database.writing(engine) as connection:
        (who,), first, second = people(connection, 1), begin(connection), begin(connection, "spring")
        reserve(connection, first, [who])
    values = {"code": "X", "matched": "X", "source": "own", "campaign": "spring", "offer": "tin", "customer_id": who, "run_id": second.id}
    for status in codes.LIVE:
        with pytest.raises(IntegrityError), database.writing(engine) as connection:
            connection.execute(insert(table).values(status=status, **values))
    with database.writing(engine) as connection:
        connection.execute(insert(table).values(status=CodeStatus.EXPIRED, **values))
        assert len(connection.execute(select(table.c.id)).all()) == 2


def test_only_a_code_that_is_still_theirs_leaves(connection):
    ids, run = people(connection, 4), begin(connection)
    reserve(connection, run, ids)
    held = codes.of(connection, run.id, ids)
    carried = {deliver(connection, run, who): held[who].id for who in ids}
    connection.execute(update(table).where(table.c.customer_id == ids[1]).values(status=CodeStatus.RELEASED))
    connection.execute(update(table).where(table.c.customer_id == ids[2]).values(status=CodeStatus.REDEEMED))
    connection.execute(update(table).where(table.c.customer_id == ids[3]).values(expires_at=NOW - DAY))
    first = min(carried)
    assert codes.give(connection, carried, NOW) == {first}
    assert codes.give(connection, {deliver(connection, run, ids[0], stage="two"): held[ids[0]].id}, NOW)
    assert connection.execute(select(table.c.status, table.c.delivery_id).where(table.c.customer_id == ids[0])).one() == ("given", first)


@pytest.mark.parametrize(
    ("ended", "given", "letter", "own", "pooled"),
    [
        (False, False, None, "reserved", "reserved"),
        (True, False, None, "released", "free"),
        (True, False, DeliveryStatus.SENT, "released", "free"),  # that letter didn't speak of it
        (True, True, DeliveryStatus.SENT, "given", "given"),
        (True, True, DeliveryStatus.UNCERTAIN, "given", "given"),
        (True, True, DeliveryStatus.HANDED_OVER, "given", "given"),
        (True, True, DeliveryStatus.FAILED, "released", "free"),
        (False, True, DeliveryStatus.FAILED, "given", "given"),
    ],
)
def test_a_code_that_nobody_was_told_of_is_released_when_the_journey_ends(connection, ended, given, letter, own, pooled):
    ids, run = people(connection, 1), begin(connection)
    code_pools.load(connection, "tea", "tin", {"TEA1": 1})
    for offer, after in ((UNIQUE, own), (POOLED, pooled)):
        connection.execute(table.update().where(table.c.source == "own").values(run_id=None, customer_id=None))
        connection.execute(recipients.delete())
        reserve(connection, run, ids, offer)
        enrol(connection, run, ids, RecipientStatus.STOPPED if ended else RecipientStatus.ACTIVE, NOW if ended else None)
        delivery = deliver(connection, run, ids[0], letter, stage=offer.file) if letter else None
        if given:
            codes.give(connection, {delivery: codes.of(connection, run.id, ids)[ids[0]].id}, NOW)
        codes.settle(connection, run, NOW)
        source = CodeSource.POOL if offer.file else CodeSource.OWN
        row = connection.execute(select(table).where(table.c.source == source)).one()
        assert row.status == after
        if after == "free":
            assert (row.run_id, row.customer_id, row.promised_minor, row.delivery_id) == (None, None, 0, None)


def test_a_budget_is_what_is_promised_and_a_pool_what_is_free(connection):
    ids, run = people(connection, 6), begin(connection)
    words = {f"TEA{number}": number for number in range(4)}
    code_pools.load(connection, "tea", "tin", words)
    reserve(connection, run, ids[:3], POOLED)
    connection.execute(update(table).where(table.c.customer_id == ids[0]).values(status=CodeStatus.REDEEMED))
    connection.execute(update(table).where(table.c.customer_id == ids[1]).values(status=CodeStatus.EXPIRED))

    def left(**more):
        return code_pools.purse(connection, "tea", ["tin", "cup"], budgets={"tin": 1200}, pools={"tin": words}, now=NOW, **more).offers

    assert (left()["tin"].minor, left()["tin"].codes) == (200, 1)
    assert (left(but_run=run.id)["tin"].minor, left(but_run=run.id)["tin"].codes) == (1200, 4)
    assert (left()["cup"].minor, left()["cup"].codes) == (None, None)


def both_at_once(engine, work) -> list[object]:
    """Two workers with a transaction each, begun together; what each returned, or what stopped it."""
    gate, found = threading.Barrier(2, timeout=30), [None, None]

    def one(place):
        try:
            with database.writing(engine) as connection:
                if engine.dialect.name == "postgresql":
                    gate.wait()
                found[place] = work(connection, place)
        except Exception as error:  # noqa: BLE001  it is what is asked about
            found[place] = error

    threads = [threading.Thread(target=one, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


@pytest.mark.parametrize("offer", [UNIQUE, SHARED, POOLED], ids=["unique", "shared", "pooled"])
def test_two_campaigns_that_race_for_the_same_customers_give_each_one_code(engine, offer):
    with database.writing(engine) as connection:
        ids = people(connection, 120)
        running = [begin(connection, "tea"), begin(connection, "spring")]
        for place, run in enumerate(running):
            code_pools.load(connection, run.campaign, "tin", {f"P{place}-{number}": number for number in range(200)})
    orders = [ids, ids[::-1]]
    found = both_at_once(
        engine,
        lambda connection, place: reserve(connection, running[place], orders[place], offer, make=lambda wish, number: f"{place}-{wish.key}-{number}"),
    )
    assert all(isinstance(each, set) for each in found), found
    assert found[0] | found[1] == set(ids)
    assert not found[0] & found[1]


def test_two_workers_share_a_pool(engine):
    with database.writing(engine) as connection:
        ids, run = people(connection, 100), begin(connection)
        code_pools.load(connection, "tea", "tin", {f"P{number}": number for number in range(80)})
    halves = [ids[:50], ids[50:]]
    found = both_at_once(engine, lambda connection, place: reserve(connection, run, halves[place], POOLED))
    assert all(isinstance(each, set) for each in found), found
    with database.reading(engine) as connection:
        taken = connection.execute(select(table.c.code, table.c.customer_id).where(table.c.customer_id.is_not(None))).all()
    assert len({row.code for row in taken}) == len(taken) == len(found[0]) + len(found[1])
    assert len(taken) >= 50


@pytest.mark.parametrize(
    ("merged", "into", "after"),
    [
        ("reserved", None, {"into": "reserved"}),
        ("given", None, {"into": "given"}),
        ("expired", "given", {"into": ["expired", "given"]}),
        ("reserved", "reserved", {"into": ["released", "reserved"]}),
        ("given", "reserved", {"into": ["given", "released"]}),
        ("reserved", "given", {"into": ["given", "released"]}),
        ("given", "given", {"into": "given", "merged": "given"}),
    ],
)
def test_of_two_records_that_become_one_customer_one_code_stays(connection, merged, into, after):
    """Each holds one of a campaign of its own."""
    ids = dict(zip(("merged", "into"), people(connection, 2), strict=True))
    for side, status in (("merged", merged), ("into", into)):
        if status:
            run = begin(connection, side)
            connection.execute(update(runs.campaign_runs).values(enrolled_at=NOW))
            reserve(connection, run, [ids[side]])
            enrol(connection, run, [ids[side]])
            connection.execute(update(table).where(table.c.customer_id == ids[side]).values(status=status))
    assert isinstance(merging.merge(connection, ids["merged"], ids["into"], NOW), merging.Merged)
    names = {number: side for side, number in ids.items()}
    found: dict[str, list[str]] = {}
    for row in connection.execute(select(table.c.customer_id, table.c.status).order_by(table.c.status)):
        found.setdefault(names[row.customer_id], []).append(row.status)
    assert found == {side: [each] if isinstance(each, str) else each for side, each in after.items()}
    third = begin(connection, "third")
    held = any(status in codes.LIVE for several in found.values() for status in several)
    assert (reserve(connection, third, [ids["into"]], make=lambda *_: "X") == set()) == held


@pytest.mark.parametrize(
    ("merged", "into", "after"), [("reserved", "reserved", {"reserved": 1, "released": 1}), ("given", "reserved", {"given": 1, "released": 1})]
)
def test_of_two_places_in_one_run_one_code_stays(connection, merged, into, after):
    ids, run = people(connection, 2), begin(connection)
    connection.execute(update(runs.campaign_runs).values(enrolled_at=NOW))
    reserve(connection, run, ids)
    enrol(connection, run, ids)
    for who, status in zip(ids, (merged, into), strict=True):
        connection.execute(update(table).where(table.c.customer_id == who).values(status=status))
    assert isinstance(merging.merge(connection, ids[0], ids[1], NOW), merging.Merged)
    assert statuses(connection) == after
    assert codes.of(connection, run.id, [ids[1]])[ids[1]].status in codes.LIVE, "the journey that goes on speaks of it"


class Life(RuleBasedStateMachine):
    """Anything that may happen to codes, in any order, with crashes in the middle of transactions."""

    engine = None
    people = st.integers(0, 5)

    @initialize()
    def begin(self):
        self.now, self.told, self.orders = NOW, {}, 0
        with database.writing(self.engine) as connection:
            for each in reversed(metadata.sorted_tables):
                connection.execute(each.delete())
            self.ids = people(connection, 6)
            self.runs = [begin(connection, name) for name in ("own", "pool", "word")]
            for run in self.runs:
                enrol(connection, run, self.ids)
            code_pools.load(connection, "pool", "tin", {f"P{number}": number for number in range(4)})

    def offer(self, place):
        return (UNIQUE, POOLED, SHARED)[place]

    @rule(place=st.integers(0, 2), who=st.sets(people, min_size=1), dies=st.booleans())
    def reserve(self, place, who, dies):
        run, ids = self.runs[place], [self.ids[each] for each in sorted(who)]
        self.change(dies, lambda connection: reserve(connection, run, ids, self.offer(place), now=self.now, ends=self.now + 3 * DAY))

    @rule(place=st.integers(0, 2), who=people, dies=st.booleans(), fails=st.booleans())
    def tell(self, place, who, dies, fails):
        run, customer = self.runs[place], self.ids[who]

        def work(connection):
            held = codes.of(connection, run.id, [customer]).get(customer)
            if held is None:
                return
            number = connection.execute(select(func.count()).select_from(deliveries)).scalar_one()
            delivery = deliver(connection, run, customer, DeliveryStatus.FAILED if fails else DeliveryStatus.SENT, stage=f"s{number}")
            if codes.give(connection, {delivery: held.id}, self.now) and not fails:
                told.append((held.code, customer))

        told: list[tuple[str, int]] = []
        self.change(dies, work)
        for code, customer in [] if dies else told:
            if run.campaign != "word":
                assert self.told.setdefault(code, customer) == customer, "two customers were told one code"

    @rule(place=st.integers(0, 2), who=people, dies=st.booleans())
    def end(self, place, who, dies):
        run = self.runs[place]

        def work(connection):
            runs.end(connection, run.id, {self.ids[who]: "ordered"}, RecipientStatus.STOPPED, self.now)
            codes.settle(connection, run, self.now)

        self.change(dies, work)

    @rule(days=st.integers(1, 4))
    def wait(self, days):
        self.now += days * DAY
        self.change(False, lambda connection: [codes.settle(connection, run, self.now) for run in self.runs])

    @precondition(lambda self: self.told)
    @rule(place=st.integers(0, 20))
    def redeem(self, place):
        code = sorted(self.told)[place % len(self.told)]
        values = {"status": CodeStatus.REDEEMED, "order_key": f"o{code}", "cost_minor": 7}
        self.change(False, lambda connection: connection.execute(update(table).where(table.c.code == code).values(values)))

    def change(self, dies, work):
        with database.writing(self.engine) as connection:
            work(connection)
            if dies:
                connection.rollback()

    @invariant()
    def nobody_holds_two_and_sums_are_the_rows(self):
        with database.reading(self.engine) as connection:
            rows = connection.execute(select(table)).all()
            left = code_pools.purse(connection, "own", ["tin"], budgets={"tin": 0}, pools={}, now=self.now).offers["tin"].minor
            counted = {
                (offer, status): (count, promised)
                for name in ("own", "pool", "word")
                for offer, status, count, promised, _ in code_figures.counts(connection, name, self.now)
                if name == "own"
            }
        live = Counter(row.customer_id for row in rows if row.status in codes.LIVE)
        assert all(count == 1 for count in live.values())
        own = [row for row in rows if row.source != CodeSource.SHARED]
        assert len({row.matched for row in own}) == len(own)
        assert sum(row.source == CodeSource.POOL for row in rows) == 4, "a pool's code is never lost"
        assert all((row.customer_id is None) == (row.status == CodeStatus.FREE) for row in rows)
        owed = (
            row for row in rows if row.campaign == "own" and (row.status == "redeemed" or (row.status in codes.LIVE and row.expires_at >= self.now))
        )
        assert -left == sum(row.promised_minor for row in owed) == sum(minor for _, minor in counted.values())


def test_whatever_happens_nobody_gets_a_code_twice_or_two_at_once(engine):
    Life.engine = engine
    run_state_machine_as_test(
        Life, settings=settings(max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
    )


def test_what_is_over_counts_as_over_before_anybody_has_written_it_down(connection):
    ids, run = people(connection, 2), begin(connection)
    enrol(connection, run, ids)
    reserve(connection, run, ids, ends=NOW + DAY)
    codes.give(connection, {deliver(connection, run, ids[0]): codes.of(connection, run.id, ids)[ids[0]].id}, NOW)
    for now, promised, told in ((NOW, 1000, {"given", "reserved"}), (NOW + 2 * DAY, 0, {"expired", "reserved"})):
        assert -code_pools.purse(connection, "tea", ["tin"], budgets={"tin": 0}, pools={}, now=now).offers["tin"].minor == promised
        found = list(code_figures.counts(connection, "tea", now))
        assert {status for _, status, *_ in found} == told
        assert sum(minor for *_, minor, _ in found) == promised
        assert [row.promised_minor for row in code_figures.by_arm(connection, run.id, now)] == [promised]
        assert {row.status for row in connection.execute(code_figures.ledger("tea", now))} == told
