"""Over which way a stage would reach somebody, as far as that is known before the first letter; or why it wouldn't."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Literal

from winback.journey import eligibility
from winback.journey.eligibility import Candidate
from winback.journey.stage import Stage
from winback.model import TASK, ChannelName, Reason


def decide(
    stage: Stage, tactic: str, candidate: Candidate, channels: Collection[ChannelName], *, due_on: date, day: date | None = None, is_met: bool = True
) -> ChannelName | Literal["task"] | Reason:
    """The first way that is open to them now. `due_on` is when it would leave, `day` the stage's own where it has one."""
    if stage.has_a_day and (day is None or due_on > day):
        return Reason.NO_OCCASION if day is None else Reason.DAY_PASSED
    ways = [way for way in stage.ways if stage.reaches(way, tactic)]
    if not ways:
        return Reason.NOT_FOR_TACTIC
    if not is_met:
        return Reason.CONDITION
    return next((way for way in ways if _is_open(way, stage, candidate, channels)), Reason.NO_CHANNEL)


def _is_open(way: ChannelName | Literal["task"], stage: Stage, candidate: Candidate, channels: Collection[ChannelName]) -> bool:
    if way == TASK:
        return stage.task is not None and eligibility.not_to_be_asked(candidate, stage.task.kind) is None
    return way in channels
