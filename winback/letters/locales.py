"""Languages: which one a customer is written to in, its names in the world of Babel and of BCP 47, and its catalogue of sentences."""

from __future__ import annotations

import codecs
import gettext
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from babel import Locale, localedata
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from winback.errors import Problem, TemplateError
from winback.letters import apostrophes, po
from winback.letters.po import Po
from winback.letters.wording import SOURCE

ANY = "*"
"""The key of settings.yaml's `locales:` for customers whose language is unknown or not listed."""

_OTHER_NAMES = {  # country codes, retired codes, and those of three letters that shops' files hold
    **dict.fromkeys(["ua", "ukr"], "uk"),
    **dict.fromkeys(["mo", "md", "ron", "rum", "mol"], "ro"),
    **dict.fromkeys(["rus"], "ru"),
    **dict.fromkeys(["uzb"], "uz"),
    **dict.fromkeys(["mon", "khk"], "mn"),
    **dict.fromkeys(["eng", "gb", "us"], "en"),
}
_OF_COUNTRY = {
    **dict.fromkeys(["GB", "IE", "US", "CA", "AU", "NZ"], "en"),
    **dict.fromkeys(["RO", "MD"], "ro"),
    "UA": "uk",
    "UZ": "uz",
    "MN": "mn",
    "RU": "ru",
}
_SCRIPTS = {"uz": "uz-Latn"}  # where the language alone doesn't say which letters are read

Key: TypeAlias = tuple[str | None, str]
"""A sentence as templates write it: its context, and its (singular) English text."""
NewCatalogue: TypeAlias = Catalog
"""Babel's own object, for gathering and merging sentences."""

_COUNTED = range(1001)  # plural rules look at the last two digits
_UNSTEADY = ('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By', '"Last-Translator', '"Report-Msgid', '"Project-Id', '"Language-Team')


