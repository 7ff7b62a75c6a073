"""One field of a customer's card, read: a name with its blanks and capitals mended where it certainly is one, else why it isn't.

Nothing is inflected that hasn't passed here: one word, letters only, of the language's own alphabet, and no word that isn't a name.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from winback.letters import apostrophes
from winback.letters.names import nobody
from winback.letters.names.doubt import Doubt

_LATIN = "a-zß-öø-ÿ\u0100-\u017f\u01ce-\u01dc\u0218-\u021b\u1e00-\u1eff"
_ALPHABETS = {
    "en": _LATIN,
    "ro": _LATIN,  # Hungarian and German names are at home there
    "uz": _LATIN,
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "mn": "абвгдеёжзийклмноөпрстуүфхцчшщъыьэюя",
}
_VOWELS = frozenset("aeiouyæøœаеєиіїоуюяёыэөү")
_NOT_GIVEN = {  # endings of family names and patronymics that no given name of the language has
    "en": re.compile(r"\w\w(?:enko|escu|chuk)$"),
    "uk": re.compile(r"\w\wенко$|\w\w\w[сцз]ьк(?:ий|а)$|\w\wчук$|\w\w\wюк$|\w{5}[оє]ва?$|[оєй]вич$|[ії]вна$"),
    "ru": re.compile(r"\w\wенко$|\w\w\w[сц]к(?:ий|ая)$|\w\wчук$|\w{4}[оеё]ва?$|вич$|вна$|нична$"),
    "ro": re.compile(r"\w\w(?:escu|eanu|așcu|enko|ciuc)$"),
    "uz": re.compile(r"\w{4}[oe]va?$|ovich$|evich$|ovna$|evna$"),
    "mn": re.compile(r"\w\w\w(?:ийн|ын)$"),
}
_TRUE_CEDILLAS = str.maketrans("ŞşŢţ", "ȘșȚț")  # code pages had nothing better for Romanian
_INNER_CAPITAL = re.compile(r"[A-Z][a-z]+[A-Z][a-z]+")  # DeShawn, McKenzie
_FIRST_LETTERS = re.compile(r"^\w|(?<=-)\w")
_AFTER_PARTICLE = re.compile(r"(?<=^[OD]’)\w")  # O’Neil, D’Angelo; but O’tkir where it is written so
_SIGNS_INSIDE = f"{apostrophes.APOSTROPHE}{apostrophes.TURNED_COMMA}{apostrophes.TUTUQ}"
_WORD = {locale: re.compile(f"[{letters}]+(?:[{_SIGNS_INSIDE}-][{letters}]+)*{apostrophes.TURNED_COMMA}?") for locale, letters in _ALPHABETS.items()}
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Field:
    """A name that can be used, or why there is none. Neither: the field is empty."""

    name: str = ""
    doubt: Doubt | None = None


@lru_cache(maxsize=16384)
def read(written: str, locale: str, *, given: bool = True) -> Field:
    """A field of the card, for a letter in that language; `given`: family names and patronymics are out of place here."""
    text = _tidied(written, locale)
    if not text:
        return Field()
    small = text.lower()
    doubt = _doubt(small, locale) or (Doubt.NOT_GIVEN if given and _NOT_GIVEN[locale].search(small) else None)
    return Field(doubt=doubt) if doubt else Field(_capitals(text, small))


def _tidied(written: str, locale: str) -> str:
    """Without blanks around it and what can't be seen inside, with the language's own apostrophes."""
    visible = "".join(character for character in written if unicodedata.category(character) != "Cf")
    text = apostrophes.in_name(" ".join(visible.split()), locale)
    return text.translate(_TRUE_CEDILLAS) if locale == "ro" else text


def _doubt(small: str, locale: str) -> Doubt | None:
    words = re.findall(r"[^\W\d_]+", small)
    if "@" in small or re.search(r"\bwww\.|\.(?:com|net|org|ua|ru|ro|uz|mn|md)\b", small):
        return Doubt.E_MAIL
    if small in nobody.LEGAL_FORMS or any(nobody.is_company(word) for word in words):
        return Doubt.COMPANY
    if re.fullmatch(r"[^\W\d_]|(?:[^\W\d_]{1,2}\.[ -]?)+(?:[^\W\d_]+)?", small):
        return Doubt.INITIALS
    if nobody.is_nobody(small):
        return Doubt.NOBODY
    if " " in small:
        return Doubt.SEVERAL_WORDS
    return _doubt_of_word(small, words, locale)


def _doubt_of_word(small: str, words: list[str], locale: str) -> Doubt | None:
    if not words or re.search(rf"[^\w{_SIGNS_INSIDE}-]|[\d_]", small):
        return Doubt.NOT_LETTERS
    letters = re.sub(f"[{_SIGNS_INSIDE}]", "", "".join(words))
    if doubt := _doubt_of_script(letters, locale):
        return doubt
    if not _WORD[locale].fullmatch(small):
        return Doubt.NOT_LETTERS
    if len(small) > _LONGEST or re.search(r"(.)\1\1", small) or _VOWELS.isdisjoint(unicodedata.normalize("NFD", small)):
        return Doubt.UNREADABLE
    return None


def _doubt_of_script(letters: str, locale: str) -> Doubt | None:
    if re.fullmatch(f"[{_ALPHABETS[locale]}]+", letters):
        return None
    scripts = {unicodedata.name(letter, "UNKNOWN").partition(" ")[0] for letter in letters}
    if len(scripts) > 1:
        return Doubt.MIXED_SCRIPTS
    own = "LATIN" if _ALPHABETS[locale] is _LATIN else "CYRILLIC"
    return Doubt.OTHER_ALPHABET if scripts == {own} else Doubt.OTHER_SCRIPT


def _capitals(text: str, small: str) -> str:
    """The name with its capitals: as written where they are meant (McKenzie), else one at the beginning of each part."""
    if _INNER_CAPITAL.fullmatch(text):
        return text
    name = _FIRST_LETTERS.sub(lambda first: first[0].upper(), small)
    one_case = text in {small, text.upper()}
    return _AFTER_PARTICLE.sub(lambda first: first[0].upper() if one_case else text[first.start()], name)
