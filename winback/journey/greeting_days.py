"""Which occasions a customer is greeted on, and when: one greeting a week at the most, the customer's own days before everybody's."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from winback import clock
from winback.journey import schedule, zones
from winback.journey.greet import Greet
from winback.journey.greetings import Calendar, Celebrant, Coming
from winback.journey.last_check import Postpone, Send, SkipStage, Verdict
from winback.journey.occasions import Kind
from winback.journey.policy import Rules
from winback.model import Reason
from winback.speech import N_, said

APART = timedelta(days=7)
"""Calendar days from one greeting of a customer to the next, at the least."""
FIRST = (Kind.BIRTHDAY, Kind.FAVOURITE_DAY, Kind.ANNIVERSARY, Kind.PROFESSIONAL, Kind.HOLIDAY, Kind.INVENTED)
"""Of two occasions within a week, the one whose kind stands first here is greeted."""
YEAR = timedelta(days=366)
_SOON = timedelta(days=120)
_SETTLED = APART * len(FIRST)  # what comes later than this has no say in what comes first: each kind can push the one below by a week
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class GreetingDay:
    """An occasion that a customer is greeted on, and the day on which its letter leaves."""

    coming: Coming
    leaves_on: date

    @property
    def stage(self) -> str:
        """The stage of its delivery: of each occasion one a year."""
        return f"{self.coming.occasion}-{self.coming.day.year}"

    @property
    def occasion(self) -> str:
        return f"{self.coming.occasion}@{self.coming.day.isoformat()}"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Whatever a customer's greetings hang on beside the calendar."""

    celebrant: Celebrant
    zone: str  # a recipient's (zones.py)
    rules: Rules
    hour: int | None = None  # at which they usually react
    last_on: date | None = None  # the day of their last greeting
    greeted: frozenset[str] = frozenset()  # stages that they had, or that were decided on

    @property
    def own(self) -> ZoneInfo:
        """The zone whose days count for them."""
        return zones.calendar(self.zone, self.rules)

    def day(self, moment: datetime) -> date:
        """The customer's day of a moment."""
        return clock.local_day(moment, self.own)

    def is_free(self, day: date) -> bool:
        """Whether a week has passed on that day since the last greeting."""
        return self.last_on is None or day >= self.last_on + APART


def parse(occasion: str) -> tuple[str, date]:
    """The word and the day of a delivery's occasion: birthday@2027-05-19."""
    word, _, day = occasion.partition("@")
    return word, date.fromisoformat(day)


def stage_of(occasion: str) -> str:
    """The stage of a delivery with this occasion."""
    word, day = parse(occasion)
    return f"{word}-{day.year}"


def between(calendar: Calendar, greet: Greet, who: Circumstances, first: date, last: date) -> list[GreetingDay]:
    """The greetings of a customer whose letters are to leave from `first` to `last`, in that order, a week apart at the least."""
    chosen: list[GreetingDay] = []
    for each in sorted(_possible(calendar, greet, who, first, last), key=_by_rank):
        if who.is_free(each.leaves_on) and all(abs(each.leaves_on - other.leaves_on) >= APART for other in chosen):
            chosen.append(each)
    return sorted(chosen, key=lambda each: each.leaves_on)


def upcoming(calendar: Calendar, greet: Greet, who: Circumstances, now: datetime, ends_on: date) -> tuple[GreetingDay, datetime] | None:
    """A customer's next greeting and the moment at which its letter falls due; None when there is none within a year."""
    today = who.day(now)
    for span, settled in ((_SOON, _SOON - _SETTLED), (YEAR, YEAR)):  # seldom does anybody have nothing for months
        for each in between(calendar, greet, who, today, min(today + span, ends_on)):
            if each.leaves_on > today + settled:
                break
            due_at = schedule.first_in_window(max(now, clock.start_of_day(each.leaves_on, who.own)), greet, who.zone, who.rules, who.hour)
            leaves_on = who.day(due_at)
            if leaves_on <= min(each.coming.day, ends_on) and calendar.may_greet(leaves_on, who.celebrant.country, each.coming.kind):
                return each, due_at
    return None


