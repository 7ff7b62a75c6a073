"""Any table of customers, one a line, with the arm they were in and what they did: read it, and compare the arms."""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from winback.errors import Problem, SourceError
from winback.outcomes import analysis
from winback.outcomes.analysis import Analysis, ArmTotals
from winback.outcomes.statistics import Counted, Moments
from winback.strictyaml import nearest

MOST_ARMS = 50
"""More different values than this are no arms: the column is another one."""

_YES_NO = {
    **dict.fromkeys(("1", "1.0", "true", "t", "yes", "y"), True),
    **dict.fromkeys(("0", "0.0", "false", "f", "no", "n"), False),
}


@dataclass(slots=True)
class _Tally:
    """What has been read of one arm so far."""

    assigned: int = 0
    did: dict[str, int] = field(default_factory=dict)
    totals: dict[str, float] = field(default_factory=dict)
    squares: dict[str, float] = field(default_factory=dict)


def analyse(
    path: Path,
    *,
    arm: str,
    control: str,
    outcomes: Sequence[str],
    money: Sequence[str] = (),
    shares: Mapping[str, float] | None = None,
) -> Analysis:
    """Compare the arms of a CSV (also .gz; comma, semicolon or tab; UTF-8) with its control.

    `arm` names the column of the arm, `control` its value for those left alone; `outcomes` are yes/no columns, `money` columns of
    amounts. Without planned `shares` the sample-ratio check assumes equal ones. Raises SourceError with the line that can't be meant.
    """
    if not outcomes and not money:
        raise SourceError(Problem(str(path), None, "nothing to compare was named.", "Add --outcome COLUMN or --money COLUMN."))
    with _opened(path) as file:
        tallies = _read(_Table(path, file), arm, outcomes, money)
    _refuse_arms(path, tallies, arm, control, shares)
    arms = [
        ArmTotals(
            name=name,
            assigned=tally.assigned,
            rates={column: Counted(tally.did[column], tally.assigned) for column in outcomes},
            money={column: Moments(tally.assigned, tally.totals[column], tally.squares[column]) for column in money},
        )
        for name, tally in tallies.items()
    ]
    return analysis.analyse(arms, control, shares)


class _Table:
    """The rows of a CSV with a header, and the sentences about what is wrong in it."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self.path = path
        header = file.readline()
        if not header.strip():
            raise self.refusal(1, "the file is empty.", "Its first line names the columns.")
        delimiter = max(",;\t", key=header.count)
        self.columns = next(csv.reader([header], delimiter=delimiter))
        self._reader = csv.reader(file, delimiter=delimiter)

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


def _read(table: _Table, arm: str, outcomes: Sequence[str], money: Sequence[str]) -> dict[str, _Tally]:
    arm_at = table.place(arm)
    outcomes_at = [(column, table.place(column)) for column in outcomes]
    money_at = [(column, table.place(column)) for column in money]
    tallies: dict[str, _Tally] = {}
    for line, row in table.rows():
        name = row[arm_at].strip()
        if not name:
            raise table.refusal(line, f"`{arm}` is empty.", "Every customer needs an arm; leave out those who had none.")
        tally = tallies.get(name)
        if tally is None:
            if len(tallies) == MOST_ARMS:
                raise table.refusal(line, f"`{arm}` has more than {MOST_ARMS} different values.", "Is it the column of the arm?")
            tally = tallies[name] = _Tally(did=dict.fromkeys(outcomes, 0), totals=dict.fromkeys(money, 0.0), squares=dict.fromkeys(money, 0.0))
        tally.assigned += 1
        for column, place in outcomes_at:
            tally.did[column] += _yes_no(table, line, column, row[place])
        for column, place in money_at:
            amount = _amount(table, line, column, row[place])
            tally.totals[column] += amount
            tally.squares[column] += amount * amount
    return tallies


def _yes_no(table: _Table, line: int, column: str, text: str) -> bool:
    found = _YES_NO.get(text.strip().lower())
    if found is None:
        raise table.refusal(
            line,
            f"`{column}` is {text.strip() or 'empty'}; an outcome is yes or no.",
            "Write 1 or 0, true or false, yes or no. Name a column of amounts with --money.",
        )
    return found


def _amount(table: _Table, line: int, column: str, text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = math.nan
    if not math.isfinite(amount):
        raise table.refusal(line, f"`{column}` is {text.strip() or 'empty'}; an amount is a number.", "Write 0 where nothing was spent, else 19.90.")
    return amount


def _refuse_arms(path: Path, tallies: Mapping[str, _Tally], arm: str, control: str, shares: Mapping[str, float] | None) -> None:
    if not tallies:
        raise SourceError(Problem(str(path), None, "there are no customers below the first line.", "Write one a line."))
    if control not in tallies:
        raise SourceError(Problem(str(path), None, f"no customer's `{arm}` is `{control}`.", nearest(control, tallies, "Arms")))
    if len(tallies) == 1:
        raise SourceError(Problem(str(path), None, f"every customer's `{arm}` is `{control}`.", "A comparison needs at least two arms."))
    for name in shares or ():
        if name not in tallies:
            raise SourceError(Problem(str(path), None, f"no customer's `{arm}` is `{name}`, which has a share.", nearest(name, tallies, "Arms")))


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """The file's text, from behind gzip where its name ends in .gz."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as raw:
            yield io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
    except FileNotFoundError as error:
        raise SourceError(Problem(str(path), None, "there is no such file.", "Look at the path; it is read from the current folder.")) from error
    except UnicodeDecodeError as error:
        raise SourceError(Problem(str(path), None, "it is not UTF-8.", "Save it as UTF-8.")) from error
    except (OSError, EOFError, csv.Error) as error:
        raise SourceError(Problem(str(path), None, f"it can't be read: {error}.", "Look whether it is a CSV file, and whole.")) from error
