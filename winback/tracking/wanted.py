"""What a customer wants of our letters, kept in one way wherever they say it: on the preference page, or in the chat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from winback.audience.consents import ConsentWay
from winback.journey.policy import Policy
from winback.journey.wishes import Wishes
from winback.letters import locales
from winback.model import EventKind, Verdict
from winback.settings import Project
from winback.store import preferences
from winback.store.consents import Given
from winback.store.correspondence import Correspondent
from winback.store.events import Event
from winback.store.preferences import Card, Door
from winback.tracking import endings


@dataclass(frozen=True, slots=True)
class Said:
    """Where they said it, for the proof of what follows from it."""

    by: str  # the signal of the event: "preferences", "telegram"
    way: ConsentWay
    source: str  # of a consent that is given with it
    wording_id: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


def keep(connection: Connection, card: Card, wishes: Wishes, said: Said, now: datetime) -> None:
    """Store wishes in the caller's transaction. Whoever wants nothing on any channel of theirs has unsubscribed, as by the link that says so."""
    preferences.say(connection, card.customer_id, wishes, now)
    for door in card.doors:
        if door.closed and door.channel not in wishes.channels_off:
            given = Given(card.customer_id, door.channel, said.way, said.source, now, wording_id=said.wording_id, evidence=said.evidence)
            preferences.open_again(connection, given, door.address_hash, now)
    if all(door.channel in wishes.channels_off for door in card.doors):
        for door in card.doors:
            if not door.closed:
                _close(connection, card, door, said, now)


def _close(connection: Connection, card: Card, door: Door, said: Said, now: datetime) -> None:
    who = Correspondent(card.customer_id, door.channel, card.locale, door.address_hash)
    event = Event(
        dedupe_key=f"{EventKind.UNSUBSCRIBE}:{said.by}:{card.customer_id}:{door.channel}:{now.isoformat()}",
        kind=EventKind.UNSUBSCRIBE,
        customer_id=card.customer_id,
        happened_at=now,
        verdict=Verdict.HUMAN,
        signals={"by": said.by},
    )
    endings.end(connection, who, event, now)


def languages(project: Project, policy: Policy, card: Card) -> tuple[tuple[str, ...], str]:
    """Languages that the customer may have letters in, and the one that they have them in."""
    rules, chains = policy.for_country(card.country), project.settings.locales
    chain = card.wishes.languages(rules) or locales.choose(card.locale, card.country, chains)
    written = tuple(dict.fromkeys(language for each in chains.values() for language in each))
    offered = written if rules.languages_on_request or not rules.languages else rules.languages
    return offered, chain[0] if chain else ""
