"""Take in what the bot was told: gather what is known, decide, store, and only then answer."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from winback import logs
from winback.bot import conversation, dialogue, joining, speaker, speaking
from winback.bot.dialogue import Context, Deed, Known, Scene
from winback.bot.shift import Shift
from winback.bot.updates import Heard, Kind, Place
from winback.errors import WinbackError
from winback.model import ChannelName
from winback.store import chats, correspondence, database, owed_answers
from winback.store.contacts import address_hash
from winback.store.owed_answers import Owed
from winback.tracking import presses

log = logging.getLogger(__name__)

FAILED = "failed"
"""The word for updates that we stumbled over."""


async def take_in(shift: Shift) -> Counter[str]:
    """Everything that Telegram holds for the bot until nothing is left, and what is said to it; counts by word.

    Updates are taken in once: their number is stored with what follows from them, and with what is to be said.
    """
    while heard := await shift.line.listen(offset(shift.engine, shift.now())):
        take_in_batch(shift.engine, heard, shift.scene, shift.counts)
    await speaker.say_owed(shift)
    return shift.counts


def offset(engine: Engine, now: datetime) -> int:
    """The number of the first update to ask for; 0: any."""
    with database.reading(engine) as connection:
        return chats.offset(connection, now)


def take_in_batch(engine: Engine, heard: Sequence[Heard], scene: Scene, counts: Counter[str]) -> None:
    """Store what follows from a batch of updates, and what is to be said, those left out that were taken in before.

    Where we stumble over one of them, the batch is begun again with each in a transaction of its own within it: that one is written to the
    log, and keeps no other waiting.
    """
    for careful in (False, True):
        found: Counter[str] = Counter()
        try:
            with database.writing(engine) as connection:
                _take_in(connection, heard, scene, found, careful=careful)
        except (database.Failure, WinbackError):
            raise
        except Exception:
            if careful:
                raise
        else:
            counts.update(found)
            return


def _take_in(connection: Connection, heard: Sequence[Heard], scene: Scene, counts: Counter[str], *, careful: bool) -> None:
    before = chats.next_update(connection, scene.now)
    new = chats.first_heard(connection, [update.update_id for update in heard], scene.now)
    owed: list[Owed] = []
    for update in heard:
        if update.update_id in new:
            new.discard(update.update_id)  # told twice in one batch
            owed += _carefully(connection, update, scene, counts) if careful else answer(connection, update, scene, counts)
    owed_answers.owe(connection, owed, scene.now)
    chats.record_next_update(connection, max(before, max(update.update_id for update in heard) + 1), scene.now)


def _carefully(connection: Connection, heard: Heard, scene: Scene, counts: Counter[str]) -> list[Owed]:
    try:
        with connection.begin_nested():
            return answer(connection, heard, scene, counts)
    except (database.Failure, WinbackError):
        raise
    except Exception:  # noqa: BLE001  one update that nobody thought of; it is logged
        counts[FAILED] += 1
        logs.broke(log, "the bot doesn't know what to do about update %d", heard.update_id)
        return []


def answer(connection: Connection, heard: Heard, scene: Scene, counts: Counter[str]) -> list[Owed]:
    """Do what one update asks for, and return what is to be said."""
    known = gather(connection, heard, scene)
    context = Context(connection, heard, known.who, scene)
    spoken: list[Owed] = []
    for deed in dialogue.decide(conversation.DIALOGUES, context, known):
        if not isinstance(deed, Deed):
            spoken.append(speaking.owed(deed, context))
            continue
        if deed.counted:
            counts[deed.counted] += 1
        spoken += [speaking.owed(said, context) for said in deed.do(context) or ()]
    return spoken


def gather(connection: Connection, heard: Heard, scene: Scene) -> Known:
    """What is known of a chat, and of the link or button that the update came by, if it is one of ours."""
    if heard.kind is Kind.OTHER:
        return Known()
    keys = scene.project.link_keys
    press = presses.read(keys, heard.chat_id, heard.text) if heard.kind is Kind.PRESS else None
    if heard.place is Place.GROUP:
        return Known(language=heard.language, press=press)
    hashed = address_hash(scene.project.key, ChannelName.TELEGRAM, heard.chat_id)
    who = correspondence.by_address(connection, ChannelName.TELEGRAM, hashed, scene.now)
    invited = joining.invited(connection, heard, press, scene)
    if who is None:
        return Known(language=(invited.locale if invited else "") or heard.language, press=press, invited=invited)
    standing = chats.standing(connection, who.customer_id, scene.now)
    return Known(who, standing.is_open, standing.locale or who.locale or heard.language, press, invited)
