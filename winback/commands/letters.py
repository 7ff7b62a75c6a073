"""winback preview."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder


def register(app: typer.Typer) -> None:
    app.command()(preview)


def preview(
    context: typer.Context,
    letter: Annotated[str, typer.Argument(metavar="LETTER", help="A folder of templates/emails/ or templates/messages/.")],
    locale: Annotated[str | None, typer.Option(metavar="LANGUAGE", help="Only this language.")] = None,
    customer: Annotated[str | None, typer.Option(metavar="ID", help="With this customer's name and orders instead of the sample's.")] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the files go.")] = Path("out/preview"),
    folder: Folder = None,
) -> None:
    """Write a letter as a customer would get it, in each language."""
    from winback.operations import previewing

    project = frame.open_project(context, folder)
    store = frame.open_store(project) if customer else None
    for path in previewing.preview(project, store, letter, locale=locale, customer=customer, folder=out, now=clock.now()):
        typer.echo(str(path))
