"""Languages: which one a customer is written to in, how it writes days, numbers and money, and its catalogue of sentences.

The only importer of Babel.
"""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeAlias

from babel import Locale, numbers
from babel.dates import format_date, format_skeleton
from babel.messages import Catalog, Message
from babel.messages.pofile import PoFileError, read_po, write_po

from winback.errors import Problem, TemplateError
from winback.letters.wording import SOURCE

ANY = "*"
"""The key of settings.yaml's `locales:` for customers whose language is unknown or not listed."""

_OTHER_NAMES = {"ua": "uk", "mo": "ro"}  # country codes and retired codes that shops' files hold
_OF_COUNTRY = {"UA": "uk", "RO": "ro", "MD": "ro", "UZ": "uz", "MN": "mn", "RU": "ru", "GB": "en", "IE": "en", "US": "en", "CA": "en", "AU": "en"}
_SCRIPTS = {"uz": "uz-Latn"}  # where the language alone doesn't say which letters are read
_LETTERS_BEFORE_DIGITS = re.compile(r"(?<=[^\W\d_])(?=\d)")  # UAH 250, where the symbol of a currency is its code
_NO_SMALL_COINS = frozenset({"UZS", "MNT"})  # tiyin and möngö are in ISO 4217, and in nobody's purse

Key: TypeAlias = tuple[str | None, str]
"""A sentence as templates write it: its context, and its (singular) English text."""
NewCatalogue: TypeAlias = Catalog
"""Babel's own object, for gathering and merging sentences."""

_UNSTEADY = ('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By', '"Last-Translator', '"Report-Msgid', '"Project-Id', '"Language-Team')


