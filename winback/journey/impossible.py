"""Stages that could never be: conditions that can't hold or always do, days that lie elsewhere, tactics that nobody has. Each a sentence."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from winback.audience.cohort import Rule, placed
from winback.audience.ranges import Number
from winback.errors import Problem
from winback.journey.campaign import Campaign
from winback.journey.condition import Condition, Deed
from winback.journey.stage import Stage
from winback.journey.sunset import is_sunset
from winback.strictyaml import Document, Place, nearest

_OF_LETTERS = frozenset({Deed.OPENED, Deed.CLICKED, Deed.REPLIED, Deed.ANSWERED})
"""What nobody can do before something was sent."""
_STOPPED_BY = {Deed.ORDERED: "ordered", Deed.USED_CODE: "ordered", Deed.REPLIED: "replied", Deed.CLICKED: "clicked", Deed.ANSWERED: "answered"}
_ONE_OF = frozenset({"country", "locale", "city", "sex", "manager", "currency", "value", "regularity", "stage", "reason"})
"""Words of which a customer has one at a time."""


def problems(document: Document[Campaign]) -> Iterator[Problem]:
    """Everything about a campaign's stages that can't be, by its own file alone."""
    plan = document.value
    for index, stage in enumerate(plan.stages):
        place: Place = ("stages", index)
        yield from _tactics(document, place, stage)
        for asks, conditions in (("only_if", stage.only_if or ()), ("unless", stage.unless or ())):
            yield from _deeds(document, (*place, asks), index, conditions)
            yield from _asked_twice(document, (*place, asks), conditions)
        yield from _both(document, place, stage)
        yield from _never_together(document, (*place, "only_if"), stage.only_if or ())
    yield from _days(document)


def _tactics(document: Document[Campaign], place: Place, stage: Stage) -> Iterator[Problem]:
    known = document.value.tactics
    for number, name in enumerate(stage.tactics or ()):
        if name not in known:
            yield document.problem((*place, "tactics", number), f"there is no tactic `{name}`.", nearest(name, known, "Tactics"))
    if not any(stage.reaches(way, tactic) for way in stage.ways for tactic in known) and all(name in known for name in stage.tactics or ()):
        message = f"nobody gets to `{stage.name}`: it has no letter, message or task for any tactic that it is for."
        yield document.problem(place, message, "Add the text for one of its tactics, or take the stage out.")


def _deeds(document: Document[Campaign], place: Place, index: int, conditions: tuple[Condition, ...]) -> Iterator[Problem]:
    """Deeds that nobody who gets this far can have done."""
    plan = document.value
    nothing_sent = not any(stage.channels for stage in plan.stages[:index])
    for where, rule in placed(conditions, place):
        for number, deed in enumerate(getattr(rule, "did", None) or ()):
            at = (*where, "did", number)
            if (word := _STOPPED_BY.get(deed)) in plan.stop_when:
                message = f"nobody who gets to `{plan.stages[index].name}` has {_past(deed)}: the campaign stops when somebody has {word}."
                yield document.problem(at, message, f"Take `{word}` out of `stop_when:`, or the condition out.")
            elif deed in _OF_LETTERS and nothing_sent:
                message = f"nobody can have {_past(deed)} before `{plan.stages[index].name}`: no letter was sent yet."
                yield document.problem(at, message, "Ask it in a later stage, or take the condition out.")


def _past(deed: Deed) -> str:
    return {Deed.USED_CODE: "used a code", Deed.ANSWERED: "answered a survey"}.get(deed, str(deed))


def _asked_twice(document: Document[Campaign], place: Place, conditions: Sequence[Condition]) -> Iterator[Problem]:
    for (first, one), (second, other) in itertools.combinations(enumerate(conditions), 2):
        if one == other:
            message = f"asks the same twice, first in line {document.line(*place, first)}."
            yield document.problem((*place, second), message, "Keep one of the two.")


def _both(document: Document[Campaign], place: Place, stage: Stage) -> Iterator[Problem]:
    """What must hold and must not."""
    for asked in stage.only_if or ():
        for number, forbidden in enumerate(stage.unless or ()):
            if asked == forbidden:
                message = f"`{stage.name}` asks the same in `only_if` and in `unless`: nobody gets it."
                yield document.problem((*place, "unless", number), message, "Keep one of the two.")


def _never_together(document: Document[Campaign], place: Place, conditions: Sequence[Condition]) -> Iterator[Problem]:
    for (first, one), (second, other) in itertools.combinations(enumerate(conditions), 2):
        if _exclude_each_other(one, other):
            message = f"nobody meets this and the condition of line {document.line(*place, first)} at once."
            yield document.problem((*place, second), message, "Write both into one line, [..., ...], or keep one of the two.")


def _exclude_each_other(one: Rule, other: Rule) -> bool:
    (word, first), (same, second) = one.said, other.said
    if isinstance(first, Rule) and word == "not":
        return first == other
    if isinstance(second, Rule) and same == "not":
        return second == one
    if word != same:
        return False
    if word in _ONE_OF and isinstance(first, tuple) and isinstance(second, tuple):
        return not set(first) & set(second)
    if isinstance(first, Number) and isinstance(second, Number) and getattr(first, "within", None) == getattr(second, "within", None):
        lowest = max((each.at_least for each in (first, second) if each.at_least is not None), default=None)
        highest = min((each.at_most for each in (first, second) if each.at_most is not None), default=None)
        return lowest is not None and highest is not None and lowest > highest
    return False


def _days(document: Document[Campaign]) -> Iterator[Problem]:
    """Days outside of the campaign, or before the stages before them can be over."""
    plan = document.value
    earliest = plan.starts_on
    for index, stage in enumerate(plan.stages):
        place: Place = ("stages", index, "on_day")
        if is_sunset(stage):
            return
        if stage.on_day is not None:
            yield from _day(document, place, stage.name, stage.on_day, earliest)
            earliest = max(earliest, min(stage.on_day, plan.ends_on))
        else:
            earliest += timedelta(days=stage.wait.days)
            if earliest > plan.ends_on:
                message = f"`{stage.name}` comes on {earliest} at the earliest, after the campaign's last day, {plan.ends_on}."
                yield document.problem(("stages", index, "wait"), message, "Shorten a `wait`, or write a later `ends_on`.")
                return


def _day(document: Document[Campaign], place: Place, name: str, day: date, earliest: date) -> Iterator[Problem]:
    plan = document.value
    if not plan.starts_on <= day <= plan.ends_on:
        message = f"`{name}` comes on {day}, and the campaign lasts from {plan.starts_on} to {plan.ends_on}."
        yield document.problem(place, message, "Write a day in between.")
    elif day < earliest:
        message = f"nobody gets to `{name}` in time: it comes on {day}, and the stages before it last until {earliest} at the earliest."
        yield document.problem(place, message, "Write a later day, or shorten a `wait`.")
