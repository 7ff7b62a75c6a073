"""How buttons lie below a messenger text: numbers beside each other, all others below each other."""

from __future__ import annotations

from collections.abc import Sequence

_A_ROW = 8  # core.telegram.org/bots/features#inline-keyboards: more don't fit beside each other
_SHORT = 3  # characters of a label that leaves room for others beside it


def rows(labels: Sequence[str]) -> list[list[int]]:
    """The rows, by the buttons' places."""
    laid: list[list[int]] = []
    for place, label in enumerate(labels):
        before = laid[-1] if laid else []
        if before and len(label) <= _SHORT and len(before) < _A_ROW and all(len(labels[each]) <= _SHORT for each in before):
            before.append(place)
        else:
            laid.append([place])
    return laid
