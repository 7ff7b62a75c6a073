"""What follows from a mail that came in: whose letter it speaks of, whether that can be believed, and what is stored.

docs/decisions/0012 says what ends a journey, 0111 whom a mail is believed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from sqlalchemy import Connection

from winback.model import ChannelName, EventKind, Verdict
from winback.sending import fuse
from winback.settings import Project
from winback.store import consent_requests, correspondence, events, mailboxes
from winback.store.contacts import address_hash
from winback.store.correspondence import Correspondent
from winback.store.events import Event
from winback.store.mailboxes import Number
from winback.tracking import endings, tokens
from winback.tracking.replies import Kind, Meaning, Returned
from winback.tracking.tokens import Purpose

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
"""A mail that speaks of no letter and no customer of ours, or that can't prove it."""
DELAYED = "delayed"
"""A letter is late, and may still arrive: nothing follows from it."""


class Proof(IntEnum):
    """What shows that a mail speaks of a letter of ours."""

    ADDRESS = 1  # only the sender's address, which anybody can write
    LETTER = 2  # the letter's own Message-ID, which only those know who got it
    TOKEN = 3  # our signature in the address it came to, or in the letter that it has attached


@dataclass(frozen=True, slots=True)
class Believed:
    """Whom a mail is about, and by what that is known."""

    who: Correspondent
    proof: Proof
    request_id: int | None = None  # of the letter that asked to confirm a consent, where it is that one


def take(connection: Connection, mail: Returned, project: Project, now: datetime, number: Number | None = None) -> str:
    """Store what a mail means for the customer it speaks of, once. Returns the word to count it under."""
    asked = _verified(mail.came_to, project.link_keys, Purpose.UNSUBSCRIBE)
    meaning = Meaning.UNSUBSCRIBE if asked and mail.meaning not in {*_REPORTS, Meaning.COMPLAINT} else mail.meaning
    is_new = mailboxes.take(connection, mail.key, meaning=meaning, status=mail.status, now=now, number=number)
    if mail.kind is Kind.DELAY:
        return DELAYED
    if meaning not in _KINDS or not is_new:
        return meaning
    found = (
        _writer(connection, mail, project.key, asked, now)
        if meaning in {Meaning.REPLY, Meaning.UNSUBSCRIBE}
        else _reported(connection, mail, project)
    )
    if found is None:
        return UNKNOWN
    if meaning is Meaning.UNSUBSCRIBE and found.proof is Proof.ADDRESS:
        meaning = Meaning.REPLY  # a manager is shown it, and asks back: anybody could have written it
    _store(connection, mail, meaning, found, project, now)
    return meaning


def _store(connection: Connection, mail: Returned, meaning: Meaning, found: Believed, project: Project, now: datetime) -> None:  # noqa: PLR0917  one use
    who = found.who
    is_about_former = meaning in _REPORTS and who.is_former and who.address_hash != _hash(project.key, mail.recipient)
    event = Event(
        dedupe_key=mail.key,
        kind=_KINDS[meaning],
        customer_id=who.customer_id,
        delivery_id=who.delivery_id,
        happened_at=now,
        verdict=meaning if meaning in _REPORTS else Verdict.HUMAN,
        signals=_signals(mail, found.proof),
        text=mail.text,
    )
    if meaning in _ENDS and not is_about_former:
        endings.end(connection, who, event, now)
    elif events.record(connection, [event]) and meaning is Meaning.SOFT and not is_about_former:
        endings.count_soft(connection, who, event, project.settings.soft_bounces, now)
    if found.request_id is not None:
        consent_requests.came_back(connection, found.request_id, f"{meaning} {mail.status}".strip())
    if who.delivery_id is not None:
        events.confirm(connection, [who.delivery_id])
        if meaning in _COUNTED and not is_about_former:
            fuse.came_back(connection, who.delivery_id, event.kind, refuses_us=meaning is Meaning.LANE)


def _signals(mail: Returned, proof: Proof) -> dict[str, str]:
    told = {"status": mail.status} if mail.status else {}
    return told | ({"known_by": "address"} if proof is Proof.ADDRESS else {})


def _writer(connection: Connection, mail: Returned, key: bytes, asked: int | None, now: datetime) -> Believed | None:
    """Who wrote: by the token they wrote to, by the letter they answer, else by their address."""
    if asked is not None and (found := correspondence.by_delivery(connection, [asked])):
        return Believed(found[asked], Proof.TOKEN)
    if found_by_letter := correspondence.by_message_id(connection, mail.message_ids):
        return Believed(found_by_letter, Proof.LETTER)
    who = correspondence.by_address(connection, ChannelName.EMAIL, _hash(key, mail.sender), now) if mail.sender else None
    return (
        None if who is None else Believed(replace(who, delivery_id=None), Proof.ADDRESS)
    )  # a new mail of a customer's answers no letter that we know of


def _reported(connection: Connection, mail: Returned, project: Project) -> Believed | None:
    """Whom a report is about: by our token in the address it came to or in the letter it has attached, which nobody can make up.

    Without one, the letter's Message-ID and the recipient's address must belong together: a Message-ID alone can be passed on.
    """
    delivery_id = _verified(mail.came_to, project.link_keys, Purpose.BOUNCE) or _verified(
        mail.left_by, project.link_keys, Purpose.BOUNCE, Purpose.UNSUBSCRIBE
    )
    if delivery_id is not None:
        who = correspondence.by_delivery(connection, [delivery_id]).get(delivery_id)
        return None if who is None else Believed(who, Proof.TOKEN)
    if asked := _request(connection, mail, project):
        return asked
    found = correspondence.by_message_id(connection, mail.message_ids)
    is_theirs = found is not None and found.address_hash in {_hash(project.key, report.recipient) for report in mail.reports} | {
        _hash(project.key, mail.recipient)
    }
    return Believed(found, Proof.LETTER) if found is not None and is_theirs else None


def _request(connection: Connection, mail: Returned, project: Project) -> Believed | None:
    """The letter that asked to confirm a consent, by our token; of one to an address that isn't theirs any more nothing follows for the new one."""
    for tag in map(_tag, (*mail.came_to, *mail.left_by)):
        found = tokens.read(project.link_keys, Purpose.REQUEST_BOUNCE, tag)
        asked = found and consent_requests.find(connection, found[1], found[0])
        if asked:
            who = Correspondent(
                asked.person, ChannelName(asked.channel), asked.locale, asked.now_hash, is_former=asked.now_hash != asked.address_hash
            )
            return Believed(who, Proof.TOKEN, asked.id)
    return None


def _tag(address: str) -> str:
    """What stands behind the plus of `care+TOKEN@...`."""
    return address.rpartition("@")[0].rpartition("+")[2]


def _verified(addresses: tuple[str, ...], keys: tuple[bytes, ...], *purposes: Purpose) -> int | None:
    """The delivery that a signed subaddress of ours names (`care+TOKEN@...`)."""
    return next((found[0] for tag in map(_tag, addresses) for purpose in purposes if (found := tokens.read(keys, purpose, tag))), None)


def _hash(key: bytes, address: str) -> bytes:
    local, _, domain = address.rpartition("@")
    return address_hash(key, ChannelName.EMAIL, f"{local}@{domain.lower()}")
