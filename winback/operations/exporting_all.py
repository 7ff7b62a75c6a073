"""winback export: all that the store holds as CSV or Parquet, with a manifest, and files that an empty project takes in again."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, Engine

from winback import __version__
from winback.audience import rejects
from winback.errors import ConfigError, Problem
from winback.model import ChannelName, ReasonSource, minor_digits
from winback.store import audit, database, whole
from winback.store.holdings import HOLDINGS, SECRET_TABLES, Fate
from winback.store.whole import Column, Export

FORMAT = "winback-export/1"
"""Of the manifest; another number when a field changes its meaning."""

Ending: TypeAlias = Literal["csv", "parquet"]
Rows: TypeAlias = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Written:
    """What was exported."""

    folder: Path
    tables: dict[str, int]  # rows of each
    portable: dict[str, int]


def run(engine: Engine, folder: Path, *, ending: str, by: str, now: datetime) -> Written:
    """Write everything into a new or empty folder that only its owner may look into. One state of the store; the audit notes it.

    Raises ConfigError when the folder holds something, or there is no such format.
    """
    if ending not in {"csv", "parquet"}:
        raise ConfigError(Problem("", None, f"--format is {ending}.", "Write csv or parquet."))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(Problem(str(folder), None, "there is something already.", "Name a new folder, or empty this one."))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    told: dict[str, Any] = {}
    counts: dict[str, int] = {}
    with database.reading(engine) as connection:
        version = whole.schema_version(connection)
        for export in whole.tables():
            counts[export.name] = _save(connection, export, folder / "tables", ending)
            told[export.name] = _told(export, counts[export.name], ending)
        own = whole.own_columns(connection)
        portable = {
            export.name: _save(connection, _plain(export), folder / "again", "csv" if export.name in _LISTS else ending)
            for export in whole.portable(own)
        }
    manifest = {"format": FORMAT, "made_at": now.isoformat(), "winback": __version__, "schema": version, "left_out": sorted(SECRET_TABLES)}
    (folder / "manifest.json").write_text(json.dumps({**manifest, "tables": told}, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(_README.format(made_at=f"{now:%Y-%m-%d %H:%M} UTC", ending=ending), encoding="utf-8")
    (folder / "again" / "sources.yaml").write_text("".join(_sources(portable, own, ending)), encoding="utf-8")
    with database.writing(engine) as connection:
        detail = {"tables": len(counts), "rows": sum(counts.values()), "format": ending}
        audit.record(connection, who=by, deed=audit.Deed.EXPORTED, about="everything", detail=detail, now=now)
    return Written(folder, counts, portable)


def _told(export: Export, count: int, ending: str) -> dict[str, Any]:
    holding = HOLDINGS[export.name]
    columns = [{"name": column.name, "type": column.kind} for column in export.columns]
    is_personal = holding.fate is not Fate.NOBODYS
    return {"file": f"tables/{export.name}.{ending}", "rows": count, "personal": is_personal, "says": holding.says, "columns": columns}


def _plain(export: Export) -> Export:
    """Of what is read elsewhere amounts have their decimals."""
    columns = tuple(
        Column(column.name.removesuffix("_minor"), "text" if column.name.endswith("_minor") else column.kind) for column in export.columns
    )
    return Export(export.name, columns, export.statement)


def _save(connection: Connection, export: Export, folder: Path, ending: str) -> int:
    folder.mkdir(exist_ok=True)
    write = _parquet if ending == "parquet" else _csv
    count = 0
    with write(folder / f"{export.name}.{ending}", export.columns) as put:
        for part in whole.parts(connection, export):
            put(_in_decimals(export, part))
            count += len(part)
    return count


def _in_decimals(export: Export, part: Rows) -> Rows:
    """Minor units of rows that were made for reading elsewhere, by each row's currency."""
    raw = [column.name for column in export.statement.selected_columns]
    names = [column.name for column in export.columns]
    money = [at for at, (before, after) in enumerate(zip(raw, names, strict=True)) if before != after]
    if not money:
        return part
    of = raw.index("currency")
    return [
        [Decimal(cell).scaleb(-minor_digits(row[of])) if at in money and cell is not None else cell for at, cell in enumerate(row)] for row in part
    ]


