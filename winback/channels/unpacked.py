"""One letter of the mailbox taken apart: headers, text, HTML, pictures, attachments, and what is wrong with it."""

from __future__ import annotations

import base64
import email
import json
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from html.parser import HTMLParser
from typing import Any

from winback.channels import mailbox
from winback.model import Button


@dataclass(frozen=True, slots=True)
class Part:
    """What travels inside a letter beside its two texts."""

    name: str
    content_type: str
    content_id: str  # without angle brackets; empty: an attachment that the HTML doesn't show
    data: bytes

    @property
    def is_picture(self) -> bool:
        return self.content_type.startswith("image/")

    @property
    def url(self) -> str:
        """The whole picture as an address (RFC 2397)."""
        return f"data:{self.content_type};base64,{base64.b64encode(self.data).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class Link:
    """Where a letter leads, or what it would fetch from elsewhere."""

    says: str
    url: str


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An e-mail. Empty `html` or `text`: it has no such part."""

    headers: tuple[tuple[str, str], ...]
    source_of_headers: str
    html: str = ""
    text: str = ""
    parts: tuple[Part, ...] = ()
    links: tuple[Link, ...] = ()
    remote_pictures: tuple[Link, ...] = ()
    faults: tuple[str, ...] = ()

    def header(self, name: str) -> str:
        return next((value for each, value in self.headers if each.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class Text:
    """A messenger text, in Telegram's HTML subset."""

    chat: str
    text: str
    language: str
    buttons: tuple[Button, ...]
    links: tuple[Link, ...]
    pictures: tuple[str, ...] = ()  # addresses, or pictures themselves (data:...)


def email_of(content: bytes) -> Unpacked:
    """Whatever the bytes are: what of them can't be read as a message stands in `faults`."""
    message = email.message_from_bytes(content)
    source = content.replace(b"\r\n", b"\n").split(b"\n\n", 1)[0].decode("utf-8", "replace")
    if not mailbox.parse_headers(content):
        return Unpacked((), "", faults=(mailbox.head_of_email(content).fault,))
    faults = [fault] if (fault := mailbox.head_of_email(content).fault) else []
    texts: dict[str, str] = {}
    parts: list[Part] = []
    for part in message.walk():
        faults += [_defect(defect) for defect in part.defects]
        if part.is_multipart():
            continue
        kind = part.get_content_type()
        if kind in {"text/plain", "text/html"} and kind not in texts and part.get_content_disposition() != "attachment":
            texts[kind], wrong = _text(part)
            faults += wrong
        else:
            parts.append(_part(part))
    reader = _Links()
    reader.feed(texts.get("text/html", ""))
    reader.close()
    return Unpacked(
        headers=tuple((name, _header(value)) for name, value in _raw_headers(message)),
        source_of_headers=source,
        html=texts.get("text/html", ""),
        text=texts.get("text/plain", ""),
        parts=tuple(parts),
        links=tuple(reader.links),
        remote_pictures=tuple(reader.pictures),
        faults=tuple(dict.fromkeys(faults)),
    )


def message_of(content: bytes) -> Text | None:
    """A messenger text; None where the file is none."""
    try:
        said = json.loads(content)
        buttons = tuple(Button(**{name: str(each.get(name, "")) for name in ("label", "url", "data", "copies")}) for each in said["buttons"])
        pictures = tuple(str(each) for each in said.get("pictures", ()))
        text = str(said["text"])
        reader = _Links()
        reader.feed(text)
        reader.close()
        links = (*reader.links, *(Link(button.label, button.url) for button in buttons if button.url))
        return Text(str(said["chat_id"]), text, str(said["language"]), buttons, links, pictures)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _raw_headers(message: Message) -> Iterator[tuple[str, str]]:
    for name, value in message.raw_items():
        yield name, str(value)


def _header(value: str) -> str:
    return mailbox.in_words(" ".join(value.split()))


def _text(part: Message) -> tuple[str, list[str]]:
    """A part's text, and what is wrong with its encoding."""
    data = _bytes(part)
    charset = part.get_content_charset() or "utf-8"
    try:
        return data.decode(charset).replace("\r\n", "\n"), []
    except (LookupError, UnicodeDecodeError):
        return data.decode("utf-8", "replace"), [f"Its {part.get_content_type()} is not what it says: {charset}."]


def _part(part: Message) -> Part:
    content_id = str(part.get("Content-ID", "")).strip().strip("<>")
    return Part(mailbox.in_words(part.get_filename("") or ""), part.get_content_type(), content_id, _bytes(part))


def _bytes(part: Message) -> bytes:
    found: Any = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _defect(defect: Exception) -> str:
    """A sentence out of the parser's word for what is wrong: NoBoundaryInMultipartDefect."""
    name = type(defect).__name__.removesuffix("Defect")
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    return f"The message is broken: {words}."


class _Links(HTMLParser):
    """Links with what they say, and pictures that lie elsewhere, each address once."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[Link] = []
        self.pictures: list[Link] = []
        self._open = ""
        self._says: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: (value or "").strip() for name, value in attrs}
        if tag == "a":
            self._end()
            self._open = given.get("href", "")
        elif tag == "img":
            self._says.append(given.get("alt", ""))
            source = given.get("src", "")
            if source and not source.lower().startswith(("cid:", "data:")) and source not in {each.url for each in self.pictures}:
                self.pictures.append(Link(given.get("alt", ""), source))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._end()

    def handle_data(self, data: str) -> None:
        self._says.append(data)

    def close(self) -> None:
        super().close()
        self._end()

    def _end(self) -> None:
        if self._open:
            link = Link(" ".join("".join(self._says).split()), self._open)
            if link not in self.links:
                self.links.append(link)
        self._open, self._says = "", []
