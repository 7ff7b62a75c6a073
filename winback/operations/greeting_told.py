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
from winback.speech import N_, called, said
from winback.store import database
from winback.store.runs import Run

_YEAR = timedelta(days=365)
_KNOWN_BY = {Kind.BIRTHDAY: N_("the customer's card"), Kind.FAVOURITE_DAY: N_("the customer's card"), Kind.ANNIVERSARY: N_("the first order")}


def of(prepared: Prepared, engine: Engine, run: Run, recipient: Row[Any], now: datetime) -> Iterator[Told]:
    """The occasions of a recipient; nothing of a campaign that doesn't greet, or of a journey that is over."""
    greeter = Greeter.of(prepared)
    if greeter is None or recipient.status not in {RecipientStatus.ACTIVE, RecipientStatus.HELD_OUT}:
        return
    with database.reading(engine) as connection:
        who = greeter.known(connection, run, [recipient], now)[recipient.customer_id]
    last = min(who.day(now) + _YEAR, prepared.campaign.ends_on)
    for coming, told, is_greeted in greeting_days.told(prepared.calendar, greeter.greet, who, who.day(now), last):
        unnamed = is_greeted and greeter.told(f"{coming.occasion}@{coming.day}", who.celebrant, recipient.locale) is None
        found = said(N_("not greeted: it has no name in %(language)s"), language=recipient.locale) if unnamed else told
        asks = said(N_("%(occasion)s on %(day)s, by %(source)s"), occasion=coming.occasion, day=coming.day, source=_known_by(coming))
        yield asks, found, is_greeted and not unnamed
    if recipient.next_occasion:
        word, day = greeting_days.parse(recipient.next_occasion)
        moment = f"{recipient.next_due_at.astimezone(who.own):%Y-%m-%d %H:%M}"
        yield (
            said(N_("waits for")),
            said(N_("%(occasion)s on %(day)s, whose letter is due on %(moment)s"), occasion=word, day=day, moment=moment),
            None,
        )


def _known_by(coming: Coming) -> str:
    if coming.kind in _KNOWN_BY:
        return said(_KNOWN_BY[coming.kind])
    return said(N_("%(kind)s days of %(country)s"), kind=called(str(coming.kind), "days"), country=coming.country or said(N_("everybody")))
