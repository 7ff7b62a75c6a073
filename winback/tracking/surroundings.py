"""What else happened around a hit: links of the same letter within seconds, the trap, other people's letters from the same network."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from winback.tracking.addresses import TRAP

T = TypeVar("T", bound=Hashable)

SAME_MOMENT = 5.0
"""Seconds within which several links of one letter are followed together."""
MINUTE = 60.0
"""Seconds around a hit that are looked at: whoever has seen so much knows all that there is to know of it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Of a hit, what matters for others: `link_id` is None for a pixel, 0 for the link that no person sees."""

    delivery_id: int
    link_id: int | None
    at: datetime
    network: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What is around one hit, itself included."""

    links: int = 0  # different links of the letter within a moment
    is_trapped: bool = False  # it followed the link that nobody sees, or something did within a minute on the same letter
    letters: int = 0  # different letters fetched from its network within a minute


def look(seen: Sequence[Seen]) -> list[Look]:
    """What is around each of them. In any order; the answer is in theirs, and the same for the same set."""
    moments = [each.at.timestamp() for each in seen]
    letters, links, trapped = [1] * len(seen), [0] * len(seen), [False] * len(seen)
    for places in _shared({place: each.network for place, each in enumerate(seen) if each.network}):
        _count(letters, places, moments, MINUTE, [each.delivery_id for each in map(seen.__getitem__, places)])
    followed = {place: each.delivery_id for place, each in enumerate(seen) if each.link_id is not None}
    for places in _shared(followed, alone=True):
        _count(links, places, moments, SAME_MOMENT, [seen[place].link_id or 0 for place in places])
        traps = sorted(moments[place] for place in places if seen[place].link_id == TRAP)
        for place in places if traps else ():
            at = bisect_left(traps, moments[place] - MINUTE)
            trapped[place] = at < len(traps) and traps[at] <= moments[place] + MINUTE
    return [Look(many, trap, count) if many or count > 1 else _USUAL for many, trap, count in zip(links, trapped, letters, strict=True)]


_USUAL = Look(letters=1)


def _shared(sharing: Mapping[int, T], *, alone: bool = False) -> Iterator[list[int]]:
    """Places that share something; with `alone`, those too that share it with nobody."""
    together: dict[T, list[int]] = defaultdict(list)
    for place, what in sharing.items():
        together[what].append(place)
    return (places for places in together.values() if alone or len(places) > 1)


def _count(counts: list[int], places: list[int], moments: Sequence[float], within: float, what: Sequence[int]) -> None:
    """For each place, how many different things are there `within` seconds before or after it."""
    order = sorted(range(len(places)), key=lambda at: moments[places[at]])
    inside: Counter[int] = Counter()
    first = last = 0
    for at in order:
        moment = moments[places[at]]
        while last < len(order) and moments[places[order[last]]] <= moment + within:
            inside[what[order[last]]] += 1
            last += 1
        while moments[places[order[first]]] < moment - within:
            gone = what[order[first]]
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
            first += 1
        counts[places[at]] = len(inside)
