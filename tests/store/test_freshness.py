"""Which addresses are stale, and which customers have nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from tests.store import world
from winback.model import AddressFault, ChannelName, Reason
from winback.store import database, events, freshness
from winback.store.contacts import address_hash
from winback.store.tables import contacts, customers

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BEFORE = NOW - 730 * DAY
EMAIL, TELEGRAM = ChannelName.EMAIL, ChannelName.TELEGRAM
AGO = {"long": NOW - 800 * DAY, "lately": NOW - 3 * DAY, "never": None}


def named(connection, condition) -> set[str]:
    return set(connection.execute(select(customers.c.key).where(condition)).scalars())


def stale(connection, *faults: AddressFault, **more) -> set[str]:
    return named(connection, freshness.stale(customers, faults, now=NOW, before=BEFORE, **more))


def test_an_address_is_bounced_when_the_server_said_so_or_a_report_came_back(engine):
    with database.writing(engine) as connection:
        for key, values in {"fine": {}, "refused": {"blocked_at": NOW - DAY}, "refused-tomorrow": {"blocked_at": NOW + DAY}}.items():
            world.reach(connection, world.customer(connection, key), address=f"{key}@post.example", **values)
        for key, reason, since in (
            ("reported", Reason.BOUNCED, NOW),
            ("left", Reason.UNSUBSCRIBED, NOW),
            ("reported-tomorrow", Reason.BOUNCED, NOW + DAY),
        ):
            world.reach(connection, world.customer(connection, key), address=f"{key}@post.example")
            hashed = address_hash(world.KEY, EMAIL, f"{key}@post.example")
            events.suppress(connection, channel=EMAIL, address_hash=hashed, reason=reason, since=since)
        world.customer(connection, "without-any")
        assert named(connection, freshness.bounced(customers, now=NOW)) == {"refused", "reported"}


def test_an_address_is_old_or_unknown_by_its_last_sign_of_life(engine):
    with database.writing(engine) as connection:
        for word, confirmed_at in {**AGO, "just": BEFORE}.items():
            world.reach(connection, world.customer(connection, word), confirmed_at=confirmed_at)
        assert named(connection, freshness.old(customers, now=NOW, before=BEFORE)) == {"long"}
        assert stale(connection, AddressFault.UNKNOWN) == {"never"}
        assert stale(connection, AddressFault.UNKNOWN, AddressFault.OLD) == {"long", "never"}


def test_a_customer_is_stale_only_when_nothing_is_left_that_works(engine):
    with database.writing(engine) as connection:
        both, one = world.customer(connection, "both"), world.customer(connection, "one")
        for who, chat in ((both, NOW - 900 * DAY), (one, NOW)):
            world.reach(connection, who, mistyped="anna@gmail.com", confirmed_at=NOW)
            world.reach(connection, who, TELEGRAM, str(who), confirmed_at=chat)
        assert stale(connection, AddressFault.MISTYPED, AddressFault.OLD) == {"both"}
        assert stale(connection, AddressFault.MISTYPED) == set()
        assert named(connection, freshness.mistyped(customers, now=NOW, channels=[EMAIL])) == {"both", "one"}
        assert stale(connection, AddressFault.OLD, channels=[TELEGRAM]) == {"both"}
        assert stale(connection) == set()


def test_an_alias_of_the_customers_may_be_asked_about(engine):
    with database.writing(engine) as connection:
        world.reach(connection, world.customer(connection, "slip"), mistyped="anna@gmail.com")
        world.reach(connection, world.customer(connection, "fine"))
        someone = customers.alias("someone")
        found = select(someone.c.key).where(freshness.mistyped(someone, now=NOW)).join(contacts, contacts.c.customer_id == someone.c.id)
        assert connection.execute(found).scalars().all() == ["slip"]


KINDS = st.fixed_dictionaries({"bounced": st.booleans(), "mistyped": st.booleans(), "confirmed": st.sampled_from(sorted(AGO))})


def faults_of(kind) -> set[AddressFault]:
    found = {AddressFault(word) for word in ("bounced", "mistyped") if kind[word]}
    return found | {"long": {AddressFault.OLD}, "lately": set(), "never": {AddressFault.UNKNOWN}}[kind["confirmed"]]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.sampled_from([EMAIL, TELEGRAM]), KINDS), max_size=6), st.sets(st.sampled_from(AddressFault)))
def test_the_statement_finds_whom_plain_python_finds(engine, people, asked):
    with database.writing(engine) as connection:
        connection.execute(delete(contacts))
        connection.execute(delete(world.consents))
        connection.execute(delete(customers))
        for number, channels in enumerate(people):
            who = world.customer(connection, f"c{number}")
            for channel, kind in channels.items():
                values = {"blocked_at": NOW if kind["bounced"] else None, "mistyped": "x@gmail.com" if kind["mistyped"] else ""}
                world.reach(connection, who, channel, str(who), consent=False, confirmed_at=AGO[kind["confirmed"]], **values)
        expected = {f"c{number}" for number, channels in enumerate(people) if channels and all(faults_of(kind) & asked for kind in channels.values())}
        assert stale(connection, *asked) == expected
        kinds = [kind for channels in people for kind in channels.values()]
        assert freshness.counts(connection, now=NOW, before=BEFORE) == {
            "addresses": len(kinds),
            "fresh": sum(not faults_of(kind) for kind in kinds),
            **{str(fault): sum(fault in faults_of(kind) for kind in kinds) for fault in AddressFault},
        }


def confirmed(connection) -> dict[tuple[int, str], datetime | None]:
    rows = connection.execute(select(contacts.c.customer_id, contacts.c.channel, contacts.c.confirmed_at))
    return {(row.customer_id, row.channel): row.confirmed_at for row in rows}


def test_the_latest_sign_of_life_counts_whatever_the_order_in_which_they_are_told(engine):
    with database.writing(engine) as connection:
        anna, bohdan = world.customer(connection, "anna"), world.customer(connection, "bohdan")
        world.reach(connection, anna)
        world.reach(connection, anna, TELEGRAM, "77")
        world.reach(connection, bohdan, confirmed_at=NOW)
        freshness.confirm(connection, [(anna, EMAIL, NOW), (bohdan, EMAIL, NOW - DAY), (anna, EMAIL, NOW - DAY), (bohdan, TELEGRAM, NOW)])
        assert confirmed(connection) == {(anna, "email"): NOW, (anna, "telegram"): None, (bohdan, "email"): NOW}
        freshness.confirm(connection, [])
        freshness.confirm(connection, [(anna, EMAIL, NOW - 9 * DAY)])
        assert confirmed(connection)[anna, "email"] == NOW


@pytest.mark.parametrize(("real", "left"), [((), {"anna": "anna@gmail.com", "bohdan": ""}), (("gmail.con",), {"anna": "", "bohdan": ""})])
def test_marks_are_made_anew_by_todays_rules(engine, real, left):
    with database.writing(engine) as connection:
        world.reach(connection, world.customer(connection, "anna"), address="anna@gmail.con")
        world.reach(connection, world.customer(connection, "bohdan"), address="bohdan@gmail.com", mistyped="bohdan@email.com")
        connection.execute(insert(contacts).values(customer_id=world.customer(connection, "chat"), channel=TELEGRAM, address="7", address_hash=b"7"))
        assert freshness.mark_mistyped(connection, real) == 1 + (not real)
        assert freshness.mark_mistyped(connection, real) == 0
        rows = connection.execute(select(customers.c.key, contacts.c.mistyped).join(contacts).where(contacts.c.channel == EMAIL))
        assert dict(rows.all()) == left
