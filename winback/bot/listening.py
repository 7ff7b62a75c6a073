"""Take in what the bot was told: gather what is known, decide, store, and only then answer."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from winback.bot.answers import Answer, Phrasebook
from winback.bot.conversation import AGREES, Block, Conclude, Deed, Join, Known, Reply, Say, Stop, Unblock, decide
from winback.bot.line import Line
from winback.bot.updates import Heard, Kind
from winback.errors import ChannelError
from winback.model import ChannelName, EventKind, Reason, Verdict
from winback.settings import Project
from winback.store import chats, correspondence, database, events
from winback.store.contacts import address_hash
from winback.store.correspondence import Correspondent
from winback.store.events import Event
from winback.tracking import endings, tokens
from winback.tracking.tokens import Purpose

log = logging.getLogger(__name__)

HELD_BACK = "held-back"
"""The word for answers that would have been given in production."""

_COUNTED = {Join: "joined", Stop: "unsubscribe", Reply: "reply", Block: "blocked", Unblock: "unblocked"}


@dataclass(frozen=True, slots=True)
class Spoken:
    """An answer that is due in a chat."""

    heard: Heard
    deed: Say | Conclude


async def take_in(line: Line, engine: Engine, phrasebook: Phrasebook, project: Project, now: datetime) -> Counter[str]:
    """Everything that Telegram holds for the bot until nothing is left; counts by word.

    Updates are taken in once: their number is stored with what follows from them. An answer that gets lost on its way isn't repeated.
    """
    counts: Counter[str] = Counter()
    with database.writing(engine) as connection:
        offset = chats.next_update(connection, now)
    while heard := await line.listen(offset):
        with database.writing(engine) as connection:
            spoken = _take_in(connection, heard, project, now, counts)
        for answer in spoken:
            await _speak(line, phrasebook, answer, counts)
        offset = heard[-1].update_id + 1
    return counts


def _take_in(connection: Connection, heard: Sequence[Heard], project: Project, now: datetime, counts: Counter[str]) -> list[Spoken]:
    """Store what follows from a batch of updates, those left out that somebody else took in meanwhile. Returns what is to be said."""
    first = chats.next_update(connection, now)
    spoken = []
    for update in heard:
        if update.update_id < first:
            continue
        for deed in decide(update, gather(connection, update, project, now)):
            if isinstance(deed, Say | Conclude):
                spoken.append(Spoken(update, deed))
            else:
                counts[_COUNTED[type(deed)]] += 1
                apply(connection, update, deed, project.key, now)
    chats.record_next_update(connection, heard[-1].update_id + 1, now)
    return spoken


def gather(connection: Connection, heard: Heard, project: Project, now: datetime) -> Known:
    """What is known of a chat, and of the token in a link or button, if it is one of ours."""
    who = correspondence.by_address(connection, ChannelName.TELEGRAM, _hash(project.key, heard), now) if heard.chat_id else None
    token = heard.text.removeprefix(AGREES) if heard.kind in {Kind.START, Kind.PRESS} else ""
    found = tokens.read(project.link_keys, Purpose.JOIN, token)
    return Known(
        who=who,
        is_open=who is not None and chats.is_open(connection, who.customer_id, now),
        invited=chats.invited(connection, found[0]) if found else None,
        token=token if found else "",
    )


def apply(connection: Connection, heard: Heard, deed: Deed, key: bytes, now: datetime) -> None:
    """Do one deed in the store."""
    hashed = _hash(key, heard)
    if isinstance(deed, Join):
        chats.join(connection, deed.customer_id, chat_id=heard.chat_id, address_hash=hashed, source="telegram /start", now=now)
        return
    who = correspondence.by_address(connection, ChannelName.TELEGRAM, hashed, now)
    assert who is not None, "only Join is done for somebody unknown"
    match deed:
        case Stop():
            endings.end(connection, who, _event(EventKind.UNSUBSCRIBE, heard, who, now), now)
        case Reply():
            endings.end(connection, who, _event(EventKind.REPLY, heard, who, now), now)
        case Block():
            events.record(connection, [_event(EventKind.BLOCKED, heard, who, now)])
            chats.block(connection, who.customer_id, now)
        case Unblock():
            chats.unblock(connection, who.customer_id)


def _event(kind: EventKind, heard: Heard, who: Correspondent, now: datetime) -> Event:
    return Event(
        dedupe_key=f"telegram:{heard.update_id}:{heard.said_at}",
        kind=kind,
        customer_id=who.customer_id,
        delivery_id=who.delivery_id,
        happened_at=now,
        verdict=Verdict.HUMAN,
        signals={"by": "telegram", "said_at": heard.said_at},
        text=heard.text if kind is EventKind.REPLY else "",
    )


async def _speak(line: Line, phrasebook: Phrasebook, spoken: Spoken, counts: Counter[str]) -> None:
    """Say it; a customer who can't be reached now, or is not to be outside production, has been understood all the same."""
    heard, deed = spoken.heard, spoken.deed
    text = phrasebook.say(deed.answer, deed.language)
    try:
        if isinstance(deed, Conclude):
            await line.conclude(heard, text)
        else:
            button = (phrasebook.say(Answer.AGREE, deed.language), f"{AGREES}{deed.token}") if deed.token else None
            await line.say(heard.chat_id, text, button)
    except ChannelError as error:
        if error.reason == Reason.NOT_ALLOWED_HERE:
            counts[HELD_BACK] += 1
        log.warning("the bot's answer to update %d didn't arrive: %s", heard.update_id, error.reason)


def _hash(key: bytes, heard: Heard) -> bytes:
    return address_hash(key, ChannelName.TELEGRAM, heard.chat_id)
