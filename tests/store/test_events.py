from __future__ import annotations

from datetime import timedelta

import pytest

from tests.letterbox import NOW, SENT_AT, Letterbox
from winback.model import ChannelName, EventKind, Reason, RecipientStatus, RunStatus, Verdict
from winback.store import correspondence, database, events
from winback.store.contacts import address_hash
from winback.store.events import Event
from winback.store.tables import events as events_table
from winback.store.tables import links, recipients, suppressions

KEY = b"k" * 32


@pytest.fixture
def shop(engine):
    return Letterbox(engine, KEY)


def happened(who: int, key: str, **more) -> Event:
    return Event(key, EventKind.OPEN, who, NOW, Verdict.HUMAN, **more)


def test_an_event_reported_twice_is_one_event_as_it_was_first_told(engine, shop):
    who = shop.customer("olena")
    with database.writing(engine) as connection:
        assert events.record(connection, [happened(who, "a"), happened(who, "b", text="first"), happened(who, "b", text="second")]) == 2
        assert events.record(connection, [happened(who, "b", text="third"), happened(who, "c")]) == 1
    assert [(row.dedupe_key, row.text) for row in shop.rows(events_table)] == [("a", ""), ("b", "first"), ("c", "")]


def test_an_event_keeps_its_signals_and_its_words_whatever_they_hold(engine, shop):
    who = shop.customer("olena")
    with database.writing(engine) as connection:
        events.record(connection, [happened(who, "a", signals={"method": "GET", "seconds": 1.5}, text="a\x00b «привіт»")])
    (row,) = shop.rows(events_table)
    assert (row.signals, row.text, row.happened_at) == ({"method": "GET", "seconds": 1.5}, "ab «привіт»", NOW)


def test_ten_thousand_events_are_kept_in_one_go(engine, shop):
    who = shop.customer("olena")
    with database.writing(engine) as connection:
        assert events.record(connection, (happened(who, f"open:{number}") for number in range(10_000))) == 10_000
        assert events.record(connection, []) == 0


def test_the_first_suppression_of_an_address_stays(engine, shop):
    address = address_hash(KEY, ChannelName.EMAIL, "olena@mail.example")
    with database.writing(engine) as connection:
        assert events.suppress(connection, channel=ChannelName.EMAIL, address_hash=address, reason=Reason.UNSUBSCRIBED, since=NOW)
        later = NOW + timedelta(days=1)
        assert not events.suppress(connection, channel=ChannelName.EMAIL, address_hash=address, reason=Reason.BOUNCED, since=later)
        assert events.suppress(connection, channel=ChannelName.TELEGRAM, address_hash=address, reason=Reason.UNSUBSCRIBED, since=later)
        events.lift(connection, channel=ChannelName.TELEGRAM, address_hash=address)
    assert [(row.channel, row.reason, row.since) for row in shop.rows(suppressions)] == [("email", "unsubscribed", NOW)]


@pytest.mark.parametrize(
    ("run", "recipient", "stopped"),
    [
        (RunStatus.ACTIVE, RecipientStatus.ACTIVE, True),
        (RunStatus.PAUSED, RecipientStatus.ACTIVE, True),
        (RunStatus.FINISHED, RecipientStatus.ACTIVE, False),
        (RunStatus.ACTIVE, RecipientStatus.HELD_OUT, False),
        (RunStatus.ACTIVE, RecipientStatus.FINISHED, False),
    ],
)
def test_a_journey_ends_wherever_a_letter_could_still_leave(engine, shop, run, recipient, stopped):
    who, other = shop.customer("olena"), shop.customer("ivan")
    number = shop.run(status=run)
    shop.recipient(number, who, status=recipient)
    shop.recipient(number, other)
    with database.writing(engine) as connection:
        assert events.stop(connection, who, Reason.UNSUBSCRIBED, NOW) == stopped
    (row,) = shop.rows(recipients, customer_id=who)
    ended = (RecipientStatus.STOPPED, Reason.UNSUBSCRIBED, NOW, None)
    assert ((row.status, row.reason, row.ended_at, row.next_due_at) == ended) == stopped
    assert shop.standing(other) == [("active", "")]


def test_a_reply_ends_only_the_campaigns_that_stop_on_replies(engine, shop):
    who = shop.customer("olena")
    shop.recipient(shop.run(stop_when=("ordered", "replied")), who)
    shop.recipient(shop.run(stop_when=("ordered",)), who)
    with database.writing(engine) as connection:
        assert events.stop(connection, who, Reason.REPLIED, NOW) == 1
    assert shop.standing(who) == [("stopped", "replied"), ("active", "")]
    with database.writing(engine) as connection:
        assert events.stop(connection, who, Reason.COMPLAINED, NOW) == 1
    assert shop.standing(who) == [("stopped", "replied"), ("stopped", "complained")]


def test_a_link_has_one_number_however_often_it_is_asked_for(engine, shop):
    with database.writing(engine) as connection:
        first = events.link_id(connection, "https://zerno.example/new")
        other = events.link_id(connection, "https://zerno.example/tea")
        assert events.link_id(connection, "https://zerno.example/new") == first != other
        assert events.link_url(connection, other) == "https://zerno.example/tea"
        assert events.link_url(connection, other + 1) is None
    assert len(shop.rows(links)) == 2


def test_the_way_back_leads_from_a_letter_to_its_customer(engine, shop):
    who, letter = shop.written_to("olena", email="olena@mail.example", message_id="<wb.spring.1@zerno.example>")
    erased = shop.customer("erased")
    old = shop.letter(shop.run(), erased, locale="en")
    held_out = shop.letter(shop.run(), who, channel="")
    with database.reading(engine) as connection:
        found = correspondence.by_delivery(connection, [letter, old, held_out, 99])
        assert set(found) == {letter, old}
        assert found[letter].address_hash == address_hash(KEY, "email", "olena@mail.example")
        assert (found[letter].customer_id, found[letter].locale, found[letter].accepted_at) == (who, "uk", SENT_AT)
        assert (found[old].customer_id, found[old].address_hash) == (erased, None)
        assert correspondence.by_message_id(connection, ["<other@x>", "<wb.spring.1@zerno.example>"]) == found[letter]
        assert correspondence.by_message_id(connection, ["<other@x>"]) is None
        assert correspondence.by_message_id(connection, []) is None


def test_an_address_leads_to_its_customer_and_the_last_letter_known_then(engine, shop):
    chat = address_hash(KEY, "telegram", "555")
    silent = shop.customer("silent", chat="555", locale="en")
    with database.reading(engine) as connection:
        found = correspondence.by_address(connection, ChannelName.TELEGRAM, chat, NOW)
        assert found is not None
        assert (found.customer_id, found.locale, found.delivery_id) == (silent, "en", None)
    who, letter = shop.written_to("olena", chat="555", locale="uk")
    with database.reading(engine) as connection:
        found = correspondence.by_address(connection, ChannelName.TELEGRAM, chat, NOW)
        assert found is not None
        assert (found.customer_id, found.locale, found.delivery_id, found.accepted_at) == (who, "uk", letter, SENT_AT)
        earlier = correspondence.by_address(connection, ChannelName.TELEGRAM, chat, SENT_AT - timedelta(seconds=1))
        assert earlier is not None
        assert earlier.delivery_id is None
        assert correspondence.by_address(connection, ChannelName.EMAIL, chat, NOW) is None