def choose(stored: str, country: str, chains: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Languages that a customer's letter may be in, best first: the chain of their own language, else of `*`.

    Only of a customer whose language isn't known their country's is taken: who speaks Mongolian in London isn't written to in English.

    `stored` is as the shop keeps it: "uk", "UA", "ru_RU", "ro-MD"; the most exact key of `chains` wins. Empty when nothing fits.
    """
    known = {key.lower(): chain for key, chain in chains.items()}
    spoken = stored.strip() or _OF_COUNTRY.get(country.upper(), "")
    for candidate in (*_exactness(spoken), ANY):
        if candidate in known:
            return known[candidate]
    return ()


def _exactness(stored: str) -> Iterable[str]:
    """`ro_MD` -> ro-md, ro."""
    parts = stored.strip().lower().replace("_", "-").split("-")
    language = _OTHER_NAMES.get(parts[0], parts[0])
    for length in range(len(parts), 0, -1):
        yield "-".join((language, *parts[1:length]))


def language_tag(locale: str) -> str:
    """The BCP 47 tag for `lang=` and Content-Language."""
    return _SCRIPTS.get(locale, locale.replace("_", "-"))


@lru_cache(maxsize=4096)
def write_date(value: date, *, locale: str) -> str:
    """Day, month and year: 6 December 2026."""
    return format_date(value, "long", locale=locale)


@lru_cache(maxsize=4096)
def write_day(value: date, *, locale: str) -> str:
    """Day and month, for days that are near: 6 December."""
    return format_skeleton("MMMMd", value, locale=locale)


@lru_cache(maxsize=4096)
def write_number(value: float | Decimal, *, locale: str) -> str:
    return numbers.format_decimal(value, locale=locale)


@lru_cache(maxsize=4096)
def write_money(value: float | Decimal, currency: str, *, locale: str) -> str:
    """An amount with its currency as the language writes it; without decimals where it is whole, or nobody has such coins."""
    if currency in _NO_SMALL_COINS:
        return numbers.format_currency(value, currency, format="#,##0\xa0¤", locale=locale, currency_digits=False)
    usual = Locale.parse(locale).currency_formats["standard"].pattern
    whole = value == int(value)
    written = numbers.format_currency(value, currency, format=usual.replace(".00", "") if whole else usual, locale=locale, currency_digits=not whole)
    return _LETTERS_BEFORE_DIGITS.sub("\xa0", written)


def filters(locale: str) -> dict[str, Callable[..., str]]:
    """What templates write values with: `{{ offer.ends_on | day }}`."""
    return {
        "date": partial(write_date, locale=locale),
        "day": partial(write_day, locale=locale),
        "number": partial(write_number, locale=locale),
        "money": partial(write_money, locale=locale),
    }


@dataclass(frozen=True, slots=True)
class Translation:
    """What a catalogue holds for one sentence."""

    forms: tuple[str, ...]  # one, or as many as the language has plural forms; empty text where nothing is written yet
    plural_source: str | None  # the English plural, None for a plain sentence
    fuzzy: bool  # guessed from a similar sentence, not yet confirmed
    line: int | None


@dataclass(frozen=True)
class Catalogue:
    """templates/locales/<locale>/LC_MESSAGES/letters.po, read."""

    locale: str
    file: str
    translations: Mapping[Key, Translation]
    plural_forms: int
    plural: Callable[[int], int]  # number -> index of the form

    def gettext(self, message: str) -> str:
        return self._forms(None, message)[0]

    def ngettext(self, singular: str, plural: str, count: int) -> str:  # noqa: ARG002  # Jinja passes the English plural too
        return self._forms(None, singular)[self.plural(count)]

    def pgettext(self, context: str, message: str) -> str:
        return self._forms(context, message)[0]

    def npgettext(self, context: str, singular: str, plural: str, count: int) -> str:  # noqa: ARG002  # as above
        return self._forms(context, singular)[self.plural(count)]

    def _forms(self, context: str | None, message: str) -> tuple[str, ...]:
        return self.translations[context, message].forms


def read_catalogue(path: Path, locale: str, shown: str) -> Catalogue:
    """The sentences of one language. Raises TemplateError when there is no such file or it isn't a catalogue."""
    catalog = open_catalogue(path, locale, shown)
    translations = {(message.context, _singular(message)): _translation(message) for message in catalog if message.id}
    return Catalogue(locale, shown, translations, catalog.num_plurals, gettext.c2py(catalog.plural_expr))


def open_catalogue(path: Path, locale: str, shown: str) -> NewCatalogue:
    """The same, for merging."""
    try:
        return read_po(io.BytesIO(path.read_bytes()), locale=locale, domain="letters", abort_invalid=True)
    except FileNotFoundError as error:
        how = f"Run `winback translate update {locale}` and fill it in."
        raise TemplateError(Problem(shown, None, "there is no catalogue for this language.", how)) from error
    except PoFileError as error:
        raise TemplateError(Problem(shown, error.lineno + 1, f"it can't be read as a catalogue: {error}.", "Mend the quotes.")) from error


def new_catalogue(locale: str | None) -> NewCatalogue:
    """An empty catalogue; without a locale, the one that all languages are merged from."""
    return Catalog(locale=locale, project="letters", version="1", charset="utf-8", fuzzy=False, header_comment="# Sentences of letters and pages.")


def write_catalogue(path: Path, catalog: NewCatalogue) -> None:
    """Write it so that the same sentences make the same file: in the order they are sent, unwrapped, without times."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=0, ignore_obsolete=True, include_lineno=False)
    lines = buffer.getvalue().decode().splitlines(keepends=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line for line in lines if not line.startswith(_UNSTEADY)), encoding="utf-8")


def untranslated() -> Catalogue:
    """The source language: every sentence is its own translation."""
    return _Source(SOURCE, "", {}, 2, lambda count: int(count != 1))


class _Source(Catalogue):
    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return singular if count == 1 else plural

    def npgettext(self, context: str, singular: str, plural: str, count: int) -> str:  # noqa: ARG002  # the source language needs no context
        return singular if count == 1 else plural

    def _forms(self, context: str | None, message: str) -> tuple[str, ...]:  # noqa: ARG002  # as above
        return (message,)


def _singular(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _translation(message: Message) -> Translation:
    forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    plural = None if isinstance(message.id, str) else message.id[1]
    return Translation(tuple(form or "" for form in forms), plural, message.fuzzy, message.lineno)
