"""What is said of the arms of any table: better, worse, no difference found yet, or can't be told, with the numbers that prove it."""

from __future__ import annotations

from collections.abc import Mapping

from winback.outcomes import wording
from winback.outcomes.comparison import Comparison, Finding
from winback.outcomes.statistics import Counted, Moments

SENTENCES: Mapping[Finding, str] = {
    Finding.BETTER: "{arm} does better than {against} in {outcome}: {ours} against {theirs}, {difference} more ({interval}, {p}).",
    Finding.WORSE: "{arm} does worse than {against} in {outcome}: {ours} against {theirs}, {difference} less ({interval}, {p}).",
    Finding.NO_DIFFERENCE: (
        "No difference found yet between {arm} and {against} in {outcome}: {ours} against {theirs} ({difference}, {interval}, {p}). "
        "A rise of {detectable} would probably have shown; a smaller one may be there."
    ),
    Finding.TOO_FEW: (
        "Whether {arm} does better than {against} in {outcome} can't be told with this many: {ours} against {theirs} ({difference}, {interval}, {p}). {seldom}"
    ),
    Finding.NOT_COMPARABLE: "{arm} can't be compared with {against} in {outcome}: {ours} against {theirs}, and nothing varies.",
}
_VISIBLE = "Only a rise of {detectable} or more would probably show."
_FEW_PAID = "Fewer than 20 customers of an arm paid anything: interval and p are too sure of themselves."
_NEVER = "No rise, however large, would probably show."


def of_rates(finding: Finding, compared: Comparison, ours: Counted, theirs: Counted, detectable: float | None) -> str:
    """The sentence about an arm's rate; differences are in points."""
    digits = wording.digits_for(ours, theirs)
    rates = wording.percent(ours.rate, digits), wording.percent(theirs.rate, digits)
    return _sentence(finding, compared, rates, detectable, times=100, digits=digits, unit=" points")


def of_money(finding: Finding, compared: Comparison, ours: Moments, theirs: Moments, detectable: float | None, *, few_paid: bool = False) -> str:
    """The sentence about an arm's money per customer; where few paid, that nothing can be concluded from interval and p."""
    digits = _digits(ours.mean, theirs.mean)
    means = wording.number(ours.mean or 0.0, digits), wording.number(theirs.mean or 0.0, digits)
    return _sentence(finding, compared, means, detectable, times=1, digits=digits, unit="", seldom=_FEW_PAID if few_paid else "")


def _sentence(
    finding: Finding,
    compared: Comparison,
    means: tuple[str, str],
    detectable: float | None,
    *,
    times: float,
    digits: int,
    unit: str,
    seldom: str = "",
) -> str:
    seen = compared.turned_round() if finding is Finding.WORSE else compared
    written = wording.number if finding in {Finding.BETTER, Finding.WORSE} else wording.signed
    interval = wording.NOTHING
    if seen.low is not None and seen.high is not None:
        interval = f"95% interval {written(seen.low * times, digits)} to {written(seen.high * times, digits)}"
    least = wording.NOTHING if detectable is None else f"{wording.number(detectable * times, digits)}{unit}"
    return SENTENCES[finding].format(
        arm=compared.arm,
        against=compared.against,
        outcome=compared.outcome,
        ours=means[0],
        theirs=means[1],
        difference=wording.NOTHING if seen.difference is None else f"{written(seen.difference * times, digits)}{unit}",
        interval=interval,
        p=wording.p_equals(compared.p_adjusted),
        detectable=least,
        seldom=seldom or (_NEVER if detectable is None else _VISIBLE.format(detectable=least)),
    )


def _digits(*means: float | None) -> int:
    """Four figures for small amounts, two decimals for others."""
    largest = max((abs(mean) for mean in means if mean), default=1.0)
    return 2 if largest >= 10 else 3 if largest >= 1 else 4
