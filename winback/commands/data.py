"""winback import, winback collect."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder, Json
from winback.errors import ConfigError, Problem

if TYPE_CHECKING:  # slow to import
    from winback.operations.importing import SourceReport
    from winback.settings import Project


def register(app: typer.Typer) -> None:
    app.command("import")(import_)
    app.command("collect")(collect)
    app.command("export")(export)


def import_(
    context: typer.Context,
    place: Annotated[str, typer.Argument(metavar="[PLACE]", help="With --from: the file that was exported, or the database's URL.")] = "",
    source: Annotated[str | None, typer.Option(metavar="SOURCE", help="Only this source of config/sources.yaml.")] = None,
    tool: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="TOOL",
            help="Of the tool you wrote with before: listmonk, mautic, csv for any list of people; letters for a list of what left.",
        ),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --from: say what would come, and change nothing.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Read customers, and what they did and said, from the shop; with --from, what a former tool knows of them.

    The same data twice changes nothing; what can't be read is written to a rejects file with its reason.
    """
    from winback.operations import importing

    _refuse_half_said(place, tool, source, dry_run=dry_run)
    project = frame.open_project(context, folder)
    if tool:
        _move(project, tool, place, dry_run=dry_run, json=json)
        return
    with frame.progress(not json) as progress:
        report = importing.run(project, frame.open_store(project), now=clock.now(), only=source, progress=progress)
    if json:
        frame.print_json(report.as_json())
        return
    _tell("Imported", report.sources, report.warnings)


def _refuse_half_said(place: str, tool: str, source: str | None, *, dry_run: bool) -> None:
    if tool and not place:
        raise ConfigError(Problem("", None, f"--from {tool} needs what to read.", f"Write for example: winback import --from {tool} subscribers.csv"))
    if not tool and (place or dry_run):
        said = f"`{place}` is" if place else "--dry-run is"
        raise ConfigError(
            Problem("", None, f"{said} for --from only.", "Name the tool: --from listmonk, mautic, csv or letters; the shop's data needs none.")
        )
    if tool and source:
        raise ConfigError(Problem("", None, "--from and --source don't go together.", "Leave one of them out."))


def _move(project: Project, tool: str, place: str, *, dry_run: bool, json: bool) -> None:
    from winback.audience.former import LETTERS
    from winback.operations import moving

    with frame.progress(not json) as progress:
        report = moving.run(project, frame.open_store(project), tool, place, now=clock.now(), dry_run=dry_run, progress=progress)
    if json:
        frame.print_json(report.as_json())
        return
    _tell("Would come" if dry_run else "Came", report.sources, report.warnings)
    if tool != LETTERS:
        closed = report.closed
        rows = [(word, f"{count:,}") for word, count in sorted(closed.reasons.items())]
        rows += [("closed now", f"{closed.new:,}"), ("closed before", f"{closed.known:,}"), ("still written to there", f"{closed.passed_over:,}")]
        frame.print_table("Addresses not to write to", ("", ""), rows)
    if dry_run:
        typer.echo("Nothing is changed. Without --dry-run it comes in, all of it or nothing.")


def _tell(title: str, sources: Sequence[SourceReport], warnings: Sequence[str]) -> None:
    rows = [(s.name, f"{s.inserted:,}", f"{s.updated:,}", f"{s.unchanged:,}", f"{s.rejected:,}") for s in sources]
    frame.print_table(title, ("source", "new", "changed", "unchanged", "rejected"), rows, numbers=4)
    for read in sources:
        if read.rejects_file:
            typer.echo(f"What was rejected from {read.name}, and why: {read.rejects_file}")
        if read.forgotten:
            typer.echo(f"{read.forgotten:,} rows from {read.name} are of customers who asked to be forgotten: left out.")
    for warning in warnings:
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


def export(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help="csv or parquet.")] = "csv",
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Write everything that is held, table by table, with a manifest; and what an empty project takes in again."""
    from winback.operations import exporting_all

    project = frame.open_project(context, folder)
    written = exporting_all.run(frame.open_store(project), out, ending=format_, by=project.user, now=clock.now())
    if json:
        frame.print_json({"folder": str(out), "tables": written.tables, "again": written.portable})
        return
    frame.print_table("Exported", ("table", "rows"), [(name, f"{count:,}") for name, count in written.tables.items() if count])
    typer.echo(f"{len(written.tables):,} tables are in {out}; {out / 'README.md'} says how to read them. They hold personal data.")
