"""The branches of a campaign's stages, counted: which letter goes out over which channel to how many of which tactic, and who is passed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from winback.journey.stage import Stage
from winback.model import ChannelName, Reason

_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


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
    parts = [f"{_length(stage.wait)} later"] if stage.wait else []
    if stage.on_day is not None:
        parts.append(f"on {stage.on_day}")
    if stage.occasion is not None:
        before = stage.occasion.days_before
        parts.append(f"{_length(timedelta(days=before))} before {stage.occasion.name}" if before else f"on {stage.occasion.name}")
    if stage.hours:
        parts.append(f"{stage.hours[0]:%H:%M}-{stage.hours[1]:%H:%M}")
    if stage.weekdays:
        parts.append(" ".join(_DAY_NAMES[day] for day in sorted(stage.weekdays)))
    if stage.send_hour:
        parts.append("at the learnt hour")
    return ", ".join(parts)


def _length(wait: timedelta) -> str:
    for unit, seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count, rest = divmod(int(wait.total_seconds()), seconds)
        if not rest:
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return str(wait)
