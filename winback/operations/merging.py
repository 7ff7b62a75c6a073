"""winback customer merge: one customer of two, or a sentence why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row

from winback.audience.consents import Strictness
from winback.errors import ConfigError, Problem
from winback.store import audit, database, merging, persons
from winback.store.merging import Busy, Merged

WORDS = {
    None: "says nothing",
    Strictness.CLOSED: "no",
    Strictness.SAID: "given without proof",
    Strictness.PROVEN: "given",
    Strictness.CONFIRMED: "given and confirmed",
}
"""How far a consent goes, as it is printed."""


@dataclass(frozen=True, slots=True)
class MergeReport:
    """What a merge did, or would do."""

    merged: str
    into: str
    is_rehearsed: bool
    result: Merged

    def as_json(self) -> dict[str, Any]:
        result = self.result
        return {
            "merged": self.merged,
            "into": self.into,
            "dry_run": self.is_rehearsed,
            "moved": dict(result.moved),
            "filled": list(result.filled),
            "addresses": [{"channel": fate.channel, "fate": fate.fate} for fate in result.addresses],
            "consents": [
                {"channel": fate.channel, "purpose": fate.purpose, "into": WORDS[fate.into], "merged": WORDS[fate.merged], "now": WORDS[fate.now]}
                for fate in result.consents
            ],
            "journeys": [{"campaign": fate.campaign, "run": fate.number, "fate": fate.fate} for fate in result.journeys],
            "sentences": list(self.sentences()),
        }

    def sentences(self) -> Iterator[str]:
        """What a person should know of it."""
        for address in self.result.addresses:
            if address.fate == "dropped":
                yield f"{self.into} keeps their own {address.channel} address; that of {self.merged} is not kept."
                if address.dropped_works and not address.kept_works:
                    yield f"But that one works, and the one kept doesn't: merge {self.into} into {self.merged} instead."
        for consent in self.result.consents:
            best = max(side for side in (consent.into, consent.merged, Strictness.CLOSED) if side is not None)
            if consent.now < best:
                said = f"{self.into}: {WORDS[consent.into]}, {self.merged}: {WORDS[consent.merged]}"
                yield f"Consent to {consent.purpose} by {consent.channel} ({said}): the stricter word counts, {WORDS[consent.now]}."
        for journey in self.result.journeys:
            if journey.fate == "ended":
                yield f"Both were in {journey.campaign}, run {journey.number}: the journey of {self.into} goes on, that of {self.merged} ends."


def merge(engine: Engine, merged_key: str, into_key: str, *, now: datetime, dry_run: bool = False, by: str = "") -> MergeReport:
    """Merge one customer into another: all of it, or nothing. A dry run does it and takes it back.

    Raises ConfigError when either isn't there, both are the same or one of them was merged before, and when somebody is working on them.
    """
    with database.writing(engine) as connection:
        merged, into = _both(connection, merged_key, into_key)
        result = merging.merge(connection, merged.id, into.id, now)
        if dry_run or isinstance(result, Busy):
            connection.rollback()
        else:
            audit.record(
                connection, who=by, deed=audit.Deed.MERGED, about=audit.customer(into.id), detail={"from": audit.customer(merged.id)}, now=now
            )
    if isinstance(result, Busy):
        how = "Try again in a minute. If that campaign isn't sending now, let it come to an end first: winback run CAMPAIGN."
        raise ConfigError(Problem("", None, f"`{merged_key}` can't be merged just now: {result.because}.", how))
    return MergeReport(merged_key, into_key, dry_run, result)


def _both(connection: Connection, merged_key: str, into_key: str) -> tuple[Row[Any], Row[Any]]:
    if merged_key == into_key:
        raise ConfigError(Problem("", None, f"`{merged_key}` can't be merged into itself.", "Name two customers: winback customer merge FROM INTO"))
    merged, into = _record(connection, merged_key), _record(connection, into_key)
    if merged.stays is not None:
        how = "There is nothing left to do." if merged.stays == into_key else f"Merge that one, if you want to: {merged.stays}."
        raise ConfigError(Problem("", None, f"`{merged_key}` was merged into `{merged.stays}` before.", how))
    if into.stays is not None:
        how = f"Name the one that stays: winback customer merge {merged_key} {into.stays}"
        raise ConfigError(Problem("", None, f"`{into_key}` was merged into `{into.stays}` before.", how))
    return merged, into


def _record(connection: Connection, key: str) -> Row[Any]:
    found = persons.find(connection, key)
    if found is None:
        raise ConfigError(Problem("", None, f"there is no customer `{key}`.", "Give the shop's own id, as `winback cohort members` prints it."))
    return found
