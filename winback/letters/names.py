"""How a letter addresses its reader: by name where the name is certainly one, in the form that the language asks for, else without.

A mistake in the name turns a letter into a trick; a greeting without a name is only a greeting. So doubt takes away from the name:
first the inflection, then the name itself.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache

import shevchenko

from winback.model import Person


class Tone(StrEnum):
    """How close the shop and the customer are."""

    NEUTRAL = "neutral"  # polite, on equal terms
    FORMAL = "formal"  # with family name or patronymic
    FRIENDLY = "friendly"  # as between acquaintances


_ALPHABETS = {"en": "a-zß-öø-ÿ\u0100-\u017f\u0218-\u021b", "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"}
_VOWELS = frozenset("aeiouyæøœаеєиіїоуюя")
_NO_NAMES = frozenset({  # what stands in name fields and is nobody's name
    "admin", "client", "customer", "guest", "info", "mail", "manager", "mister", "misses", "name", "none", "null", "office", "order",
    "sales", "shop", "test", "tester", "unknown", "user", "адміністратор", "бухгалтер", "гість", "директор", "замовник", "кафе", "клієнт",
    "магазин", "менеджер", "невідомо", "немає", "офіс", "покупець", "пошта", "ресторан", "склад", "тест", "тов", "фоп",
})  # fmt: skip
_APOSTROPHES = str.maketrans("'ʼ`´‘", "’’’’’")
_INNER_CAPITAL = re.compile(r"[A-Z][a-z]+[A-Z][a-z]+")  # DeShawn, McKenzie
_CAPITALS = re.compile(r"^\w|(?<=-)\w|(?<=^[od]’)\w")  # Anna-Maria, O’Neil; but Мар’яна

_RUSSIAN_FORM = re.compile(r"(?:ей|ий|ья|рь)$")  # Сергей, Дмитрий, Наталья, Игорь in a Ukrainian card
_PATRONYMICS = {"m": re.compile(r"(?:[оеє]вич|ілліч|лукич|кузьмич|хомич)$"), "f": re.compile(r"[ії]вна$")}
_GENDERS = {"m": shevchenko.MASCULINE, "f": shevchenko.FEMININE}


def salutation(person: Person, locale: str, tone: Tone = Tone.NEUTRAL) -> str:
    """The first line of a letter with its punctuation: `Hello Olena,`, `Вітаємо, Олено!`. The locale is one of `languages()`."""
    return _SALUTATIONS[locale](person, tone)


def called(person: Person, locale: str) -> str:
    """The given name as it is called out within a sentence: Олено, Olena. Empty when there is none that could be used."""
    name = usable(person.given_name, locale)
    return _ukrainian_vocative(name, _ukrainian_sex(person.sex, _ukrainian_patronymic(person.patronymic))) if locale == "uk" else name


def languages() -> frozenset[str]:
    """Languages that we can address somebody in."""
    return frozenset(_SALUTATIONS)


@lru_cache(maxsize=8192)
def usable(name: str, locale: str) -> str:
    """A name with its blanks and capitals mended, where it certainly is one in that language's letters, else empty.

    Empty for companies, e-mail addresses, initials, several words, digits and other scripts.
    """
    cleaned = unicodedata.normalize("NFC", name).translate(_APOSTROPHES)
    cleaned = "".join(character for character in cleaned if unicodedata.category(character) != "Cf").strip()
    small = cleaned.lower()
    letters = _ALPHABETS[locale]
    if not 2 <= len(small) <= 40 or not re.fullmatch(f"[{letters}]+(?:[’-][{letters}]+)*", small) or small in _NO_NAMES:
        return ""
    if _VOWELS.isdisjoint(unicodedata.normalize("NFD", small)) or re.search(r"(.)\1\1", small):
        return ""
    return cleaned if _INNER_CAPITAL.fullmatch(cleaned) else _CAPITALS.sub(lambda first: first[0].upper(), small)


def _english(person: Person, tone: Tone) -> str:
    given, family = usable(person.given_name, "en"), usable(person.family_name, "en")
    match tone:
        case Tone.FORMAL if given:
            return f"Dear {f'{given} {family}'.rstrip()},"
        case Tone.FORMAL:
            return "Good day,"
        case Tone.FRIENDLY:
            return f"Hi {given}!" if given else "Hi there!"
        case _:
            return f"Hello {given}," if given else "Hello,"


def _ukrainian(person: Person, tone: Tone) -> str:
    patronymic = _ukrainian_patronymic(person.patronymic)
    sex = _ukrainian_sex(person.sex, patronymic)
    called = _ukrainian_vocative(usable(person.given_name, "uk"), sex)
    match tone:
        case Tone.FORMAL if called and sex:
            full = f"{called} {_inflected(sex, patronymic_name=patronymic)}" if patronymic else called
            return f"{'Шановна' if sex == 'f' else 'Шановний'} {full}!"
        case Tone.FORMAL:
            return f"Доброго дня, {called}!" if called else "Доброго дня!"
        case Tone.FRIENDLY:
            return f"Привіт, {called}!" if called else "Привіт!"
        case _:
            return f"Вітаємо, {called}!" if called else "Вітаємо!"


def _ukrainian_patronymic(written: str) -> str:
    """The patronymic where it is a whole one: no initials, and an ending that only patronymics have."""
    name = usable(written, "uk")
    return name if any(ending.search(name.lower()) for ending in _PATRONYMICS.values()) else ""


def _ukrainian_sex(stored: str, patronymic: str) -> str:
    """`f` or `m` as stored or as the patronymic says; empty when neither does, or they disagree."""
    said = next((sex for sex, ending in _PATRONYMICS.items() if patronymic and ending.search(patronymic.lower())), "")
    known = {stored, said} & _GENDERS.keys()
    return known.pop() if len(known) == 1 else ""


@lru_cache(maxsize=8192)
def _ukrainian_vocative(name: str, sex: str) -> str:
    """The name as it is called out: Олено, Андрію. The plain form when the inflection is in doubt, empty when more is.

    Of unknown gender only names count that end alike for both (Олено, Сашо): another word may be anything, a company too. Where the
    ending of a name speaks for the other gender (Шахло, a woman), the rules of either are wrong for it.
    """
    if not name:
        return ""
    forms = {one: name if _RUSSIAN_FORM.search(name) else _inflected(one, given_name=name) for one in _GENDERS}
    if not sex:
        return forms["f"] if forms["f"] == forms["m"] != name else ""
    looks = shevchenko.detect_gender(given_name=name)
    return forms[sex] if looks in {None, _GENDERS[sex]} or forms["f"] == forms["m"] else name


def _inflected(sex: str, **name: str) -> str:
    """One name in the vocative (shevchenko-py, which follows the rules of the 2019 orthography)."""
    (called,) = shevchenko.in_vocative(gender=_GENDERS[sex], **name).values()
    return str(called)


_SALUTATIONS = {"en": _english, "uk": _ukrainian}
