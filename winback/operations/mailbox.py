"""The development mailbox: letters that would have left, page by page, and which delivery each of them is."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row

from winback.channels.mailbox import Head, Lying, Mailbox
from winback.letters import locales
from winback.model import ChannelName
from winback.settings import Project
from winback.speech import N_
from winback.store import database, kept_letters

AT_ONCE = 50
"""Letters on a page."""

_LOOKED_AT_ONCE = 200

BOXES = {
    "email": N_("e-mails"),
    "telegram": N_("messenger texts"),
    "test-email": N_("tests by e-mail"),
    "test-telegram": N_("tests by messenger"),
    "reminders": N_("reminders of tasks and threads"),
    "answers": N_("answers of people"),
    "sms": N_("SMS"),
    "viber": N_("Viber messages"),
    "whatsapp": N_("WhatsApp messages"),
}
"""The folders, as their addresses and a person name them."""

_FOLDERS = {name: name for name in BOXES} | {"test-email": "tests/email", "test-telegram": "tests/telegram"}
_DELIVERED = {str(channel): channel for channel in ChannelName}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters a person wants to see; empty: all."""

    box: str = ""
    to: str = ""  # a part of the address, or of the chat's number
    language: str = ""
    campaign: str = ""

    @property
    def says_anything(self) -> bool:
        return self != Wanted()


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as a list shows it."""

    file: Lying
    head: Head
    at: datetime
    campaign: str = ""
    stage: str = ""
    tactic: str = ""
    customer: str = ""  # the shop's id of them


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the list."""

    letters: tuple[Letter, ...]
    number: int  # from 1
    total: int | None  # None: they were not counted, since some are left out
    goes_on: bool  # older ones follow


def rehearsals(project: Project, campaign: str) -> Path:
    """Where the letters of a campaign's last rehearsal lie."""
    return project.out / "rehearsals" / campaign


@dataclass(frozen=True)
class Reading:
    """Reads one project's mailbox, and remembers heads that it has read; or the letters of a campaign's last rehearsal, which are no deliveries."""

    project: Project
    engine: Engine
    rehearsed: str = ""  # the campaign

    @cached_property
    def mailbox(self) -> Mailbox:
        root = rehearsals(self.project, self.rehearsed) if self.rehearsed else self.project.out / "mailbox"
        return Mailbox({name: root / folder for name, folder in _FOLDERS.items()})

    def page(self, wanted: Wanted, number: int) -> Page:
        """The letters that are wanted, the newest first. Only those of this page are opened, and with a filter those before them."""
        files = self.mailbox.listed([wanted.box] if wanted.box else [])
        first = (number - 1) * AT_ONCE
        if not replace(wanted, box="").says_anything:
            letters = tuple(self._letters(files[first : first + AT_ONCE]))
            return Page(letters, number, len(files), first + AT_ONCE < len(files))
        found = (letter for letter in self._letters(files) if _is_wanted(letter, wanted))
        seen = tuple(itertools.islice(found, first, first + AT_ONCE + 1))
        return Page(seen[:AT_ONCE], number, None, len(seen) > AT_ONCE)

    def letter(self, box: str, name: str) -> tuple[Letter, bytes]:
        """One letter and its bytes. Raises FileNotFoundError."""
        content = self.mailbox.read(box, name)
        return next(self._letters([self.mailbox.find(box, name)])), content

    def beside(self, box: str, name: str) -> tuple[Lying | None, Lying | None]:
        """The letters next to this one in its box: the newer, the older."""
        files = list(self.mailbox.listed([box]))
        place = next((place for place, file in enumerate(files) if file.name == name), None)
        if place is None:
            return None, None
        return files[place - 1] if place else None, files[place + 1] if place + 1 < len(files) else None

    def languages(self) -> list[str]:
        """Tags of the languages that letters may be in."""
        return sorted({locales.language_tag(locale) for chain in self.project.settings.locales.values() for locale in chain})

    def _letters(self, files: Iterable[Lying]) -> Iterator[Letter]:
        waiting = iter(files)
        while some := list(itertools.islice(waiting, _LOOKED_AT_ONCE)):
            known: dict[tuple[str, str], Row[Any]] = {}
            with database.reading(self.engine) as connection:
                for box, channel in ({} if self.rehearsed else _DELIVERED).items():
                    names = {file.name for file in some if file.box == box}
                    known |= {(box, name): row for name, row in kept_letters.find(connection, channel, names).items()}
            for file in some:
                head, row = self.mailbox.head(file), known.get((file.box, file.name))
                at = head.written_at or (row.sent_at if row else None) or datetime.fromtimestamp(file.changed_at / 1e9, UTC)
                if row is None:
                    yield Letter(file, head, at, head.campaign, "", head.tactic)
                else:
                    yield Letter(file, head, at, row.campaign, row.stage, row.tactic, row.key)


def _is_wanted(letter: Letter, wanted: Wanted) -> bool:
    return (
        wanted.to.casefold() in letter.head.to.casefold()
        and (not wanted.language or wanted.language == letter.head.language)
        and (not wanted.campaign or wanted.campaign == letter.campaign)
    )
