"""The tables of an analysis of any table, their numbers already written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from winback.outcomes import statistics, wording
from winback.outcomes.analysis import Analysis, BySegment, Ranking
from winback.outcomes.comparison import Comparison
from winback.outcomes.money import Checked
from winback.outcomes.sentences import ENGLISH
from winback.outcomes.table import Tabulated

_ARM, _OUTCOME = "arm", "outcome"
_KINDS = 15


def tables(analysed: Analysis) -> list[Tabulated]:
    """One of totals and one of differences per outcome, then what else was asked."""
    made: list[Tabulated] = []
    for outcome in analysed.arms[0].rates:
        made += _rates(analysed, outcome)
    for outcome in analysed.arms[0].money:
        made += _money(analysed, outcome)
    for outcome in analysed.arms[0].ratios:
        made += _ratios(analysed, outcome)
    made += _beside(analysed)
    made += [_segments(one) for one in analysed.segments]
    made += [table for one in analysed.rankings for table in (_ranking(one), _kinds(one))]
    return [table for table in made if table.rows]


def _rates(analysed: Analysis, outcome: str) -> list[Tabulated]:
    counted = {arm.name: arm.rates[outcome] for arm in analysed.arms}
    digits = wording.digits_for(*counted.values())
    totals = [
        (name, wording.number(one.n), wording.number(one.successes), wording.percent(one.rate, digits),
         wording.percents(statistics.wilson(one.successes, one.n), digits))
        for name, one in counted.items()
    ]  # fmt: skip
    standing = analysed.standing[outcome]
    differences = [(one.arm, *_points(one, digits), wording.percent(standing[one.arm].best)) for one in analysed.of(outcome)]
    return [
        Tabulated(outcome, _columns("arm", "assigned", "people", "rate", "interval"), tuple(totals)),
        Tabulated(
            f"{outcome}, against {analysed.control}",
            (*_columns("arm", "difference", "interval", "p", "p-adjusted"), "chance to be best"),
            tuple(differences),
        ),
    ]


def _money(analysed: Analysis, outcome: str) -> list[Tabulated]:
    totals = [
        (arm.name, wording.number(arm.assigned), wording.number(moments.total, 2),
         wording.NOTHING if moments.mean is None else wording.number(moments.mean, 4))
        for arm in analysed.arms
        for moments in [arm.money[outcome]]
    ]  # fmt: skip
    return [
        Tabulated(outcome, _columns("arm", "assigned", "total", "mean"), tuple(totals)),
        _differences(f"{outcome}, against {analysed.control}", analysed.of(outcome)),
    ]


def _ratios(analysed: Analysis, outcome: str) -> list[Tabulated]:
    totals = [
        (arm.name, wording.number(arm.assigned), wording.NOTHING if joint.ratio is None else wording.number(joint.ratio, 4))
        for arm in analysed.arms
        for joint in [arm.ratios[outcome]]
    ]
    return [
        Tabulated(outcome, (*_columns("arm", "assigned"), "ratio"), tuple(totals)),
        _differences(f"{outcome}, against {analysed.control}", analysed.of(outcome)),
    ]


def _beside(analysed: Analysis) -> Iterator[Tabulated]:
    """Money looked at in other ways, and everything within strata."""
    checked = [
        (one.arm, one.outcome, wording.span(one.found.interval.low, one.found.interval.high, digits=4), _word(one.found)) for one in analysed.checks
    ]
    yield Tabulated("Money by the bootstrap", (_ARM, _OUTCOME, *_columns("interval"), "the two"), tuple(checked), names=2)
    if analysed.cap is not None:
        title = f"Money, no customer counted for more than {wording.number(analysed.cap, 2)}"
        yield Tabulated(title, _beside_columns(), tuple((one.arm, one.outcome, *_plain(one)) for one in analysed.capped), names=2)
    if analysed.strata:
        rated = set(analysed.arms[0].rates)
        rows = tuple((one.arm, one.outcome, *(_points(one, 2) if one.outcome in rated else _plain(one))) for one in analysed.stratified)
        yield Tabulated(f"Within {', '.join(analysed.strata)}, against {analysed.control}", _beside_columns(), rows, names=2)


def _segments(one: BySegment) -> Tabulated:
    times, digits = (100.0, 2) if one.is_rate else (1.0, 4)
    rows = (
        (
            row.value or ENGLISH["unknown"],
            wording.number(row.n),
            wording.number(row.against_n),
            wording.NOTHING if row.difference is None else wording.signed(row.difference * times, digits),
            wording.signed(row.believed.value * times, digits),
            wording.span(row.believed.interval.low, row.believed.interval.high, times=times, digits=digits),
        )
        for row in one.found.rows
    )
    columns = (one.column, one.arm, one.against, "plain", "shrunken", *_columns("interval"))
    return Tabulated(f"{one.outcome} by {one.column}: {one.arm} less {one.against}", columns, tuple(rows))


def _ranking(one: Ranking) -> Tabulated:
    """The curve about each fifth, as far as customers of one score let it be divided."""
    nearest = (next(step for step in one.found.curve if step.share >= fifth / 5 - 1e-9) for fifth in range(1, 6))
    steps = {step.share: step for step in nearest}.values()
    rows = [(wording.percent(step.share), wording.points(step.gain, 2), wording.points(step.blind, 2)) for step in steps]
    verdict = "better than picking blindly" if one.found.helps else "not shown to be better than picking blindly"
    area = f"Qini {wording.points(one.found.coefficient, 3)}, {wording.span(one.found.interval.low, one.found.interval.high, times=100, digits=3)}"
    title = f"Who to write to first: {one.outcome}, {one.arm}, ranked by {', '.join(one.columns)}: {verdict} ({area})"
    return Tabulated(title, ("written to, best first", "points gained", "picked blindly"), tuple(rows))


def _word(checked: Checked) -> str:
    return "too few paid" if checked.few_paid else "agree" if checked.agrees else "differ"


def _kinds(one: Ranking) -> Tabulated:
    """The kinds themselves; of very many those at the top."""
    rows = [
        (", ".join(value or ENGLISH["unknown"] for value in kind.kind), wording.number(kind.customers), wording.points(kind.believed, 2))
        for kind in one.kinds[:_KINDS]
    ]
    more = len(one.kinds) - len(rows)
    notes = [
        *([f"{more} more kinds follow; --json has them all."] if more else []),
        *([] if one.found.helps else ["This order isn't shown to be better than any other."]),
    ]
    return Tabulated(
        f"Kinds, best first: {one.outcome}, {one.arm}",
        (", ".join(one.columns), *_columns("customers"), "points believed"),
        tuple(rows),
        note=" ".join(notes),
    )


def _differences(title: str, compared: Iterable[Comparison]) -> Tabulated:
    rows = ((one.arm, *_plain(one)) for one in compared)
    return Tabulated(title, _columns("arm", "mean-difference", "interval", "p", "p-adjusted"), tuple(rows))


def _points(one: Comparison, digits: int) -> tuple[str, ...]:
    return (wording.points(one.difference, digits), wording.span(one.low, one.high, times=100, digits=digits), *_p_values(one))


def _plain(one: Comparison) -> tuple[str, ...]:
    difference = wording.NOTHING if one.difference is None else wording.signed(one.difference, 4)
    return (difference, wording.span(one.low, one.high, digits=4), *_p_values(one))


def _beside_columns() -> tuple[str, ...]:
    return (_ARM, _OUTCOME, *_columns("mean-difference", "interval", "p", "p-adjusted"))


def _columns(*names: str) -> tuple[str, ...]:
    return tuple(ENGLISH[name] for name in names)


def _p_values(one: Comparison) -> tuple[str, str]:
    return wording.p_value(one.p_value), wording.p_value(one.p_adjusted)
