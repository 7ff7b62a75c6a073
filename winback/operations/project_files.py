"""The files of a project that may be edited: where they lie, what they say, and how they are written without being half there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from winback.errors import ConfigError, Problem
from winback.settings import Project
from winback.speech import N_, figure, said

LARGEST = 1_000_000
"""Bytes of a file that may be edited: the longest catalogue has a tenth."""

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,98}[A-Za-z0-9_])?")
_KINDS: tuple[tuple[str, str], ...] = (
    ("config", r"[^/]+\.yaml"),
    ("config", r"(?:campaigns|cohorts)/[^/]+\.yaml"),
    ("templates", r"(?:emails|messages)/[^/]+/[^/]+\.(?:html|txt|yaml)"),
    ("templates", r"pages/(?:_[^/]+/)?[^/]+\.html"),
    ("templates", r"locales/[^/]+/LC_MESSAGES/[^/]+\.po"),
)
"""Below which folder of the project lies what. Other files there may be edited where they exist already as texts of these endings."""
_TEXTS = frozenset({".yaml", ".html", ".txt", ".po", ".css", ".md"})
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class File:
    """A file as somebody saw it."""

    path: str  # as messages name it: templates/emails/gift/body.html
    text: str  # lines end in \n, whatever they end in on the disk
    version: str  # of the content; empty: there is no such file yet


def locate(project: Project, path: str) -> Path:
    """Where a file lies. Raises ConfigError for what isn't to be edited: elsewhere, behind a link, of another kind."""
    parts = path.split("/")
    root = project.root.resolve()
    templates = project.templates.relative_to(project.root).as_posix() if project.templates.is_relative_to(project.root) else ""
    folder, below = next(
        (
            (word, path.removeprefix(f"{real}/"))
            for word, real in (("config", "config"), ("templates", templates))
            if real and path.startswith(f"{real}/")
        ),
        ("", ""),
    )
    target = root.joinpath(*parts)
    if not folder or not all(_NAME.fullmatch(part) for part in parts):
        raise _refusal(
            path,
            N_("`%(path)s` is no file that may be edited."),
            N_("Name a file below config/ or the templates, by letters, digits, `-`, `_` and dots."),
        )
    if target.resolve() != target:
        raise _refusal(path, N_("`%(path)s` is a link, or lies behind one."), N_("Edit the file that it leads to where that lies."))
    of_a_kind = any(word == folder and re.fullmatch(pattern, below) for word, pattern in _KINDS)
    if target.exists() and not target.is_file():
        raise _refusal(path, N_("`%(path)s` is no file."), N_("Name a file."))
    if not of_a_kind and not (target.exists() and target.suffix in _TEXTS):
        raise _refusal(path, N_("`%(path)s` is of no kind that is read here."), N_("Look at docs/development.md for the files of a project."))
    return target


def read(project: Project, path: str) -> File:
    """The file as it is now; one that isn't there yet is empty. Raises ConfigError as `locate` does, and for what is no text."""
    target = locate(project, path)
    try:
        content = target.read_bytes()
    except FileNotFoundError:
        return File(path, "", "")
    except OSError as error:
        raise _refusal(path, N_("`%(path)s` can't be read: %(why)s."), N_("Mend its permissions."), why=error.strerror) from error
    return File(path, _text(path, content), version(content))


def version(content: bytes) -> str:
    """What tells one content from another."""
    return hashlib.sha256(content).hexdigest()


def plain(text: str) -> str:
    """The text with the line ends of Unix; a browser sends others."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def as_written(project: Project, path: str, text: str) -> bytes:
    """The bytes of a text in the style of the file that it takes the place of: its line ends, its byte order mark.

    Raises ConfigError for what is too long or no text.
    """
    try:
        before = locate(project, path).read_bytes()
    except FileNotFoundError:
        before = b""
    lines = plain(text)
    if lines and not lines.endswith("\n") and (not before or before.endswith(b"\n")):
        lines += "\n"
    if found := re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", lines):
        line = lines[: found.start()].count("\n") + 1
        how = said(N_("Delete it, and what was around it, and type it anew."))
        raise ConfigError(Problem(path, line, said(N_("here stands a sign that no keyboard has.")), how))
    if before.count(b"\r\n") * 2 > before.count(b"\n"):
        lines = lines.replace("\n", "\r\n")
    try:
        content = (_BOM if before.startswith(_BOM) else b"") + lines.encode()
    except UnicodeEncodeError as error:
        raise _refusal(path, N_("`%(path)s` holds half a sign."), N_("Type it anew.")) from error
    if len(content) > LARGEST:
        what = N_("`%(path)s` would have %(bytes)s bytes; %(most)s are the most.")
        raise _refusal(path, what, N_("Take out what isn't text."), bytes=figure(len(content)), most=figure(LARGEST))
    return content


def write(project: Project, contents: Mapping[str, bytes]) -> None:
    """Put the files in their places, each whole or not at all, with the permissions that they had.

    All are on the disk before the first takes its place. Raises ConfigError when the disk refuses.
    """
    ready: list[tuple[Path, Path]] = []
    path = ""
    try:
        for path, content in contents.items():
            target = locate(project, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_name(f".{target.name}.saving")
            ready.append((draft, target))
            _put(draft, content, _mode(target))
        for draft, target in ready:
            path = project.shown(target)
            draft.replace(target)
    except OSError as error:
        raise _refusal(
            path, N_("`%(path)s` can't be written: %(why)s."), N_("Mend the folder's permissions, or make room."), why=error.strerror
        ) from error
    finally:
        for draft, _ in ready:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)


def _put(draft: Path, content: bytes, mode: int | None) -> None:
    draft.unlink(missing_ok=True)  # what a crash left
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _mode(target: Path) -> int | None:
    return stat.S_IMODE(target.stat().st_mode) if target.exists() else None


def _text(path: str, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigError(Problem(path, line, said(N_("this isn't UTF-8.")), said(N_("Save the file as UTF-8.")))) from error
    if "\x00" in text or len(content) > LARGEST:
        raise _refusal(path, N_("`%(path)s` is no text that can be edited here."), N_("Open it with the program that made it."))
    return plain(text)


def _refusal(path: str, message: str, how: str, **values: object) -> ConfigError:
    return ConfigError(Problem("", None, said(message, path=path[:200], **values), said(how)))
