"""winback names check."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.commands import frame
from winback.commands.frame import Folder, Json

group = typer.Typer(help="How customers are addressed: winback/letters/names.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="names")


@group.callback()
def _named() -> None:
    """Keeps `check` a word of its own: typer swallows the name of a lone command."""


@group.command()
def check(
    context: typer.Context,
    locale: Annotated[str | None, typer.Option(metavar="LANGUAGE", help="Only customers who are written to in this language.")] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Every customer whose name is doubtful: why, and what they would be greeted with. Nobody is ever called by a doubtful name."""
    from winback.operations import naming

    project = frame.open_project(context, folder)
    with frame.progress(wanted=not json) as step:
        checked = naming.check(project, frame.open_store(project), language=locale, looked_at=lambda count: step("customers", count))
    if json:
        frame.print_json(checked.as_json())
        return
    if checked.doubted:
        rows = [
            (each.person.key, each.language, each.written or "-", each.why, each.address.neutral, each.address.formal) for each in checked.doubted
        ]
        frame.print_table("Doubtful names", ("customer", "in", "name", "why", "greeted with", "in a formal letter"), rows, numbers=0)
        frame.print_counts("Why", checked.counts())
    typer.echo(f"{len(checked.doubted):,} of {checked.customers:,} customers have a doubtful name.")
    if checked.unspoken:
        typer.echo(f"Not looked at, since letters exist in no language of theirs: {checked.unspoken:,}.")
