"""winback customer export: everything that is held of a person, for themselves and for machines."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row

from winback.audience import retention
from winback.errors import ConfigError, Problem
from winback.model import Money
from winback.operations import finding, traces
from winback.settings import Project
from winback.speech import N_, said
from winback.store import audit, database, forgetting, forgotten
from winback.store.forgetting import Known
from winback.store.holdings import HOLDINGS, INTERNAL, KEPT, Fate

FORMAT = "winback-customer/1"
"""Of the file; another number when a field changes its meaning."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of one person."""

    customer: str
    made_at: datetime
    known: Known
    rows: Mapping[str, list[dict[str, Any]]]  # by table
    files: tuple[tuple[str, bytes], ...]  # name as seen from the project folder, content
    periods: Mapping[str, str]  # of config/retention.yaml

    def as_json(self) -> dict[str, Any]:
        """The documented shape (docs/rights.md)."""
        return {
            "format": FORMAT,
            "made_at": self.made_at.isoformat(),
            "customer": self.customer,
            "also_known_as": [key for key in self.known.keys if key != self.customer],
            "held": {name: {"says": HOLDINGS[name].says, "kept": KEPT[name], "rows": rows} for name, rows in self.rows.items()},
            "periods": dict(self.periods),
            "files": [{"file": name, **_content(content)} for name, content in self.files],
            "not_about_you": {name: each.says for name, each in HOLDINGS.items() if each.fate is Fate.NOBODYS},
        }


def gather(project: Project, engine: Engine, key: str, *, by: str, now: datetime) -> Held:
    """Everything held of a customer, written into the audit. Raises ConfigError when there is no such customer."""
    with database.writing(engine) as connection:
        known = forgetting.known(connection, key)
        if known is None:
            raise unknown(forgotten.since(connection, project.key, key), key)
        rows = {name: [_told(row) for row in found] for name, found in forgetting.rows_of(connection, known).items()}
        about = audit.customer(known.ids[0])
        audit.record(
            connection, who=by, deed=audit.Deed.EXPORTED, about=about, detail={name: len(found) for name, found in rows.items() if found}, now=now
        )
    files = tuple((project.shown(path), traces.read(path, known)) for path in traces.files(project, known))
    return Held(key, now, known, rows, files, retention.read(project).model_dump(mode="json"))


def unknown(since: datetime | None, key: str) -> ConfigError:
    """The refusal for a customer who isn't there."""
    if since is not None:
        what = said(N_("the customer `%(key)s` was forgotten on %(day)s."), key=key, day=f"{since:%Y-%m-%d}")
        return ConfigError(Problem("", None, what, said(N_("There is nothing left of them."))))
    return ConfigError(finding.nobody(key))


def _told(row: Row[Any]) -> dict[str, Any]:
    return dict(_fields(dict(row._mapping)))  # noqa: SLF001  a row as a mapping, by SQLAlchemy's own name


def _fields(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Columns by plain names: amounts with their decimals, moments by ISO 8601; what means something to the program only is left out."""
    currency = row.get("currency") or ""
    for name, value in row.items():
        if name in INTERNAL:
            continue
        if name.endswith("_minor") and value is not None and currency:
            yield name.removesuffix("_minor"), str(Money.from_minor(value, currency).amount)
        else:
            yield name, _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


def _content(content: bytes) -> dict[str, str]:
    try:
        return {"text": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def write(text: str, path: Path) -> None:
    """The export as a file that only its owner reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text + "\n", encoding="utf-8")
