"""The folders that the file channel writes into, read again: what lies there, the newest first, and the head of each letter.

A list of thousands stays quick: a folder is listed without opening a file, and of a letter only the headers are read, once.
"""

from __future__ import annotations

import html
import json
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path

from winback.speech import N_

ENDINGS = (".eml", ".json")
LARGEST = 40_000_000
"""Bytes of the largest letter that is opened; providers take 25 MB at the most."""

_HEAD = 16_384
"""Bytes that the headers of a letter of ours fit into many times over."""

_HEADER = re.compile(r"([!-9;-~]+):[ \t]*(.*)")
_KEPT = 50_000
"""Heads that are remembered; then the memory begins anew."""


@dataclass(frozen=True, slots=True)
class Lying:
    """A file of the mailbox, not opened."""

    box: str
    name: str
    changed_at: int  # nanoseconds since 1970
    size: int


@dataclass(frozen=True, slots=True)
class Head:
    """What a list shows of a letter. `fault` says why it is none."""

    to: str = ""
    subject: str = ""  # of a messenger text its beginning
    language: str = ""  # BCP 47
    campaign: str = ""
    tactic: str = ""
    message_id: str = ""
    written_at: datetime | None = None  # by the letter itself
    fault: str = ""


class Mailbox:
    """Folders of letters by their names in addresses. Only plain files of these very folders are read: no links, nothing above or below."""

    def __init__(self, boxes: dict[str, Path]) -> None:
        self.boxes = boxes
        self._heads: dict[Lying, Head] = {}

    def listed(self, wanted: Iterable[str] = ()) -> list[Lying]:
        """Every letter of these boxes, of all if none is named; the newest first."""
        found = [each for box in (set(wanted) & set(self.boxes) or self.boxes) for each in _lying(box, self.boxes[box])]
        return sorted(found, key=lambda each: (each.changed_at, _number(each.name), each.name), reverse=True)

    def head(self, file: Lying) -> Head:
        """The head of a listed letter; one that can't be read says so."""
        if (known := self._heads.get(file)) is not None:
            return known
        try:
            content = self.read(file.box, file.name, limit=_HEAD if file.name.endswith(".eml") else LARGEST)
        except OSError as error:
            return Head(fault=f"It can't be read: {os.strerror(error.errno or 0)}.")
        if len(self._heads) >= _KEPT:
            self._heads.clear()
        self._heads[file] = found = head_of_email(content) if file.name.endswith(".eml") else head_of_message(content)
        return found

    def find(self, box: str, name: str) -> Lying:
        """A letter of the box by its name. Raises FileNotFoundError."""
        if box not in self.boxes or not _is_name(name):
            raise FileNotFoundError(name)
        found = (self.boxes[box] / name).stat(follow_symlinks=False)
        return Lying(box, name, found.st_mtime_ns, found.st_size)

    def read(self, box: str, name: str, *, limit: int = LARGEST) -> bytes:
        """A letter's first bytes. Raises FileNotFoundError for whatever isn't a letter of the box."""
        if box not in self.boxes or not _is_name(name):
            raise FileNotFoundError(name)
        try:
            opened = os.open(self.boxes[box] / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except (FileNotFoundError, PermissionError):
            raise
        except OSError as error:  # a link, a folder's name that is too long
            raise FileNotFoundError(name) from error
        with open(opened, "rb") as file:  # noqa: PTH123  a descriptor, which can't be exchanged in between
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise FileNotFoundError(name)
            return file.read(limit)


def _lying(box: str, folder: Path) -> Iterable[Lying]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if _is_name(entry.name) and entry.is_file(follow_symlinks=False):
                    found = entry.stat(follow_symlinks=False)
                    yield Lying(box, entry.name, found.st_mtime_ns, found.st_size)
    except (FileNotFoundError, NotADirectoryError):
        return


def _is_name(name: str) -> bool:
    """Whether it is one of a letter in a folder: no path, no draft."""
    return name.endswith(ENDINGS) and not name.startswith(".") and not re.search(r"[/\\\0]", name) and name.isprintable()


def _number(name: str) -> int:
    found = re.match(r"[0-9]{1,18}", name)
    return int(found[0]) if found else 0


def head_of_email(content: bytes) -> Head:
    """Out of the first bytes of a message: its headers, as far as they are there."""
    headers = parse_headers(content)
    if not headers:
        return Head(fault=N_("It has no headers: this is no e-mail.") if content else N_("It is empty."))
    fault = "" if "to" in headers and "from" in headers else N_("It lacks `From` or `To`: this is no letter of ours.")
    campaign, _, tactic = _feedback(headers.get("feedback-id", ""))
    return Head(
        to=", ".join(address or name for name, address in getaddresses([headers.get("to", "")])),
        subject=in_words(headers.get("subject", "")),
        language=headers.get("content-language", ""),
        campaign=campaign,
        tactic=tactic,
        message_id=headers.get("message-id", ""),
        written_at=_moment(headers.get("date", "")),
        fault=fault,
    )


def parse_headers(content: bytes) -> dict[str, str]:
    """Headers by their names in small letters, unfolded, the first of each; empty where the content doesn't begin with any."""
    head = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[0].decode("utf-8", "replace")
    headers: dict[str, str] = {}
    for line in re.sub(r"\r?\n[ \t]+", " ", head).splitlines():
        if not (found := _HEADER.fullmatch(line)):
            break
        headers.setdefault(found[1].lower(), found[2].strip())
    return headers


def head_of_message(content: bytes) -> Head:
    """Out of a messenger text as the file channel keeps it."""
    try:
        said = json.loads(content)
        text = " ".join(html.unescape(re.sub(r"<[^>]*>", "", str(said["text"]))).split())
        return Head(to=str(said["chat_id"]), subject=f"{text[:90]}…" if len(text) > 91 else text, language=str(said["language"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return Head(fault=N_("It is empty.") if not content else N_("It is no messenger text of ours."))


def in_words(header: str) -> str:
    """A header's text with its encoded words (RFC 2047) read; what can't be read stays as it is."""
    try:
        return str(make_header(decode_header(header)))
    except (HeaderParseError, LookupError, ValueError):
        return header


def _feedback(header: str) -> tuple[str, str, str]:
    """(campaign, language, tactic) out of a Feedback-ID of ours."""
    parts = header.split(":")
    return (parts[0], parts[1], parts[2]) if len(parts) == 4 and parts[3] == "winback" else ("", "", "")


def _moment(date: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
