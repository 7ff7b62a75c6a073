"""The check at the claim: facts change between planning and sending."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from winback import clock
from winback.journey import eligibility, schedule
from winback.journey.campaign import Campaign
from winback.journey.eligibility import Candidate
from winback.journey.policy import Rules
from winback.journey.stage import Stage
from winback.journey.sunset import is_sunset
from winback.model import ChannelName, EventKind, Reason

_STOPPING_EVENTS = {
    EventKind.UNSUBSCRIBE: Reason.UNSUBSCRIBED,
    EventKind.COMPLAINT: Reason.COMPLAINED,
}
_STOPS_ON_REQUEST = {"replied": (EventKind.REPLY, Reason.REPLIED), "clicked": (EventKind.CLICK, Reason.CLICKED)}

_BREAKS_SILENCE = ("ordered", "replied")
"""Whoever did this isn't silent, whatever the campaign stops on: they get no farewell."""


@dataclass(frozen=True, slots=True)
class Since:
    """What happened since the decision on a recipient was made, by people (machines count nowhere)."""

    purchases: int = 0  # later than the last one that the decision knew of, whenever they were imported
    events: frozenset[EventKind] = frozenset()


@dataclass(frozen=True, slots=True)
class Send:
    """Goes out now, over this channel."""

    channel: ChannelName
    letter: str


@dataclass(frozen=True, slots=True)
class Postpone:
    """Not now: the customer's hours are over."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class SkipStage:
    """Not reached by this stage; the next one may."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Stop:
    """The journey is over for this recipient."""

    reason: Reason


def _never(_channel: ChannelName, _text: str) -> bool:
    return False


Verdict: TypeAlias = Send | Postpone | SkipStage | Stop


def decide(
    *,
    campaign: Campaign,
    stage: Stage,
    tactic: str,
    candidate: Candidate,
    since: Since,
    rules: Rules,
    zone: str,
    now: datetime,
    offer_is_over: bool = False,
    speaks_of_offer: Callable[[ChannelName, str], bool] = _never,
    lacks: Callable[[ChannelName, str], bool] = _never,
    signs: Collection[str] = (),
) -> Verdict:
    """Decide on one claimed delivery by what is true now. Order matters: what ends the journey comes first.

    `speaks_of_offer` says of a text whether it can't be written without an offer, `lacks` whether it needs what this customer doesn't have.
    `signs` are those of being lost that they showed when they were decided on.
    """
    if candidate.black_list:
        return Stop(Reason.BLACK_LISTED)
    stop_when = {*campaign.stop_when, *(_BREAKS_SILENCE if is_sunset(stage) else ())}
    if "ordered" in stop_when and since.purchases:
        return Stop(Reason.ORDERED)
    if reason := _stopped_by_event(stop_when, since):
        return Stop(reason)
    if not is_sunset(stage) and _is_over(campaign.ends_on, zone, now):
        return Stop(Reason.EXPIRED)
    texts = [(channel, text) for channel in stage.channels for text in stage.texts_for(channel, tactic, signs)]
    if not texts:
        return SkipStage(Reason.NOT_FOR_TACTIC)
    texts = [text for text in texts if not (offer_is_over and speaks_of_offer(*text))]
    if not texts:
        return SkipStage(Reason.OFFER_OVER)
    texts = [text for text in texts if not lacks(*text)]
    if not texts:
        return SkipStage(Reason.NOTHING_TO_TELL)
    usable = eligibility.usable(candidate.reach, list(dict.fromkeys(channel for channel, _ in texts)), rules)
    if isinstance(usable, eligibility.Skip):
        return SkipStage(usable.reason)
    due = schedule.first_in_window(now.astimezone(ZoneInfo(zone)), stage, rules)
    if due > now:
        return Postpone(due)
    return Send(usable[0], next(text for channel, text in texts if channel == usable[0]))


def _stopped_by_event(stop_when: Collection[str], since: Since) -> Reason | None:
    for kind, reason in _STOPPING_EVENTS.items():
        if kind in since.events:
            return reason
    for word, (kind, reason) in _STOPS_ON_REQUEST.items():
        if word in stop_when and kind in since.events:
            return reason
    return None


def _is_over(ends_on: date, zone: str, now: datetime) -> bool:
    return clock.local_day(now, ZoneInfo(zone)) > ends_on
