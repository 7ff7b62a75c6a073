"""Every letter of a project at a glance: what it is for, in which languages it is whole, what is wrong, who changed it last, who uses it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from winback.errors import Refused
from winback.journey import campaign
from winback.letters import library
from winback.letters.library import Library
from winback.operations import drafts, letter_saving, letter_texts, letter_words, revisions
from winback.operations.letter_texts import Named
from winback.settings import Project


@dataclass(frozen=True, slots=True)
class Row:
    """One letter."""

    letter: Named
    kind: str  # of its sample; empty where that can't be read
    about: str
    lacks: Mapping[str, int]  # language -> sentences without a translation; a language that has a catalogue is always there
    problems: int  # in every language
    changed_at: datetime
    changed_by: str  # empty where git doesn't know
    campaigns: tuple[str, ...]  # that send it
    drafts: tuple[str, ...]  # by whom

    @property
    def is_whole(self) -> bool:
        return not self.problems and not any(self.lacks.values())


@dataclass(frozen=True, slots=True)
class Overview:
    """All of them, and campaigns whose file can't be read, so that nobody knows what they send."""

    rows: tuple[Row, ...]
    languages: tuple[str, ...]
    unread: tuple[str, ...]


def read(project: Project) -> Overview:
    """The letters as they are now. What needs each letter to be filled in is told by its own page and by `winback check`.

    Raises ConfigError when brand.yaml isn't right.
    """
    letters = library.open_library(project)
    used, unread = _used(project)
    names = letter_texts.every(project)
    last = revisions.last_in(project, project.shown(project.templates), [letter_texts.folder(project, letter) for letter in names])
    by_whom = defaultdict[str, list[str]](list)
    for draft in drafts.every(project):
        by_whom[draft.of].append(draft.by)
    rows = (_row(project, letters, letter, last, used.get(letter, []), by_whom[letter_saving.of(letter)]) for letter in names)
    return Overview(tuple(rows), tuple(letter_words.languages(letters)), tuple(unread))


def campaigns_with(project: Project, letter: Named) -> list[str]:
    """The campaigns that send a letter."""
    return _used(project)[0].get(letter, [])


def _row(  # noqa: PLR0917  one use
    project: Project, letters: Library, letter: Named, last: Mapping[str, revisions.Revision], used: Iterable[str], by: Iterable[str]
) -> Row:
    folder = letter_texts.folder(project, letter)
    kind, about, problems = "", "", 0
    try:
        sample = letters.sample(letter.channel, letter.name).value
        kind, about = str(sample.kind), sample.about
    except Refused as refused:
        problems += len(refused.problems)
    problems += len(letters.faults(letter.channel, letter.name))
    stamps = [path.stat().st_mtime for path in (project.root / folder).iterdir() if path.is_file()]
    known = last.get(folder)
    at = known.when if known else datetime.fromtimestamp(max(stamps, default=0), UTC)
    lacks = {language: _lacks(letters, letter, language) for language in letter_words.languages(letters)}
    return Row(letter, kind, about, lacks, problems, at, known.who if known else "", tuple(used), tuple(by))


def _lacks(letters: Library, letter: Named, language: str) -> int:
    try:
        return sum(not entry.is_whole for entry in letter_words.entries(letters, letter, language))
    except Refused:
        return 0  # it is wrong in every language, and said so


def _used(project: Project) -> tuple[dict[Named, list[str]], list[str]]:
    used, unread = defaultdict[Named, list[str]](list), list[str]()
    for name in project.names("campaigns"):
        try:
            plan = campaign.read(project, name).value
        except Refused:
            unread.append(name)
            continue
        for letter in dict.fromkeys(Named(channel.written_as, text) for letters in plan.letters().values() for channel, text in sorted(letters)):
            used[letter].append(name)
    return used, unread
