"""winback replies: answers of customers that nobody may have seen, and what a person says of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

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

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__} | {"read_at": self.read_at.isoformat()}


def listed(engine: Engine, *, everything: bool = False) -> list[Reply]:
    """Those that nobody may have been shown, or all; the oldest first."""
    with database.reading(engine) as connection:
        rows = forwards.listed(connection, everything=everything)
    return [Reply(row.id, row.customer, row.happened_at, row.manager, row.status, row.tries, row.detail) for row in rows]


def settle(project: Project, engine: Engine, reply_id: int, answer: str, *, now: datetime) -> str:
    """`shown`: somebody saw it; `again`: it goes out once more with the next `winback collect`. Returns a sentence. Raises ConfigError."""
    with database.writing(engine) as connection:
        found = forwards.settle(connection, reply_id, is_shown=answer == "shown")
        if found is None:
            raise ConfigError(Problem("", None, f"there is no reply {reply_id} to settle.", "Give a number that `winback replies` shows."))
        detail = {"reply": reply_id, "answer": answer}
        audit.record(connection, who=project.user, deed=audit.Deed.RESOLVED, about=audit.customer(found.customer_id), detail=detail, now=now)
    return f"Reply {reply_id} was seen." if answer == "shown" else f"Reply {reply_id} is shown again with the next `winback collect`."
