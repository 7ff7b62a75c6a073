"""What ends a journey when it comes back, and what closes an address with it. One place, whichever way it came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from winback.audience.consents import ConsentWay
from winback.model import EventKind, Reason
from winback.store import consents, events, forwards, freshness, soft_bounces
from winback.store.consents import Withdrawn
from winback.store.correspondence import Correspondent
from winback.store.events import Event
from winback.ways_in import SoftBounceSettings

_ENDS: Mapping[EventKind, tuple[Reason, bool]] = {  # why the journeys end; whether the address is closed too
    EventKind.UNSUBSCRIBE: (Reason.UNSUBSCRIBED, True),
    EventKind.COMPLAINT: (Reason.COMPLAINED, True),
    EventKind.BOUNCE: (Reason.BOUNCED, True),  # a hard one; the others are recorded and end nothing
    EventKind.REPLY: (Reason.REPLIED, False),
    EventKind.ANSWER: (Reason.ANSWERED, False),
}
_WITHDRAWS = frozenset({EventKind.UNSUBSCRIBE, EventKind.COMPLAINT})
_WAYS = {"page": ConsentWay.PAGE, "preferences": ConsentWay.PAGE, "one-click": ConsentWay.ONE_CLICK, "telegram": ConsentWay.CHAT}
"""By which way somebody unsubscribed, by the signal `by` of the event; mail, where nothing is said."""


def end(connection: Connection, who: Correspondent, event: Event, now: datetime) -> bool:
    """Record the event, stop the customer's journeys, and suppress the address if the event closes it: in the caller's one transaction.

    Whoever unsubscribes or complains takes their consent back with it (store/consents.py).

    An answer shows that the address it answers from is alive.

    Returns whether the event was new. One that was known ends nothing again (a reply read twice mustn't stop a later campaign), but
    whoever asks to be left alone is heard every time.
    """
    reason, closes = _ENDS[event.kind]
    new = events.record(connection, [event]) > 0
    if not new and event.kind is not EventKind.UNSUBSCRIBE:
        return False
    if event.kind in _WITHDRAWS:
        consents.withdraw(connection, _wish(who, event, reason), now)
        return new
    if closes and who.address_hash is not None:
        events.suppress(connection, channel=who.channel, address_hash=who.address_hash, reason=reason, since=now, delivery_id=event.delivery_id)
    if event.kind is EventKind.REPLY:
        forwards.ask(connection, event.dedupe_key, now)
    if event.kind in {EventKind.REPLY, EventKind.ANSWER} and not who.is_former and "known_by" not in event.signals:
        freshness.confirm(connection, [(who.customer_id, who.channel, event.happened_at)])
        if who.address_hash is not None:
            soft_bounces.forgive(connection, who.address_hash)
    events.stop(connection, who.customer_id, reason, now)
    return new


def _wish(who: Correspondent, event: Event, reason: Reason) -> Withdrawn:
    way = ConsentWay.COMPLAINT if event.kind is EventKind.COMPLAINT else _WAYS.get(str(event.signals.get("by", "")), ConsentWay.REPLY)
    evidence = {"event": event.dedupe_key}
    return Withdrawn(
        who.customer_id, way, who.channel, reason=reason, address_hash=who.address_hash, delivery_id=event.delivery_id, evidence=evidence
    )


def count_soft(connection: Connection, who: Correspondent, event: Event, limits: SoftBounceSettings, now: datetime) -> None:
    """A letter didn't arrive this time, and that is recorded: close an address at which that happens again and again, without a sign of life between."""
    failing = soft_bounces.failing(connection, who.customer_id, now=now, within=limits.within)
    if failing.letters >= limits.count and failing.spanning >= limits.over:
        close_as_failing(connection, who, event, now)


def close_as_failing(connection: Connection, who: Correspondent, event: Event, now: datetime) -> None:
    """Letters to the address failed to arrive again and again: nothing is sent there any more, until it shows life."""
    if who.address_hash is None:
        return
    reason = Reason.SOFT_BOUNCED
    events.suppress(connection, channel=who.channel, address_hash=who.address_hash, reason=reason, since=now, delivery_id=event.delivery_id)
    events.stop(connection, who.customer_id, reason, now)
