"""The definitions of "lost" that a cohort is held against: each picks as many customers as the cohort does, out of the same ones."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import numpy as np

from winback.audience import backtesting, chance, rhythm
from winback.audience.arrays import Real, Whole
from winback.audience.backtesting import Definition
from winback.audience.chance import Fitted
from winback.audience.cohort import Cohort, Rule, flat
from winback.audience.purchase_days import PurchaseDays

SILENCE_WORDS = frozenset({"days_since_last_order", "not_bought_since", "last_order", "lapsed", "overdue", "chance_lost", "sign", "recency", "stage"})
"""Conditions that say how long somebody has been silent; the others say who is meant at all."""


class Lost(StrEnum):
    """What makes a customer lost."""

    RULES = "rules"  # the cohort's rules as written
    SILENCE = "silence"  # the days since the last purchase, the most first
    RHYTHM = "rhythm"  # that silence in the customer's own mean gaps, the most first
    CHANCE = "chance"  # the chance of no purchase in the window, the highest first


def judged(cohort: Cohort) -> Cohort:
    """The cohort without its conditions about silence: among these customers a definition has to tell the lost from the slow.

    What stands inside `any` or `not` with such a condition goes with it, since it means nothing alone.
    """
    return cohort.model_copy(update={"rules": tuple(_lasting(cohort.rules))})


def _lasting(rules: tuple[Rule, ...]) -> Iterator[Rule]:
    for rule in rules:
        word, value = rule.said
        if word == "all" and isinstance(value, tuple):
            yield from _lasting(value)
        elif not any(part.said[0] in SILENCE_WORDS for part in flat((rule,))):
            yield rule


def side_by_side(known: PurchaseDays, cut: int, members: Whole, fitted: Fitted | None, window: int) -> tuple[Definition, ...]:
    """One definition each, over `known.customers`, the cohort's own first.

    `known`: purchase days of the customers to judge, up to the day `cut`. `members`: ids of the cohort. `window`: days after the cut
    for which the chance is told. Own rhythm is left out where nobody has one, the chance where there is none.
    """
    by_rules = np.isin(known.customers, members)
    size = int(by_rules.sum())
    rhythms = rhythm.rhythms(known, cut)
    scores: dict[Lost, Real] = {Lost.SILENCE: rhythms.silent.astype(np.float64)}
    if not np.isnan(rhythms.overdue).all():
        scores[Lost.RHYTHM] = rhythms.overdue
    if fitted is not None:
        scores[Lost.CHANCE] = chance.p_no_purchase(fitted, chance.history(known, cut, fitted.unit), window / fitted.unit.days)
    ranked = [Definition(name, backtesting.highest(score, size), score) for name, score in scores.items()]
    return (Definition(Lost.RULES, by_rules, by_rules.astype(np.float64)), *ranked)
