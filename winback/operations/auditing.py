"""winback audit: deeds to look at, and whether the chain of them holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from winback.errors import ConfigError, Problem
from winback.settings import Project
from winback.store import audit, database, persons
from winback.store.audit import Head, Misfit, Wanted


@dataclass(frozen=True, slots=True)
class Deed:
    """One deed as it is shown."""

    number: int
    done_at: datetime
    who: str
    deed: str
    about: str
    detail: str

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("number", "who", "deed", "about", "detail")} | {"done_at": self.done_at.isoformat()}


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether the chain holds."""

    head: Head | None
    misfit: Misfit | None

    def as_json(self) -> dict[str, Any]:
        first = self.misfit and {"number": self.misfit.number, "because": self.misfit.because}
        return {"holds": self.misfit is None, "first_misfit": first, "head": str(self.head) if self.head else None}

    def sentence(self) -> str:
        if self.misfit is not None:
            return f"The audit doesn't hold: deed {self.misfit.number} {self.misfit.because}."
        if self.head is None:
            return "Nothing was done yet."
        return f"{self.head.number:,} deeds, each as it was written. Head: {self.head}"


def listed(engine: Engine, *, about: str = "", customer: str = "", limit: int, wanted: Wanted | None = None) -> Sequence[Deed]:
    """Deeds, the latest first. `about` and `customer` narrow what is wanted. Raises ConfigError for a customer who isn't there."""
    with database.reading(engine) as connection:
        if customer:
            found = persons.find(connection, customer)
            if found is None:
                how = "Of somebody who was forgotten the deeds stand under the number of a row: --about `customer 17`."
                raise ConfigError(Problem("", None, f"there is no customer `{customer}`.", how))
            about = audit.customer(found.merged_into or found.id)
        narrowed = wanted or Wanted()
        if about:
            narrowed = replace(narrowed, about=about)
        rows = audit.chosen(connection, narrowed, limit=limit)
    return [Deed(row.number, row.done_at, row.who, row.deed, row.about, row.detail) for row in rows]


def verify(project: Project, engine: Engine, *, heads: Sequence[str] = ()) -> Verified:
    """Look through the whole chain. It must still hold `heads`, and the head that the last look left beside the database."""
    kept = project.root / ".winback" / "audit-head"
    known = [*map(_head, heads), *([_head(kept.read_text(encoding="utf-8").strip())] if kept.exists() else [])]
    with database.reading(engine) as connection:
        misfit = audit.verify(connection, known)
        head = audit.head(connection)
    if misfit is None and head is not None:
        _keep(kept, head)
    return Verified(head, misfit)


def _keep(path: Path, head: Head) -> None:
    path.parent.mkdir(exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(f"{head}\n", encoding="utf-8")
    draft.replace(path)


def _head(text: str) -> Head:
    """Raises ConfigError."""
    if not (found := re.fullmatch(r"([0-9]{1,18})-([0-9a-f]{64})", text)):
        how = "Write it as `winback audit verify` printed it: a number, a minus, 64 digits and letters."
        raise ConfigError(Problem("", None, f"`{text[:80]}` is no head of the audit.", how))
    return Head(int(found[1]), found[2])
