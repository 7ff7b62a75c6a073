"""Which sex a salutation may be inflected by: stored by the shop or told by the patronymic, and contradicted by neither that nor the name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from winback.letters.names.doubt import Doubt, Doubtful

KNOWN = frozenset({"f", "m"})


def told_by(patronymic: str, endings: Mapping[str, re.Pattern[str]]) -> str:
    """The sex that a patronymic ends like, by sex -> ending; empty when it ends like none."""
    return next((sex for sex, ending in endings.items() if ending.search(patronymic.lower())), "")


def agreed(*said: str) -> tuple[str, tuple[Doubtful, ...]]:
    """The sex that the card and the patronymic agree on, and the doubt when neither tells one, or each another."""
    known = KNOWN.intersection(said)
    if len(known) == 1:
        return next(iter(known)), ()
    return "", (Doubtful("patronymic", Doubt.SEX_CONTRADICTED) if known else Doubtful("sex", Doubt.SEX_UNKNOWN),)
