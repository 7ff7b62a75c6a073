"""Bună ziua, Ioana! - formal letters call by the family name, Stimată doamnă Popescu, which takes a sex that is certain."""

from __future__ import annotations

import unicodedata

from winback.letters.names import field, sexes
from winback.letters.names.address import Address, Card
from winback.letters.names.doubt import Doubt, Doubtful

_MEN_IN_A = frozenset(
    """
    attila barna bela costea costica csaba danila dima gica gyula horia horea ica iga ilia ionica luca mihnea mircea mitica nichita nikita nica oprea
    petrea sandea sasa sava sima toma vanea vania voicila vlaicila zaharia
""".split()
)
_MEN = frozenset(
    """
    adrian alexandru alin andrei anton aurel bogdan calin catalin cezar ciprian claudiu constantin corneliu cornel cosmin costel costin cristian
    cristi dan daniel darius david denis dinu dorel dorin dragos dumitru eduard emanuel emil eugen fabian felix filip florentin florian florin
    gabriel george gheorghe grigore horatiu iacob ilie ioan ion ionel ionut iosif iulian iuliu laurentiu leonard liviu lucian marcel marian marin
    marius matei mihai mihail nelu nicolae nicu octavian ovidiu paul pavel petre petru radu rares razvan remus robert romeo romulus rudolf sebastian
    sergiu silviu simion sorin stefan stelian teodor tiberiu traian tudor valentin valeriu vasile victor viorel virgil vlad vladimir
""".split()
)


def address(card: Card) -> Address:
    given, family = field.read(card.given, "ro"), field.read(card.family, "ro", given=False)
    sex, doubts = sexes.agreed(card.sex)
    if not given.name and not family.name:
        doubts = ()
    if sex and _speaks_for(given.name) not in {"", sex}:
        sex, doubts = "", (Doubtful("given_name", Doubt.SEX_CONTRADICTED),)
    if family.doubt:
        doubts = (Doubtful("family_name", family.doubt), *doubts)
    swapped = given.doubt is Doubt.NOT_GIVEN  # then the family name is somebody's given name
    if not given.name:
        doubts = (Doubtful("given_name", given.doubt or Doubt.NO_NAME), *doubts)
    name = given.name
    neutral = f"Bună ziua, {name}!" if name else "Bună ziua!"
    title = {"f": "Stimată doamnă", "m": "Stimate domnule"}.get(sex)
    return Address(
        neutral=neutral,
        formal=f"{title} {family.name}," if title and family.name and not swapped else neutral,
        friendly=f"Bună, {name}!" if name else "Bună!",
        given=name,
        called=name,
        sex=sex,
        doubts=doubts,
    )


def _speaks_for(name: str) -> str:
    """The sex that a Romanian given name tells, with its diacritics or without; empty when it tells none."""
    plain = "".join(character for character in unicodedata.normalize("NFD", name.lower()) if not unicodedata.combining(character))
    last = plain.rpartition("-")[2]
    if last in _MEN | _MEN_IN_A:
        return "m"
    return "f" if last.endswith("a") else ""
