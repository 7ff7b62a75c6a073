"""winback reason record | list | of."""

from __future__ import annotations

from typing import Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder, Json

group = typer.Typer(help="Why customers left: the reasons of config/reasons.yaml.", no_args_is_help=True)

Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The shop's id of the customer.")]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="reason")


@group.command()
def record(
    context: typer.Context,
    customer: Customer,
    reason: Annotated[str, typer.Argument(metavar="REASON", help="A word of config/reasons.yaml, such as service, or its title.")],
    note: Annotated[str, typer.Option(metavar="TEXT", help="What exactly it was.")] = "",
    by: Annotated[str, typer.Option(metavar="MANAGER", help="Who says so.")] = "",
    on: Annotated[str | None, typer.Option("--on", metavar="DAY", help="When it was learned, as 2026-03-09; today if not said.")] = None,
    folder: Folder = None,
) -> None:
    """Record why a customer left, as those who served them know it."""
    from winback.operations import reasons

    project = frame.open_project(context, folder)
    day = None if on is None else frame.parse_day(on)
    typer.echo(reasons.record(project, frame.open_store(project), customer, reason, now=clock.now(), day=day, by=by.strip(), note=note.strip()))


@group.command("list")
def list_(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """How many customers left for each reason, by the latest that is known of each."""
    from winback.operations import reasons

    project = frame.open_project(context, folder)
    found = reasons.counted(project, frame.open_store(project))
    total = sum(row.customers for row in found)
    if json:
        rows = [{name: getattr(row, name) for name in ("reason", "title", "customers", "staff", "survey")} for row in found]
        frame.print_json({"customers": total, "reasons": rows})
        return
    share = "{:.0%}".format
    table = [
        (row.reason, row.title, f"{row.customers:,}", share(row.customers / total) if total else "", f"{row.staff:,}", f"{row.survey:,}")
        for row in found
    ]
    frame.print_table("Why customers left", ("reason", "", "customers", "share", "by staff", "by survey"), table, numbers=4)
    typer.echo(f"Customers with a reason: {total:,}." + ("" if total else " Record one with `winback reason record CUSTOMER REASON`."))


@group.command()
def of(context: typer.Context, customer: Customer, folder: Folder = None, json: Json = False) -> None:
    """Everything that was recorded of one customer, and what helps."""
    from winback.operations import reasons

    project = frame.open_project(context, folder)
    found = reasons.of(project, frame.open_store(project), customer)
    if json:
        frame.print_json({"customer": customer, "reasons": [each.as_json() for each in found]})
        return
    rows = [(each.recorded_on, each.reason, each.title, each.source, each.recorded_by, each.note) for each in found]
    frame.print_table(f"Why {customer} left", ("on", "reason", "", "told by", "who", "note"), rows, numbers=0)
    if found and found[0].method:
        typer.echo(f"What helps: {found[0].method}")
