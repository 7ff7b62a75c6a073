"""Two records become one customer: nothing is lost, nobody is in two arms, and no consent becomes looser."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, update

from tests.store import world
from winback.audience.consents import Consent, Side, strictness
from winback.model import HOLDOUT, ChannelName, DeliveryStatus, EventKind, Reason, RecipientStatus, RunStatus, Verdict
from winback.store import database, events, left_alone, merging, persons, snapshot
from winback.store.contacts import address_hash
from winback.store.events import Event
from winback.store.merged_journeys import JourneyFate
from winback.store.merging import Busy, Merged
from winback.store.tables import (
    campaign_runs,
    consents,
    contacts,
    customers,
    deliveries,
    feedback,
    inquiries,
    leaving_reasons,
    metadata,
    orders,
    outcomes,
    recipients,
    touches,
)
from winback.store.tables import events as events_table
from winback.store.tables import left_alone as left_alone_table

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
EMAIL, TELEGRAM = ChannelName.EMAIL, ChannelName.TELEGRAM


@pytest.fixture
def connection(engine):
    with database.writing(engine) as connection:
        yield connection


def merge(connection, merged: int, into: int, now: datetime = NOW) -> Merged:
    result = merging.merge(connection, merged, into, now)
    assert isinstance(result, Merged), result
    return result


def row(connection, customer_id: int):
    return connection.execute(select(customers).where(customers.c.id == customer_id)).one()


def owned(connection, table) -> Counter[int]:
    return Counter(connection.execute(select(table.c.customer_id)).scalars())


def do_everything(connection, who: int) -> None:
    """One row of every kind."""
    world.order(connection, who, "2025-01-01")
    at = {"customer_id": who}
    connection.execute(insert(inquiries).values(**at, key=f"i{who}", inquired_at=NOW))
    connection.execute(insert(touches).values(**at, key=f"t{who}", touched_at=NOW, channel="phone"))
    connection.execute(insert(feedback).values(**at, key=f"f{who}", kind="complaint", said_at=NOW))
    connection.execute(insert(leaving_reasons).values(**at, key=f"l{who}", reason="price", recorded_at=NOW, source="staff"))
    events.record(connection, [Event(f"e{who}", EventKind.REPLY, who, NOW, Verdict.HUMAN)])


ACTS = (orders, inquiries, touches, feedback, leaving_reasons, events_table)


def test_everything_that_was_done_goes_to_the_record_that_stays(connection):
    anna, hanna = world.customer(connection, "anna"), world.customer(connection, "hanna")
    for who in (anna, hanna):
        do_everything(connection, who)
    found = merge(connection, hanna, anna)
    assert found.moved == {table.name: 1 for table in ACTS}
    assert [owned(connection, table) for table in ACTS] == [{anna: 2}] * len(ACTS)
    assert (row(connection, hanna).merged_into, row(connection, anna).merged_into) == (anna, None)


def test_the_list_of_what_moves_is_whole():
    """A new table that speaks of customers must be thought of here."""
    ours = {table.name for table in metadata.sorted_tables if "customer_id" in table.c}
    thought_of = {table.name for table in merging.MOVED} | {
        "contacts",
        "consents",
        "recipients",
        "deliveries",
        "outcomes",
        "came_back",
        "left_alone",
        "codes",
        "tasks",
        "back_fill",
        "consent_requests",
        "preferences",
        "threads",
    }
    stay_with_the_tombstone = {"stage_changes", "webhook_messages"}  # what was said of that record then
    made_anew = {"facts", "facts_due", "outcomes_due", "scores"}
    assert ours == thought_of | stay_with_the_tombstone | made_anew


def test_whoever_was_left_alone_as_either_record_was_since_the_earlier_moment(connection):
    anna, hanna = world.customer(connection, "anna"), world.customer(connection, "hanna")
    for who, period, at in ((anna, "2026-Q3", 5), (hanna, "2026-Q3", 9), (anna, "2026-Q2", 99), (hanna, "2026-Q2", 101), (hanna, "ever", 200)):
        left_alone.record(connection, [who], period=period, until=NOW, decided_at=NOW - at * DAY)
    merge(connection, hanna, anna)
    rows = connection.execute(select(left_alone_table).order_by(left_alone_table.c.decided_at)).all()
    assert rows == [(anna, "ever", NOW - 200 * DAY, NOW), (anna, "2026-Q2", NOW - 101 * DAY, NOW), (anna, "2026-Q3", NOW - 9 * DAY, NOW)]


def test_empty_fields_are_filled_and_others_kept(connection):
    anna = world.customer(connection, "anna", given_name="Анна", tags="|winter|", custom={"card": "7", "size": ""}, city="Львів")
    hanna = world.customer(
        connection,
        "hanna",
        given_name="Ганна",
        family_name="Коваль",
        birthday=date(1987, 5, 19),
        phone="+380671234567",
        black_list="debtor",
        city="Київ",
        tags="|b2b|winter|",
        custom={"card": "9", "size": "M", "shoe": 38},
        recommended_by="anna",
    )
    found = merge(connection, hanna, anna)
    kept = row(connection, anna)
    assert set(found.filled) == {"family_name", "birthday", "phone", "black_list", "tags", "custom"}
    assert (kept.given_name, kept.family_name, kept.city, kept.birthday) == ("Анна", "Коваль", "Львів", date(1987, 5, 19))
    assert (kept.phone, kept.black_list, kept.recommended_by, kept.updated_at) == ("+380671234567", "debtor", "", NOW)
    assert (kept.tags, kept.custom) == ("|winter|b2b|", {"card": "7", "size": "M", "shoe": 38})


def test_a_chain_of_merges_leads_to_the_last_one(connection):
    a, b, c, d = (world.customer(connection, key) for key in "abcd")
    merge(connection, a, b)
    merge(connection, b, c)
    merge(connection, d, c)
    assert [row(connection, who).merged_into for who in (a, b, c, d)] == [c, c, None, c]
    assert persons.keys(connection, c) == {"a", "b", "c", "d"}
    assert persons.find(connection, "a").stays == "c"


def test_one_that_was_merged_meanwhile_is_left_alone(connection):
    a, b, c = (world.customer(connection, key) for key in "abc")
    merge(connection, a, b)
    assert merging.merge(connection, a, c, NOW) == merging.merge(connection, c, a, NOW) == Busy("one of the two was merged a moment ago")


def reach_of(connection, who: int) -> dict[str, str]:
    return dict(connection.execute(select(contacts.c.channel, contacts.c.address).where(contacts.c.customer_id == who)).all())


def test_an_address_moves_where_there_is_none_and_else_stays(connection):
    anna, hanna = world.customer(connection, "anna"), world.customer(connection, "hanna")
    world.reach(connection, anna, address="anna@post.example", mistyped="x")
    world.reach(connection, hanna, address="hanna@post.example")
    world.reach(connection, hanna, TELEGRAM, "77", confirmed_at=NOW)
    found = merge(connection, hanna, anna)
    assert reach_of(connection, anna) == {"email": "anna@post.example", "telegram": "77"}
    assert reach_of(connection, hanna) == {}
    assert [(fate.channel, fate.fate, fate.kept_works, fate.dropped_works) for fate in found.addresses] == [
        ("email", "dropped", False, True),
        ("telegram", "moved", True, True),
    ]
    assert owned(connection, consents) == {anna: 2}


def test_of_the_same_address_everything_is_known_that_either_knew(connection):
    anna, hanna = world.customer(connection, "anna"), world.customer(connection, "hanna")
    world.reach(connection, anna, address="a@post.example", confirmed_at=NOW - 9 * DAY)
    world.reach(connection, hanna, address="a@post.example", confirmed_at=NOW - DAY, blocked_at=NOW, blocked_reason="no-such-mailbox")
    assert [fate.fate for fate in merge(connection, hanna, anna).addresses] == ["same"]
    kept = connection.execute(select(contacts)).one()
    assert (kept.customer_id, kept.confirmed_at, kept.blocked_at, kept.blocked_reason) == (anna, NOW - DAY, NOW, "no-such-mailbox")


def consent_of(connection, who: int, channel: ChannelName = EMAIL) -> Consent | None:
    found = connection.execute(select(consents).where(consents.c.customer_id == who, consents.c.channel == channel)).one_or_none()
    return found and Consent(found.given_at, found.source, found.withdrawn_at)


def test_who_asked_from_one_address_to_be_left_alone_is_left_alone_at_the_other(connection):
    anna, hanna = world.customer(connection, "anna"), world.customer(connection, "hanna")
    world.reach(connection, anna, address="anna@post.example")
    world.reach(connection, hanna, address="hanna@post.example")
    hashed = address_hash(world.KEY, EMAIL, "hanna@post.example")
    events.suppress(connection, channel=EMAIL, address_hash=hashed, reason=Reason.UNSUBSCRIBED, since=NOW - 9 * DAY)
    merge(connection, hanna, anna)
    assert consent_of(connection, anna).withdrawn_at == NOW - 9 * DAY


def test_a_bounce_at_the_other_address_takes_no_consent_back(connection):
    anna, hanna = world.customer(connection, "anna"), world.customer(connection, "hanna")
    world.reach(connection, anna, address="anna@post.example")
    world.reach(connection, hanna, address="hanna@post.example")
    hashed = address_hash(world.KEY, EMAIL, "hanna@post.example")
    events.suppress(connection, channel=EMAIL, address_hash=hashed, reason=Reason.BOUNCED, since=NOW - 9 * DAY)
    merge(connection, hanna, anna)
    assert consent_of(connection, anna).withdrawn_at is None


def a_run(connection, campaign: str = "spring", *, enrolled: bool = True, status: RunStatus = RunStatus.ACTIVE) -> int:
    number = connection.execute(select(func.count()).select_from(campaign_runs)).scalar_one() + 1
    values = {"campaign": campaign, "number": number, "status": status, "salt": "s", "started_at": NOW, "plan": {}}
    return connection.execute(insert(campaign_runs).values(**values, enrolled_at=NOW if enrolled else None)).inserted_primary_key[0]


def place(connection, run: int, who: int, status: RecipientStatus, arm: str = "word", **more) -> None:
    is_skipped = status is RecipientStatus.SKIPPED
    reason = {RecipientStatus.SKIPPED: Reason.SAME_ADDRESS, RecipientStatus.STOPPED: Reason.REPLIED}.get(status, "")
    ends = {"ended_at": None if status in {RecipientStatus.ACTIVE, RecipientStatus.HELD_OUT} else NOW - DAY}
    values = {"status": status, "reason": reason, "arm": "" if is_skipped else arm, "facts": {"orders": 3}, "assigned_at": NOW - 9 * DAY}
    connection.execute(insert(recipients).values(run_id=run, customer_id=who, next_due_at=None if is_skipped else NOW, **{**ends, **values, **more}))


def letter(connection, run: int, who: int, status: DeliveryStatus, stage: str = "first", **more) -> int:
    values = {"tactic": "word", "status": status, "due_at": NOW, "channel": "email", **more}
    return connection.execute(insert(deliveries).values(run_id=run, customer_id=who, stage=stage, **values)).inserted_primary_key[0]


def places(connection) -> dict[int, tuple[str, str, str]]:
    rows = connection.execute(select(recipients))
    return {found.customer_id: (found.status, found.reason, found.arm) for found in rows}


def test_a_place_in_a_run_moves_with_its_letters_and_the_id_it_was_drawn_by(connection):
    anna, hanna, run = world.customer(connection, "anna"), world.customer(connection, "hanna"), a_run(connection)
    place(connection, run, hanna, RecipientStatus.ACTIVE)
    letter(connection, run, hanna, DeliveryStatus.SENT)
    values = {"currency": "UAH", "orders": 1, "revenue_minor": 100, "window_closed": False, "measured_at": NOW}
    connection.execute(insert(outcomes).values(run_id=run, customer_id=hanna, **values))
    assert merge(connection, hanna, anna).journeys == (JourneyFate("spring", 1, "moved"),)
    assert places(connection) == {anna: ("active", "", "word")}
    assert connection.execute(select(recipients.c.facts)).scalar_one() == {"orders": 3, "assigned_as": "hanna"}
    assert owned(connection, deliveries) == owned(connection, outcomes) == {anna: 1}
    olena = world.customer(connection, "olena")
    merge(connection, anna, olena)
    assert connection.execute(select(recipients.c.facts)).scalar_one() == {"orders": 3, "assigned_as": "hanna"}


@pytest.mark.parametrize(
    ("status", "before"),
    [
        (RecipientStatus.ACTIVE, {"status": "active", "reason": ""}),
        (RecipientStatus.HELD_OUT, {"status": "held_out", "reason": ""}),
        (RecipientStatus.STOPPED, {"status": "stopped", "reason": "replied"}),
        (RecipientStatus.FINISHED, {"status": "finished", "reason": ""}),
    ],
)
def test_where_both_were_assigned_the_one_that_stays_goes_on_and_the_others_letters_remain_its_own(connection, status, before):
    anna, hanna, run = world.customer(connection, "anna"), world.customer(connection, "hanna"), a_run(connection)
    place(connection, run, anna, RecipientStatus.ACTIVE, "gift")
    place(connection, run, hanna, status, "word")
    letter(connection, run, anna, DeliveryStatus.PLANNED)
    letter(connection, run, hanna, DeliveryStatus.SENT)
    letter(connection, run, hanna, DeliveryStatus.PLANNED, "second")
    assert merge(connection, hanna, anna).journeys == (JourneyFate("spring", 1, "ended"),)
    assert places(connection) == {anna: ("active", "", "gift"), hanna: ("stopped", "merged", "word")}
    ended = connection.execute(select(recipients).where(recipients.c.customer_id == hanna)).one()
    assert (ended.next_due_at, ended.facts["before_merge"]) == (None, before)
    assert ended.ended_at is not None
    letters = connection.execute(select(deliveries.c.customer_id, deliveries.c.stage, deliveries.c.status, deliveries.c.reason)).all()
    assert sorted(letters) == [
        (anna, "first", "planned", ""),
        (hanna, "first", "sent", ""),
        (hanna, "second", "stopped", "merged"),
    ]


@pytest.mark.parametrize(
    ("merged", "into", "after", "fate"),
    [
        (RecipientStatus.ACTIVE, RecipientStatus.SKIPPED, {"into": ("active", "", "word"), "merged": ("skipped", "same-address", "")}, "moved"),
        (RecipientStatus.HELD_OUT, RecipientStatus.SKIPPED, {"into": ("held_out", "", "word"), "merged": ("skipped", "same-address", "")}, "moved"),
        (RecipientStatus.SKIPPED, RecipientStatus.ACTIVE, {"into": ("active", "", "word"), "merged": ("skipped", "same-address", "")}, "left"),
        (RecipientStatus.SKIPPED, RecipientStatus.SKIPPED, dict.fromkeys(("into", "merged"), ("skipped", "same-address", "")), "left"),
    ],
)
def test_the_assigned_one_of_the_two_is_the_persons_place(connection, merged, into, after, fate):
    ids = {"into": world.customer(connection, "anna"), "merged": world.customer(connection, "hanna")}
    run = a_run(connection)
    place(connection, run, ids["merged"], merged)
    place(connection, run, ids["into"], into)
    if merged is RecipientStatus.ACTIVE:
        letter(connection, run, ids["merged"], DeliveryStatus.SENT)
    assert [found.fate for found in merge(connection, ids["merged"], ids["into"]).journeys] == [fate]
    assert places(connection) == {ids[side]: found for side, found in after.items()}
    assert set(owned(connection, deliveries)) <= {ids["into"]}


@pytest.mark.parametrize(
    ("make_busy", "because"),
    [
        (lambda connection, _: a_run(connection, enrolled=False), "the campaign `spring` is still deciding on its cohort"),
        (lambda connection, _: a_run(connection, enrolled=False, status=RunStatus.CANCELLED), None),
        (lambda connection, who: letter(connection, a_run(connection), who, DeliveryStatus.CLAIMED), "is on its way"),
        (lambda connection, who: letter(connection, a_run(connection), who, DeliveryStatus.HANDED_OVER), "is on its way"),
        (lambda connection, who: letter(connection, a_run(connection), who, DeliveryStatus.UNCERTAIN), None),
    ],
)
def test_a_merge_waits_until_nobody_works_on_the_customer(connection, make_busy, because):
    anna, hanna = world.customer(connection, "anna"), world.customer(connection, "hanna")
    make_busy(connection, hanna)
    result = merging.merge(connection, hanna, anna, NOW)
    assert isinstance(result, Busy) == (because is not None)
    if isinstance(result, Busy):
        assert because in result.because
        assert row(connection, hanna).merged_into is None


def test_a_letter_that_somebody_claims_at_this_moment_is_waited_for(engine):
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    with database.writing(engine) as connection:
        anna, hanna = world.customer(connection, "anna"), world.customer(connection, "hanna")
        letter(connection, a_run(connection), hanna, DeliveryStatus.PLANNED)
    with database.writing(engine) as worker:
        worker.execute(update(deliveries).values(status=DeliveryStatus.CLAIMED))
        with database.writing(engine) as connection:
            result = merging.merge(connection, hanna, anna, NOW)
            connection.rollback()
    assert result == Busy("somebody is writing about these customers")


def test_an_import_that_goes_on_is_waited_for(engine):
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    from winback.store import incoming

    with database.writing(engine) as connection:
        anna, hanna = world.customer(connection, "anna"), world.customer(connection, "hanna")
    with database.writing(engine) as importer:
        incoming.stage(importer, ["position", "key"], {}, key=b"k")
        with database.writing(engine) as connection:
            assert merging.merge(connection, hanna, anna, NOW) == Busy("an import is going on")


def test_a_copy_of_the_store_takes_merged_customers_along(engine, tmp_path):
    with database.writing(engine) as connection:
        first, second = world.customer(connection, "first"), world.customer(connection, "second")
        merge(connection, first, second)
    copy = snapshot.copy_to(engine, tmp_path / "copy.db")
    with database.reading(copy) as connection:
        assert persons.find(connection, "first").stays == "second"
    copy.dispose()


# What holds whatever is merged, in whatever order.

CONSENTS = st.builds(
    Consent,
    st.none() | st.integers(20, 900).map(lambda days: NOW - days * DAY),
    st.sampled_from(["", "checkout"]),
    st.none() | st.integers(1, 19).map(lambda days: NOW - days * DAY),
)
PEOPLE = st.fixed_dictionaries(
    {
        "address": st.sampled_from(["", "one@post.example", "two@post.example", "left@post.example"]),
        "consent": st.none() | CONSENTS,
        "black_list": st.sampled_from(["", "", "debtor"]),
        "place": st.none() | st.sampled_from(RecipientStatus),
        "letters": st.lists(st.sampled_from([DeliveryStatus.SENT, DeliveryStatus.PLANNED, DeliveryStatus.UNCERTAIN]), max_size=2),
        "orders": st.integers(0, 3),
    }
)
PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=6)


def settle(connection, number: int, run: int, person) -> int:
    who = world.customer(connection, f"c{number}", black_list=person["black_list"])
    if person["address"]:
        world.reach(connection, who, address=person["address"], consent=False)
    if (consent := person["consent"]) is not None:
        values = {"given_at": consent.given_at, "source": consent.source, "withdrawn_at": consent.withdrawn_at}
        connection.execute(insert(consents).values(customer_id=who, channel=EMAIL, purpose="marketing", **values))
    for order in range(person["orders"]):
        world.order(connection, who, f"2025-01-0{order + 1}")
        connection.execute(insert(touches).values(customer_id=who, key=f"t{who}-{order}", touched_at=NOW))
    if person["place"] is not None:
        arm = HOLDOUT if person["place"] is RecipientStatus.HELD_OUT else "word"
        place(connection, run, who, person["place"], arm)
        if person["place"] in {RecipientStatus.ACTIVE, RecipientStatus.STOPPED, RecipientStatus.FINISHED}:
            for stage, status in enumerate(person["letters"]):
                letter(connection, run, who, status, f"stage-{stage}")
    return who


def word_of(person) -> Side:
    left_at = NOW - DAY if person["address"].startswith("left") else None
    return Side(bool(person["address"]), person["consent"], left_at)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PEOPLE, min_size=5, max_size=5), PAIRS)
def test_after_any_merges_nothing_is_lost_nothing_doubled_and_no_consent_looser(engine, people, pairs):
    with database.writing(engine) as connection:
        hashed = address_hash(world.KEY, EMAIL, "left@post.example")
        events.suppress(connection, channel=EMAIL, address_hash=hashed, reason=Reason.UNSUBSCRIBED, since=NOW - DAY)
        run = a_run(connection)
        ids = [settle(connection, number, run, person) for number, person in enumerate(people)]
        before = {
            table: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (orders, touches, recipients, deliveries)
        }
        whole = {who: [number] for number, who in enumerate(ids)}
        for one, other in pairs:
            merged, into = (next(who for who, parts in whole.items() if number in parts) for number in (one, other))
            if merged != into:
                merge(connection, merged, into)
                whole[into] += whole.pop(merged)
        for table, count in before.items():
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == count, table
        for table in (orders, touches):
            expected = {who: sum(people[part]["orders"] for part in parts) for who, parts in whole.items()}
            assert owned(connection, table) == Counter({who: count for who, count in expected.items() if count})
        assert set(owned(connection, contacts)) | set(owned(connection, consents)) <= set(whole)
        for who, parts in whole.items():
            check_person(connection, run, who, [people[part] for part in parts], [ids[part] for part in parts])
        connection.rollback()


def check_person(connection, run: int, who: int, parts, ids: list[int]) -> None:
    kept = row(connection, who)
    assert kept.merged_into is None
    assert bool(kept.black_list) == any(part["black_list"] for part in parts)
    assert {row(connection, other).merged_into for other in ids if other != who} <= {who}
    told = [strictness(word_of(part)) for part in parts if word_of(part).speaks]
    address = reach_of(connection, who).get("email", "")
    now = strictness(Side(bool(address), consent_of(connection, who), NOW if address.startswith("left") else None))
    assert now <= min(told, default=now)
    standing = connection.execute(select(recipients).where(recipients.c.run_id == run, recipients.c.customer_id.in_(ids))).all()
    assigned = [found for found in standing if found.status != RecipientStatus.SKIPPED and found.reason != Reason.MERGED]
    was_assigned = [part for part in parts if part["place"] not in {None, RecipientStatus.SKIPPED}]
    assert len(assigned) == bool(was_assigned)
    assert {found.customer_id for found in assigned} <= {who}
    assert len(standing) == sum(part["place"] is not None for part in parts)
    open_ = connection.execute(
        select(deliveries.c.customer_id).where(deliveries.c.customer_id.in_(ids), deliveries.c.status == DeliveryStatus.PLANNED)
    )
    assert set(open_.scalars()) <= {who}
