"""When a stage comes for one recipient: after its wait, on its day, or so long before an occasion of the recipient's country."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from winback import clock
from winback.journey import schedule, zones
from winback.journey.campaign import Campaign
from winback.journey.greetings import Calendar, Coming
from winback.journey.occasions import Kind, Occasions
from winback.journey.policy import Rules
from winback.journey.stage import BeforeOccasion, Stage

NO_OCCASIONS = Calendar(Occasions())
OF_EVERYBODY = frozenset({Kind.HOLIDAY, Kind.INVENTED})
"""Occasions that a stage may come before. Nobody is taken for a teacher, and a customer's own days are greeted, not sold on."""


@dataclass(frozen=True, slots=True)
class Traveller:
    """What a stage's time asks about a recipient."""

    country: str
    zone: str  # of a recipient (zones.py)
    rules: Rules  # of their country
    assigned_at: datetime
    hour: int | None = None  # at which they usually react

    @property
    def calendar(self) -> ZoneInfo:
        """The zone whose days count for them."""
        return zones.calendar(self.zone, self.rules)


def due_at(campaign: Campaign, stage: Stage, after: datetime, who: Traveller, calendar: Calendar = NO_OCCASIONS) -> datetime:
    """When a stage falls due that the recipient got to at `after`, as aware UTC.

    A stage whose day doesn't come, or was over by then, falls due at once: the last check skips it, and the next one follows.
    """
    if not stage.has_a_day:
        return schedule.due_at(stage, after, who.zone, who.rules, who.hour)
    day = day_of(campaign, stage, who, calendar)
    if day is None:
        return after
    due = schedule.first_in_window(max(after, clock.start_of_day(day, who.calendar)), stage, who.zone, who.rules, who.hour)
    return due if clock.local_day(due, who.calendar) <= day else after


def day_of(campaign: Campaign, stage: Stage, who: Traveller, calendar: Calendar = NO_OCCASIONS) -> date | None:
    """The day of a stage that comes on one, in the recipient's calendar; None when its occasion doesn't come for them.

    Of an occasion it is the first one that lies between their assignment and the campaign's last day: the same at every asking.
    """
    if stage.on_day is not None or stage.occasion is None:
        return stage.on_day
    first = clock.local_day(who.assigned_at, who.calendar)
    found = coming(calendar, stage.occasion, who.country, first, campaign.ends_on)
    return None if found is None else found.day - timedelta(days=stage.occasion.days_before)


def coming(calendar: Calendar, occasion: BeforeOccasion, country: str, first: date, last: date) -> Coming | None:
    """The first day of an occasion whose stage lies from `first` to `last`, in a country.

    Days that nobody has named for certain, and those on which only men or women are greeted, don't count.
    """
    before = timedelta(days=occasion.days_before)
    found = calendar.of_country(country, first + before, last + before)
    return next(
        (each for each in found if each.occasion == occasion.name and each.kind in OF_EVERYBODY and not each.sex and each.may_be_written), None
    )
