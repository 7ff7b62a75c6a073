"""winback addresses: which of them letters would reach in vain, and the staff's word that one is alive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row

from winback import clock
from winback.errors import ConfigError, Problem
from winback.model import AddressFault, ChannelName
from winback.settings import Project
from winback.store import database, freshness, runs


@dataclass(frozen=True, slots=True)
class Example:
    """One address with a fault."""

    customer: str
    channel: str
    address: str
    why: str  # what is meant, since when it is silent, what came back

    def as_json(self) -> dict[str, str]:
        return {"customer": self.customer, "channel": self.channel, "address": self.address, "why": self.why}


@dataclass(frozen=True, slots=True)
class Checked:
    """How fresh the addresses are. One with several faults counts in each of them."""

    addresses: int
    fresh: int
    faults: Mapping[AddressFault, int]
    examples: Mapping[AddressFault, Sequence[Example]]
    old_before: str  # the day
    remarked: int  # addresses that are judged otherwise than before as to typing mistakes

    def as_json(self) -> dict[str, Any]:
        faults = {
            str(word): {"count": count, "examples": [example.as_json() for example in self.examples[word]]} for word, count in self.faults.items()
        }
        return {"addresses": self.addresses, "fresh": self.fresh, **faults, "old_before": self.old_before, "remarked": self.remarked}


def check(project: Project, engine: Engine, *, now: datetime, examples: int) -> Checked:
    """Look for typing mistakes anew in all addresses, and count what speaks against each."""
    before = now - project.settings.addresses.old_after
    with database.writing(engine) as connection:
        remarked = freshness.mark_mistyped(connection, project.settings.addresses.real_domains)
    with database.reading(engine) as connection:
        counts = freshness.counts(connection, now=now, before=before)
        shown = {word: _examples(project, connection, word, (now, before), examples) for word in AddressFault}
    return Checked(
        addresses=counts["addresses"],
        fresh=counts["fresh"],
        faults={word: counts[word] for word in AddressFault},
        examples=shown,
        old_before=clock.local_day(before, project.zone).isoformat(),
        remarked=remarked,
    )


def _examples(project: Project, connection: Connection, word: AddressFault, moments: tuple[datetime, datetime], limit: int) -> list[Example]:
    now, before = moments
    rows = freshness.examples(connection, word, now=now, before=before, limit=limit)
    return [Example(row.customer, row.channel, row.address, _why(project, word, row)) for row in rows]


def _why(project: Project, word: AddressFault, row: Row[Any]) -> str:
    match word:
        case AddressFault.BOUNCED:
            return row.blocked_reason or "bounced"
        case AddressFault.MISTYPED:
            return f"meant: {row.mistyped}"
        case AddressFault.OLD:
            return f"last sign of life on {clock.local_day(row.confirmed_at, project.zone)}"
        case AddressFault.UNKNOWN:
            return "no sign of life known"


def confirm(engine: Engine, key: str, channel: str, *, now: datetime) -> None:
    """The staff know that a customer's address is alive: it was said on the phone, or at the till. Raises ConfigError without one."""
    if channel not in set(ChannelName):
        raise ConfigError(Problem("", None, f"there is no channel `{channel}`.", f"Write one of {', '.join(ChannelName)}."))
    with database.writing(engine) as connection:
        who = runs.customer_id(connection, key)
        if who is None:
            raise ConfigError(Problem("", None, f"there is no customer `{key}`.", "Give the shop's own id, as `winback cohort members` prints it."))
        if not freshness.has_address(connection, who, ChannelName(channel)):
            raise ConfigError(Problem("", None, f"`{key}` has no {channel} address.", f"See what they have: winback customer show {key}"))
        freshness.confirm(connection, [(who, ChannelName(channel), now)])
