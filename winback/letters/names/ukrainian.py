"""Вітаємо, Олено! - Ukrainian calls people in the vocative, given name and patronymic (shevchenko-py, by the 2019 orthography)."""

from __future__ import annotations

import re
from functools import lru_cache

import shevchenko

from winback.letters.names import field, sexes
from winback.letters.names.address import Address, Card, Case
from winback.letters.names.doubt import Doubt, Doubtful
from winback.letters.names.ukrainian_names import BY_HEART, ENDING_AS_WOMEN, MEN, WOMEN

_PATRONYMICS = {"m": re.compile(r"[оє]вич$|(?:ілліч|лукич|кузьмич|хомич|савич|яремич)$"), "f": re.compile(r"[ії]вна$|(?:іллінична|яремична)$")}
_RUSSIAN_FORM = re.compile(r"(?:ей|ий|ия|ья|рь|вь)$|^(?:павел|пётр)$")  # Сергей, Дмитрий, Мария, Наталья, Игорь in Ukrainian letters
_OWN_IN_EI = frozenset({"мойсей", "єлисей", "овсей", "фадей", "тадей", "варфоломей"})
_GENDERS = {"m": shevchenko.MASCULINE, "f": shevchenko.FEMININE}
_CASES = {Case.GENITIVE: shevchenko.in_genitive, Case.DATIVE: shevchenko.in_dative}


def address(card: Card) -> Address:
    given = field.read(card.given, "uk")
    patronymic, told, doubts = _patronymic(card.patronymic)
    sex, sex_doubts = sexes.agreed(card.sex, told)
    called = _vocative(given.name, sex)
    doubt = _doubt(given.name, sex) if given.name and sex else None
    if not given.name:
        doubts = (Doubtful("given_name", given.doubt or Doubt.NO_NAME), *doubts)
    elif doubt:
        sex, doubts = "", (*doubts, Doubtful("given_name", doubt))
    else:
        doubts += sex_doubts
    respected = {"f": "Шановна", "m": "Шановний"}.get(sex)
    full = f"{called} {_inflected(sex, patronymic_name=patronymic)}" if called and patronymic and sex == told else called
    return Address(
        neutral=f"Вітаємо, {called}!" if called else "Вітаємо!",
        formal=f"{respected} {full}!" if called and respected else f"Доброго дня, {called}!" if called else "Доброго дня!",
        friendly=f"Привіт, {called}!" if called else "Привіт!",
        given=given.name if called else "",
        called=called,
        sex=sex if called else "",
        doubts=doubts,
    )


@lru_cache(maxsize=8192)
def in_case(name: str, sex: str, case: Case) -> str:
    """The name in an oblique case; empty where the sex isn't known, or the name doesn't follow the rules."""
    rules = _rules_for(name) or sex
    if not name or not rules or name.lower() in BY_HEART:
        return ""
    (inflected,) = _CASES[case](gender=_GENDERS[rules], given_name=name).values()
    return str(inflected)


def _patronymic(written: str) -> tuple[str, str, tuple[Doubtful, ...]]:
    """The patronymic where it is a whole Ukrainian one, and the sex it tells: no initials, no Николаевич."""
    name = field.read(written, "uk", given=False).name
    told = sexes.told_by(name, _PATRONYMICS)
    return (name, told, ()) if told else ("", "", (Doubtful("patronymic", Doubt.NOT_PATRONYMIC),) if written.strip() else ())


@lru_cache(maxsize=8192)
def _vocative(name: str, sex: str) -> str:
    """The name as it is called out: Олено, Андрію. The plain form when the inflection is in doubt, empty when more is.

    Of unknown sex only names count that are certainly known: another word may be anything, a company too. Where the ending of a name
    speaks for the other sex (Шахло, a woman), the rules of either are wrong for it.
    """
    if called := BY_HEART.get(name.lower()):
        return called if sex else ""
    if name and (rules := _rules_for(name)):
        return _inflected(rules, given_name=name)
    if not name or not sex:
        return ""
    return name if _doubt(name, sex) else _inflected(sex, given_name=name)


@lru_cache(maxsize=8192)
def _doubt(name: str, sex: str) -> Doubt | None:
    """Why the name and that sex don't go together: it is another language's, or speaks for the other sex."""
    small = name.lower()
    if (_RUSSIAN_FORM.search(small) and small not in _OWN_IN_EI) or (sex == "m" and "-" in name):  # Жан-Поль: one part or both?
        return Doubt.FOREIGN_FORM
    if small in BY_HEART or (sex == "m" and small in ENDING_AS_WOMEN):
        return None
    return None if shevchenko.detect_gender(given_name=name) in {None, _GENDERS[sex]} else Doubt.SEX_CONTRADICTED


def _rules_for(name: str) -> str:
    """The sex by whose rules a well-known name is inflected, whoever bears it; empty for other names."""
    small = name.lower()
    if small in ENDING_AS_WOMEN or set(small.split("-")) <= WOMEN:
        return "f"
    return "m" if small in MEN else ""


@lru_cache(maxsize=8192)
def _inflected(sex: str, **name: str) -> str:
    """One name in the vocative."""
    (called,) = shevchenko.in_vocative(gender=_GENDERS[sex], **name).values()
    return str(called)
