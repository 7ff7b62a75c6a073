"""winback suppress add | lift | list | import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder, Json

if TYPE_CHECKING:  # slow to import
    from winback.model import Reason

group = typer.Typer(help="Addresses that are never written to: kept as keyed hashes, which outlive the customer.", no_args_is_help=True)

Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="An e-mail address, or the number of a Telegram chat.")]
Everywhere = Annotated[bool, typer.Option("--everywhere", help="Whoever has it isn't written to on any channel.")]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="suppress")


@group.command()
def add(
    context: typer.Context,
    address: Address,
    reason: Annotated[str, typer.Option(metavar="REASON", help="unsubscribed, complained or bounced.")] = "unsubscribed",
    everywhere: Everywhere = False,
    by: Annotated[str, typer.Option(metavar="NAME", help="Who says so; the name of your account if not said.")] = "",
    folder: Folder = None,
) -> None:
    """Close an address, as if its owner had asked: consent, journeys and planned letters end with it."""
    from winback.operations import suppressing

    project, why = frame.open_project(context, folder), _reason(reason)
    is_new = suppressing.add(project, frame.open_store(project), address, reason=why, everywhere=everywhere, by=by or project.user, now=clock.now())
    typer.echo(f"{address} is closed." if is_new else f"{address} was closed already.")


@group.command()
def lift(context: typer.Context, address: Address, folder: Folder = None) -> None:
    """Open an address again. Consents that were taken back stay so: letters come only with a new one."""
    from winback.operations import suppressing

    project = frame.open_project(context, folder)
    was = suppressing.lift(project, frame.open_store(project), address, now=clock.now())
    typer.echo(f"{address} wasn't closed." if was is None else f"{address} is open again; it was closed because: {was}.")


@group.command("list")
def listed(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """How many addresses are closed, on which channel and why. Whose they are can't be told from hashes."""
    from winback.store import database, suppressions

    with database.reading(frame.open_store(frame.open_project(context, folder))) as connection:
        found = suppressions.counts(connection)
    if json:
        rows = [
            {"channel": channel, "reason": reason, "everywhere": everywhere, "addresses": count}
            for (channel, reason, everywhere), count in found.items()
        ]
        frame.print_json({"suppressions": rows})
        return
    told = [(channel, reason, "everywhere" if everywhere else "", f"{count:,}") for (channel, reason, everywhere), count in found.items()]
    frame.print_table("Closed addresses", ("channel", "reason", "", "addresses"), told)


@group.command("import")
def import_list(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A CSV export of Mailchimp, listmonk, Mautic or SendGrid, or a list with one address a line.")
    ],
    reason: Annotated[str, typer.Option(metavar="REASON", help="Of the whole list: unsubscribed, complained or bounced.")] = "",
    everywhere: Everywhere = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would become of it, and change nothing.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Take over a list of addresses that another tool doesn't write to any more. The same list twice changes nothing."""
    from winback.operations import suppressing

    project, why = frame.open_project(context, folder), _reason(reason) if reason else None
    report = suppressing.import_list(project, frame.open_store(project), file, reason=why, everywhere=everywhere, now=clock.now(), dry_run=dry_run)
    if json:
        frame.print_json(report.as_json())
        return
    told = [
        ("closed now", report.new),
        ("closed before", report.known),
        ("still written to there", report.passed_over),
        ("rejected", report.rejected),
    ]
    frame.print_table("Addresses", ("", ""), [(word, f"{count:,}") for word, count in told])
    if report.rejects_file:
        typer.echo(f"What was rejected lies in {report.rejects_file}, with its lines.")


def _reason(word: str) -> Reason:
    from winback.errors import ConfigError, Problem
    from winback.operations import suppressing
    from winback.strictyaml import nearest

    found = next((each for each in suppressing.REASONS if each == word), None)
    if found is None:
        raise ConfigError(Problem("", None, f"there is no reason `{word}`.", nearest(word, suppressing.REASONS, "Reasons")))
    return found
