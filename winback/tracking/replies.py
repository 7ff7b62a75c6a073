"""Mail that came in: a person's reply, a machine's, a report, a request to stop. Reads bytes, decides; changes nothing."""

from __future__ import annotations

import email
import email.header
import email.policy
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message
from enum import StrEnum

from winback.tracking import own_words, reports


class Meaning(StrEnum):
    """What a mail that came in means."""

    REPLY = "reply"  # a person answers
    UNSUBSCRIBE = "unsubscribe"  # a person asks not to be written to
    AUTO_REPLY = "auto-reply"  # a machine answers: out of office, a ticket's number
    HARD = "hard"  # the address doesn't exist
    SOFT = "soft"  # it didn't arrive, this time
    LANE = "lane"  # it was refused because of us (authentication, policy, reputation): the address is innocent
    GREYLISTED = "greylisted"  # to be tried again: counts as nothing
    COMPLAINT = "complaint"  # its reader called it spam
    OTHER = "other"  # anything else


_HEADER = 10_000  # characters of a header that are looked at


@dataclass(frozen=True, slots=True)
class Returned:
    """One mail, understood."""

    meaning: Meaning
    key: str  # the same for the same mail, however often it is read
    message_ids: tuple[str, ...] = ()  # of the letters it speaks of, the nearest first
    came_to: tuple[str, ...] = ()  # addresses it was sent to: they may hold our tokens
    sender: str = ""
    recipient: str = ""  # whose mailbox a report is about
    status: str = ""  # RFC 3463
    text: str = ""  # a person's own words, or what the other server said


def parse(content: bytes) -> Message:
    """The mail, however broken. Lenient on purpose: the stricter policies of email.message raise on what the world sends."""
    try:
        return email.message_from_bytes(content[:2_000_000], policy=email.policy.compat32)
    except RecursionError:
        return Message()  # parts within parts within parts: nobody writes so


def classify(message: Message) -> Returned:
    """What a mail means, from the mail alone."""
    sender = _address(message, "From")
    mail = Returned(Meaning.OTHER, _key(message, sender), came_to=tuple(_recipients(message)), sender=sender)
    if reports.is_complaint(message):
        return replace(mail, meaning=Meaning.COMPLAINT, message_ids=tuple(reports.returned_ids(message)))
    ids = tuple(_referred(message))
    if report := reports.delivery_report(message):
        ids = tuple(reports.returned_ids(message)) or ids
        meaning = Meaning(report.verdict) if report.verdict else Meaning.OTHER
        return replace(mail, meaning=meaning, message_ids=ids, recipient=report.recipient, status=report.status, text=report.text)
    if _MAIL_SERVER.match(sender):
        return replace(mail, message_ids=ids)
    if is_automatic(message):
        return replace(mail, meaning=Meaning.AUTO_REPLY, message_ids=ids)
    words = own_words.of(_text(message))
    asked = own_words.ask_to_stop(words, _header(message, "Subject"))
    return replace(mail, meaning=Meaning.UNSUBSCRIBE if asked else Meaning.REPLY, message_ids=ids, text=words)


_MAIL_SERVER = re.compile(r"(mailer-daemon|postmaster)@", re.IGNORECASE)
_NO_ONE = re.compile(r"(no-?reply|do-?not-?reply)(\+.*)?@", re.IGNORECASE)
_AUTOMATIC_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply", "X-Mail-Autoreply", "X-FC-MachineGenerated")
_AUTOMATIC_SUBJECT = re.compile(
    r"auto(matic)?[ -]?(re(ply|sponse)|answer)|out of (the )?office|on vacation|away from (my|the) (mail|office)"
    r"|автовідповід|автоматична відповідь|відсутн(ій|я) в офісі|у відпустці"
    r"|автоответ|автоматический ответ|нет на месте|в отпуске"
    r"|răspuns automat|raspuns automat|avtomatik javob|автомат хариу",
    re.IGNORECASE,
)


def is_automatic(message: Message) -> bool:
    """Whether a machine answers: what RFC 3834 asks machines to say, and what they say in the wild."""
    submitted = _header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    return (
        submitted not in {"", "no"}
        or any(name in message for name in _AUTOMATIC_HEADERS)
        or _header(message, "Precedence").strip().lower() in {"auto_reply", "bulk", "junk", "list"}
        or _header(message, "Return-Path").strip() == "<>"
        or _NO_ONE.match(_address(message, "From")) is not None
        or _AUTOMATIC_SUBJECT.match(_header(message, "Subject")) is not None
    )


def _key(message: Message, sender: str) -> str:
    """By Message-ID and sender; a mail without one is known by its words."""
    own = _header(message, "Message-ID").strip()
    told = f"{own}\n{sender}" if own else f"{sender}\n{_header(message, 'Date')}\n{_header(message, 'Subject')}\n{_text(message)}"
    return f"mail:{hashlib.sha256(told.encode(errors='replace')).hexdigest()[:32]}"


def _referred(message: Message) -> Iterator[str]:
    for name in ("In-Reply-To", "References"):
        yield from reversed(re.findall(r"<[^<>\s]{1,500}>", _header(message, name))[-50:])


_MAILBOX = re.compile(r"[^\s<>,;:\"]{1,100}@[^\s<>,;:\"]{1,255}")


def _recipients(message: Message) -> Iterator[str]:
    for name in ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc"):
        for value in message.get_all(name, [])[:5]:
            yield from _MAILBOX.findall(str(value)[:_HEADER])[:20]


def _address(message: Message, name: str) -> str:
    return next(reversed(_MAILBOX.findall(_header(message, name))), "")


def _header(message: Message, name: str) -> str:
    """A header's words; one that can't be decoded as it stands."""
    raw = str(message.get(name, ""))[:_HEADER]
    try:
        return str(email.header.make_header(email.header.decode_header(raw)))
    except (LookupError, ValueError, email.errors.HeaderParseError):
        return raw


def _text(message: Message) -> str:
    """The text of a mail: its first plain part, else its first page."""
    parts = [part for part in message.walk() if not part.is_multipart() and part.get_content_disposition() != "attachment"]
    for kind, read in (("text/plain", str), ("text/html", own_words.from_html)):
        for part in parts:
            if part.get_content_type() == kind:
                return read(_decoded(part))
    return ""


def _decoded(part: Message) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""  # a part without a body
    try:
        return content.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return content.decode("utf-8", "replace")
