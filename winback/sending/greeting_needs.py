"""What the `greet:` of a campaign asks of config/occasions.yaml: words that are there, and days that come while the campaign lasts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from winback.errors import Problem
from winback.journey.campaign import Campaign
from winback.journey.greet import GROUPS
from winback.journey.greetings import Calendar
from winback.journey.occasions import FILE, Occasions
from winback.strictyaml import Document, nearest


def problems(document: Document[Campaign], calendar: Calendar) -> Iterator[Problem]:
    """Occasions that nobody has, that the shop doesn't greet on, or that don't come; wishes for others."""
    greet, days = document.value.greet, calendar.occasions
    if greet is None:
        return
    public = _public(days)
    own = {"birthday": days.birthday, "anniversary": days.anniversary, "favourite-day": days.favourite_day}
    known = {*GROUPS, *public}
    for index, word in enumerate(greet.occasions):
        place = ("greet", "occasions", index)
        if word not in known:
            yield document.problem(place, f"there is no occasion `{word}` in {FILE}.", nearest(word, known, "Occasions"))
        elif word in own and own[word] is None:
            section = word.replace("-", "_")
            yield document.problem(place, f"{FILE} greets nobody on it: `{section}:` is null.", f"Write `{section}: {{lead: 0 days}}` there.")
        elif word in public and not _comes(document.value, calendar, word):
            message = f"no letter for `{word}` may leave from {document.value.starts_on} to {document.value.ends_on}: it doesn't come, nobody has named its day for certain, or it is a day of silence."
            yield document.problem(place, message, "Write other dates for the campaign, or take it out.")
    for word in greet.wishes:
        if word not in public.keys() | own.keys():
            how = nearest(word, [*public, *own], "Occasions")
            yield document.problem(("greet", "wishes", word), f"there is no occasion `{word}` in {FILE}.", how)
        elif not _is_asked(greet.occasions, word, public):
            message = f"the campaign doesn't greet on `{word}`."
            yield document.problem(("greet", "wishes", word), message, "Add it to `occasions:`, or take the wish out.")


def _public(days: Occasions) -> dict[str, str]:
    """The group of every day that isn't one customer's own, by its word; professional days have none."""
    found = {word: "" for each in days.professional_days.values() for word in each}
    found |= dict.fromkeys((word for each in days.holidays.values() for word in each), "holidays")
    return found | dict.fromkeys(days.invented_days, "invented-days")


def _is_asked(occasions: tuple[str, ...], word: str, public: dict[str, str]) -> bool:
    return word in occasions or (word in public and public[word] in occasions)


def _comes(plan: Campaign, calendar: Calendar, word: str) -> bool:
    last = plan.ends_on + timedelta(days=366)  # a letter may leave long before its day
    return any(
        each.occasion == word and each.may_be_written and plan.starts_on <= each.letter_on <= plan.ends_on
        for country in {*calendar.occasions.countries, ""}
        for each in calendar.of_country(country, plan.starts_on, last)
    )
