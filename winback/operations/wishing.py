"""What a customer told the shop's people of the letters that they want: kept as if they had said it on the preference page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Engine

from winback import clock
from winback.audience.consents import ConsentWay
from winback.errors import ConfigError, Problem
from winback.journey import day_rules
from winback.journey.wishes import NO_DAY, Topic, Wishes
from winback.model import ChannelName
from winback.operations import finding
from winback.settings import Project
from winback.speech import N_, said
from winback.store import audit, database, leaving_reasons, preferences
from winback.store.preferences import Card
from winback.tracking import wanted
from winback.tracking.wanted import Said

MOST = 31
"""Letters a month that anybody may ask for."""


@dataclass(frozen=True, slots=True)
class Told:
    """What they told, whole: it takes the place of what was known before."""

    favourite_day: str  # MM-DD; empty: none
    channels_off: Collection[ChannelName] = ()
    topics_off: Collection[Topic] = ()
    most_letters: int | None = None
    paused_until: date | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What there is to ask of a customer, and how it stands."""

    card: Card
    channels: tuple[ChannelName, ...]  # by which letters may reach them; of a closed address nothing is asked


def ask(engine: Engine, key: str) -> Asked | None:
    """The card to fill in; None where there is no such customer."""
    with database.reading(engine) as connection:
        who = leaving_reasons.whose(connection, key)
        card = None if who is None else preferences.card(connection, who)
    return None if card is None else Asked(card, tuple(door.channel for door in card.doors if not door.closed))


def record(project: Project, engine: Engine, key: str, told: Told, *, by: str, now: datetime) -> bool:
    """Keep it; whether anything changed. Whoever wants nothing on any channel has unsubscribed by it. Raises ConfigError.

    A closed address stays closed: to open it is a wish of its own, and a consent.
    """
    _refuse(told, clock.local_day(now, project.zone))
    with database.writing(engine) as connection:
        who = leaving_reasons.whose(connection, key)
        card = None if who is None else preferences.card(connection, who)
        if card is None:
            raise ConfigError(finding.nobody(key))
        wishes = _wishes(card, told)
        if wishes == card.wishes:
            return False
        open_ones = replace(card, doors=tuple(door for door in card.doors if not door.closed))
        wanted.keep(connection, open_ones, wishes, Said("staff", ConsentWay.STAFF, f"told {by}"), now)
        changed = [name for name in Wishes.__slots__ if getattr(wishes, name) != getattr(card.wishes, name)]
        detail = {"changed": changed}
        audit.record(connection, who=by, deed=audit.Deed.WISHED, about=audit.customer(card.customer_id), detail=detail, now=now)
    return True


def _wishes(card: Card, told: Told) -> Wishes:
    closed = {door.channel for door in card.doors if door.closed}
    return replace(
        card.wishes,
        favourite_day=_favourite_day(card, told.favourite_day),
        channels_off=frozenset(told.channels_off) | (card.wishes.channels_off & closed),
        topics_off=frozenset(told.topics_off),
        most_letters=told.most_letters,
        paused_until=told.paused_until,
    )


def _favourite_day(card: Card, told: str) -> str:
    """What the shop's data say isn't theirs until they say something else."""
    if told == card.favourite_day:
        return card.wishes.favourite_day
    return told or NO_DAY


def _refuse(told: Told, today: date) -> None:
    if told.favourite_day and day_rules.month_day(told.favourite_day) is None:
        raise ConfigError(
            Problem("", None, said(N_("`%(day)s` is no day of the year."), day=told.favourite_day), said(N_("Write month and day, as 03-08.")))
        )
    if told.most_letters is not None and not 1 <= told.most_letters <= MOST:
        raise ConfigError(
            Problem(
                "",
                None,
                said(N_("%(number)s letters a month can't be meant."), number=told.most_letters),
                said(N_("Write a number from 1 to %(most)s, or nothing."), most=MOST),
            )
        )
    if told.paused_until is not None and told.paused_until <= today:
        raise ConfigError(
            Problem("", None, said(N_("a pause until %(day)s is over."), day=told.paused_until), said(N_("Write a later day, or none.")))
        )
