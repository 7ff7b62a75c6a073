"""Whose name is doubtful, and what they would be greeted with: for a shop to mend its cards before letters leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from winback.errors import ConfigError, Problem
from winback.journey import policy
from winback.letters import library, locales, names
from winback.letters.names import Address, Tone
from winback.model import Person
from winback.settings import Project
from winback.store import database, people


@dataclass(frozen=True, slots=True)
class Doubted:
    """A customer whose name isn't used as it might be."""

    person: Person
    language: str  # of their letters
    address: Address

    @property
    def written(self) -> str:
        """The name as it stands in the card."""
        return " ".join(part for part in (self.person.given_name, self.person.patronymic, self.person.family_name) if part.strip())

    @property
    def why(self) -> str:
        return "; ".join(found.meaning for found in self.address.doubts)

    def as_json(self) -> dict[str, Any]:
        card = {name: getattr(self.person, name) for name in ("given_name", "patronymic", "family_name", "sex")}
        return {
            "customer": self.person.key,
            "language": self.language,
            **card,
            "doubts": [{"field": found.field, "doubt": found.doubt, "meaning": found.meaning} for found in self.address.doubts],
            "greetings": {tone: self.address.line(tone) for tone in Tone},
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """All customers' names, looked at."""

    customers: int  # that were looked at
    unspoken: int  # that letters can't be written to, in any language of their chain: nobody greets them
    doubted: tuple[Doubted, ...]

    def counts(self) -> dict[str, int]:
        """Customers by what is doubtful about them, most first; one may have several doubts."""
        found = Counter(meaning for each in self.doubted for meaning in {doubt.meaning for doubt in each.address.doubts})
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def as_json(self) -> dict[str, Any]:
        return {
            "checked": self.customers,
            "no_language": self.unspoken,
            "counts": self.counts(),
            "customers": [each.as_json() for each in self.doubted],
        }


def check(project: Project, engine: Engine, *, language: str | None = None, looked_at: Callable[[int], None] = lambda _count: None) -> Checked:
    """Every customer with a doubtful name, or those of them who are written to in `language`. Raises ConfigError.

    `looked_at` is told how many more customers have been read.
    """
    if language is not None and language not in names.languages():
        how = f"Languages: {', '.join(sorted(names.languages()))}."
        raise ConfigError(Problem("", None, f"nobody can be addressed in `{language}`.", how))
    language_of = _languages(project)
    customers, unspoken, doubted = 0, 0, list[Doubted]()
    with database.reading(engine) as connection:
        for page in people.pages(connection):
            looked_at(len(page))
            for person in page:
                spoken = language_of(person)
                if language is not None and spoken != language:
                    continue
                if spoken is None:
                    unspoken += 1
                    continue
                customers += 1
                if (address := names.address(person, spoken)).doubts:
                    doubted.append(Doubted(person, spoken, address))
    return Checked(customers, unspoken, tuple(doubted))


def _languages(project: Project) -> Callable[[Person], str | None]:
    """The language that a person's letters are in: what their country's law demands, else the first of their chain that letters exist in."""
    rules, written = policy.read(project), set(library.open_library(project).languages())
    known: dict[tuple[str, str], str | None] = {}

    def language_of(person: Person) -> str | None:
        key = (person.locale, person.country)
        if key not in known:
            chain = rules.for_country(person.country).languages or locales.choose(person.locale, person.country, project.settings.locales)
            known[key] = next((language for language in chain if language in written), None)
        return known[key]

    return language_of
