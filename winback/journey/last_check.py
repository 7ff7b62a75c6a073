"""The check at the claim: facts change between planning and sending."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from winback import clock
from winback.journey import contact_policy, eligibility, schedule, zones
from winback.journey.campaign import Campaign
from winback.journey.contact_policy import Rival
from winback.journey.eligibility import Candidate
from winback.journey.policy import Rules
from winback.journey.stage import Stage, Task
from winback.journey.sunset import is_sunset
from winback.journey.wishes import NO_WISHES, Topic, Wishes
from winback.model import TASK, ChannelName, EventKind, Reason

_STOPPING_EVENTS = {
    EventKind.UNSUBSCRIBE: Reason.UNSUBSCRIBED,
    EventKind.COMPLAINT: Reason.COMPLAINED,
}
_STOPS_ON_REQUEST = (
    ("replied", EventKind.REPLY, Reason.REPLIED),
    ("replied", EventKind.ANSWER, Reason.ANSWERED),
    ("answered", EventKind.ANSWER, Reason.ANSWERED),
    ("clicked", EventKind.CLICK, Reason.CLICKED),
)
"""Who fills in a survey has answered: `replied` stops on that too, `answered` on that alone."""

_CAPPED = frozenset({Reason.CAPPED, Reason.TOO_SOON, Reason.OTHER_FIRST, Reason.PAUSED})
"""What a stage may be skipped for; days of mourning it waits out."""

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
class Ask:
    """A person is asked now."""

    task: Task


@dataclass(frozen=True, slots=True)
class Postpone:
    """Not now: the customer's hours are over (no reason), or the contact policy lets nothing leave yet."""

    due_at: datetime
    reason: Reason | None = None
    detail: str = ""  # the facts


@dataclass(frozen=True, slots=True)
class SkipStage:
    """Not reached by this stage; the next one may."""

    reason: Reason
    detail: str = ""  # which condition it was, or the facts


@dataclass(frozen=True, slots=True)
class Stop:
    """The journey is over for this recipient."""

    reason: Reason
    detail: str = ""


def _never(_channel: ChannelName, _text: str) -> bool:
    return False


def _of_none(_channel: ChannelName, _text: str) -> Topic | None:
    return None


Verdict: TypeAlias = Send | Ask | Postpone | SkipStage | Stop


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
    hour: int | None = None,
    offer_is_over: bool = False,
    speaks_of_offer: Callable[[ChannelName, str], bool] = _never,
    names_other_currency: Callable[[ChannelName, str], bool] = _never,
    lacks: Callable[[ChannelName, str], bool] = _never,
    topic: Callable[[ChannelName, str], Topic | None] = _of_none,
    signs: Collection[str] = (),
    contacts: Sequence[datetime] = (),
    rival: Rival | None = None,
    no_code: Reason | None = None,
    day: date | None = None,
    unmet: str = "",
) -> Verdict:
    """Decide on one claimed delivery by what is true now. Order matters: what ends the journey comes first.

    `speaks_of_offer` says of a text whether it can't be written without an offer, `names_other_currency` whether it names amounts in a
    currency that the country's rules don't allow, `lacks` whether it needs what this customer doesn't have; `topic` says what it is about.
    `signs` are those of being lost that they showed when they were decided on; `hour` is the one at which they usually react: a letter
    that is late for it still leaves, and one that is put off waits for it. `contacts` are all of the last year, `rival` is who goes first.
    `no_code` says why the offer's code isn't theirs.
    `day` is the stage's own, where it comes on one; `unmet` is the first of its conditions that doesn't hold.
    """
    if candidate.black_list:
        return Stop(Reason.BLACK_LISTED)
    stop_when = {*campaign.stop_when, *(_BREAKS_SILENCE if is_sunset(stage) else ())}
    if "ordered" in stop_when and since.purchases:
        return Stop(Reason.ORDERED)
    if reason := _stopped_by_event(stop_when, since):
        return Stop(reason)
    if clock.local_day(now, zones.calendar(zone, rules)) > _last_day(campaign.ends_on, stage):
        return Stop(Reason.EXPIRED)
    if stage.has_a_day and (day is None or clock.local_day(now, zones.calendar(zone, rules)) > day):
        return SkipStage(Reason.NO_OCCASION if day is None else Reason.DAY_PASSED)
    if not any(stage.reaches(way, tactic) for way in stage.ways):
        return SkipStage(Reason.NOT_FOR_TACTIC)
    if unmet:
        return SkipStage(Reason.CONDITION, unmet)
    unspeakable = Reason.OFFER_OVER if offer_is_over else no_code
    in_vain: list[tuple[Reason, Callable[[ChannelName, str], bool]]] = [
        (Reason.TOPIC_OFF, lambda channel, text: topic(channel, text) in candidate.wishes.topics_off),
        *([(unspeakable, speaks_of_offer)] if unspeakable else []),
        (Reason.OTHER_CURRENCY, names_other_currency),
        (Reason.NOTHING_TO_TELL, lacks),
    ]
    found = _first_way(
        _by_letter(channels, stage, tactic, signs, candidate, rules, in_vain)
        if channels
        else _by_person(stage.task_for(tactic), candidate, unspeakable)
        for channels in _in_turn(stage)
    )
    if isinstance(found, SkipStage):
        return found
    late = turn(campaign.ends_on, stage, rules, zone, now, contacts, rival, hour, candidate.wishes)
    if isinstance(late, Postpone) and day is not None and clock.local_day(late.due_at, zones.calendar(zone, rules)) > day:
        return SkipStage(Reason.DAY_PASSED, late.detail)
    return late or found


