"""winback replies: answers of customers that nobody may have seen, and what a person says of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row

from winback.errors import ConfigError, Problem
from winback.settings import Project
from winback.store import audit, database, forwards


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply on its way to a manager."""

    id: int
    customer: str
    read_at: datetime
    manager: str
    status: str
    tries: int
    detail: str
    name: str = ""
    text: str = ""  # what they wrote

    def as_json(self) -> dict[str, Any]:
        told = {name: getattr(self, name) for name in self.__slots__ if name not in {"name", "text"}}
        return told | {"read_at": self.read_at.isoformat()}


def listed(engine: Engine, *, everything: bool = False, customer: str = "", limit: int | None = None, offset: int = 0) -> list[Reply]:
    """Those that nobody may have been shown, or all, the oldest first; of one customer alone, by the shop's id, where it is given."""
    with database.reading(engine) as connection:
        rows = forwards.listed(connection, everything=everything, customer=customer, limit=limit, offset=offset)
    return [Reply(row.id, row.customer, row.happened_at, row.manager, row.status, row.tries, row.detail, _name(row), row.text) for row in rows]


def _name(row: Row[Any]) -> str:
    return " ".join(part for part in (row.given_name, row.family_name) if part)


def count(engine: Engine) -> int:
    """How many replies nobody may have been shown."""
    with database.reading(engine) as connection:
        return forwards.count_unshown(connection)


def settle(project: Project, engine: Engine, reply_id: int, answer: str, *, now: datetime, by: str = "") -> str:
    """`shown`: somebody saw it; `again`: it goes out once more with the next `winback collect`. Returns a sentence. Raises ConfigError."""
    with database.writing(engine) as connection:
        found = forwards.settle(connection, reply_id, is_shown=answer == "shown")
        if found is None:
            raise ConfigError(Problem("", None, f"there is no reply {reply_id} to settle.", "Give a number that `winback replies` shows."))
        detail = {"reply": reply_id, "answer": answer}
        audit.record(connection, who=by or project.user, deed=audit.Deed.RESOLVED, about=audit.customer(found.customer_id), detail=detail, now=now)
    return f"Reply {reply_id} was seen." if answer == "shown" else f"Reply {reply_id} is shown again with the next `winback collect`."
