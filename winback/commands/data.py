"""winback import, winback collect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder, Json


def register(app: typer.Typer) -> None:
    app.command("import")(import_)
    app.command("collect")(collect)


def import_(
    context: typer.Context,
    source: Annotated[str | None, typer.Option(metavar="SOURCE", help="Only this source of config/sources.yaml.")] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Read customers, and what they did and said, from the shop.

    The same data twice changes nothing; what can't be read is written to a rejects file with its reason.
    """
    from winback.operations import importing

    project = frame.open_project(context, folder)
    with frame.progress(not json) as progress:
        report = importing.run(project, frame.open_store(project), now=clock.now(), only=source, progress=progress)
    if json:
        frame.print_json(report.as_json())
        return
    rows = [(s.name, f"{s.inserted:,}", f"{s.updated:,}", f"{s.unchanged:,}", f"{s.rejected:,}") for s in report.sources]
    frame.print_table("Imported", ("source", "new", "changed", "unchanged", "rejected"), rows, numbers=4)
    for read in report.sources:
        if read.rejects_file:
            typer.echo(f"What was rejected from {read.name}, and why: {read.rejects_file}")
        if read.forgotten:
            typer.echo(f"{read.forgotten:,} rows from {read.name} are of customers who asked to be forgotten: left out.")
    for warning in report.warnings:
        typer.echo(warning)


def collect(
    context: typer.Context,
    replies: Annotated[Path | None, typer.Option(metavar="MAILDIR", help="The folder that replies and bounces arrive in.")] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Read replies, bounces, and what customers told the bot."""
    from winback.operations import collecting

    project = frame.open_project(context, folder)
    collected = collecting.collect(project, frame.open_store(project), now=clock.now(), replies=replies)
    if json:
        frame.print_json(collected.as_json())
    else:
        frame.print_table("Came back", ("what", "count"), [(word, f"{count:,}") for word, count in collected.as_json().items()])
        frame.tell_of_development(project, collected.held_back)
