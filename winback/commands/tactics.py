"""winback tactics."""

from __future__ import annotations

import typer

from winback.commands import frame
from winback.commands.frame import AsOfDay, Folder, Json


def register(app: typer.Typer) -> None:
    app.command()(tactics)


def tactics(context: typer.Context, as_of: AsOfDay = None, folder: Folder = None, json: Json = False) -> None:
    """What every tactic brought, over all campaigns whose return windows are over.

    A tactic is known by its name in campaign files. Small campaigns are drawn towards what tactics bring on the whole; the first in the list
    is the one that brings most at the least.
    """
    from winback.operations import tactics as library

    project = frame.open_project(context, folder)
    known = library.library(frame.open_store(project), now=frame.moment(project, as_of))
    if json:
        frame.print_json({"tactics": [one.as_json() for one in known]})
        return
    rows = [
        (
            one.tactic,
            f"{len(one.tried)}",
            f"{one.customers:,}",
            f"{100 * one.believed.value:+.1f}",
            f"{100 * one.believed.interval.low:+.1f} to {100 * one.believed.interval.high:+.1f}",
            f"{100 * one.next_one.low:+.1f} to {100 * one.next_one.high:+.1f}",
            f"{one.believed.positive:.0%}",
        )
        for one in known
    ]
    columns = ("tactic", "campaigns", "customers", "points", "95% interval", "next campaign", "chance above 0")
    frame.print_table("What tactics brought, in points of return rate compared with leaving people alone", columns, rows, numbers=6)
    if not known:
        typer.echo("No campaign with a holdout is over yet: the library fills when return windows close.")
