"""The stages of many customers at once, the same as lifecycle.stage says of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from winback.audience.arrays import Whole, Words
from winback.audience.lifecycle import Lifecycle, Stage


@dataclass(frozen=True, slots=True)
class Columns:
    """What stages are decided on, a row for each customer; days as ordinals."""

    purchases: Whole
    first_on: Whole
    last_on: Whole
    recommended: Whole
    value: Words
    standing: Words  # as the staff know it: "vip", "adherent" or empty
    black_listed: Whole


def stages(facts: Columns, thresholds: Lifecycle, today: int) -> Words:
    """The `Stage` of each customer at the end of the day `today`; later words overrule earlier ones."""
    purchases, lived = facts.purchases, facts.last_on - facts.first_on
    adherent = (facts.standing == "adherent") | ((purchases >= thresholds.adherent.purchases) & (lived >= thresholds.adherent.days))
    vip = facts.standing == "vip"
    if thresholds.vip is not None:
        vip |= (facts.value == thresholds.vip.value) & (purchases >= thresholds.vip.purchases)
    found: Words = np.empty(purchases.size, dtype=object)
    found[:] = Stage.BUYER  # np.full would keep the word only
    for holds, stage_ in (
        (purchases >= thresholds.repeat, Stage.REPEAT),
        (purchases >= thresholds.regular, Stage.REGULAR),
        (adherent, Stage.ADHERENT),
        (facts.recommended >= thresholds.recommended, Stage.ADVOCATE),
        (vip, Stage.VIP),
        (today - facts.last_on >= thresholds.lost_after_days, Stage.LOST),
        (purchases == 0, Stage.POTENTIAL),
        (facts.black_listed > 0, Stage.BLACK_LIST),
    ):
        found[holds] = stage_
    return found
