"""The branches of a campaign's stages, counted: which letter goes out over which channel to how many of which tactic, and who is passed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from winback.journey.stage import Stage
from winback.model import ChannelName, Reason
from winback.speech import N_, joined, numbered, said

_DAY_NAMES = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))


@dataclass(frozen=True, slots=True)
class Branch:
    """Recipients of one tactic who get one letter over one channel, by language; or who are passed over, with the reason."""

    tactic: str
    channel: str  # or `task`; empty: passed over
    letter: str
    languages: dict[str, int]
    because: str = ""

    @property
    def recipients(self) -> int:
        return sum(self.languages.values())

    def as_json(self) -> dict[str, Any]:
        return {
            "tactic": self.tactic,
            "channel": self.channel,
            "letter": self.letter,
            "recipients": self.recipients,
            "languages": self.languages,
            "because": self.because,
        }


class Tally:
    """Counts recipients of one stage, one by one."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._counts: Counter[tuple[str, str, str, str, str]] = Counter()

    def add(self, tactic: str, way: ChannelName | Literal["task"], signs: Iterable[str], language: str) -> None:
        """Count a recipient whom the stage reaches that way."""
        if isinstance(way, ChannelName):
            letter = next(iter(self.stage.texts_for(way, tactic, [*signs])), "")
        else:
            letter = str(self.stage.task.kind) if self.stage.task else ""
        self._counts[tactic, str(way), letter, "", language] += 1

    def pass_over(self, tactic: str, because: Reason, language: str) -> None:
        """Count a recipient whom the stage doesn't reach."""
        self._counts[tactic, "", "", str(because), language] += 1

    def branches(self, tactics: Iterable[str]) -> tuple[Branch, ...]:
        """In the tactics' order, the largest first; those passed over last."""
        place = {tactic: index for index, tactic in enumerate(tactics)}
        languages: dict[tuple[str, str, str, str], Counter[str]] = {}
        for (*branch, language), count in self._counts.items():
            tactic, channel, letter, because = branch
            languages.setdefault((tactic, channel, letter, because), Counter())[language] += count
        found = [
            Branch(tactic, channel, letter, dict(counts.most_common()), because) for (tactic, channel, letter, because), counts in languages.items()
        ]
        return tuple(sorted(found, key=lambda each: (place[each.tactic], bool(each.because), -each.recipients, each.channel, each.letter)))


def timing(stage: Stage) -> str:
    """When a stage leaves, in words: 7 days later, 10:00-13:00, Tue Wed Thu."""
    parts: list[str] = [said(N_("%(length)s later"), length=_length(stage.wait))] if stage.wait else []
    if stage.on_day is not None:
        parts.append(said(N_("on %(day)s"), day=stage.on_day))
    if stage.occasion is not None:
        before, name = stage.occasion.days_before, stage.occasion.name
        ahead = _length(timedelta(days=before))
        parts.append(said(N_("%(length)s before %(occasion)s"), length=ahead, occasion=name) if before else said(N_("on %(day)s"), day=name))
    if stage.hours:
        parts.append(said(f"{stage.hours[0]:%H:%M}-{stage.hours[1]:%H:%M}"))
    if stage.weekdays:
        parts.append(joined((said(_DAY_NAMES[day]) for day in sorted(stage.weekdays)), " "))
    if stage.send_hour:
        parts.append(said(N_("at the learnt hour")))
    return joined(parts)


def _length(wait: timedelta) -> str:
    seconds = int(wait.total_seconds())
    if not seconds % 86_400:
        return numbered("%(num)s day", "%(num)s days", seconds // 86_400)
    if not seconds % 3_600:
        return numbered("%(num)s hour", "%(num)s hours", seconds // 3_600)
    return numbered("%(num)s minute", "%(num)s minutes", seconds // 60) if not seconds % 60 else str(wait)
