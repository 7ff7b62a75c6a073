"""How a person may be addressed in one language: the three lines, the name itself, and what was doubtful about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from winback.letters.names.doubt import Doubtful


class Tone(StrEnum):
    """How close the shop and the customer are."""

    NEUTRAL = "neutral"  # polite, on equal terms
    FORMAL = "formal"  # with family name or patronymic
    FRIENDLY = "friendly"  # as between acquaintances


class Case(StrEnum):
    """The form of a given name inside a sentence."""

    GENITIVE = "genitive"  # a gift for Olena: для Олени, для Елены
    DATIVE = "dative"  # to Olena: Олені, Елене


@dataclass(frozen=True, slots=True)
class Card:
    """What the shop has written down of a customer's name."""

    given: str
    patronymic: str
    family: str
    sex: str  # f, m, or anything else for unknown


@dataclass(frozen=True, slots=True)
class Address:
    """The salutations of one person, whole lines with their punctuation, and the name that stands in them."""

    neutral: str
    formal: str
    friendly: str
    given: str  # as it stands by itself: Олена; empty: no name is sure enough
    called: str  # as it is called out: Олено
    sex: str  # f or m where it is certain enough to inflect by, else empty
    doubts: tuple[Doubtful, ...]

    def line(self, tone: Tone) -> str:
        match tone:
            case Tone.FORMAL:
                return self.formal
            case Tone.FRIENDLY:
                return self.friendly
            case _:
                return self.neutral
