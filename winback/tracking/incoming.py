"""The mailbox that replies and bounces come to: whose letter each mail speaks of, and what follows from it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from winback.errors import Problem, SourceError
from winback.model import ChannelName, EventKind, Verdict
from winback.sending import fuse
from winback.settings import Project
from winback.store import correspondence, database, events
from winback.store.contacts import address_hash
from winback.store.correspondence import Correspondent
from winback.store.events import Event
from winback.tracking import endings, replies, tokens
from winback.tracking.replies import Meaning, Returned
from winback.tracking.tokens import Purpose

_AT_ONCE = 100

_KINDS = {
    Meaning.REPLY: EventKind.REPLY,
    Meaning.UNSUBSCRIBE: EventKind.UNSUBSCRIBE,
    Meaning.COMPLAINT: EventKind.COMPLAINT,
    Meaning.HARD: EventKind.BOUNCE,
    Meaning.SOFT: EventKind.BOUNCE,
    Meaning.LANE: EventKind.BOUNCE,
    Meaning.GREYLISTED: EventKind.BOUNCE,
}
_ENDS = {Meaning.REPLY, Meaning.UNSUBSCRIBE, Meaning.COMPLAINT, Meaning.HARD}
_COUNTED = {Meaning.HARD, Meaning.LANE, Meaning.COMPLAINT}  # what speaks against a lane
_REPORTS = {Meaning.HARD, Meaning.SOFT, Meaning.LANE, Meaning.GREYLISTED}

UNKNOWN = "unknown"
"""A mail that speaks of no letter and no customer of ours."""


def read_maildir(folder: Path, engine: Engine, project: Project, now: datetime) -> Counter[str]:
    """Take in what is new in a Maildir; counts by meaning, as words. Raises SourceError when the folder isn't one.

    Each mail is moved from new/ to cur/ once its consequences are stored, unread as it was: a person still sees it as new. Nothing is
    deleted. One that is read again after a crash changes nothing, by its Message-ID.
    """
    if not (folder / "new").is_dir() or not (folder / "cur").is_dir():
        raise SourceError(Problem(str(folder), None, "this is not a Maildir.", "Name the folder that holds `new` and `cur`."))
    counts: Counter[str] = Counter()
    for files in _batches(sorted((folder / "new").iterdir())):
        mails = [replies.classify(replies.parse(file.read_bytes())) for file in files]
        with database.writing(engine) as connection:
            counts.update(take(connection, mail, project, now) for mail in mails)
        for file in files:
            file.rename(folder / "cur" / f"{file.name.partition(':')[0]}:2,")
    return counts


def take(connection: Connection, mail: Returned, project: Project, now: datetime) -> str:
    """Store what a mail means for the customer it comes from. Returns the word to count it under."""
    asked = _verified(mail, project.link_keys, Purpose.UNSUBSCRIBE)
    meaning = Meaning.UNSUBSCRIBE if asked and mail.meaning not in _REPORTS else mail.meaning
    if meaning not in _KINDS:
        return meaning
    who = _reported(connection, mail, project) if meaning in _REPORTS else _writer(connection, mail, project.key, asked, now)
    if who is None:
        return UNKNOWN
    is_about_former = meaning in _REPORTS and who.is_former and who.address_hash != _hash(project.key, mail.recipient)
    event = Event(
        dedupe_key=mail.key,
        kind=_KINDS[meaning],
        customer_id=who.customer_id,
        delivery_id=who.delivery_id,
        happened_at=now,
        verdict=meaning if meaning in _REPORTS else Verdict.HUMAN,
        signals={"status": mail.status} if mail.status else {},
        text=mail.text,
    )
    if meaning in _ENDS and not is_about_former:
        endings.end(connection, who, event, now)
    else:
        events.record(connection, [event])
    events.confirm(connection, [who.delivery_id] if who.delivery_id else [])
    if meaning in _COUNTED and who.delivery_id and not is_about_former:
        fuse.came_back(connection, who.delivery_id, event.kind, refuses_us=meaning is Meaning.LANE)
    return meaning


def _writer(connection: Connection, mail: Returned, key: bytes, asked: int | None, now: datetime) -> Correspondent | None:
    """Who wrote: by the token they wrote to, by the letter they answer, else by their address."""
    if asked is not None and (found := correspondence.by_delivery(connection, [asked])):
        return found[asked]
    if found_by_letter := correspondence.by_message_id(connection, mail.message_ids):
        return found_by_letter
    who = correspondence.by_address(connection, ChannelName.EMAIL, _hash(key, mail.sender), now) if mail.sender else None
    return who and replace(who, delivery_id=None)  # a new mail of a customer's answers no letter that we know of


def _reported(connection: Connection, mail: Returned, project: Project) -> Correspondent | None:
    """Whom a delivery report is about: by our token in the address it came to, which nobody can make up.

    Without one, the letter's Message-ID and the recipient's address must belong together: a Message-ID alone can be guessed.
    """
    delivery_id = _verified(mail, project.link_keys, Purpose.BOUNCE)
    if delivery_id is not None:
        return correspondence.by_delivery(connection, [delivery_id]).get(delivery_id)
    who = correspondence.by_message_id(connection, mail.message_ids)
    return who if who is not None and who.address_hash == _hash(project.key, mail.recipient) else None


def _verified(mail: Returned, keys: tuple[bytes, ...], purpose: Purpose) -> int | None:
    """The delivery that a signed subaddress of ours names (`care+TOKEN@...`)."""
    tagged = (address.rpartition("@")[0].rpartition("+")[2] for address in mail.came_to)
    return next((found[0] for tag in tagged if (found := tokens.read(keys, purpose, tag))), None)


def _hash(key: bytes, address: str) -> bytes:
    local, _, domain = address.rpartition("@")
    return address_hash(key, ChannelName.EMAIL, f"{local}@{domain.lower()}")


def _batches(files: Sequence[Path]) -> Iterator[tuple[Path, ...]]:
    remaining = iter(files)
    while batch := tuple(itertools.islice(remaining, _AT_ONCE)):
        yield batch
