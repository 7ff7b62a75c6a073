"""The preference page's form: what it shows of a customer, and what it says of their wishes. No database, no web."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from winback.journey.eligibility import Tracking
from winback.journey.policy import Rules
from winback.journey.wishes import NO_DAY, Topic, Wishes, months_later
from winback.letters import formats, locales
from winback.letters.page_values import ChoiceValues, FieldValues, PreferenceValues
from winback.model import ChannelName
from winback.store.preferences import Card
from winback.tracking import forms
from winback.tracking.forms import Fields

NAME = "preferences"
_PHONES = {ChannelName.SMS: "SMS", ChannelName.VIBER: "Viber", ChannelName.WHATSAPP: "WhatsApp"}  # names of their own in every language
_CAPS = {"0": None, "1": 1, "2": 2, "4": 4}
_MOST = 4
_SAID = {Tracking.GIVEN: "yes", Tracking.WITHDRAWN: "no"}
_ONLY_GREETINGS = frozenset(Topic) - {Topic.GREETINGS}
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
        topics_off=_ONLY_GREETINGS if "greetings" in fields.get("only", ()) else frozenset(topic for topic in Topic if topic not in topics),
        most_letters=_CAPS.get(forms.one(fields, "most") or "", now.most_letters),
        paused_until=_paused_until(forms.one(fields, "pause"), now.paused_until, today),
        locale=chosen if (chosen := forms.one(fields, "language")) in languages and chosen and chosen != spoken else now.locale,
        favourite_day=_favourite_day(fields, card),
    )


def may_see(fields: Fields) -> bool | None:
    """Whether we may see that letters are opened and links followed; None where the form doesn't say."""
    return {"yes": True, "no": False}.get(forms.one(fields, "see") or "")


def asks_to_see(card: Card, rules: Rules) -> bool:
    """Whether the page has that question: where something could be seen, and for whoever answered it before."""
    return bool(card.doors) and bool(rules.open_tracking or rules.click_tracking or card.tracking is not Tracking.UNSAID)


def shown(
    card: Card,
    languages: Sequence[str],
    spoken: str,
    locale: str,
    today: date,
    *,
    rules: Rules | None = None,
    before: tuple[Card, str] | None = None,
) -> PreferenceValues:
    """The form as it stands, in the page's language; `before` is the card that stood until it was saved a moment ago, and its language."""
    rules = rules or Rules()
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
        phones=tuple(ChoiceValues(channel, _PHONES[channel], is_chosen=comes[channel]) for channel in _PHONES if channel in has),
        offers=Topic.OFFERS not in now.topics_off,
        news=Topic.NEWS not in now.topics_off,
        greetings=Topic.GREETINGS not in now.topics_off,
        surveys=Topic.SURVEYS not in now.topics_off,
        most=now.most_letters or 0,
        offers_four=now.most_letters == _MOST or rules.caps.month is None or rules.caps.month > _MOST,
        asks_to_see=asks_to_see(card, rules),
        see=_SAID.get(card.tracking, ""),
        paused_until=paused,
        pause=paused.isoformat() if paused else "",
        days=tuple(ChoiceValues(f"{number:02}", str(number), is_chosen=day == f"{number:02}") for number in range(1, 32)),
        months=tuple(ChoiceValues(f"{number:02}", name, is_chosen=month == f"{number:02}") for number, name in enumerate(names, 1)),
        before=tuple(_as_sent(*before, card, today)) if before else (),
    )


def _as_sent(card: Card, spoken: str, now: Card, today: date) -> Iterator[FieldValues]:
    """The form that would bring a card about: what undoing sends. Who had said nothing of being seen, and just said yes, says no by it."""
    month, _, day = card.favourite_day.partition("-")
    yield FieldValues("form", NAME)
    yield from (FieldValues("channel", door.channel) for door in card.doors if card.comes_by(door.channel))
    yield from (FieldValues("topic", topic) for topic in Topic if topic not in card.wishes.topics_off)
    yield FieldValues("most", str(card.wishes.most_letters or 0))
    yield FieldValues("pause", card.wishes.paused_until.isoformat() if card.wishes.is_paused(today) and card.wishes.paused_until else "0")
    if card.tracking is not now.tracking:
        yield FieldValues("see", _SAID.get(card.tracking, "no"))
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
