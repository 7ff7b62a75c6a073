"""How a letter addresses its reader: by name where the name is certainly one, in the form that the language asks for, else without.

A mistake in the name turns a letter into a trick; a greeting without a name is only a greeting. So doubt takes away from the name:
first the inflection, then the name itself.
"""

from __future__ import annotations

from functools import lru_cache

from winback.letters.names import english, field, mongolian, romanian, russian, ukrainian, uzbek
from winback.letters.names.address import Address, Card, Case, Tone
from winback.letters.names.doubt import Doubt, Doubtful
from winback.model import Person

__all__ = ["Address", "Case", "Doubt", "Doubtful", "Tone", "address", "in_case", "languages", "salutation", "usable"]

_LANGUAGES = {
    "en": english.address,
    "mn": mongolian.address,
    "ro": romanian.address,
    "ru": russian.address,
    "uk": ukrainian.address,
    "uz": uzbek.address,
}
_CASES = {"ru": russian.in_case, "uk": ukrainian.in_case}


def salutation(person: Person, locale: str, tone: Tone = Tone.NEUTRAL) -> str:
    """The first line of a letter with its punctuation: `Hello Olena,`, `Вітаємо, Олено!`. The locale is one of `languages()`."""
    return address(person, locale).line(tone)


def address(person: Person, locale: str) -> Address:
    """All that a language can safely say to that person, and what is doubtful about their name."""
    return _address(locale, person.given_name, person.patronymic, person.family_name, person.sex)


def in_case(person: Person, locale: str, case: Case) -> str:
    """The given name inside a sentence: «для Олени», «для Елены», “for Olena”. Empty where the form isn't certain.

    English, Romanian, Uzbek and Mongolian put the name there as it is (pentru Ioana, Jasur uchun, Батбаяр танд).
    """
    known = address(person, locale)
    inflect = _CASES.get(locale)
    return inflect(known.given, known.sex, case) if inflect else known.given


def languages() -> frozenset[str]:
    """Languages that we can address somebody in."""
    return frozenset(_LANGUAGES)


def usable(name: str, locale: str) -> str:
    """A given name with its blanks, capitals and apostrophes mended, where it certainly is one in that language's letters, else empty."""
    return field.read(name, locale).name


@lru_cache(maxsize=16384)
def _address(locale: str, given: str, patronymic: str, family: str, sex: str) -> Address:
    return _LANGUAGES[locale](Card(given, patronymic, family, sex))
