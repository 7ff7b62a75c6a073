"""Any table of customers, one a line, with the arm they were in and what they did: read it, and compare the arms."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from winback.errors import Problem, SourceError
from winback.operations import experiment_columns, experiment_rows
from winback.operations.experiment_tally import Asked, Tally
from winback.outcomes import analysis, comparison, money, segments, strata, uplift
from winback.outcomes.analysis import Analysis, BySegment, MoneyCheck, Ranking
from winback.outcomes.comparison import Comparison
from winback.strictyaml import nearest


@dataclass(frozen=True, slots=True)
class Questions:
    """What else is asked of a table, beside the plain comparison of its arms."""

    by: tuple[str, ...] = ()  # effects by each of these columns
    strata: tuple[str, ...] = ()  # the difference within all of these together
    cap: float | None = None  # no customer's money counts for more
    ratios: tuple[tuple[str, str], ...] = ()
    uplift: bool = False  # rank by the columns of `by`, and judge the ranking


def analyse(
    path: Path,
    *,
    arm: str,
    control: str,
    outcomes: Sequence[str],
    money: Sequence[str] = (),
    shares: Mapping[str, float] | None = None,
    questions: Questions = Questions(),
) -> Analysis:
    """Compare the arms of a CSV (also .gz; comma, semicolon or tab; UTF-8) with its control.

    `arm` names the column of the arm, `control` its value for those left alone; `outcomes` are yes/no columns, `money` columns of
    amounts. Without planned `shares` the sample-ratio check assumes equal ones. Raises SourceError with the line that can't be meant.
    """
    if not outcomes and not money and not questions.ratios:
        raise SourceError(Problem(str(path), None, "nothing to compare was named.", "Add --outcome COLUMN or --money COLUMN."))
    if questions.uplift and not (questions.by and outcomes):
        raise SourceError(
            Problem(str(path), None, "a ranking needs kinds of customers and a yes/no outcome.", "Add --by COLUMN and --outcome COLUMN.")
        )
    asked = Asked(
        arm=arm,
        outcomes=tuple(dict.fromkeys(outcomes)),
        money=tuple(dict.fromkeys(money)),
        ratios=questions.ratios,
        kinds=tuple(dict.fromkeys((*questions.by, *questions.strata))),
        is_halved=questions.uplift,
    )
    tally = _read(path, asked)
    _refuse_arms(path, tally, arm, control, shares)
    plain = analysis.analyse(tally.totals(), control, shares)
    return _with_answers(plain, tally, questions)


def _read(path: Path, asked: Asked) -> Tally:
    """By columns where the table is as tables usually are, else by rows."""
    with _opened(path) as file:
        table = experiment_rows.Table(path, file)
        for column in asked.columns:
            table.place(column)
        quickly = experiment_columns.read(path, table.columns, table.delimiter, asked) if len(set(table.columns)) == len(table.columns) else None
        return experiment_rows.read(table, asked) if quickly is None else quickly


def _with_answers(plain: Analysis, tally: Tally, questions: Questions) -> Analysis:
    tested = [arm.name for arm in plain.arms if arm.name != plain.control]
    return analysis.with_answers(
        plain,
        checks=tuple(_checks(tally, tested, plain.control)),
        capped=() if questions.cap is None else tuple(_capped(tally, tested, plain.control, questions.cap)),
        cap=questions.cap,
        stratified=tuple(_stratified(tally, tested, plain.control, questions.strata)) if questions.strata else (),
        strata=questions.strata,
        segments=tuple(_segments(tally, tested, plain.control, questions.by)),
        rankings=tuple(_rankings(tally, tested, plain.control, questions.by)) if questions.uplift else (),
    )


def _checks(tally: Tally, tested: Sequence[str], control: str) -> Iterator[MoneyCheck]:
    for place, column in enumerate(tally.asked.money):
        theirs = tally.amounts(control, place)
        for arm in tested:
            found = money.bootstrap(tally.amounts(arm, place), theirs)
            if found is not None:
                yield MoneyCheck(column, arm, control, found)


def _capped(tally: Tally, tested: Sequence[str], control: str, cap: float) -> Iterator[Comparison]:
    for place, column in enumerate(tally.asked.money):
        theirs = tally.amounts(control, place)
        yield from comparison.adjust(
            [comparison.of_means(column, arm, control, money.capped(tally.amounts(arm, place), theirs, cap)) for arm in tested]
        )


def _stratified(tally: Tally, tested: Sequence[str], control: str, columns: Sequence[str]) -> Iterator[Comparison]:
    for place, column in enumerate(tally.asked.outcomes):
        found = [(arm, strata.rates(tally.strata(columns, place, arm, control))) for arm in tested]
        yield from comparison.adjust([comparison.of_means(column, arm, control, one) for arm, one in found])
    for place, column in enumerate(tally.asked.money):
        found = [(arm, strata.money(tally.money_strata(columns, place, arm, control))) for arm in tested]
        yield from comparison.adjust([comparison.of_means(column, arm, control, one) for arm, one in found])


def _segments(tally: Tally, tested: Sequence[str], control: str, columns: Sequence[str]) -> Iterator[BySegment]:
    for column, arm in itertools.product(columns, tested):
        for place, outcome in enumerate(tally.asked.outcomes):
            found = segments.of_rates(tally.strata([column], place, arm, control))
            if found is not None:
                yield BySegment(column, outcome, arm, control, found, is_rate=True)
        for place, outcome in enumerate(tally.asked.money):
            found = segments.of_money(tally.money_strata([column], place, arm, control))
            if found is not None:
                yield BySegment(column, outcome, arm, control, found, is_rate=False)


def _rankings(tally: Tally, tested: Sequence[str], control: str, columns: Sequence[str]) -> Iterator[Ranking]:
    for (place, outcome), arm in itertools.product(enumerate(tally.asked.outcomes), tested):
        taught, judging = (tally.uplift_cells(columns, place, arm, control, held_out=half) for half in (False, True))
        scored = uplift.scores(taught, [cell.kind for cell in (*judging, *taught)])
        found = uplift.qini(judging, scored)
        if found is not None:
            yield Ranking(outcome, arm, control, tuple(columns), found, uplift.best_first([*taught, *judging], scored))


def _refuse_arms(path: Path, tally: Tally, arm: str, control: str, shares: Mapping[str, float] | None) -> None:
    if not tally.arms:
        raise SourceError(Problem(str(path), None, "there are no customers below the first line.", "Write one a line."))
    if control not in tally.arms:
        raise SourceError(Problem(str(path), None, f"no customer's `{arm}` is `{control}`.", nearest(control, tally.arms, "Arms")))
    if len(tally.arms) == 1:
        raise SourceError(Problem(str(path), None, f"every customer's `{arm}` is `{control}`.", "A comparison needs at least two arms."))
    for name in shares or ():
        if name not in tally.arms:
            raise SourceError(Problem(str(path), None, f"no customer's `{arm}` is `{name}`, which has a share.", nearest(name, tally.arms, "Arms")))


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