def choose(stored: str, country: str, chains: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Languages that a customer's letter may be in, best first: the chain of their own language, else of `*`.

    Only of a customer whose language isn't known their country's is taken: who speaks Mongolian in London isn't written to in English.

    `stored` is as the shop keeps it: "uk", "UA", "ru_RU", "ro-MD"; the most exact key of `chains` wins, and a country makes a language
    more exact: `ru-UA` is for who speaks Russian in Ukraine. Empty when nothing fits.
    """
    return _chain(stored.strip() or _OF_COUNTRY.get(country.upper(), ""), country, {key.lower(): chain for key, chain in chains.items()})


def _chain(spoken: str, country: str, known: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return next((known[candidate] for candidate in (*_exactness(spoken, country), ANY) if candidate in known), ())


def _exactness(spoken: str, country: str) -> Iterable[str]:
    """`ro_MD` -> ro-md, ro; `uz-Cyrl` of a customer in Uzbekistan -> uz-cyrl-uz, uz-cyrl, uz-uz, uz."""
    language, *parts = spoken.lower().replace("_", "-").split("-")
    language = _OTHER_NAMES.get(language, language)
    script = [part for part in parts if len(part) == 4]
    region = [part for part in parts if len(part) != 4] or ([country.lower()] if country else [])
    for kept in ([*script, *region], script, region, []):
        yield "-".join((language, *kept))


def zone_cities() -> dict[str, dict[str, str]]:
    """By language that we know of, what it calls the cities that time zones are named after: Europe/Kiev (CLDR keeps old names) -> Київ."""
    read = {language: localedata.load(language)["time_zones"] for language in sorted({*_OF_COUNTRY.values()})}
    return {language: {zone: told["city"] for zone, told in zones.items() if "city" in told} for language, zones in read.items()}


def own_name(language: str) -> str:
    """What a language is called in itself, as a list shows it: Українська."""
    tag = babel_name(language)
    name = (Locale.parse(tag).get_display_name(tag) or language).partition(" (")[0]
    return apostrophes.printed(name[:1].upper() + name[1:], language)


def language_tag(locale: str) -> str:
    """The BCP 47 tag for `lang=` and Content-Language."""
    return _SCRIPTS.get(locale, locale.replace("_", "-"))


@lru_cache(maxsize=1024)
def babel_name(locale: str, country: str = "") -> str:
    """What Babel calls the language of somebody in that country: uk_UA, ro_MD, uz_Latn_UZ; without the country where CLDR knows no such pair.

    Babel's own parser raises for ru_UZ, takes `mo` for ro_RO, and finds no way from uz_UZ to uz_Latn.
    """
    language = _SCRIPTS.get(locale, locale).replace("-", "_")
    regional = f"{language}_{country.upper()}"
    return regional if re.fullmatch("[A-Za-z]{2}", country) and localedata.exists(regional) else language


@dataclass(frozen=True, slots=True)
class Translation:
    """What a catalogue holds for one sentence."""

    forms: tuple[str, ...]  # one, or as many as are written; empty text where nothing is yet
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
    forms_of_one: frozenset[int] = frozenset()  # for the number 1 and no other: in Uzbek and Romanian, not in Ukrainian with its 21
    plural_fault: Problem | None = None  # the file counts by another language's rule
    obsolete: tuple[tuple[str, int], ...] = ()  # sentences kept as #~, with their lines

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
    """The sentences of one language, their apostrophes as it prints them. Raises TemplateError when there is no such file, or it isn't a catalogue."""
    return _catalogue(_content(path, locale, shown), locale, shown)


@lru_cache(maxsize=64)
def _catalogue(content: bytes, locale: str, shown: str) -> Catalogue:
    """Kept by what the file says: a campaign opens its letters anew at each turn, and hardly ever are there other sentences in them."""
    found = _understood(content, locale, shown)
    translations = {
        (entry.context, entry.text): Translation(
            tuple(apostrophes.printed(form, locale) for form in entry.forms), entry.plural, entry.fuzzy, entry.line
        )
        for entry in found.entries
        if not entry.obsolete
    }
    rule = Catalog(locale=locale)
    plural = gettext.c2py(rule.plural_expr)
    numbers = [plural(number) for number in _COUNTED]
    return Catalogue(
        locale=locale,
        file=shown,
        translations=translations,
        plural_forms=rule.num_plurals,
        plural=plural,
        forms_of_one=frozenset({plural(1)}) if numbers.count(plural(1)) == 1 else frozenset(),
        plural_fault=_plural_fault(found, rule, shown),
        obsolete=tuple((entry.text, entry.line) for entry in found.entries if entry.obsolete),
    )


def open_catalogue(path: Path, locale: str, shown: str) -> NewCatalogue:
    """The same, for merging, with the plural rule of its language; a sentence with too many or too few forms is marked fuzzy."""
    content = _content(path, locale, shown)
    _understood(content, locale, shown)
    rule = Catalog(locale=locale)
    content = re.sub(rb"nplurals *= *[0-9]+", b"nplurals=9", content, count=1)  # no sentence has more, and none is cut
    catalog = read_po(io.BytesIO(content.removeprefix(codecs.BOM_UTF8)), locale=locale, domain="letters", charset="utf-8")
    catalog.mime_headers = [("Language", locale), ("Plural-Forms", rule.plural_forms.rstrip(";"))]
    for message in catalog:
        if message.pluralizable and isinstance(message.string, tuple | list):
            written = tuple(message.string)
            message.string = (*written, *[""] * rule.num_plurals)[: rule.num_plurals]
            if any(written[rule.num_plurals :]):
                message.flags.add("fuzzy")
        message.string = _printed(message.string or "", locale)
    return catalog


def new_catalogue(locale: str | None) -> NewCatalogue:
    """An empty catalogue; without a locale, the one that all languages are merged from."""
    return Catalog(locale=locale, project="letters", version="1", charset="utf-8", fuzzy=False, header_comment="# Sentences of letters and pages.")


def catalogue_text(catalog: NewCatalogue) -> str:
    """A catalogue's file, so that the same sentences make the same one: in the order they are sent, unwrapped, without times."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=0, ignore_obsolete=True, include_lineno=False)
    lines = buffer.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(_UNSTEADY))


def write_catalogue(path: Path, catalog: NewCatalogue) -> None:
    """Write it as `catalogue_text` has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(catalogue_text(catalog), encoding="utf-8")


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


def _content(path: Path, locale: str, shown: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        how = f"Run `winback translate update {locale}` and fill it in."
        raise TemplateError(Problem(shown, None, "there is no catalogue for this language.", how)) from error


def _understood(content: bytes, locale: str, shown: str) -> Po:
    found = po.read(content, shown)
    language = found.header.get("language", "")
    if language and next(iter(_exactness(language, "")), "").partition("-")[0] != locale:
        message = f"it says that its language is {language}, and it lies in the folder of {locale}."
        raise TemplateError(Problem(shown, found.header_lines["language"], message, f"Write Language: {locale}, or put the right file here."))
    return found


def _plural_fault(found: Po, rule: Catalog, shown: str) -> Problem | None:
    """Plural-Forms of another language: the forms would be taken for other numbers than they were written for."""
    written = found.header.get("plural-forms")
    if written is None:
        return None
    parts = re.fullmatch(r"nplurals *= *([0-9]+) *; *plural *= *(.+?);?", written)
    try:
        counts = gettext.c2py(parts[2]) if parts and int(parts[1]) == rule.num_plurals else None
    except ValueError:
        counts = None
    own = gettext.c2py(rule.plural_expr)
    if counts is not None and all(counts(number) == own(number) for number in _COUNTED):
        return None
    how = f"Write Plural-Forms: {rule.plural_forms.rstrip(';')}; or run `winback translate update {rule.locale_identifier}`."
    return Problem(shown, found.header_lines["plural-forms"], f"its Plural-Forms are not those of {rule.locale_identifier}.", how)


def _printed(text: str | tuple[str, ...] | list[str], locale: str) -> str | tuple[str, ...]:
    return apostrophes.printed(text, locale) if isinstance(text, str) else tuple(apostrophes.printed(form, locale) for form in text)
