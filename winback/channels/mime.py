"""A finished letter as the bytes of an Internet message (RFC 5322, MIME by RFC 2045-2047, one-click unsubscribing by RFC 8058).

Written out directly, without email.message: that library turns a List-Unsubscribe with a long token into an encoded word, which
no receiver understands, and takes twenty times as long. Its parser is the referee of the tests.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import struct
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from winback.audience import addresses
from winback.errors import LaneError, PermanentError
from winback.model import Email

BROKEN_SENDER = "broken-sender"
"""An address of our own that no server would take."""

_LINE = 76  # RFC 2045: longest line of an encoded body; RFC 5322 recommends 78 for headers
_WORD_BYTES = 45  # of UTF-8 in one encoded word: 60 characters of base64 and 12 around them make 72, RFC 2047 allows 75
_ATOMS = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_NO_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]")
_LONG = 4_000  # bytes of a body
_CONTROLS = bytes([*range(0x09), *range(0x0B, 0x20), 0x7F])  # carriage returns too: lines end as the wire wants it


def build(email: Email) -> bytes:
    """The whole message with CRLF line ends, 7 bits wide: plain text and HTML as alternatives, and every header but the DKIM signature.

    Only the name of a recipient with letters beyond ASCII before @ is UTF-8 (RFC 6532): there is no other way to write it.
    Pictures lie beside the HTML that shows them (multipart/related, RFC 2387).

    Raises PermanentError when `to` isn't one plain address, LaneError when one of our own addresses isn't.
    """
    boundary = f"=_winback_{email.delivery_id}"  # `=_` occurs in neither encoding
    headers = "\r\n".join([*_headers(email, boundary), ""]).encode("ascii" if email.to.isascii() else "utf-8")
    parts = [headers, _ascii(f"--{boundary}"), *_text_part("plain", email.text), _ascii(f"--{boundary}")]
    parts += _shown_part(email, f"=_shown_{email.delivery_id}") if email.pictures else _text_part("html", email.html)
    return b"\r\n".join([*parts, _ascii(f"--{boundary}--", "")])


def _ascii(*lines: str) -> bytes:
    return "\r\n".join(lines).encode("ascii")


def message_id(campaign: str, delivery_id: int, domain: str, key: bytes) -> str:
    """The Message-ID of a delivery: the same whenever it is asked for, so that replies and bounces find their way back.

    A mark of `key` stands in it: numbers alone could be guessed, and a forged reply would end somebody's journey.
    """
    name = re.sub(r"[^A-Za-z0-9-]+", "-", campaign).strip("-") or "campaign"
    mark = hmac.digest(key, f"message-id:{name}.{delivery_id}".encode(), "sha256")[:8].hex()
    return f"<wb.{name}.{delivery_id}.{mark}@{domain}>"


def recipient(address: str) -> str:
    """An address as it travels, its domain in ASCII (IDNA). Raises PermanentError when it isn't one plain address."""
    if _ADDRESS.fullmatch(address):
        return address
    if not address.isascii() and (travelling := addresses.as_it_travels(address)):
        return travelling
    raise PermanentError("broken-address", f"{address!r} is not one plain e-mail address")


def _headers(email: Email, boundary: str) -> Iterator[str]:
    yield _folded(f"From: {_mailbox(email.sender_name, email.sender_address)}")
    yield f"To: {recipient(email.to)}"
    if email.reply_to:
        yield f"Reply-To: {_own_address(email.reply_to)}"
    yield _text_header("Subject", email.subject)
    yield f"Date: {_date(email.sent_at.replace(microsecond=0))}"
    yield f"Message-ID: {_token(email.message_id)}"
    if email.answers_to:
        yield from (f"{name}: {_token(email.answers_to)}" for name in ("In-Reply-To", "References"))  # RFC 5322, 3.6.4: one conversation
    yield "MIME-Version: 1.0"
    yield f'Content-Type: multipart/alternative; boundary="{boundary}"'
    yield f"Content-Language: {_token(email.language)}"
    yield from _list_headers(email)
    if email.answers_to is None:
        yield "Precedence: bulk"
    yield "X-Auto-Response-Suppress: OOF, AutoReply"


def _text_part(kind: str, content: str) -> list[bytes]:
    encoding, body = _encode(content)
    return [_ascii(f"Content-Type: text/{kind}; charset=utf-8", f"Content-Transfer-Encoding: {encoding}", ""), body]


