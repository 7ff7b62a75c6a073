"""Assalomu alaykum, Jasur! - Uzbek in Latin letters. No gender; formal letters add the patronymic, in the Russian or the Uzbek manner."""

from __future__ import annotations

import re

from winback.letters import apostrophes
from winback.letters.names import field, sexes
from winback.letters.names.address import Address, Card
from winback.letters.names.doubt import Doubt, Doubtful

_RUSSIAN_MANNER = {"m": re.compile(r"(?:[oe]vich|ilyich|kuzmich|lukich)$"), "f": re.compile(r"(?:[oe]vna|inichna)$")}
_UZBEK_MANNER = {"oʻgʻli": "m", "oʻgli": "m", "ogʻli": "m", "ogli": "m", "ugli": "m", "ugʻli": "m", "qizi": "f", "kizi": "f"}  # passports write UGLI
_CHILD = {"m": "oʻgʻli", "f": "qizi"}


def address(card: Card) -> Address:
    given = field.read(card.given, "uz")
    patronymic, doubts = _patronymic(card)
    name = given.name
    if not name:
        doubts = (Doubtful("given_name", given.doubt or Doubt.NO_NAME), *doubts)
    full = f"{name} {patronymic}".rstrip()
    return Address(
        neutral=f"Assalomu alaykum, {name}!" if name else "Assalomu alaykum!",
        formal=f"Hurmatli {full}!" if name else "Hurmatli mijozimiz!",
        friendly=f"Salom, {name}!" if name else "Salom!",
        given=name,
        called=name,
        sex=sexes.agreed(card.sex)[0],
        doubts=doubts,
    )


def _patronymic(card: Card) -> tuple[str, tuple[Doubtful, ...]]:
    """Rustamovich, or Rustam oʻgʻli; empty when it isn't whole, or belongs to somebody of the other sex."""
    if not card.patronymic.strip():
        return "", ()
    father, _, child = apostrophes.uzbek(" ".join(card.patronymic.split())).rpartition(" ")
    sex = _UZBEK_MANNER.get(child.lower(), "")
    name = field.read(father if sex else card.patronymic, "uz", given=False).name
    whole = name and f"{name} {_CHILD[sex]}" if sex else name
    sex = sex or sexes.told_by(name, _RUSSIAN_MANNER)
    if not whole or not sex:
        return "", (Doubtful("patronymic", Doubt.NOT_PATRONYMIC),)
    if card.sex in sexes.KNOWN - {sex}:
        return "", (Doubtful("patronymic", Doubt.SEX_CONTRADICTED),)
    return whole, ()
