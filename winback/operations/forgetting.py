"""winback customer forget: the person is erased from the database and from the files; what statistics count stays, as nobody's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from winback.errors import ConfigError, Problem
from winback.operations import held, traces
from winback.settings import Project
from winback.speech import N_, said
from winback.store import audit, database, forgetting, forgotten, stops_due


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was done."""

    records: int  # of the shop, that were this person
    addresses: int  # closed for good
    files: tuple[str, ...]
    is_scrubbed: bool  # the database file holds no remainders either

    def as_json(self) -> dict[str, Any]:
        return {"records": self.records, "addresses": self.addresses, "files": list(self.files), "scrubbed": self.is_scrubbed}

    def sentences(self, database_name: str) -> Sequence[str]:
        """What a person should know of it."""
        told = [f"Forgotten: {self.records} of the shop's records, {self.addresses} addresses (never written to again), {len(self.files)} files."]
        if not self.is_scrubbed:
            told.append("Remainders may lie in unused parts of the database file until nobody else works with it: winback retention clears them.")
        if database_name == "postgresql":
            told.append("PostgreSQL's log and archived segments keep what was written before; they and backups go by their own retention.")
        told.append("Backups, files that you exported, and the shop's own data are not touched. Imports leave the person out from now on.")
        return told


def forget(project: Project, engine: Engine, key: str, *, by: str, now: datetime) -> Forgotten:
    """Forget a customer and every record merged with theirs. Again it does nothing, and says so.

    First nothing is written to them any more, then their files go, then their rows, all in one transaction: whatever breaks off in between,
    the rows still say what is left to do, and the next try finishes it. Raises ConfigError when there is no such customer, and while a
    letter to them is on its way.
    """
    with database.writing(engine) as connection:
        known = forgetting.known(connection, key)
        if known is None:
            raise held.unknown(forgotten.since(connection, project.key, key), key)
        forgetting.stop(connection, known, now)
    files = traces.erase(project, known)
    with database.writing(engine) as connection:
        known = forgetting.known(connection, key) or known
        busy = forgetting.erase(connection, known, project.key, now)
        if busy:
            connection.rollback()
        else:
            stops_due.note(connection)
            detail = {"records": len(known.ids), "addresses": len(known.addresses), "letters": len(known.letters), "files": len(files)}
            audit.record(connection, who=by, deed=audit.Deed.FORGOTTEN, about=audit.customer(known.ids[0]), detail=detail, now=now)
    if busy:
        what = said(N_("`%(key)s` can't be erased just now: %(why)s."), key=key, why=busy.because)
        how = N_(
            "Nothing is written to them any more; try again in a minute to erase them. If that campaign isn't sending now: winback run CAMPAIGN."
        )
        raise ConfigError(Problem("", None, what, said(how)))
    files += traces.erase(project, known)  # what came in between
    return Forgotten(len(known.ids), len(known.addresses), tuple(dict.fromkeys(files)), database.scrub(engine))


def readmit(project: Project, engine: Engine, key: str, *, by: str, now: datetime) -> str:
    """Somebody who was forgotten is a customer again: imports take them in from now on. Returns a sentence. Raises ConfigError.

    Nothing of before comes back, and their addresses stay closed until `winback suppress lift`, which needs a new consent of theirs.
    """
    with database.writing(engine) as connection:
        if not forgotten.readmit(connection, project.key, key):
            raise ConfigError(Problem("", None, f"`{key}` was not forgotten.", "Give the shop's id, in the very letters."))
        audit.record(connection, who=by, deed=audit.Deed.READMITTED, about="a customer who was forgotten", detail={}, now=now)
    return f"{key} comes in again with the next `winback import`. Their addresses stay closed until they agree anew: winback suppress lift ADDRESS."
