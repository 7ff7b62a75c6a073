"""Reading a mail that came in, however broken: headers, addresses, words. Bytes in, values out; nothing here decides."""

from __future__ import annotations

import email
import email.header
import email.policy
import re
from collections.abc import Iterator
from email.errors import MessageError
from email.message import Message
from email.parser import HeaderParser

from winback.tracking import own_words

LARGEST = 2_000_000
"""Bytes of a mail that are looked at. Reports lie at its beginning; what a mail has attached says nothing."""
_HEADER = 10_000  # characters of a header that are looked at
_PARTS = 200
_HEADERS = 2_000  # of the mail, and of each of its parts, that are kept: every look at one goes through them all

MAILBOX = re.compile(r"[^\s<>,;:\"()\[\]]{1,100}@[^\s<>,;:\"()\[\]]{1,255}")


class _Mail(Message):
    """A mail whose parser keeps the first headers of very many."""

    def set_raw(self, name: str, value: str) -> None:
        if len(self) < _HEADERS:
            super().set_raw(name, value)


def parse(content: bytes) -> Message:
    """The mail. Lenient on purpose: the stricter policies of email.message raise on what the world sends."""
    content = content[:LARGEST].lstrip()
    if content.startswith((b"From ", b">From ")):
        content = content.partition(b"\n")[2]  # the line that mail folders put above a mail
    try:
        return email.message_from_bytes(content, _class=_Mail, policy=email.policy.compat32)
    except RecursionError:
        return Message()  # parts within parts within parts: nobody writes so


def parts(message: Message) -> Iterator[Message]:
    """The mail and its parts, those of attached mails too; the first ones of very many."""
    for number, part in enumerate(message.walk()):
        if number >= _PARTS:
            return
        yield part


def attached(part: Message) -> list[Message]:
    """Mails, or groups of fields, that a part holds as mails."""
    content = part.get_payload()
    return [inner for inner in content if isinstance(inner, Message)] if isinstance(content, list) else []


def header(message: Message, name: str) -> str:
    """A header's words; one that can't be decoded as it stands."""
    raw = str(message.get(name, ""))[:_HEADER]
    try:
        return _whole(" ".join(str(email.header.make_header(email.header.decode_header(raw))).split()))
    except (LookupError, ValueError, MessageError):
        return _whole(" ".join(raw.split()))


def address(message: Message, name: str) -> str:
    """The last address of a header: whoever writes an address as their name doesn't become somebody else by it."""
    return next(reversed(MAILBOX.findall(header(message, name))), "")


def addresses(message: Message, *names: str) -> Iterator[str]:
    for name in names:
        for value in message.get_all(name, [])[:5]:
            yield from MAILBOX.findall(_whole(str(value)[:_HEADER]))[:20]


def _whole(text: str) -> str:
    """Without halves of characters, which some charsets can spell (UTF-7: `+2AA-`), and no database takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


_ID = re.compile(r"<[^<>\s]{1,500}>")


def ids(text: str) -> list[str]:
    """Message-IDs, with their angle brackets."""
    return _ID.findall(text[:_HEADER])


def decoded(part: Message) -> str:
    """A part's text; empty where it has none of its own."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    charset = str(part.get_param("charset", "") or "") if not isinstance(part.get_param("charset"), tuple) else ""
    try:
        return _whole(content.decode(charset or "utf-8", "replace"))
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")


def text(message: Message) -> str:
    """The words of a person's mail: its first plain part, else its first page."""
    found = [part for part in parts(message) if not part.is_multipart() and part.get_content_disposition() != "attachment"]
    for kind, read in (("text/plain", str), ("text/html", own_words.from_html)):
        for part in found:
            if part.get_content_type() == kind:
                return read(decoded(part))
    return ""


def fields(text: str) -> Message:
    """A group of fields, as a mail without a body."""
    return HeaderParser().parsestr(text)
