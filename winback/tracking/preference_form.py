"""The preference page's form: what it shows of a customer, and what it says of their wishes. No database, no web."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from winback.journey.wishes import NO_DAY, Topic, Wishes, months_later
from winback.letters import formats, locales
from winback.letters.page_values import ChoiceValues, FieldValues, PreferenceValues
from winback.model import ChannelName
from winback.store.preferences import Card
from winback.tracking import forms
from winback.tracking.forms import Fields

NAME = "preferences"
_CAPS = {"0": None, "1": 1, "2": 2}
_MONTHS = {"1": 1, "3": 3, "6": 6}
_LONGEST_PAUSE = timedelta(days=400)


def wishes(fields: Fields, card: Card, languages: Sequence[str], spoken: str, today: date) -> Wishes:
    """What the customer wants by a form that was sent; what it doesn't say, or says wrongly, stays as it is.

    `languages` are those on offer, `spoken` the one of letters to them so far: only another one is chosen.
    """
    ticked = frozenset() if "nothing" in fields else frozenset(fields.get("channel", ()))
    asked = {door.channel for door in card.doors}
    topics = frozenset(fields.get("topic", ()))
    now = card.wishes
    return replace(
        now,
        channels_off=frozenset(channel for channel in ChannelName if (channel not in ticked if channel in asked else channel in now.channels_off)),
        topics_off=frozenset(topic for topic in Topic if topic not in topics),
        most_letters=_CAPS.get(forms.one(fields, "most") or "", now.most_letters),
        paused_until=_paused_until(forms.one(fields, "pause"), now.paused_until, today),
        locale=chosen if (chosen := forms.one(fields, "language")) in languages and chosen and chosen != spoken else now.locale,
        favourite_day=_favourite_day(fields, card),
    )


def shown(card: Card, languages: Sequence[str], spoken: str, locale: str, today: date, *, before: tuple[Card, str] | None = None) -> PreferenceValues:
    """The form as it stands, in the page's language; `before` is the card that stood until it was saved a moment ago, and its language."""
    now, comes = card.wishes, {channel: card.comes_by(channel) for channel in ChannelName}
    has = {door.channel for door in card.doors}
    month, _, day = card.favourite_day.partition("-")
    paused = now.paused_until if now.is_paused(today) else None
    names = formats.month_names(locale=locales.babel_name(locale))
    return PreferenceValues(
        saved=before is not None,
        silent=not any(comes.values()),
        languages=tuple(_language(each, spoken) for each in languages) if len(languages) > 1 else (),
        has_email=ChannelName.EMAIL in has,
        email=comes[ChannelName.EMAIL],
        has_telegram=ChannelName.TELEGRAM in has,
        telegram=comes[ChannelName.TELEGRAM],
        offers=Topic.OFFERS not in now.topics_off,
        news=Topic.NEWS not in now.topics_off,
        greetings=Topic.GREETINGS not in now.topics_off,
        surveys=Topic.SURVEYS not in now.topics_off,
        most=now.most_letters or 0,
        paused_until=paused,
        pause=paused.isoformat() if paused else "",
        days=tuple(ChoiceValues(f"{number:02}", str(number), is_chosen=day == f"{number:02}") for number in range(1, 32)),
        months=tuple(ChoiceValues(f"{number:02}", name, is_chosen=month == f"{number:02}") for number, name in enumerate(names, 1)),
        before=tuple(_as_sent(*before, today)) if before else (),
    )


def _as_sent(card: Card, spoken: str, today: date) -> Iterator[FieldValues]:
    """The form that would bring a card about: what undoing sends."""
    month, _, day = card.favourite_day.partition("-")
    yield FieldValues("form", NAME)
    yield from (FieldValues("channel", door.channel) for door in card.doors if card.comes_by(door.channel))
    yield from (FieldValues("topic", topic) for topic in Topic if topic not in card.wishes.topics_off)
    yield FieldValues("most", str(card.wishes.most_letters or 0))
    yield FieldValues("pause", card.wishes.paused_until.isoformat() if card.wishes.is_paused(today) and card.wishes.paused_until else "0")
    yield FieldValues("language", spoken)
    yield FieldValues("day", day)
    yield FieldValues("month", month)


def _language(language: str, spoken: str) -> ChoiceValues:
    return ChoiceValues(language, locales.own_name(language), is_chosen=language == spoken, language=locales.language_tag(language))


def _paused_until(said: str | None, now: date | None, today: date) -> date | None:
    """A pause of whole months from today, one until a day as the form showed it, or none."""
    if said == "0":
        return None
    if said in _MONTHS:
        return months_later(today, _MONTHS[said])
    if said is None or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", said, re.ASCII):
        return now
    try:
        day = date.fromisoformat(said)
    except ValueError:
        return now
    return day if today < day <= today + _LONGEST_PAUSE else now


def _favourite_day(fields: Fields, card: Card) -> str:
    """MM-DD; a day that doesn't exist changes nothing, and half a day neither."""
    day, month = forms.one(fields, "day"), forms.one(fields, "month")
    if day == month == "":
        return NO_DAY if card.favourite_day else card.wishes.favourite_day
    said = f"{month}-{day}"
    if not re.fullmatch(r"\d{2}-\d{2}", said, re.ASCII) or said == card.favourite_day:
        return card.wishes.favourite_day
    try:
        date.fromisoformat(f"2028-{said}")  # a leap year: the 29th of February is a day too
    except ValueError:
        return card.wishes.favourite_day
    return said
