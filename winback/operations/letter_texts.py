"""A letter's own files, as an editor of letters opens them: what it says, in its folder and its language-bodies, and its sample."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from winback.errors import ConfigError, Problem
from winback.letters import library
from winback.letters.library import FILES, FOLDERS
from winback.model import WRITTEN, ChannelName
from winback.operations import editing
from winback.operations.project_files import File
from winback.settings import Project
from winback.strictyaml import nearest

_OF_A_LETTER = re.compile(r"(?:subject\.txt|body(?:\.[a-z]{2})?\.(?:html|txt)|text\.html|sample\.yaml)")


@dataclass(frozen=True, slots=True)
class Named:
    """A letter: where it is written, and its name."""

    channel: ChannelName
    name: str

    @property
    def kind(self) -> str:
        """The word that addresses have."""
        return "email" if self.channel is ChannelName.EMAIL else "messages"


@dataclass(frozen=True, slots=True)
class Texts:
    """A letter's files in the order in which they are written: the subject first, the sample last."""

    letter: Named
    folder: str  # as messages name it
    files: tuple[File, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(file.path for file in self.files)


def named(kind: str, name: str) -> Named | None:
    """The letter of an address; None for what is none."""
    channel = {"email": ChannelName.EMAIL, "messages": ChannelName.TELEGRAM}.get(kind)
    return Named(channel, name) if channel and re.fullmatch(r"[a-z0-9][a-z0-9-]{0,80}", name) else None


def every(project: Project) -> list[Named]:
    """Every letter: e-mails first, by name. Raises ConfigError when brand.yaml isn't right."""
    letters = library.open_library(project)
    return [Named(channel, name) for channel in WRITTEN for name in letters.names(channel)]


def folder(project: Project, letter: Named) -> str:
    """Where its files lie, as messages name it."""
    return project.shown(project.templates / FOLDERS[letter.channel] / letter.name)


def read(project: Project, letter: Named) -> Texts:
    """The files as they are now. Raises ConfigError when there is no such letter, or a file is no text."""
    place = project.templates / FOLDERS[letter.channel] / letter.name
    if not place.is_dir():
        known = [each.name for each in every(project) if each.channel is letter.channel]
        raise ConfigError(Problem(project.shown(place), None, "there is no such letter.", nearest(letter.name, known, "Letters")))
    there = {path.name for path in place.iterdir() if path.is_file() and _OF_A_LETTER.fullmatch(path.name)}
    wanted = [name for name in FILES[letter.channel] if name != "body.txt"]
    names = sorted({*wanted, *there, "sample.yaml"}, key=lambda name: (_rank(name, wanted), name))
    return Texts(letter, project.shown(place), tuple(editing.open(project, f"{project.shown(place)}/{name}") for name in names))


def changed(texts: Texts, written: Mapping[str, str]) -> dict[str, str]:
    """What of the written texts isn't what the files say, by path."""
    return {file.path: written[file.path] for file in texts.files if file.path in written and written[file.path] != file.text}


def _rank(name: str, wanted: Sequence[str]) -> int:
    if name == "sample.yaml":
        return len(wanted) + 1
    return wanted.index(name) if name in wanted else len(wanted)
