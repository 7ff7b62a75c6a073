"""config/cohorts/*.yaml: which customers are meant, as rules that become one SQL statement (store/cohorts.py)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from winback import clock
from winback.errors import ConfigError, Problem
from winback.settings import Project
from winback.shapes import Amount, Channel
from winback.strictyaml import Document, Shape, nearest, refusal


class Days(Shape):
    """Whole calendar days in the shop's time zone: at least `from`, fewer than `below`."""

    from_: int = Field(default=0, ge=0, alias="from")
    below: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> Days:
        if self.below is not None and self.below <= self.from_:
            raise refusal(
                f"goes from {self.from_} to below {self.below}: no day lies between.",
                f"Write for example {{from: {self.below}, below: {self.from_}}}.",
            )
        return self


class AtLeast(Shape):
    """A smallest number of something."""

    at_least: int = Field(ge=1)


class AmountAtLeast(Shape):
    """A smallest amount, in the project's currency."""

    at_least: Amount


class Rule(Shape):
    """One condition: exactly one of these words."""

    days_since_last_order: Days | None = None
    orders: AtLeast | None = None
    average_order: AmountAtLeast | None = None
    country: tuple[str, ...] | None = None
    locale: tuple[str, ...] | None = None
    reachable_by: tuple[Channel, ...] | None = None
    not_bought_since: date | None = None
    all: tuple[Rule, ...] | None = None
    any: tuple[Rule, ...] | None = None
    not_: Rule | None = Field(default=None, alias="not")

    @model_validator(mode="after")
    def _one_word(self) -> Rule:
        said = sorted(self.model_fields_set)
        if len(said) != 1:
            found = f"says {len(said)} things at once ({', '.join(said)})" if said else "says nothing"
            raise refusal(f"is one condition, but {found}.", "Begin a new line with `- ` for each condition.")
        word, value = self.said
        if value is None or value == ():
            raise refusal(f"`{word}` is empty.", "Fill it in, or take the line out.")
        return self

    @property
    def said(self) -> tuple[str, object]:
        """The word of this condition and its value."""
        word = next(iter(self.model_fields_set))
        return word.rstrip("_"), getattr(self, word)


class Exclude(Shape):
    """Customers to leave out, whatever the rules say."""

    lists: tuple[str, ...] = ()  # files in config/lists/: one customer id a line


class Cohort(Shape):
    """A cohort file."""

    title: str
    rules: tuple[Rule, ...] = Field(min_length=1)
    exclude: Exclude = Exclude()


def read(project: Project, name: str) -> Document[Cohort]:
    """The cohort of that name. Raises ConfigError that names the nearest one when there is none."""
    if not project.config("cohorts", f"{name}.yaml").exists():
        raise ConfigError(
            Problem(f"config/cohorts/{name}.yaml", None, f"there is no cohort `{name}`.", nearest(name, project.names("cohorts"), "Cohorts"))
        )
    return project.read(Cohort, "cohorts", f"{name}.yaml")


def excluded(project: Project, document: Document[Cohort]) -> frozenset[str]:
    """Customer ids on the cohort's exclude lists. Raises ConfigError when a list is missing."""
    keys: set[str] = set()
    for index, file in enumerate(document.value.exclude.lists):
        path = project.config("lists", file)
        if not _lies_in(path, project.config("lists")) or not path.is_file():
            raise ConfigError(
                document.problem(("exclude", "lists", index), f"there is no list config/lists/{file}.", "Make it, one customer id a line.")
            )
        keys.update(line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip())
    return frozenset(keys)


def _lies_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def describe(rule: Rule) -> str:
    """The condition as a person says it."""
    word, value = rule.said
    match value:
        case Days():
            return f"last order {value.from_} days ago or more" + ("" if value.below is None else f", fewer than {value.below}")
        case AtLeast():
            return f"{value.at_least} orders or more"
        case AmountAtLeast():
            return f"average order {Decimal(value.at_least):f} or more"
        case date():
            return f"no order since {value.isoformat()}"
        case Rule():
            return f"not ({describe(value)})"
        case tuple() if word in {"all", "any"}:
            return f"{word} of ({'; '.join(describe(part) for part in value)})"
        case tuple() if word == "reachable_by":
            return f"can be written to by {' or '.join(value)}, with consent"
        case tuple():
            return f"{word} {' or '.join(value)}"
    raise AssertionError(word)


def bounds(days: Days, now: datetime, project_zone: str) -> tuple[datetime, datetime | None]:
    """The moments that a last order lies before, and at or after: "silent 365 to below 730 days" as of `now`.

    Days are calendar days between the order's and today's date in the shop's zone, so [365, 730) days as of 2026-11-23 are the
    orders from 2024-11-24 to 2025-11-23 whole. Returns (before, not before); the second is None when there is no end.
    """
    zone = ZoneInfo(project_zone)
    today = clock.local_day(now, zone)
    before = clock.start_of_day(today - timedelta(days=days.from_ - 1), zone)
    return before, None if days.below is None else clock.start_of_day(today - timedelta(days=days.below - 1), zone)


def flat(rules: tuple[Rule, ...]) -> Iterator[Rule]:
    """Every rule and those nested in it."""
    for rule in rules:
        yield rule
        _, value = rule.said
        if isinstance(value, Rule):
            yield from flat((value,))
        elif isinstance(value, tuple) and value and isinstance(value[0], Rule):
            yield from flat(value)
