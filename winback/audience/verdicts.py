"""What a backtest says to the person who must choose a definition of "lost"."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from winback.audience.backtesting import Standing
from winback.audience.definitions import Lost
from winback.speech import N_, figure, said, share

WORDS = {
    Lost.RULES: N_("the cohort's rules"),
    Lost.SILENCE: N_("the longest silence"),
    Lost.RHYTHM: N_("the own rhythm"),
    Lost.CHANCE: N_("the chance of no purchase"),
}
_AT_FIRST = {
    Lost.RULES: N_("The cohort's rules"),
    Lost.SILENCE: N_("The longest silence"),
    Lost.RHYTHM: N_("The own rhythm"),
    Lost.CHANCE: N_("The chance of no purchase"),
}
"""The same where a sentence begins."""
_NONE_BETTER = N_(
    "None told the lost better than the cohort's rules: %(share)s of the %(picked)s they picked stayed away, against %(other)s by %(definition)s; "
    "the difference is %(size)s."
)
_BETTER = N_(
    "%(definition)s told the lost best: %(share)s of the %(picked)s it picked stayed away, against %(other)s by the cohort's rules; "
    "the difference is %(size)s."
)
_ONLY_ONE = N_(
    "The cohort's rules leave out nobody who is judged, so only the order tells: %(definition)s alone has one (AUC %(auc)s; 0.5 is guessing)."
)
_BEST_ORDER = N_(
    "The cohort's rules leave out nobody who is judged, so only the order tells: %(definition)s does it best (AUC %(auc)s), then %(other)s "
    "(%(other_auc)s); the difference is %(size)s."
)
_CHANCE = N_(
    "The chance expected %(expected)s of all judged to stay away, and %(stayed)s did: it puts customers in order, but seasons put it off by some "
    "points, so don't take it as exact."
)
SMALL = 0.05
"""Of shares, and of areas under the curve: what one season's backtest can promise for the next."""


def best(standings: Sequence[Standing], judged: int, stayed_away: int) -> str:
    """Which definition told best, and whether that matters: one sentence. `stayed_away`: how many of the `judged`, picked or not.

    By the share of the picked that stayed away; where the rules pick everybody, by the order.
    """
    rules, *others = standings
    if stayed_away == judged:
        return said(N_("Nobody of the %(judged)s judged ordered again, so nothing tells the definitions apart."), judged=figure(judged))
    if not stayed_away:
        return said(N_("All of the %(judged)s judged ordered again, so nothing tells the definitions apart."), judged=figure(judged))
    if rules.picked == judged:
        return _best_order(others, judged, stayed_away)
    return _best_picks(rules, [standing for standing in others if standing.picked == rules.picked])


def _best_picks(rules: Standing, others: Sequence[Standing]) -> str:
    """Among definitions that pick as many as the rules do: a smaller group is easily more precise."""
    first = max(others, key=_stayed_away)
    gap = _stayed_away(first) - _stayed_away(rules)
    noise = sum(_stayed_away(standing) * (1 - _stayed_away(standing)) / standing.picked for standing in (first, rules))
    size = _size(abs(gap), 2 * sqrt(noise))
    ours, theirs = share(_stayed_away(rules)), share(_stayed_away(first))
    if gap <= 0:
        return said(_NONE_BETTER, share=ours, picked=figure(rules.picked), other=theirs, definition=_word(first), size=size)
    best_one = said(_AT_FIRST[Lost(first.name)])
    return said(_BETTER, definition=best_one, share=theirs, picked=figure(first.picked), other=ours, size=size)


def _best_order(others: Sequence[Standing], judged: int, stayed_away: int) -> str:
    first, *rest = sorted(others, key=_auc, reverse=True)
    told = {"definition": _word(first), "auc": figure(_auc(first), 2)}
    if not rest:
        return said(_ONLY_ONE, **told)
    back = judged - stayed_away
    noise = sqrt((judged + 1) / (12 * stayed_away * back))  # of an area under the curve that tells nothing: Mann & Whitney 1947
    size = _size(_auc(first) - _auc(rest[0]), 2 * noise)
    return said(_BEST_ORDER, **told, other=_word(rest[0]), other_auc=figure(_auc(rest[0]), 2), size=size)


def of_chance(expected: float, stayed_away: float) -> str:
    """How far off the chance was for all who were judged; both are shares of them."""
    return said(_CHANCE, expected=share(expected, 0), stayed=share(stayed_away, 0))


def _size(gap: float, luck: float) -> str:
    return said(N_("small")) if gap <= max(SMALL, luck) else said(N_("large"))


def _stayed_away(standing: Standing) -> float:
    return standing.precision_of_picked or 0.0


def _auc(standing: Standing) -> float:
    return standing.auc or 0.0


def _word(standing: Standing) -> str:
    return said(WORDS[Lost(standing.name)])
