"""A report's tables as files for a spreadsheet (CSV) or for programs (Parquet): what --json tells, table by table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from winback.audience import rejects

Row: TypeAlias = Mapping[str, Any]
_SUMMARY = "summary"


def tables(told: Mapping[str, Any]) -> dict[str, Sequence[Row]]:
    """Every list of a report's JSON as a table of its name, and what stands by itself as `summary`, a table of one row."""
    found: dict[str, Sequence[Row]] = {_SUMMARY: [dict(_flat(told))]}
    for name, value in told.items():
        if isinstance(value, list) and value:
            found[name] = [dict(_flat(row)) for row in value]
    return found


def write(told: Mapping[str, Any], folder: Path, *, parquet: bool = False) -> list[Path]:
    """A file for each table, in UTF-8; a table without rows has none, nor one of an earlier report. Returns them in order of their names."""
    folder.mkdir(parents=True, exist_ok=True)
    save, ending = (_parquet, "parquet") if parquet else (_csv, "csv")
    for name in (name for name, value in told.items() if value == []):
        (folder / f"{name.replace('_', '-')}.{ending}").unlink(missing_ok=True)
    paths = []
    for name, rows in sorted(tables(told).items()):
        path = folder / f"{name.replace('_', '-')}.{ending}"
        save(path, rows)
        paths.append(path)
    return paths


def _flat(row: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """A mapping inside becomes columns of its own; a list of words one cell. Tables inside have their own file."""
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}_")
        elif not isinstance(value, list):
            yield f"{above}{name}", value
        elif all(isinstance(each, str) for each in value):
            yield f"{above}{name}", "; ".join(value)


def _csv(path: Path, rows: Sequence[Row]) -> None:
    """With the mark by which Excel knows UTF-8; words that a spreadsheet would take for a formula are shown as they are, numbers stay numbers."""
    columns = _columns(rows)
    path.write_text(rejects.table([columns, *([row.get(name) for name in columns] for row in rows)]), encoding="utf-8-sig", newline="")


def _parquet(path: Path, rows: Sequence[Row]) -> None:
    """Columns have the type of their values; a whole number among fractions is one of them."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = {name: _alike([row.get(name) for row in rows]) for name in _columns(rows)}
    parquet.write_table(pa.table(columns), path)


def _alike(values: Sequence[Any]) -> list[Any]:
    told = [value for value in values if value is not None]
    if any(isinstance(value, float) for value in told):
        return [None if value is None else float(value) for value in values]
    return list(values) if all(type(value) is type(told[0]) for value in told) else [None if value is None else str(value) for value in values]


def _columns(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))
