"""Take in what the bot was told: gather what is known, decide, store, and only then answer."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from winback.bot import conversation, dialogue, joining, speaking
from winback.bot.answers import Phrasebook
from winback.bot.dialogue import Context, Deed, Known, Scene
from winback.bot.line import Line
from winback.bot.speaking import Utterance
from winback.bot.updates import Heard, Kind, Place
from winback.errors import ChannelError
from winback.model import ChannelName, Reason
from winback.settings import Project
from winback.store import chats, correspondence, database
from winback.store.contacts import address_hash
from winback.tracking import presses

log = logging.getLogger(__name__)

HELD_BACK = "held-back"
"""The word for answers that would have been given in production."""


async def take_in(line: Line, engine: Engine, phrasebook: Phrasebook, project: Project, now: datetime) -> Counter[str]:
    """Everything that Telegram holds for the bot until nothing is left; counts by word.

    Updates are taken in once: their number is stored with what follows from them. An answer that gets lost on its way isn't repeated.
    """
    counts: Counter[str] = Counter()
    scene = Scene(project, phrasebook, now)
    with database.writing(engine) as connection:
        offset = chats.next_update(connection, now)
    while heard := await line.listen(offset):
        with database.writing(engine) as connection:
            spoken = take_in_batch(connection, heard, scene, counts)
        for utterance in spoken:
            await _speak(line, utterance, counts)
        offset = heard[-1].update_id + 1
    return counts


def take_in_batch(connection: Connection, heard: Sequence[Heard], scene: Scene, counts: Counter[str]) -> list[Utterance]:
    """Store what follows from a batch of updates, those left out that somebody else took in meanwhile. Returns what is to be said."""
    first = chats.next_update(connection, scene.now)
    spoken: list[Utterance] = []
    for update in heard:
        if update.update_id >= first:
            spoken += answer(connection, update, scene, counts)
    chats.record_next_update(connection, heard[-1].update_id + 1, scene.now)
    return spoken


def answer(connection: Connection, heard: Heard, scene: Scene, counts: Counter[str]) -> list[Utterance]:
    """Do what one update asks for, and return what is to be said."""
    known = gather(connection, heard, scene)
    context = Context(connection, heard, known.who, scene)
    spoken: list[Utterance] = []
    for deed in dialogue.decide(conversation.DIALOGUES, context, known):
        if not isinstance(deed, Deed):
            spoken.append(speaking.word(deed, context))
            continue
        if deed.counted:
            counts[deed.counted] += 1
        spoken += [speaking.word(said, context) for said in deed.do(context) or ()]
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
    language = (chats.chosen_locale(connection, who.customer_id) or who.locale) if who else invited.locale if invited else heard.language
    is_open = who is not None and chats.is_open(connection, who.customer_id, scene.now)
    return Known(who, is_open, language or heard.language, press, invited)


async def _speak(line: Line, utterance: Utterance, counts: Counter[str]) -> None:
    """Say it; a customer who can't be reached now, or is not to be outside production, has been understood all the same."""
    try:
        await line.say(utterance)
    except ChannelError as error:
        if error.reason == Reason.NOT_ALLOWED_HERE:
            counts[HELD_BACK] += 1
        log.warning("an answer of the bot didn't arrive: %s", error.reason)
