"""A week in one look: of every campaign what left, what came back, who returned so far, and what can be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from winback.model import HOLDOUT, EventKind
from winback.outcomes import wording
from winback.outcomes.report import Report
from winback.outcomes.sentences import Words
from winback.outcomes.statistics import round_to_digits

COUNTED = {
    "clicks": EventKind.CLICK,
    "replies": EventKind.REPLY,
    "unsubscribed": EventKind.UNSUBSCRIBE,
    "bounces": EventKind.BOUNCE,
    "complaints": EventKind.COMPLAINT,
}
"""Of what came back, letters; opens prove nothing within a week."""


@dataclass(frozen=True, slots=True)
class CampaignWeek:
    """One campaign; `report` is of its newest run, None where nothing is under test."""

    campaign: str
    sent: int
    came_back: Mapping[EventKind, int]
    report: Report | None

    @property
    def is_quiet(self) -> bool:
        """Nothing left or came back, and nobody's return is awaited."""
        return not self.sent and not any(self.came_back.values()) and (self.report is None or self.report.closed)

    def as_json(self) -> dict[str, Any]:
        told = self.report
        alone = None if told is None else next((arm for arm in told.arms if arm.name == HOLDOUT), None)
        return {
            "campaign": self.campaign,
            "sent": self.sent,
            **{name: self.came_back.get(kind, 0) for name, kind in COUNTED.items()},
            "written_to": told and sum(arm.assigned for arm in told.tactics),
            "returned": told and sum(arm.figures.returned for arm in told.tactics),
            "left_alone": alone and alone.assigned,
            "returned_alone": alone and alone.figures.returned,
            "best_lift": told and round_to_digits(max((one.compared.difference or 0.0 for one in told.judged), default=None)),
        }


@dataclass(frozen=True, slots=True)
class Weekly:
    """The days from `first` to `last`, both whole; campaigns in which anything is under way."""

    first: date
    last: date
    campaigns: tuple[CampaignWeek, ...]
    waiting: tuple[str, ...]  # campaigns that wait for a person's yes
    words: Words = field(repr=False)
    stopped: tuple[str, ...]  # lanes that stopped or broke off in these days: what happened, in a sentence each, in English for programs
    told_of: tuple[str, ...]  # the same in the report's language

    def as_json(self) -> dict[str, Any]:
        return {
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "campaigns": [each.as_json() for each in self.campaigns],
            "waiting_for_approval": list(self.waiting),
            "lanes_stopped": list(self.stopped),
        }

    def sentences(self) -> list[str]:
        """What the days come to, and what waits for somebody, in the report's language."""
        sent = sum(each.sent for each in self.campaigns)
        replies = sum(each.came_back.get(EventKind.REPLY, 0) for each in self.campaigns)
        counted = {"sent": wording.number(sent, words=self.words), "replies": wording.number(replies, words=self.words)}
        said = [self.words["week-sent"].format(**counted) if self.campaigns else self.words["week-quiet"]]
        said += [self.words["week-waits"].format(campaign=each, command=f"winback approve {each}") for each in self.waiting]
        return [*said, *self.told_of]
