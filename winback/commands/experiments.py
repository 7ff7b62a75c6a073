"""What winback report takes with --from-csv, and what it does then."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from winback.commands import frame
from winback.errors import ConfigError, Problem

FromCsv = Annotated[Path | None, typer.Option("--from-csv", metavar="FILE", help="Analyse any table of customers with an arm and outcomes instead.")]
Arm = Annotated[str | None, typer.Option(metavar="COLUMN", help="With --from-csv: the column that names the arm.")]
Control = Annotated[str | None, typer.Option(metavar="VALUE", help="With --from-csv: the arm that was left alone.")]
Outcome = Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="With --from-csv: a yes/no column; may be repeated.")]
Money = Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="With --from-csv: an amount column; may be repeated.")]
Ratio = Annotated[
    list[str] | None, typer.Option(metavar="COLUMN/COLUMN", help="With --from-csv: a ratio of two amounts, such as spend/orders; may be repeated.")
]
Shares = Annotated[
    list[str] | None, typer.Option(metavar="ARM=SHARE,...", help="With --from-csv: the planned shares, for the check of the arms' sizes.")
]
By = Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="With --from-csv: effects by kinds of customers; may be repeated.")]
Strata = Annotated[
    list[str] | None, typer.Option(metavar="COLUMN", help="With --from-csv: compare within the values of this column; may be repeated.")
]
Cap = Annotated[float | None, typer.Option(metavar="AMOUNT", help="With --from-csv: also count no customer's money for more.")]
Uplift = Annotated[bool, typer.Option("--uplift", help="With --from-csv: rank customers by the --by columns, judged on held-out ones.")]


def report(
    path: Path,
    *,
    arm: str | None,
    control: str | None,
    outcomes: Sequence[str],
    money: Sequence[str],
    ratios: Sequence[str],
    shares: Sequence[str],
    by: Sequence[str],
    strata: Sequence[str],
    cap: float | None,
    uplift: bool,
    json: bool,
) -> None:
    """Compare the arms of a table, in the terminal or as JSON."""
    from winback.operations import experiment

    if arm is None or control is None:
        raise ConfigError(Problem("", None, "--from-csv needs to know the arms.", "Add --arm COLUMN and --control VALUE."))
    if cap is not None and not cap > 0:
        raise ConfigError(Problem("", None, f"--cap is {cap:g}; a cap is above zero.", "Write --cap 200, or leave it out."))
    questions = experiment.Questions(by=tuple(by), strata=tuple(strata), cap=cap, ratios=tuple(_ratio(text) for text in ratios), uplift=uplift)
    analysed = experiment.analyse(
        path, arm=arm, control=control, outcomes=outcomes, money=money, shares=_shares(shares) if shares else None, questions=questions
    )
    if json:
        frame.print_json(analysed.as_json())
        return
    from rich.console import Console

    from winback.outcomes import terminal

    Console().print(terminal.render_analysis(analysed))


def _ratio(text: str) -> tuple[str, str]:
    over, slash, under = text.partition("/")
    if not (over and slash and under):
        raise ConfigError(Problem("", None, f"--ratio {text} names no two columns.", "Write --ratio spend/orders."))
    return over.strip(), under.strip()


def _shares(texts: Sequence[str]) -> dict[str, float]:
    """From `mail=0.5,none=0.5`; an arm's name may hold whatever but a comma."""
    found: dict[str, float] = {}
    for part in ",".join(texts).split(","):
        name, _, share = part.rpartition("=")
        found[name.strip()] = _share(part, share)
    return found


def _share(part: str, text: str) -> float:
    try:
        over, _, under = text.partition("/")
        share = float(over) / float(under or 1)
    except (ValueError, ZeroDivisionError):
        share = math.nan
    if not (math.isfinite(share) and share >= 0 and "=" in part):
        raise ConfigError(
            Problem("", None, f"--shares has `{part}`, which is no arm with its share.", "Write --shares mail=0.5,none=0.5, or mail=1/2.")
        )
    return share
