"""The words that a cohort file of this project may say, each with what it means here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Engine

from winback.audience import businesses, cohort_words, reasons, signs, source
from winback.audience.signs import Sign
from winback.errors import Refused
from winback.journey import policy
from winback.letters import sender
from winback.operations import schemas
from winback.operations.completing import Meant, Vocabulary
from winback.settings import Project
from winback.store import database, seen_words

_VALUES = {"gold": "the few who bring most of the profit", "silver": "those who bring nearly all of the rest", "copper": "the many who bring little"}
_REGULARITY = {"steady": "about as much every time", "uneven": "more in some periods, less in others", "erratic": "now and then"}
_STAGES = {
    "potential": "known, but never bought",
    "buyer": "bought once",
    "repeat": "bought again",
    "regular": "has the habit: three times or more",
    "adherent": "buys such things here only",
    "advocate": "recommends the shop to others",
    "vip": "so dear that the head of the shop knows them",
    "black-list": "owes money or did harm: left alone",
    "lost": "bought once, and stopped",
}
_FAULTS = {
    "bounced": "letters to it came back for good",
    "mistyped": "its domain is a slip of a well-known one",
    "old": "it showed no life for long",
    "unknown": "nobody knows when it last showed life",
}
_DURATIONS = {"30 days": "", "90 days": "", "180 days": "", "365 days": ""}
_SEXES = {"f": "women", "m": "men"}


def vocabulary(project: Project, engine: Engine) -> Vocabulary:
    """All that may be written. A file of config/ that can't be meant adds no words; `winback check` says what is wrong with it."""
    readers: dict[str, Callable[[], Meant]] = {
        "lapsed": lambda: {name: business.title for name, business in businesses.read(project).items()},
        "sign": lambda: _signs(project),
        "reason": lambda: {word: reason.title for word, reason in reasons.read(project).reasons.items()},
        "manager": lambda: {name: each.email for name, each in sender.read(project).senders.items()},
        "country": lambda: dict.fromkeys(sorted(policy.read(project).countries), ""),
        "name": lambda: _columns(project),
    }
    known: dict[str, Meant] = {word: _read(read) for word, read in readers.items()}
    with database.reading(engine) as connection:
        seen = seen_words.newest(connection)
    known |= {
        "worth_it": dict.fromkeys(project.names("campaigns"), ""),
        "lists": dict.fromkeys(sorted(path.name for path in project.config("lists").glob("*") if path.is_file()), ""),
        "locale": {**dict.fromkeys(project.settings.locales, ""), **seen.locales},
        "currency": dict.fromkeys((project.settings.currency, *project.settings.rates), ""),
        "country": {**known["country"], **seen.countries},
        "city": seen.cities,
        "tag": seen.tags,
        "sex": _SEXES,
        "reachable_by": dict.fromkeys(map(str, project.settings.channels), ""),
        **dict.fromkeys(("within", "contacted_within", "returned_within"), _DURATIONS),
    }
    return Vocabulary(schemas.schema("cohort"), _MEANINGS, known)


_MEANINGS: Mapping[str, Meant] = {
    "": {**cohort_words.FIELDS, **cohort_words.PARTS},
    **dict.fromkeys(("rules", "all", "any", "not"), cohort_words.WORDS),
    "exclude": cohort_words.EXCLUDES,
    "order_by": cohort_words.ORDERS,
    "value": _VALUES,
    "regularity": _REGULARITY,
    "stage": _STAGES,
    "addresses": _FAULTS,
}


def _signs(project: Project) -> Meant:
    thresholds = signs.read(project)
    return {str(sign): signs.describe(sign, thresholds) for sign in Sign}


def _columns(project: Project) -> Meant:
    """The shop's own columns, by the names that sources.yaml gives them."""
    return {
        name: f"the column {column.column} of {where}{f', {column.kind}s' if column.kind else ''}"
        for where, each in source.read(project).value.sources.items()
        if each.customers is not None
        for name, column in each.customers.custom.items()
    }


def _read(read: Callable[[], Meant]) -> Meant:
    try:
        return read()
    except Refused:
        return {}
