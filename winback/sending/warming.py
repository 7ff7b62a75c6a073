"""The first days of a warm-up: all letters that are due are laid out over them, those to the most recently active customers first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import accumulate

from sqlalchemy import Connection

from winback.sending import domain_groups, places
from winback.sending.places import Asking, Lane, Wait
from winback.store import paces
from winback.store.paces import Newcomers


def lay_out(
    connection: Connection, run_id: int, asking: Sequence[Asking], lanes: Mapping[str, Lane], now: datetime
) -> tuple[list[Asking], dict[int, Wait]]:
    """The letters that have, or now got, a place of today, and the waits of the others; those that nobody holds get theirs in the store.

    Whoever comes later is laid out behind them.
    """
    todays, waits = list(asking), dict[int, Wait]()
    for lane in lanes.values():
        if lane.allowance is None:
            continue
        word = places.warming(lane.terms.lane)
        newcomers = tuple(each.id for each in todays if lane.terms.lane in each.lanes and not each.has_place(word))
        if newcomers:
            found = _lay_out(connection, lane, Newcomers(run_id, newcomers, _domains(lane), now), word)
            waits |= {number: Wait(until, (word,)) for number, until in found.items() if until > now}
            todays = [replace(each, waited_for=(*each.waited_for, word)) if each.id in found else each for each in todays if each.id not in waits]
    return todays, waits


def _lay_out(connection: Connection, lane: Lane, newcomers: Newcomers, word: str) -> dict[int, datetime]:
    """When the day of each begins that a worker holds."""
    first = lane.next_place
    ranks, count = paces.ranks(connection, newcomers)
    lane.state.placed = first + count
    if count > len(ranks):
        ends = [(day, places_until - first) for day, places_until in enumerate(accumulate(lane.terms.per_day)) if day >= lane.today]
        days = {until: lane.begins(day) for day, until in ends if until > 0 or day == lane.today}
        paces.spread(connection, newcomers, days, lane.begins(len(lane.terms.per_day)), places.told([word]))
    return {number: lane.begin_of_place(first + rank) for number, rank in ranks.items()}


def _domains(lane: Lane) -> tuple[str, ...]:
    kind, _, group = lane.terms.lane.partition(":")
    return domain_groups.GROUPS.get(group, (group,)) if kind == "group" else ()
