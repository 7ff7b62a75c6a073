"""Pictures that travel inside letters: files of templates/images/, embedded by Content-ID (RFC 2392) so that nobody's server is asked.

A picture on the web needs nothing of this: write its https address. One inside the letter is shown without asking, and weighs on every
letter; so a setting bounds it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from winback.errors import Problem
from winback.letters.brand import Logo
from winback.letters.pieces import Piece
from winback.letters.source import Flat
from winback.model import Picture
from winback.settings import Project
from winback.strictyaml import nearest

FOLDER = "images"
"""Where they lie below the templates."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_NAMED = re.compile(r"""\bimage\(\s*(?:'([^']*)'|"([^"]*)")\s*\)""")
_KINDS = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
)

Refusal: TypeAlias = tuple[str, str]
"""Why a picture can't travel, and what to do."""


@dataclass(frozen=True)
class Album:
    """The pictures of a project, read when they are asked for."""

    folder: Path
    shown: str  # the folder as messages name it
    largest_bytes: int  # of one picture
    largest_letter_bytes: int  # of all pictures of a letter
    _read: dict[str, Picture | Refusal] = field(default_factory=dict, repr=False)

    def find(self, name: str) -> Picture | Refusal:
        """A picture by its file's name, or why it can't travel."""
        if name not in self._read:
            self._read[name] = self._find(name)
        return self._read[name]

    def url(self, name: str) -> str:
        """What `src` says of a picture: `cid:...`; an https address stays as it is. What `image()` in templates calls."""
        if name.startswith("https://"):
            return name
        found = self.find(name)
        if isinstance(found, Picture):
            return found.url
        raise LookupError(found[0])

    def _find(self, name: str) -> Picture | Refusal:
        if not _NAME.fullmatch(name):
            return f"`{name}` is not the name of a picture.", f"Write the name of a file in {self.shown}/: Latin letters, digits, dots and hyphens."
        try:
            data = (self.folder / name).read_bytes()
        except OSError:
            known = [path.name for path in self.folder.glob("*") if path.is_file()]
            return f"there is no {self.shown}/{name}.", nearest(name, known, "Pictures") if known else f"Put the file into {self.shown}/."
        kind = next((kind for start, kind in _KINDS if start.match(data)), None)
        if kind is None:
            return f"{self.shown}/{name} is no PNG, JPEG, GIF or WebP.", "Save it as one of these; mail programs show no others."
        if len(data) > self.largest_bytes:
            return _too_large(f"{self.shown}/{name} weighs", len(data), self.largest_bytes, "picture_kilobytes")
        return Picture(name, kind, f"{hashlib.sha256(data).hexdigest()[:16]}.{name}@images.winback", data)


def open_album(project: Project) -> Album:
    """The pictures of a project. Nothing is read yet."""
    folder, email = project.templates / FOLDER, project.settings.email
    return Album(folder, project.shown(folder), email.picture_kilobytes * 1000, email.pictures_kilobytes * 1000)


def faults(album: Album, flat: Flat, logo: Logo | None, at_logo: Callable[[str, str], Problem]) -> list[Problem]:
    """What is wrong with the pictures that a letter names, each told where it is named, and with all of them together.

    `logo` is the brand's where the letter shows it; `at_logo` makes a problem out of message and advice.
    """
    named: dict[str, Callable[[str, str], Problem]] = {name: piece.problem for name, piece in _named(flat)}
    if logo and not logo.is_hosted:
        named[logo.image] = at_logo
    refused = [(name, found) for name in named if not isinstance(found := album.find(name), Picture)]
    if refused:
        return [named[name](*refusal) for name, refusal in refused]
    total = sum(len(picture.data) for picture in used(album, flat, logo))
    if total > album.largest_letter_bytes:
        return [Problem(flat.name, None, *_too_large("its pictures weigh", total, album.largest_letter_bytes, "pictures_kilobytes"))]
    return []


def used(album: Album, flat: Flat, logo: Logo | None) -> tuple[Picture, ...]:
    """Every picture that a letter may show, by name; which of them it does show is seen when it is filled in."""
    names = {name for name, _ in _named(flat)} | ({logo.image} if logo else set())
    return tuple(found for name in sorted(names) if isinstance(found := album.find(name), Picture))


def shown_in(html: str, pictures: tuple[Picture, ...]) -> tuple[Picture, ...]:
    """Those that a finished letter shows."""
    return tuple(picture for picture in pictures if picture.url in html)


def with_pictures_inside(html: str, pictures: tuple[Picture, ...]) -> str:
    """A finished letter as a browser shows it alone: every picture written into its `src` (RFC 2397)."""
    for picture in pictures:
        html = html.replace(picture.url, f"data:{picture.content_type};base64,{base64.b64encode(picture.data).decode()}")
    return html


def _named(flat: Flat) -> Iterator[tuple[str, Piece]]:
    for piece in flat.constructs:
        for found in _NAMED.finditer(piece.text):
            name = found[1] or found[2] or ""
            if not name.startswith("https://"):
                yield name, piece


def _too_large(what: str, weight: int, limit: int, setting: str) -> Refusal:
    return (
        f"{what} {weight / 1000:,.0f} kB; at most {limit // 1000:,} kB may travel.",
        f"Make it smaller, or write its https address; `email: {setting}:` in config/settings.yaml is the limit.",
    )
