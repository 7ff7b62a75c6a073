"""winback bounces."""

from __future__ import annotations

from typing import Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder, Json


def register(app: typer.Typer) -> None:
    app.command()(bounces)


def bounces(
    context: typer.Context,
    source: Annotated[
        str, typer.Option("--from", metavar="PLACE", help="A Maildir, a folder of mails, an mbox, a mail, - for the standard input, or imap:")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what each mail means; needs no project.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Read bounces, complaints and replies, and do what follows from them.

    `imap:` reads the mailbox of settings.yaml, `imap:USER@HOST/FOLDER` another one; the password is WINBACK_IMAP_PASSWORD. No mail is ever
    deleted, and none is taken in twice.
    """
    from winback.operations import returning

    if dry_run:
        found = returning.look(returning.place(source, lambda: frame.open_project(context, folder)))
    else:
        project = frame.open_project(context, folder)
        found = returning.take_in(project, frame.open_store(project), returning.place(source, lambda: project), now=clock.now())
    if json:
        frame.print_json({"messages": [each.as_json() for each in found]})
        return
    frame.print_table("Mails", ("file", "recipient", "kind", "status", "verdict"), [tuple(each.as_json().values()) for each in found], numbers=0)
