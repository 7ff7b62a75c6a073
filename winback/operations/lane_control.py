"""How the lanes stand, and a person's hand on them: stop one, let one go on."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from winback.errors import ConfigError, Problem
from winback.journey import lane_rates
from winback.journey.lane_rates import Answers
from winback.limits import FuseCause, FuseSettings, Limit
from winback.model import ChannelName
from winback.operations import lane_words
from winback.outcomes.statistics import Counted
from winback.sending import fuse
from winback.sending.domain_groups import GROUPS
from winback.settings import Project
from winback.speech import N_, joined, said
from winback.store import audit, database, fuses, lane_counts
from winback.store.fuses import Fuse
from winback.strictyaml import nearest


@dataclass(frozen=True, slots=True)
class LaneState:
    """One lane: whether letters leave by it, and what came of its newest ones."""

    lane: str
    stop: Fuse | None  # None: letters leave
    rates: tuple[tuple[FuseCause, Limit, Counted], ...]
    warns: bool  # complaints come near their limit

    @property
    def state(self) -> str:
        return "stopped" if self.stop else "near its limit" if self.warns else "open"

    def as_json(self) -> dict[str, Any]:
        stop = self.stop
        return {
            "lane": self.lane,
            "state": self.state,
            "cause": stop and stop.cause,
            "since": stop and stop.blown_at.isoformat(),
            "by": stop and stop.stopped_by,
            "happened": stop and lane_words.happened(stop),
            "to_do": stop and lane_words.to_do(stop),
            "rates": {
                str(cause): {"bad": counted.successes, "of": counted.n, "rate": counted.rate, "limit": limit.above}
                for cause, limit, counted in self.rates
            },
        }


def states(project: Project, engine: Engine, *, now: datetime) -> list[LaneState]:
    """Every channel, and of the providers' mailboxes those that letters went to within a week or that stand."""
    limits = project.settings.fuse
    with database.reading(engine) as connection:
        standing = fuses.standing(connection)
        newest = lane_counts.newest(connection, fuse.every_lane(), now, lane_rates.farthest(limits))
    shown = [lane for lane in fuse.every_lane() if newest[lane] or lane in standing or lane in project.settings.channels]
    return [_state(lane, standing.get(lane), newest[lane], limits) for lane in shown]


def _state(lane: str, stop: Fuse | None, newest: Sequence[Answers], limits: FuseSettings) -> LaneState:
    return LaneState(lane, stop, tuple(lane_rates.rates(newest, limits)), lane_rates.warns(newest, limits))


def told(engine: Engine) -> list[str]:
    """Of each lane that stands, what happened and what to do."""
    with database.reading(engine) as connection:
        return [joined((lane_words.happened(each), lane_words.to_do(each)), " ") for each in fuses.standing(connection).values()]


def history(engine: Engine) -> Sequence[Fuse]:
    """Every stop of a lane, the latest first."""
    with database.reading(engine) as connection:
        return fuses.history(connection)


def stop(engine: Engine, lane: str, *, by: str, note: str, now: datetime) -> str:
    """Stop a lane; returns a sentence. Raises ConfigError for one that doesn't exist or stands already."""
    _known(lane)
    with database.writing(engine) as connection:
        new = fuses.blow(connection, lane, FuseCause.PERSON, now, counts={}, detail=note, stopped_by=by or "somebody")
        if new:
            audit.record(connection, who=by, deed=audit.Deed.STOPPED, about=f"lane {lane}", detail={}, now=now)
    if not new:
        raise ConfigError(Problem("", None, said(N_("the lane `%(lane)s` stands already."), lane=lane), "Look at `winback lanes`."))
    return f"Nothing leaves by {lane_words.name(lane)} any more; its letters wait. Let it go on: winback lanes resume {lane} --note WHY"


def resume(engine: Engine, lane: str, *, by: str, note: str, now: datetime) -> str:
    """Let a lane go on; its letters are due at once. Returns a sentence. Raises ConfigError for one that doesn't stand, or without a note."""
    _known(lane)
    if not note.strip():
        how = f'Write it down for those who come after you: winback lanes resume {lane} --note "took old addresses out of the cohort"'
        raise ConfigError(Problem("", None, said(N_("it isn't said what was done about it.")), how))
    with database.writing(engine) as connection:
        if not fuses.resume(connection, lane, now, by=by or "somebody", note=note):
            raise ConfigError(Problem("", None, said(N_("the lane `%(lane)s` doesn't stand."), lane=lane), "Look at `winback lanes`."))
        waiting = fuses.release_letters(connection, lane, now)
        audit.record(connection, who=by, deed=audit.Deed.RESUMED, about=f"lane {lane}", detail={"waiting": waiting}, now=now)
    return f"Letters leave by {lane_words.name(lane)} again with the next `winback run`: {waiting:,} have waited. What came of earlier ones doesn't count any more."


def _known(lane: str) -> None:
    if lane not in fuse.every_lane():
        asked = lane if ":" in lane or lane in map(str, ChannelName) else _of_provider(lane)
        raise ConfigError(Problem("", None, said(N_("there is no lane `%(lane)s`."), lane=lane), nearest(asked, fuse.every_lane(), "Lanes")))


def _of_provider(word: str) -> str:
    """Who says a provider's name, or nearly, means its lane."""
    return next((f"group:{name}" for name in difflib.get_close_matches(word, GROUPS, n=1)), word)