def turn(  # noqa: PLR0917  what the policy asks about
    ends_on: date,
    stage: Stage,
    rules: Rules,
    zone: str,
    now: datetime,
    contacts: Sequence[datetime],
    rival: Rival | None = None,
    hour: int | None = None,
    wishes: Wishes = NO_WISHES,
) -> Postpone | SkipStage | Stop | None:
    """What the contact policy, the customer's wishes and the hours say of a stage that could leave; None: it may, now.

    What is put off waits for the learnt hour.
    """
    rules = wishes.narrow(rules)
    calendar, last_day = zones.calendar(zone, rules), _last_day(ends_on, stage)
    wait = contact_policy.wait(
        contacts,
        rules,
        calendar,
        now,
        opens=lambda moment: schedule.first_in_window(moment, stage, zone, rules),
        rival=rival,
        paused_until=wishes.paused_until,
    )
    if wait is None:
        return None
    if stage.if_capped == "skip" and wait.days and wait.reason in _CAPPED:
        return SkipStage(wait.reason, wait.told)
    if clock.local_day(wait.until, calendar) > last_day:
        return Stop(Reason.EXPIRED, wait.told)
    usual = schedule.first_in_window(wait.until, stage, zone, rules, hour)
    day = clock.local_day(usual, calendar)  # the hour is a wish: it brings nobody past the campaign's end, or onto a day of mourning
    return Postpone(wait.until if day > last_day or rules.mourns(day) else usual, wait.reason, wait.told)


def _in_turn(stage: Stage) -> list[tuple[ChannelName, ...]]:
    """The ways of a stage in their order: letters' channels that stand together, and nothing where a person's turn is."""
    if TASK not in stage.ways:
        return [stage.channels]
    at = stage.ways.index(TASK)
    before, after = (tuple(way for way in ways if isinstance(way, ChannelName)) for ways in (stage.ways[:at], stage.ways[at + 1 :]))
    return [*([before] if before else []), (), *([after] if after else [])]


def _first_way(found: Iterable[Send | Ask | SkipStage]) -> Send | Ask | SkipStage:
    """The first that works; where none does, why the first doesn't."""
    tried = []
    for each in found:
        if not isinstance(each, SkipStage):
            return each
        tried.append(each)
    return tried[0]


def _by_letter(  # noqa: PLR0917  one use
    channels: Sequence[ChannelName],
    stage: Stage,
    tactic: str,
    signs: Collection[str],
    candidate: Candidate,
    rules: Rules,
    in_vain: Sequence[tuple[Reason, Callable[[ChannelName, str], bool]]],
) -> Send | SkipStage:
    """`in_vain`: why a text may not be one to write for this customer, and whether it isn't, in the order in which it is asked."""
    texts = [(channel, text) for channel in channels for text in stage.texts_for(channel, tactic, signs)]
    if not texts:
        return SkipStage(Reason.NOT_FOR_TACTIC)
    for reason, is_in_vain in in_vain:
        texts = [text for text in texts if not is_in_vain(*text)]
        if not texts:
            return SkipStage(reason)
    usable = eligibility.usable(candidate.reach, list(dict.fromkeys(channel for channel, _ in texts)), rules)
    if isinstance(usable, eligibility.Skip):
        return SkipStage(usable.reason)
    return Send(usable[0], next(text for channel, text in texts if channel == usable[0]))


def _by_person(task: Task | None, candidate: Candidate, unspeakable: Reason | None) -> Ask | SkipStage:
    if task is None:
        return SkipStage(Reason.NOT_FOR_TACTIC)
    if task.topic in candidate.wishes.topics_off:
        return SkipStage(Reason.TOPIC_OFF)
    if unspeakable and task.speaks_of_offer:
        return SkipStage(unspeakable)
    reason = eligibility.not_to_be_asked(candidate, task.kind)
    return Ask(task) if reason is None else SkipStage(reason)


def _last_day(ends_on: date, stage: Stage) -> date:
    """On which a stage may leave: the farewell isn't bound by the campaign's."""
    return date.max if is_sunset(stage) else ends_on


def _stopped_by_event(stop_when: Collection[str], since: Since) -> Reason | None:
    for kind, reason in _STOPPING_EVENTS.items():
        if kind in since.events:
            return reason
    for word, kind, reason in _STOPS_ON_REQUEST:
        if word in stop_when and kind in since.events:
            return reason
    return None