def _shown_part(email: Email, boundary: str) -> list[bytes]:
    """The HTML with its pictures."""
    parts = [_ascii(f'Content-Type: multipart/related; type="text/html"; boundary="{boundary}"', "", f"--{boundary}")]
    parts += _text_part("html", email.html)
    for picture in email.pictures:
        headers = (
            f"--{boundary}",
            f"Content-Type: {_token(picture.content_type)}",
            "Content-Transfer-Encoding: base64",
            f"Content-ID: <{_token(picture.content_id).strip('<>')}>",
            f'Content-Disposition: inline; filename="{re.sub(r"[^A-Za-z0-9._-]", "", picture.name)}"',
            "",
        )
        parts += [_ascii(*headers), _in_base64(picture.data) if picture.personal else _packed(picture.data)]
    return [*parts, _ascii(f"--{boundary}--")]


def _list_headers(email: Email) -> Iterator[str]:
    """RFC 2369 and 8058 (how to leave), RFC 2919 (which list), and Gmail's Feedback-ID."""
    ways = [f"<{_token(way).strip('<>')}>" for way in (email.unsubscribe_url, email.unsubscribe_mailto) if way]
    if ways:
        yield "List-Unsubscribe: " + ",\r\n ".join(ways)
    if email.unsubscribe_url:
        yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    if email.list_id:
        yield f"List-Id: <{_token(email.list_id).strip('<>')}>"
    if email.feedback_id:
        yield f"Feedback-ID: {_token(email.feedback_id)}"


@lru_cache(maxsize=64)  # a thousand letters leave in one second
def _date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC))


@lru_cache(maxsize=1024)  # few people sign
def _mailbox(name: str, address: str) -> str:
    name = _one_line(name)
    address = _own_address(address)
    if not name:
        return address
    if not name.isascii() or "=?" in name or len(name) > _WORD_BYTES:
        return f"{_encoded_words(name, 6)}\r\n <{address}>"
    if not _ATOMS.fullmatch(name):
        name = '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    return f"{name} <{address}>"


def _folded(header: str) -> str:
    """A header whose last word begins a line of its own where the whole is longer than RFC 5322 recommends."""
    return header if len(header) <= 78 or "\r\n" in header else "\r\n ".join(header.rsplit(" ", 1))


def _own_address(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise LaneError(BROKEN_SENDER, f"{address!r} in config/senders.yaml is not one plain e-mail address")
    return address


def _text_header(name: str, text: str) -> str:
    text = _one_line(text)
    if text.isascii() and "=?" not in text and len(name) + 2 + len(text) <= 78:
        return f"{name}: {text}"
    return f"{name}: {_encoded_words(text, len(name))}"


@lru_cache(maxsize=1024)  # a sender's name stands in every letter
def _encoded_words(text: str, indent: int) -> str:
    """RFC 2047 words in base64, each on its own line, never cutting a character; the first is shorter by `indent` bytes."""
    words, word, room = [], b"", _WORD_BYTES - indent
    for character in text:
        encoded = character.encode()
        if len(word) + len(encoded) > room:
            words.append(word)
            word, room = b"", _WORD_BYTES
        word += encoded
    words.append(word)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)


def _one_line(text: str) -> str:
    """Without line breaks, controls, bidirectional overrides and other characters of Unicode's category C; blanks single."""
    if not text.isascii() or not text.isprintable():
        text = "".join(" " if character in "\r\n\t" else character for character in text)
        text = "".join(character for character in text if unicodedata.category(character)[0] != "C")
    return " ".join(text.split())


def _token(text: str) -> str:
    """A URL, id or tag for a header: printable ASCII without blanks."""
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    return "".join(character for character in text if "!" <= character <= "~")


def _encode(text: str) -> tuple[str, bytes]:
    """A body and its Content-Transfer-Encoding: quoted-printable for mostly Latin text, which stays readable; base64 for other scripts.

    Where a long text holds a word of another script now and then, base64 is a fifth of the work. Never for ASCII alone: filters take that
    for a disguise.
    """
    data = text.encode(errors="ignore")  # half a surrogate pair is no character
    beyond = len(data) - len(text)  # bytes: one for each Latin or Cyrillic letter beyond ASCII
    data = data.translate(None, _CONTROLS).replace(b"\n", b"\r\n")
    if beyond * (3 if len(data) < _LONG else 60) < len(data):
        packed = binascii.b2a_qp(data, istext=True)
        return "quoted-printable", packed if b"\n" in data else packed.replace(b"\n", b"\r\n")  # it breaks lines as it sees them broken
    return "base64", _in_base64(data)


def _in_base64(data: bytes) -> bytes:
    packed = binascii.b2a_base64(data, newline=False)
    whole = len(packed) // _LINE
    lines = struct.unpack_from(f"{_LINE}s" * whole, packed)
    rest = packed[whole * _LINE :]
    return b"\r\n".join([*lines, rest] if rest else lines)


_packed = lru_cache(maxsize=32)(_in_base64)  # the pictures of a campaign are the same in every letter
