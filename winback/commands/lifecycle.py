"""winback lifecycle, winback lifecycle moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from winback import clock
from winback.audience.periods import Per
from winback.audience.segment import By
from winback.commands import frame
from winback.commands.frame import AsOfDay, Folder, Json

if TYPE_CHECKING:
    from winback.audience.movements import Retention
    from winback.operations.following import Life

group = typer.Typer(invoke_without_command=True)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="lifecycle")


@group.callback()
def lifecycle(
    context: typer.Context,
    per: Annotated[Per, typer.Option(help="How long a period is.")] = Per.QUARTER,
    last: Annotated[int, typer.Option(min=1, max=120, help="How many periods that are over, beside the one under way.")] = 4,
    by: Annotated[By | None, typer.Option(help="Tell apart who left and came back.")] = None,
    as_of: AsOfDay = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Who stayed, left and came back; and everybody's stage.

    For each month or quarter: customers there at its start, new ones, those who came back, those who left, and those there at its end. There
    is who bought within the days after which config/lifecycle.yaml calls a customer lost, and isn't on the black list. CRR is (end -
    new) / start; the strict one leaves out who came back.
    """
    if context.invoked_subcommand is not None:
        return
    from winback.operations import following

    project = frame.open_project(context, folder)
    told = following.life(
        project,
        frame.open_store(project),
        per=per,
        last=last,
        by=by,
        now=frame.moment(project, as_of),
        present=clock.now(),
    )
    if json:
        frame.print_json(told.as_json())
    else:
        _print(told)


@group.command()
def moves(
    context: typer.Context,
    since: Annotated[str, typer.Option(metavar="DAY", help="The first day, as 2026-03-09.")],
    until: Annotated[str | None, typer.Option(metavar="DAY", help="The last day; today if not said.")] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """How many customers went from which stage to which between two days, as it was noted day by day."""
    from winback.operations import following

    project = frame.open_project(context, folder)
    told = following.moves(
        project,
        frame.open_store(project),
        since=frame.parse_day(since),
        until=None if until is None else frame.parse_day(until),
        now=clock.now(),
    )
    if json:
        frame.print_json(told.as_json())
        return
    frame.print_table(
        f"From stage to stage, {told.since} to {told.until}",
        ("from", "to", "customers"),
        [(before, after, f"{count:,}") for (before, after), count in told.rows()],
    )
    typer.echo(f"Left: {told.movements.left:,}. Came back: {told.movements.came_back:,}.")
    for sentence in told.sentences:
        typer.echo(sentence)


def _print(told: Life) -> None:
    total = sum(told.stages.values())
    rows = [(stage, f"{count:,}", _share(count, total)) for stage, count in told.stages.items()]
    frame.print_table(f"Customers by stage, as of {told.as_of}", ("stage", "customers", "share"), rows, numbers=2)
    if told.periods:
        names = [period.name if period.is_over else f"{period.name}*" for period in told.periods]
        kept = [(name, *_figures(each)) for name, each in zip(names, told.retentions, strict=True)]
        columns = ("", "start", "new", "came back", "left", "end", "CRR", "strict")
        frame.print_table(f"There: bought within {told.lost_after_days} days", columns, kept, numbers=7)
        if told.by is not None:
            columns = (str(told.by), "", "start", "new", "came back", "left", "of start", "end")
            frame.print_table(f"By {told.by}, who left most first", columns, list(_by_group(told, names)), numbers=6)
    for sentence in told.sentences:
        typer.echo(sentence)


def _figures(retention: Retention) -> tuple[str, ...]:
    rates = ("" if rate is None else f"{rate:.1f} %" for rate in (retention.crr, retention.strict))
    return (*(f"{getattr(retention, name):,}" for name in ("at_start", "new", "came_back", "left", "at_end")), *rates)


def _by_group(told: Life, names: list[str]) -> Iterator[tuple[str, ...]]:
    for group in told.groups:
        for number, (name, retention) in enumerate(zip(names, group.retentions, strict=True)):
            start, new, back, left, end, *_ = _figures(retention)
            yield "" if number else group.word, name, start, new, back, left, _share(retention.left, retention.at_start), end


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""
