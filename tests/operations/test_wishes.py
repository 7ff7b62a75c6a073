"""What customers want is obeyed when they are decided on, when a letter is claimed, and shown; on both databases."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.journey.wishes import NO_WISHES, Topic, Wishes
from winback.model import ChannelName, RecipientStatus
from winback.operations import campaign_run, explaining, planning
from winback.sending import prepared
from winback.store import database, merging, preferences
from winback.store.tables import customers, deliveries, metadata, recipients
from winback.store.tables import preferences as stored

DAY = timedelta(days=1)
ALONE = ("config/campaigns/winter-tea.yaml", "holdout: 0.25", "holdout: 0")


@pytest.fixture
def ready(tmp_path):
    return prepared.prepare(projects.make(tmp_path / "shop", ALONE), CAMPAIGN)


def say(engine, who, now=START, **wishes):
    with database.writing(engine) as connection:
        preferences.say(connection, who, Wishes(**wishes), now)


def rows(engine, table):
    with database.reading(engine) as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key.columns)))


@pytest.mark.parametrize(
    ("wishes", "reason"),
    [
        ({"channels_off": frozenset({ChannelName.EMAIL})}, "channel-off"),
        ({"topics_off": frozenset(Topic)}, "topic-off"),
        ({"paused_until": date(2027, 1, 1)}, "paused"),
    ],
)
def test_who_wants_none_of_a_campaign_is_skipped_and_explained(engine, ready, wishes, reason):
    ids = populate(engine, 3)
    say(engine, ids[1], **wishes)
    assert planning.plan(ready, engine, now=START).skips == {reason: 1}
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    assert {letter.to for letter in channel.letters} == {f"c{ids[0]}@post.example", f"c{ids[2]}@post.example"}
    skipped = [row for row in rows(engine, recipients) if row.status == RecipientStatus.SKIPPED]
    assert [(row.customer_id, row.reason) for row in skipped] == [(ids[1], reason)]
    told = explaining.by_campaign(ready, engine, "c001", now=START)
    assert told.verdict == f"skipped: {reason}"
    assert any(step.question.startswith("wishes: ") for step in told.steps)


def test_what_is_said_between_the_decision_and_the_letter_is_obeyed_at_the_claim(engine, ready):
    ids = populate(engine, 6)
    go(ready, engine, START, MemoryChannel())
    say(engine, ids[0], channels_off=frozenset({ChannelName.EMAIL}))
    say(engine, ids[1], topics_off=frozenset({Topic.OFFERS}))
    say(engine, ids[2], paused_until=date(2026, 12, 20))
    say(engine, ids[3], most_letters=1)
    say(engine, ids[4], locale="ro")
    channel = MemoryChannel()
    go(ready, engine, START + DAY * 7, channel)
    second = [row for row in rows(engine, deliveries) if row.stage == "reminder"]
    assert [(row.status, row.reason) for row in second] == [
        ("skipped", "channel-off"),
        ("skipped", "topic-off"),
        ("planned", "paused"),
        ("planned", "capped"),
        ("sent", ""),
        ("sent", ""),
    ]
    assert second[2].due_at.date() == date(2026, 12, 21)  # the twentieth is a Sunday
    assert second[3].detail == "1 of 1 contacts a month, the last on 2026-11-24"
    assert {letter.to: letter.language for letter in channel.letters} == {f"c{ids[4]}@post.example": "ro", f"c{ids[5]}@post.example": "en"}
    assert [row.locale for row in second] == ["en", "en", "en", "en", "ro", "en"]
    go(ready, engine, START + DAY * 28, channel)
    again = Counter(letter.to for letter in channel.letters)
    assert again[f"c{ids[2]}@post.example"] == 1


class Telling(MemoryChannel):
    """One letter at a time; with the first one, customers whose letters are written and wait for it say what they want."""

    in_flight = 1

    def __init__(self, say):
        super().__init__()
        self._say = say

    async def send(self, letter):
        if not self.letters:
            self._say(letter.to)
        return await super().send(letter)


def test_what_is_said_between_the_claim_and_the_hand_over_is_obeyed_too(engine, ready):
    ids = populate(engine, 7)
    go(ready, engine, START, MemoryChannel())
    later = START + DAY * 7
    wanted = [
        {"channels_off": frozenset({ChannelName.EMAIL})},
        {"topics_off": frozenset({Topic.OFFERS})},
        {"paused_until": date(2026, 12, 20)},
        {"most_letters": 1},
        {"locale": "ro"},
        {"favourite_day": "05-19"},
    ]

    def tell(first):
        others = [who for who in ids if f"c{who}@post.example" != first]
        for who, wishes in zip(others, wanted, strict=True):
            say(engine, who, later, **wishes)
        said.update(zip((next(iter(each)) for each in wanted), others, strict=True))

    said: dict[str, int] = {}
    channel = Telling(tell)
    go(ready, engine, later, channel)
    second = {row.customer_id: (row.status, row.reason, row.locale) for row in rows(engine, deliveries) if row.stage == "reminder"}
    assert {word: second[who] for word, who in said.items()} == {
        "channels_off": ("skipped", "channel-off", "en"),
        "topics_off": ("skipped", "topic-off", "en"),
        "paused_until": ("planned", "paused", "en"),
        "most_letters": ("planned", "capped", "en"),
        "locale": ("sent", "", "ro"),
        "favourite_day": ("sent", "", "en"),
    }
    assert len(channel.letters) == 3, "the first, the one in another language, and the one of whom a day was told"


def test_saying_the_same_twice_changes_nothing_and_language_and_day_are_the_cards_too(engine):
    (who,) = populate(engine, 1)
    for days in range(2):
        say(engine, who, START + DAY * days, locale="uk", favourite_day="05-19", most_letters=2)
    (row,) = rows(engine, stored)
    assert (row.said_at, row.most_letters) == (START, 2)
    (card,) = rows(engine, customers)
    assert (card.locale, card.favourite_day, card.updated_at) == ("uk", "05-19", START)


cards = st.builds(
    Wishes,
    channels_off=st.frozensets(st.sampled_from(ChannelName)),
    topics_off=st.frozensets(st.sampled_from(Topic)),
    most_letters=st.none() | st.integers(1, 9),
    paused_until=st.none() | st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    locale=st.sampled_from(["", "uk", "en"]),
    favourite_day=st.sampled_from(["", "02-29", "05-19"]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ours=cards, theirs=cards)
def test_what_is_kept_is_what_was_said_and_two_records_of_one_person_want_no_more_than_either(engine, ours, theirs):
    with database.writing(engine) as connection:
        connection.execute(delete(stored))
        kept, gone = (world.customer(connection, f"{name}{len(connection.execute(select(customers.c.id)).all())}") for name in ("k", "g"))
        preferences.say(connection, kept, ours, START)
        preferences.say(connection, gone, theirs, START)
        assert preferences.of(connection, [kept, gone]) == {kept: ours, gone: theirs}
        merging.merge(connection, gone, kept, START)
        both = preferences.of(connection, [kept, gone])
    assert set(both) == {kept}
    found = both[kept]
    assert found.channels_off == ours.channels_off | theirs.channels_off
    assert found.topics_off == ours.topics_off | theirs.topics_off
    for each in (ours, theirs):
        assert each.most_letters is None or (found.most_letters or 99) <= each.most_letters
        assert each.paused_until is None or (found.paused_until or date.min) >= each.paused_until
    assert replace(found, channels_off=frozenset(), topics_off=frozenset()) != NO_WISHES or not any(
        (each.most_letters, each.paused_until, each.locale, each.favourite_day) != (None, None, "", "") for each in (ours, theirs)
    )


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(wanted=st.lists(cards, min_size=8, max_size=8), at_once=st.booleans())
def test_nobody_gets_what_they_do_not_want_whenever_they_said_so(engine, ready, wanted, at_once):
    with database.writing(engine) as connection:
        for table in reversed(metadata.sorted_tables):
            if table.name not in {"stops_looked", "audit"}:
                connection.execute(delete(table))
    ids = populate(engine, len(wanted))
    first, channel = MemoryChannel(), MemoryChannel()
    if not at_once:
        go(ready, engine, START, first)
    for who, wishes in zip(ids, wanted, strict=True):
        say(engine, who, **{name: getattr(wishes, name) for name in ("channels_off", "topics_off", "most_letters", "paused_until", "locale")})
    for days in (0, 7, 14, 21, 28):
        if not campaign_run.is_over(engine, ready.name):  # nobody is left who wants anything
            go(ready, engine, START + DAY * days, channel)
    with database.reading(engine) as connection:
        sent = connection.execute(
            select(deliveries.c.customer_id, deliveries.c.letter, deliveries.c.locale, deliveries.c.sent_at).where(deliveries.c.sent_at.is_not(None))
        ).all()
    before = set() if at_once else {row for row in sent if row.sent_at == START}
    for row in set(sent) - before:
        wishes = wanted[ids.index(row.customer_id)]
        assert ChannelName.EMAIL not in wishes.channels_off
        assert ready.topic(ChannelName.EMAIL, row.letter) not in wishes.topics_off
        assert not wishes.is_paused(row.sent_at.date())
        assert row.locale == (wishes.locale or "en")
    for who, wishes in zip(ids, wanted, strict=True):
        month = [row for row in sent if row.customer_id == who and row not in before]
        assert wishes.most_letters is None or len(month) <= wishes.most_letters