@contextmanager
def _csv(path: Path, columns: Sequence[Column]) -> Iterator[Callable[[Rows], None]]:
    """In UTF-8 with its mark; text that a spreadsheet would take for a formula has an apostrophe before it."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([column.name for column in columns])
        yield lambda rows: writer.writerows([_cell(cell) for cell in row] for row in rows)


def _cell(cell: Any) -> str | int | float | Decimal:
    found = _value(cell)
    if found is None:
        return ""
    return found.isoformat() if isinstance(found, date) else rejects.harmless(found) if isinstance(found, str) else found


def _value(cell: Any) -> Any:
    """A value that every format has: JSON as text, bytes as hexadecimal digits, true and false as words."""
    if isinstance(cell, bytes):
        return cell.hex()
    if isinstance(cell, dict | list):
        return json.dumps(cell, ensure_ascii=False)
    return cell


@contextmanager
def _parquet(path: Path, columns: Sequence[Column]) -> Iterator[Callable[[Rows], None]]:
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {
        "moment": pa.timestamp("us", tz="UTC"),
        "day": pa.date32(),
        "boolean": pa.bool_(),
        "integer": pa.int64(),
        "number": pa.float64(),
    }
    schema = pa.schema([(column.name, kinds.get(column.kind, pa.string())) for column in columns])
    words = [column.kind not in kinds for column in columns]

    def batch(rows: Rows) -> Any:
        values = [[_word(row[at]) if is_word else row[at] for row in rows] for at, is_word in enumerate(words)]
        return pa.record_batch([pa.array(each, field.type) for each, field in zip(values, schema, strict=True)], schema=schema)

    with parquet.ParquetWriter(path, schema) as writer:
        yield lambda rows: writer.write_batch(batch(rows))


def _word(cell: Any) -> str | None:
    found = _value(cell)
    return None if found is None else str(found)


def _sources(counts: Mapping[str, int], own: Mapping[str, str], ending: str) -> Iterator[str]:
    yield "# What winback export made: put this folder's files into export/ of an empty project and this one into its config/, then winback import.\n"
    yield "".join(f"# Closed addresses: {line}\n" for line in _CLOSING) + "sources:\n"
    people = "id, email, telegram, given_name, patronymic, family_name, sex, locale, country, city, time_zone, phone, standing, manager, black_list, birthday"
    people += ", recommended_by, favourite_day"
    columns = [f"{name}: {name}" for name in people.split(", ")]
    columns.append('tags: {column: tags, separator: "|"}')
    if own:
        columns.append(f"custom: {{{', '.join(f'{name}: {{column: {whole.OWN}{name}, kind: {kind}}}' for name, kind in own.items())}}}")
    yield _source("customers", ending, f"customers: {{{', '.join(columns)}}}")
    for channel in ChannelName:
        if counts[f"consents-{channel}"]:
            consent = 'column: agreed, agreed: ["yes"], declined: ["no"], given_at: given_at, source: source, confirmed_at: confirmed_at, '
            consent += f"withdrawn_at: withdrawn_at, channels: [{channel}]"
            yield _source(f"consents-{channel}", ending, f"customers: {{id: id, consent: {{{consent}}}}}")
    words = "column: status, placed: [placed], cancelled: [cancelled], returned: [returned]"
    order = "id: id, customer: customer, ordered_at: ordered_at, amount: amount, margin: margin, currency: currency, quantity: quantity, code: code"
    yield _source("orders", ending, f"orders: {{{order}, status: {{{words}}}}}")
    yield _source("inquiries", ending, "inquiries: {id: id, customer: customer, inquired_at: inquired_at, subject: subject}")
    touch = "id: id, customer: customer, touched_at: touched_at, channel: channel, reacted_at: reacted_at"
    yield _source("touches", ending, f"touches: {{{touch}}}")
    said = "id: id, customer: customer, said_at: said_at, score: score, order: order_key, text: text, mended_at: mended_at"
    yield _source("feedback", ending, f"feedback: {{{said}, kind: {{column: kind, complaint: [complaint], survey: [survey]}}}}")
    reason = "id: id, customer: customer, reason: reason, recorded_at: recorded_at, recorded_by: recorded_by, note: note"
    for source in ReasonSource:
        if counts[f"reasons-{source}"]:
            yield _source(f"reasons-{source}", ending, f"reasons: {{{reason}, source: {source}}}")


def _source(name: str, ending: str, block: str) -> str:
    guarded = "    guarded: true\n" if ending == "csv" else ""
    return f"  {name}:\n    file: export/{name}.{ending}\n    time_zone: UTC\n{guarded}    {block}\n"


_LISTS = ("suppressions", "suppressions-everywhere")
"""Of `again/`: always CSV, since `winback suppress import` reads no other format."""

_CLOSING = ("winback suppress import export/suppressions.csv", "winback suppress import export/suppressions-everywhere.csv --everywhere")

_README = """# Everything that winback holds

Made {made_at}. It holds personal data: keep it as you keep the database, and remove it when it has served.

- `manifest.json`: every table with its file, number of rows, columns with their types, and whether it is about single persons (`personal`).
- `tables/`: the tables as they are, one {ending} file each. Moments are UTC, amounts (`..._minor`) in the currency's smallest unit; `customer` is
  the shop's id. An apostrophe stands before text in CSV that a spreadsheet would take for a formula.
- `again/`: people, consents, orders, inquiries, touches, feedback, reasons for leaving and closed e-mail addresses, ready for an empty project: its files go into
  `export/` there and `sources.yaml` into `config/`; then `winback import`, and for the closed addresses
  `winback suppress import export/suppressions.csv` and `winback suppress import export/suppressions-everywhere.csv --everywhere`.

Left out: who is signed in to the studio, and passwords.
"""
