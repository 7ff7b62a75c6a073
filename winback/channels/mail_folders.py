"""Where mails lie: a Maildir, a folder of files, a mail folder in one file (mbox), a single mail, the standard input. Read, never changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from winback.errors import Problem, SourceError

LARGEST = 2_000_000
"""Bytes of a mail that are read; what lies behind them says nothing of whose letter came back."""

_FROM = re.compile(rb"From [^\r\n]{1,300}\d{4}[^\r\n]{0,50}\r?\n?")
"""The line between two mails of an mbox: `From ` at the beginning, a date with its year."""


@dataclass(frozen=True, slots=True)
class Lying:
    """A mail where it lies."""

    file: str  # as messages name it
    content: bytes
    path: Path | None = None  # of a file that holds nothing else


def is_maildir(folder: Path) -> bool:
    return (folder / "new").is_dir() and (folder / "cur").is_dir()


def maildir(folder: Path, *parts: str) -> list[Path]:
    """The files of some of its parts, in order."""
    return [path for part in parts for path in sorted((folder / part).iterdir()) if path.is_file()]


def read(place: Path) -> Iterator[Lying]:
    """Every mail of a Maildir, a folder (and the folders in it), an mbox, or a file. Raises SourceError when there is nothing of the kind."""
    if not place.exists():
        raise SourceError(
            Problem(str(place), None, "there is no such file or folder.", "Name a Maildir, a folder of mails, an mbox, a mail, imap: or -.")
        )
    try:
        yield from _in_folder(place) if place.is_dir() else _in_file(place, place.name)
    except PermissionError as error:
        raise SourceError(Problem(str(error.filename or place), None, "it can't be read: permission denied.", "Let this user read it.")) from error


def _in_folder(folder: Path) -> Iterator[Lying]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            yield from _in_file(path, name.as_posix())


def _in_file(path: Path, name: str) -> Iterator[Lying]:
    with path.open("rb") as stream:
        is_folder = path.suffix.lower() not in {".eml", ".msg"} and stream.read(5) == b"From "
        stream.seek(0)
        if not is_folder:
            yield Lying(name, stream.read(LARGEST), path)
            return
        mails = list(several(stream, name))
    yield from mails if len(mails) != 1 else [Lying(name, mails[0].content, path)]


def several(stream: BinaryIO, name: str) -> Iterator[Lying]:
    """The mails of an mbox, each cut to what is looked at; one mail where it isn't one."""
    content, number, after_blank, length = list[bytes](), 0, True, 0
    for line in _lines(stream):
        if after_blank and _FROM.fullmatch(line) and (length or content):
            number += 1
            yield Lying(f"{name}#{number}", b"".join(content))
            content, length = [], 0
        if length < LARGEST:
            content.append(line[1:] if line.startswith(b">From ") else line)
            length += len(line)
        after_blank = not line.strip()
    if content:
        yield Lying(f"{name}#{number + 1}" if number else name, b"".join(content))


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines, in pieces where they are endless."""
    while line := stream.readline(100_000):
        yield line
