"""What a customer says that no other dialogue understands: kept, shown to their manager, and the journeys that wait for it end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from winback.bot.answers import Answer
from winback.bot.dialogue import Acknowledge, Context, Deed, Deeds, Known
from winback.bot.updates import Heard, Kind, Place
from winback.model import EventKind, Verdict
from winback.store.correspondence import Correspondent
from winback.store.events import Event
from winback.tracking import endings


@dataclass(frozen=True, slots=True)
class Reply(Deed):
    """Keep the words."""

    counted: ClassVar[str] = "reply"

    def do(self, context: Context) -> None:
        assert context.who is not None, "what strangers say is nobody's reply"
        endings.end(context.connection, context.who, event(EventKind.REPLY, context, context.who), context.now)


def decide(heard: Heard, known: Known) -> Deeds:
    """The last dialogue: it has an answer to everything."""
    if heard.place is Place.GROUP:
        return (Acknowledge(),) if heard.kind is Kind.PRESS else ()
    return (Acknowledge(Answer.STALE, known.language),) if heard.kind is Kind.PRESS else ()


def event(kind: EventKind, context: Context, who: Correspondent) -> Event:
    """What a customer did in the chat, as events keep it."""
    heard = context.heard
    return Event(
        dedupe_key=context.happening,
        kind=kind,
        customer_id=who.customer_id,
        delivery_id=who.delivery_id,
        happened_at=context.now,
        verdict=Verdict.HUMAN,
        signals={"by": "telegram", "said_at": heard.said_at},
        text=heard.text if kind is EventKind.REPLY else "",
    )
