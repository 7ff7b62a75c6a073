"""winback translate update."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.commands import frame
from winback.commands.frame import Folder

group = typer.Typer(help="Letters in other languages: the catalogues of templates/locales/.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="translate")


@group.callback()
def _named() -> None:
    """Keeps `update` a word of its own: typer swallows the name of a lone command."""


@group.command()
def update(
    context: typer.Context,
    language: Annotated[str, typer.Argument(metavar="LANGUAGE", help="For example uk.")],
    folder: Folder = None,
) -> None:
    """Add new sentences to a language's catalogue; what is translated stays."""
    from winback.operations import translating

    project = frame.open_project(context, folder)
    updated = translating.update(project, language)
    typer.echo(f"{project.shown(updated.path)}: {updated.sentences} sentences, {updated.untranslated} to translate")
    if named := translating.update_names(project, language):
        typer.echo(f"{project.shown(named.path)}: {named.sentences} names of occasions, {named.untranslated} to translate")
