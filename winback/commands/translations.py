"""winback translate extract | update | check."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.commands import frame
from winback.commands.frame import Folder, Json

group = typer.Typer(help="Letters in other languages: the catalogues of templates/locales/.", no_args_is_help=True)

Language = Annotated[str | None, typer.Argument(metavar="LANGUAGE", help="For example uk.", show_default="every one that has a catalogue")]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="translate")


@group.command()
def extract(context: typer.Context, folder: Folder = None) -> None:
    """Gather every sentence of letters and pages into templates/locales/letters.pot."""
    from winback.operations import translating

    project = frame.open_project(context, folder)
    extracted = translating.extract(project)
    typer.echo(f"{project.shown(extracted.path)}: {extracted.sentences} sentences")


@group.command()
def update(context: typer.Context, language: Language = None, folder: Folder = None) -> None:
    """Add new sentences to a language's catalogue, or begin one; what is translated stays."""
    from winback.operations import translating

    project = frame.open_project(context, folder)
    for each in [language] if language else translating.languages(project):
        updated = translating.update(project, each)
        typer.echo(f"{project.shown(updated.path)}: {updated.sentences} sentences, {updated.untranslated} to translate")
        if named := translating.update_names(project, each):
            typer.echo(f"{project.shown(named.path)}: {named.sentences} names of occasions, {named.untranslated} to translate")


@group.command()
def check(context: typer.Context, language: Language = None, folder: Folder = None, json: Json = False) -> None:
    """Name every sentence, page and answer of the bot that keeps a language from being written in; leaves with 1 if there is one."""
    from winback.operations import translating

    project = frame.open_project(context, folder)
    problems = translating.check(project, language)
    if json:
        frame.print_json({"problems": [problem.as_json() for problem in problems]})
    elif problems:
        typer.echo("\n".join(str(problem) for problem in problems))
    else:
        checked = ", ".join([language] if language else translating.languages(project))
        typer.echo(f"Everything is translated: {checked}." if checked else "No language has a catalogue yet. Begin one: winback translate update uk.")
    if problems:
        raise typer.Exit(1)
