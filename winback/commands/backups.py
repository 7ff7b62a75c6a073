"""winback backup, winback restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder, Json


def register(app: typer.Typer) -> None:
    for command in (backup, restore):
        app.command()(command)


def backup(context: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")], folder: Folder = None) -> None:
    """Write the whole database into one file, as it stands at one moment, while everybody goes on working."""
    from winback.operations import backing_up

    project = frame.open_project(context, folder)
    size = backing_up.backup(project, frame.open_store(project), file)
    typer.echo(f"{file} holds the database ({size:,} bytes). Keep it with .winback/secret, config/ and templates/: docs/backup.md says why.")


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `winback backup` wrote.")],
    nothing_sent: Annotated[
        bool, typer.Option("--nothing-sent-since", help="You vouch that nobody has sent anything since the backup: nothing is in doubt then.")
    ] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Bring back a backup where no database is. Every campaign is paused; letters that may have left since the backup are uncertain."""
    from winback.operations import backing_up

    project = frame.open_project(context, folder)
    done = backing_up.restore(project, file, now=clock.now(), nothing_sent=nothing_sent)
    if json:
        frame.print_json(done.as_json())
        return
    typer.echo(f"{file} is restored.")
    if done.paused:
        typer.echo(f"Paused, until you say `winback resume`: {', '.join(done.paused)}.")
    if done.letters or done.answers:
        typer.echo(
            f"{done.letters:,} letters and {done.answers:,} answers may have left since the backup, and are not sent again by themselves. "
            "Settle the letters with the mail server's log: winback deliveries CAMPAIGN --status uncertain, winback resolve."
        )
    if done.waiting:
        typer.echo(f"Waiting for approval; if they had it since, cancel them: {', '.join(done.waiting)}.")
    if done.enrolling:
        typer.echo(
            f"These took people in, and would write again to whom they took in since the backup; resume refuses them until you say: "
            f"winback resume CAMPAIGN --took-nobody-in, or winback cancel CAMPAIGN: {', '.join(done.enrolling)}."
        )
    if not nothing_sent:
        typer.echo(
            "Whom letters went to since the backup is known to nobody here, so no campaign begins before you say that they are in, as touches: "
            "winback import --from letters FILE, then winback run CAMPAIGN --letters-are-in."
        )
        typer.echo("What customers said since then (unsubscribed, bounced) is lost too: docs/backup.md says where to find it.")
