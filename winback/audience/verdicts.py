"""What a backtest says to the person who must choose a definition of "lost"."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from winback.audience.backtesting import Standing
from winback.audience.definitions import Lost

WORDS = {
    Lost.RULES: "the cohort's rules",
    Lost.SILENCE: "the longest silence",
    Lost.RHYTHM: "the own rhythm",
    Lost.CHANCE: "the chance of no purchase",
}
SMALL = 0.05
"""Of shares, and of areas under the curve: what one season's backtest can promise for the next."""


def best(standings: Sequence[Standing], judged: int, stayed_away: int) -> str:
    """Which definition told best, and whether that matters: one sentence. `stayed_away`: how many of the `judged`, picked or not.

    By the share of the picked that stayed away; where the rules pick everybody, by the order.
    """
    rules, *others = standings
    if stayed_away == judged:
        return f"Nobody of the {judged:,} judged ordered again, so nothing tells the definitions apart."
    if not stayed_away:
        return f"All of the {judged:,} judged ordered again, so nothing tells the definitions apart."
    if rules.picked == judged:
        return _best_order(others, judged, stayed_away)
    return _best_picks(rules, [standing for standing in others if standing.picked == rules.picked])


def _best_picks(rules: Standing, others: Sequence[Standing]) -> str:
    """Among definitions that pick as many as the rules do: a smaller group is easily more precise."""
    first = max(others, key=_stayed_away)
    gap = _stayed_away(first) - _stayed_away(rules)
    noise = sum(_stayed_away(standing) * (1 - _stayed_away(standing)) / standing.picked for standing in (first, rules))
    size = _size(abs(gap), 2 * sqrt(noise))
    if gap <= 0:
        return (
            f"None told the lost better than the cohort's rules: {_stayed_away(rules):.1%} of the {rules.picked:,} they picked stayed away, "
            f"against {_stayed_away(first):.1%} by {_word(first)}; the difference is {size}."
        )
    return (
        f"{_begin(_word(first))} told the lost best: {_stayed_away(first):.1%} of the {first.picked:,} it picked stayed away, "
        f"against {_stayed_away(rules):.1%} by the cohort's rules; the difference is {size}."
    )


def _best_order(others: Sequence[Standing], judged: int, stayed_away: int) -> str:
    first, *rest = sorted(others, key=_auc, reverse=True)
    because = "The cohort's rules leave out nobody who is judged, so only the order tells"
    if not rest:
        return f"{because}: {_word(first)} alone has one (AUC {_auc(first):.2f}; 0.5 is guessing)."
    back = judged - stayed_away
    noise = sqrt((judged + 1) / (12 * stayed_away * back))  # of an area under the curve that tells nothing: Mann & Whitney 1947
    size = _size(_auc(first) - _auc(rest[0]), 2 * noise)
    return f"{because}: {_word(first)} does it best (AUC {_auc(first):.2f}), then {_word(rest[0])} ({_auc(rest[0]):.2f}); the difference is {size}."


def of_chance(expected: float, stayed_away: float) -> str:
    """How far off the chance was for all who were judged; both are shares of them."""
    return (
        f"The chance expected {expected:.0%} of all judged to stay away, and {stayed_away:.0%} did: it puts customers in order, "
        "but seasons put it off by some points, so don't take it as exact."
    )


def _size(gap: float, luck: float) -> str:
    return "small" if gap <= max(SMALL, luck) else "large"


def _stayed_away(standing: Standing) -> float:
    return standing.precision_of_picked or 0.0


def _auc(standing: Standing) -> float:
    return standing.auc or 0.0


def _word(standing: Standing) -> str:
    return WORDS[Lost(standing.name)]


def _begin(words: str) -> str:
    return words[:1].upper() + words[1:]
