"""What leaves on which day, to how many, in which language, through which domain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

from winback import clock
from winback.journey import repeats
from winback.letters import sender
from winback.model import ChannelName
from winback.sending.prepared import Prepared
from winback.store.deliveries import Sent

_MONTH = 31


@dataclass(frozen=True, slots=True, order=True)
class Leaving:
    """Letters alike that leave on one day, by the shop's calendar, or in the week that begins on it."""

    day: date
    stage: int  # its place among the campaign's stages
    channel: str
    language: str
    through: str  # the sender's domain for e-mail, else the channel itself
    letters: int = 0


@dataclass(frozen=True, slots=True)
class Calendar:
    """Everything that leaves, in order of the day."""

    stages: tuple[str, ...]
    leaving: tuple[Leaving, ...]

    def totals(self) -> dict[date, int]:
        """Letters by day, all together."""
        counts: Counter[date] = Counter()
        for each in self.leaving:
            counts[each.day] += each.letters
        return dict(counts)

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(each) | {"day": each.day.isoformat(), "stage": self.stages[each.stage]} for each in self.leaving]


def of(prepared: Prepared, sent: Iterable[Sent]) -> Calendar:
    """The calendar of what was sent; days are the shop's."""
    left = [(_named(prepared, each.stage), each) for each in sent]
    stages = tuple(sorted({name for name, _ in left}) if prepared.campaign.greet else (stage.name for stage in prepared.campaign.stages))
    place = {name: index for index, name in enumerate(stages)}
    alike = ((_leaving(prepared, each, place[name]), each.letters) for name, each in left)
    return Calendar(stages, _counted(alike))


def _named(prepared: Prepared, stage: str) -> str:
    """What a calendar calls a stage: of a greeting the occasion, without its year; a reminder that somebody asked for by its stage."""
    return stage.rpartition("-")[0] if prepared.campaign.greet else repeats.stage_of(stage)


def _leaving(prepared: Prepared, sent: Sent, stage: int) -> Leaving:
    day = clock.local_day(sent.sent_at, prepared.project.zone)
    return Leaving(day, stage, sent.channel, sent.language, _through(prepared, sent))


def _through(prepared: Prepared, sent: Sent) -> str:
    if sent.channel != ChannelName.EMAIL:
        return sent.channel
    return sender.pick(prepared.senders, sent.manager, prepared.campaign.sender).email.rpartition("@")[2]


def by_week(calendar: Calendar) -> Calendar:
    """The same by weeks, each named by its Monday."""
    alike = ((replace(each, day=each.day - timedelta(days=each.day.weekday()), letters=0), each.letters) for each in calendar.leaving)
    return Calendar(calendar.stages, _counted(alike))


def is_long(calendar: Calendar) -> bool:
    """Letters leave on more days than a month has: weeks are easier to read."""
    return len(calendar.totals()) > _MONTH


def _counted(alike: Iterable[tuple[Leaving, int]]) -> tuple[Leaving, ...]:
    counts: Counter[Leaving] = Counter()
    for each, letters in alike:
        counts[each] += letters
    return tuple(replace(each, letters=counts[each]) for each in sorted(counts))
