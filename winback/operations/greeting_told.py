"""What a campaign that greets would do for one customer in the year to come: on which occasions, how each is known, and why not on others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row

from winback.journey import greeting_days
from winback.journey.greetings import Coming
from winback.journey.occasions import Kind
from winback.model import RecipientStatus
from winback.operations.contacting import Told
from winback.sending.greeting import Greeter
from winback.sending.prepared import Prepared
from winback.store import database
from winback.store.runs import Run

_YEAR = timedelta(days=365)
_KNOWN_BY = {Kind.BIRTHDAY: "the customer's card", Kind.FAVOURITE_DAY: "the customer's card", Kind.ANNIVERSARY: "the first order"}


def of(prepared: Prepared, engine: Engine, run: Run, recipient: Row[Any], now: datetime) -> Iterator[Told]:
    """The occasions of a recipient; nothing of a campaign that doesn't greet, or of a journey that is over."""
    greeter = Greeter.of(prepared)
    if greeter is None or recipient.status not in {RecipientStatus.ACTIVE, RecipientStatus.HELD_OUT}:
        return
    with database.reading(engine) as connection:
        who = greeter.known(connection, run, [recipient], now)[recipient.customer_id]
    last = min(who.day(now) + _YEAR, prepared.campaign.ends_on)
    for coming, said, is_greeted in greeting_days.told(prepared.calendar, greeter.greet, who, who.day(now), last):
        unnamed = is_greeted and greeter.told(f"{coming.occasion}@{coming.day}", who.celebrant, recipient.locale) is None
        found = f"not greeted: it has no name in {recipient.locale}" if unnamed else said
        yield f"{coming.occasion} on {coming.day}, by {_known_by(coming)}", found, is_greeted and not unnamed
    if recipient.next_occasion:
        word, day = greeting_days.parse(recipient.next_occasion)
        yield "waits for", f"{word} on {day}, whose letter is due on {recipient.next_due_at.astimezone(who.own):%Y-%m-%d %H:%M}", None


def _known_by(coming: Coming) -> str:
    where = f"{coming.kind} days of {coming.country or 'everybody'}"
    return _KNOWN_BY.get(coming.kind, where)