def check(verdict: Verdict, calendar: Calendar, greet: Greet, who: Circumstances, occasion: str, *, now: datetime) -> Verdict:
    """The last check of a greeting that passed the usual one: still theirs, not late, not too soon after another, on no day of silence."""
    if not isinstance(verdict, Send | Postpone):
        return verdict
    _, day = parse(occasion)
    today = who.day(now)
    if today > day:
        return SkipStage(Reason.EXPIRED, f"{day} is over")
    coming = found(calendar, who.celebrant, occasion)
    if coming is None or coming.estimated or not greet.asks(coming):
        return SkipStage(Reason.NO_OCCASION, f"{day} is estimated" if coming and coming.estimated else "")
    if coming.silence:
        return SkipStage(Reason.DAY_OF_SILENCE, coming.silence)
    if refusal := again(occasion, today, who.last_on, who.greeted):
        return refusal
    moment, silence = (now if isinstance(verdict, Send) else verdict.due_at), ""
    while (leaves_on := who.day(moment)) <= day and (silent := calendar.silence(leaves_on, coming.country, coming.kind)):
        silence = silence or f"{leaves_on}: {silent.because}"
        moment = schedule.first_in_window(clock.start_of_day(leaves_on + _DAY, who.own), greet, who.zone, who.rules, who.hour)
    if leaves_on > day:
        late = verdict.detail if isinstance(verdict, Postpone) else ""
        return SkipStage(Reason.DAY_OF_SILENCE, silence) if silence else SkipStage(Reason.EXPIRED, late)
    return Postpone(moment, Reason.DAY_OF_SILENCE, silence) if silence else verdict


def again(occasion: str, today: date, last_on: date | None, greeted: frozenset[str]) -> SkipStage | None:
    """Why a greeting would be one too many: they had this one already, or another one within a week."""
    if stage_of(occasion) in greeted:
        return SkipStage(Reason.WRITTEN_LATELY, "they were greeted on this occasion already")
    if last_on is not None and today < last_on + APART:
        return SkipStage(Reason.TOO_SOON, f"the last greeting was on {last_on}")
    return None


def found(calendar: Calendar, celebrant: Celebrant, occasion: str) -> Coming | None:
    """The occasion as the calendar has it for the customer now; None when it isn't theirs on that day."""
    word, day = parse(occasion)
    return next((each for each in calendar.coming(celebrant, day, day) if each.occasion == word), None)


def told(calendar: Calendar, greet: Greet, who: Circumstances, first: date, last: date) -> Iterator[tuple[Coming, str, bool]]:
    """The customer's occasions of these days in a sentence each, and whether they are greeted; those that the campaign doesn't ask for left out."""
    chosen = between(calendar, greet, who, first, last)
    leaving = {(each.coming.occasion, each.coming.day): each.leaves_on for each in chosen}
    for coming in calendar.coming(who.celebrant, first, last):
        if not greet.asks(coming):
            continue
        leaves_on = leaving.get((coming.occasion, coming.day))
        if leaves_on is not None:
            yield coming, said(N_("greeted on %(day)s"), day=leaves_on), True
        elif coming.estimated:
            yield coming, said(N_("not greeted: nobody has named the day for certain")), False
        elif coming.silence:
            yield coming, said(N_("not greeted: %(silence)s"), silence=coming.silence), False
        elif f"{coming.occasion}-{coming.day.year}" in who.greeted:
            yield coming, said(N_("decided on already")), False
        elif not who.is_free(coming.letter_on):
            yield coming, said(N_("not greeted: within a week of the greeting of %(day)s"), day=who.last_on), False
        elif other := next((each for each in chosen if abs(each.leaves_on - coming.letter_on) < APART), None):
            yield coming, said(N_("not greeted: within a week of %(occasion)s, which goes first"), occasion=other.coming.occasion), False
        else:
            yield coming, said(N_("not greeted: its letter was to leave on %(day)s"), day=coming.letter_on), False


def _possible(calendar: Calendar, greet: Greet, who: Circumstances, first: date, last: date) -> list[GreetingDay]:
    weekdays = schedule.allowed_weekdays(greet, who.rules)
    days = [
        GreetingDay(each, leaves_on)
        for each in calendar.due(who.celebrant, first, last)
        if greet.asks(each) and (leaves_on := _leaves_on(each, calendar, weekdays, first)) is not None and leaves_on <= last
    ]
    return [each for each in days if each.stage not in who.greeted]


def _leaves_on(each: Coming, calendar: Calendar, weekdays: Collection[int], first: date) -> date | None:
    """The letter's day, or the nearest one before it that the weekdays and silence allow; after it only if there is none left."""
    before = (each.letter_on - _DAY * back for back in range((each.letter_on - first).days + 1))
    after = (each.letter_on + _DAY * ahead for ahead in range(1, (each.day - each.letter_on).days + 1))
    days = (day for some in (before, after) for day in some)
    return next((day for day in days if day.weekday() in weekdays and calendar.may_greet(day, each.country, each.kind)), None)


def _by_rank(day: GreetingDay) -> tuple[int, date, str]:
    return FIRST.index(day.coming.kind), day.leaves_on, day.coming.occasion
