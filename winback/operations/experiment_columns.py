"""A table of customers read column by column, a piece at a time: a million lines in about a second, in memory that doesn't grow with them.

Whatever is odd about a table isn't judged here: then nothing is returned, and it is read line by line (experiment_rows.py), which
either understands it or names the line.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from winback.operations.experiment_tally import MOST_ARMS, MOST_KINDS, YES_NO, Asked, Tally
from winback.outcomes import uplift

_BLOCK = 1 << 22
_WORDS = pa.dictionary(pa.int32(), pa.string())


class _OddError(Exception):
    """Something that only the slow reading can judge."""


def read(path: Path, columns: list[str], delimiter: str, asked: Asked) -> Tally | None:
    """The same as reading line by line; None where anything is odd."""
    opened = gzip.open if path.suffix == ".gz" else open
    types = {column: pa.float64() if column in asked.amounts else _WORDS for column in asked.columns}
    if any(column in asked.amounts and (column in asked.kinds or column in asked.outcomes or column == asked.arm) for column in asked.columns):
        return None  # one column, two meanings
    tally, first = Tally(asked), 0
    coded = {column: dict[str, int]() for column in (asked.arm, *asked.kinds)}
    try:
        with opened(path, "rb") as file:
            batches = csv.open_csv(
                pa.PythonFile(file, mode="r"),
                read_options=csv.ReadOptions(block_size=_BLOCK, column_names=columns, skip_rows=1),
                parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
                convert_options=csv.ConvertOptions(column_types=types, include_columns=list(asked.columns), null_values=[""]),
            )
            for batch in batches:
                _add(tally, asked, batch, first, coded)
                first += batch.num_rows
    except (pa.ArrowException, _OddError, OSError, EOFError):
        return None
    return tally


def _add(tally: Tally, asked: Asked, batch: Any, first: int, coded: dict[str, dict[str, int]]) -> None:
    """Add a piece of the table to what has been read."""
    if not batch.num_rows:
        return
    keys = {column: _codes(batch.column(column), codes, MOST_ARMS if column == asked.arm else MOST_KINDS) for column, codes in coded.items()}
    if "" in coded[asked.arm]:
        raise _OddError
    names = {column: list(codes) for column, codes in coded.items()}
    made = {f"k{place}": codes for place, codes in enumerate(keys.values())}
    if asked.is_halved:
        made["half"] = pa.array(uplift.is_held_out(first, batch.num_rows))
    by = list(made)
    sums: list[tuple[str, str]] = []
    for place, column in enumerate(asked.outcomes):
        made[f"o{place}"] = _did(batch.column(column))
        sums.append((f"o{place}", "sum"))
    amounts = {column: _finite(batch.column(column)) for column in asked.amounts}
    for place, column in enumerate(asked.money):
        made[f"m{place}"], made[f"s{place}"] = amounts[column], pc.multiply(amounts[column], amounts[column])
        sums += [(f"m{place}", "sum"), (f"s{place}", "sum")]
    table = pa.table(made)
    for row in table.group_by(by, use_threads=False).aggregate([*sums, ([], "count_all")]).to_pylist():
        arm, *kinds = (names[column][row[f"k{place}"]] for place, column in enumerate(coded))
        cell = tally.cell((arm, tuple(kinds), bool(row.get("half"))))
        cell.n += row["count_all"]
        for place in range(len(asked.outcomes)):
            cell.did[place] += row[f"o{place}_sum"]
        for place in range(len(asked.money)):
            cell.totals[place] += row[f"m{place}_sum"]
            cell.squares[place] += row[f"s{place}_sum"]
    _add_amounts(tally, asked, amounts, keys[asked.arm], names[asked.arm])


def _add_amounts(tally: Tally, asked: Asked, amounts: dict[str, Any], arms: Any, names: list[str]) -> None:
    """What bootstrap, cap and ratios need, by arm."""
    if not amounts:
        return
    for code in pc.unique(arms).to_pylist():
        ours, name = pc.equal(arms, code), names[code]
        for place, column in enumerate(asked.money):
            paid = amounts[column].filter(pc.and_(ours, pc.not_equal(amounts[column], 0.0)))
            if len(paid):
                tally.paid.setdefault((name, place), []).append(paid.to_numpy(zero_copy_only=False).copy())
        for place, (over, under) in enumerate(asked.ratios):
            y, x = amounts[over].filter(ours), amounts[under].filter(ours)
            found = tally.product(name, place)
            for at, part in enumerate((pc.multiply(y, y), pc.multiply(x, x), pc.multiply(x, y), y, x)):
                found[at] += pc.sum(part).as_py()


def _codes(column: Any, codes: dict[str, int], most: int) -> Any:
    """Each value's number among all that have come so far."""
    words = ["" if word is None else word.strip() for word in column.dictionary.to_pylist()]
    for word in words:
        codes.setdefault(word, len(codes))
    if column.null_count:
        codes.setdefault("", len(codes))
    if len(codes) > most:
        raise _OddError
    numbers = pa.array([codes[word] for word in words], pa.int32()).take(column.indices)
    return numbers.fill_null(codes[""]) if column.null_count else numbers


def _did(column: Any) -> Any:
    """1 and 0 for yes and no."""
    if column.null_count:
        raise _OddError
    meant = [YES_NO.get(word.strip().lower()) for word in column.dictionary.to_pylist()]
    if None in meant:
        raise _OddError
    return pa.array([int(one) for one in meant if one is not None], pa.int64()).take(column.indices)


def _finite(column: Any) -> Any:
    if column.null_count or not pc.all(pc.is_finite(column)).as_py():
        raise _OddError
    return column
