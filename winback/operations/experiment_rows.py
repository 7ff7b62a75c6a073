"""A table of customers read line by line: slow, and sure of the line of whatever can't be meant."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from winback.errors import Problem, SourceError
from winback.operations.experiment_tally import MOST_ARMS, MOST_KINDS, YES_NO, Asked, Tally
from winback.strictyaml import nearest


class Table:
    """The rows of a CSV with a header, and the sentences about what is wrong in it."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self.path = path
        header = file.readline()
        if not header.strip():
            raise self.refusal(1, "the file is empty.", "Its first line names the columns.")
        self.delimiter = max(",;\t", key=header.count)
        self.columns = next(csv.reader([header], delimiter=self.delimiter))
        self._reader = csv.reader(file, delimiter=self.delimiter)

    def place(self, column: str) -> int:
        """Where a column stands. Raises SourceError when it doesn't, or twice."""
        if column not in self.columns:
            raise self.refusal(1, f"there is no column `{column}`.", nearest(column, self.columns, "Columns"))
        if self.columns.count(column) > 1:
            raise self.refusal(1, f"there are {self.columns.count(column)} columns `{column}`.", "Give each its own name.")
        return self.columns.index(column)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with its line; empty lines are passed over."""
        for row in self._reader:
            line = self._reader.line_num + 1
            if len(row) == len(self.columns):
                yield line, row
            elif row:
                raise self.refusal(line, f"{len(row)} values stand here, and the first line names {len(self.columns)} columns.", "Mend the line.")

    def refusal(self, line: int, message: str, how: str) -> SourceError:
        return SourceError(Problem(str(self.path), line, message, how))


def read(table: Table, asked: Asked) -> Tally:
    """Everything that was asked for. Raises SourceError with the line that can't be meant."""
    arm_at, kinds_at = table.place(asked.arm), [table.place(column) for column in asked.kinds]
    outcomes_at = [(place, column, table.place(column)) for place, column in enumerate(asked.outcomes)]
    amounts_at = [(column, table.place(column)) for column in asked.amounts]
    tally, seen = Tally(asked), [set[str]() for _ in asked.kinds]
    halves = _halves() if asked.is_halved else None
    for line, row in table.rows():
        arm = _arm(table, line, asked, row[arm_at], tally)
        kinds = tuple(row[place].strip() for place in kinds_at)
        for column, values, value in zip(asked.kinds, seen, kinds, strict=True):
            values.add(value)
            if len(values) > MOST_KINDS:
                raise table.refusal(
                    line,
                    f"`{column}` has more than {MOST_KINDS} different values.",
                    "Name a column of a few kinds; divide numbers into ranges first.",
                )
        sums = tally.cell((arm, kinds, halves is not None and next(halves)))
        sums.n += 1
        for place, column, at in outcomes_at:
            sums.did[place] += _yes_no(table, line, column, row[at])
        amounts = {column: _amount(table, line, column, row[at]) for column, at in amounts_at}
        for place, column in enumerate(asked.money):
            amount = amounts[column]
            sums.totals[place] += amount
            sums.squares[place] += amount * amount
            if amount:
                tally.paid.setdefault((arm, place), [[]])[0].append(amount)
        for place, (over, under) in enumerate(asked.ratios):
            y, x = amounts[over], amounts[under]
            found = tally.product(arm, place)
            for at, part in enumerate((y * y, x * x, x * y, y, x)):
                found[at] += part
    return tally


def _arm(table: Table, line: int, asked: Asked, text: str, tally: Tally) -> str:
    name = text.strip()
    if not name:
        raise table.refusal(line, f"`{asked.arm}` is empty.", "Every customer needs an arm; leave out those who had none.")
    if name not in tally.arms and len(tally.arms) == MOST_ARMS:
        raise table.refusal(line, f"`{asked.arm}` has more than {MOST_ARMS} different values.", "Is it the column of the arm?")
    return name


def _yes_no(table: Table, line: int, column: str, text: str) -> bool:
    found = YES_NO.get(text.strip().lower())
    if found is None:
        raise table.refusal(
            line,
            f"`{column}` is {text.strip() or 'empty'}; an outcome is yes or no.",
            "Write 1 or 0, true or false, yes or no. Name a column of amounts with --money.",
        )
    return found


def _amount(table: Table, line: int, column: str, text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = math.nan
    if not math.isfinite(amount):
        raise table.refusal(line, f"`{column}` is {text.strip() or 'empty'}; an amount is a number.", "Write 0 where nothing was spent, else 19.90.")
    return amount


def _halves(at_once: int = 10_000) -> Iterator[bool]:
    from winback.outcomes import uplift

    first = 0
    while True:
        yield from uplift.is_held_out(first, at_once).tolist()
        first += at_once
