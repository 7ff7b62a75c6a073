"""winback facts rebuild | update | show."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import AsOfDay, Folder, Json

if TYPE_CHECKING:
    from winback.operations.scoring import Scored
    from winback.store.refreshing import Refreshed

group = typer.Typer(help="What is known of customers, counted and scored.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="facts")


@group.command()
def rebuild(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """Count everybody's facts anew, and score everybody.

    Imports keep facts up by themselves; this is for when they are in doubt.
    """
    from winback.operations import knowing

    _bring_up(context, folder, json, knowing.rebuild)


@group.command()
def update(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """Count what changed, and score everybody, whose stage changed is noted: what a nightly schedule calls."""
    from winback.operations import knowing

    _bring_up(context, folder, json, knowing.refresh)


@group.command()
def show(
    context: typer.Context,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The shop's id of the customer.")],
    as_of: AsOfDay = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """All that is known of one customer: facts, quarters, signs of being lost, scores, stages, reasons for leaving."""
    from winback.operations import describing

    project = frame.open_project(context, folder)
    told = describing.portrait_of(project, frame.open_store(project), customer, now=frame.moment(project, as_of), present=clock.now())
    if json:
        frame.print_json(told.as_json())
        return
    words = list(told.in_words())
    frame.print_table(f"Customer {told.customer}, as of {told.as_of}", ("fact", ""), [row for kind, *row in words if kind == "fact"], numbers=0)
    if told.quarters:
        rows = [(each.name, f"{each.orders:,}", f"{each.revenue.amount:,f} {each.revenue.currency}") for each in told.quarters]
        frame.print_table("By quarter", ("quarter", "orders", "revenue"), rows, numbers=2)
    if told.currencies:
        rows = [(money.currency, f"{count:,}", f"{money.amount:,f}") for money, count in told.currencies]
        frame.print_table("By currency", ("currency", "orders", "sum"), rows, numbers=2)
    signs = [
        (sign, ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in found.items()), told.signs_told[sign])
        for sign, found in told.signs.items()
    ]
    frame.print_table("Signs of being lost", ("sign", "shown by", "meaning, and what helps"), signs, numbers=0)
    frame.print_table("Beside everybody else", ("score", ""), [row for kind, *row in words if kind == "score"], numbers=0)
    frame.print_table("Stages", ("since", "before", "stage"), [(each.since, each.before or "", each.stage) for each in told.history], numbers=0)
    if told.reasons:
        reasons = [(each.recorded_on, each.reason, each.title, each.source, each.note) for each in told.reasons]
        frame.print_table("Why they left", ("on", "reason", "", "told by", "note"), reasons, numbers=0)
    for sentence in told.sentences:
        typer.echo(sentence)


def _bring_up(context: typer.Context, folder: Any, json: bool, count: Callable[..., Refreshed]) -> None:
    from winback.operations import scoring

    project = frame.open_project(context, folder)
    engine, now = frame.open_store(project), clock.now()
    began = time.monotonic()
    refreshed = count(project, engine, now=now)
    counted = time.monotonic()
    scored = scoring.update(project, engine, now=now)
    seconds = counted - began, time.monotonic() - counted
    if json:
        frame.print_json(_as_json(refreshed, scored, seconds))
        return
    anew = f"everybody's, {refreshed.customers:,}" if refreshed.was_rebuilt else f"{refreshed.customers:,}"
    typer.echo(f"Facts counted anew: {anew}, in {seconds[0]:.1f} s.")
    typer.echo(f"Customers scored: {scored.customers:,}, in {seconds[1]:.1f} s. In another stage than before: {scored.changed_stage:,}.")
    if scored.first_seen:
        typer.echo(f"Scored for the first time: {scored.first_seen:,}.")
    for sentence in scored.sentences:
        typer.echo(sentence)


def _as_json(refreshed: Refreshed, scored: Scored, seconds: tuple[float, float]) -> dict[str, Any]:
    return {
        "facts": {"customers": refreshed.customers, "was_rebuilt": refreshed.was_rebuilt, "seconds": round(seconds[0], 2)},
        "scores": {
            "customers": scored.customers,
            "first_seen": scored.first_seen,
            "changed_stage": scored.changed_stage,
            "seconds": round(seconds[1], 2),
            "basis": scored.basis,
            "sentences": list(scored.sentences),
        },
    }
