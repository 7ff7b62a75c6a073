"""winback init, demo, check, schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from winback.commands import frame
from winback.commands.frame import Folder, Json


def register(app: typer.Typer) -> None:
    for command in (init, demo, check, schema):
        app.command()(command)


def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")]) -> None:
    """Make a new project folder, ready to rehearse."""
    from winback.operations import founding

    project = founding.init(folder)
    frame.open_store(project).dispose()
    typer.echo(
        f"A project lies in {folder}. Next: tell config/sources.yaml where your customers and orders are, then `winback import --project {folder}`."
    )


def demo(
    folder: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the made-up shop is put; emptied first.")] = Path("out/demo"),
    seed: Annotated[int, typer.Option(help="Another seed, another shop.")] = 7,
) -> None:
    """Play the whole story on a made-up shop."""
    from winback.demo import story

    story.tell(folder, story.Direct(), seed=seed)


def check(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """Say what in the files can't be meant, with file and line."""
    from winback.operations import checking

    project = frame.open_project(context, folder)
    problems = checking.problems(project)
    if json:
        frame.print_json({"problems": [problem.as_json() for problem in problems]})
    else:
        for problem in problems:
            typer.echo(str(problem))
        typer.echo("Everything fits together." if not problems else f"{len(problems)} to mend.")
    if problems:
        raise typer.Exit(1)


def schema(
    name: Annotated[
        str | None,
        typer.Argument(
            help="One of: settings, sources, cohort, campaign, policy, brand, senders, sample, value, lifecycle, signs, businesses, reasons, occasions, pace, retention, webhooks."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write all of them as files instead.")] = None,
) -> None:
    """Print JSON Schemas, for editors to complete and check YAML."""
    from winback.errors import ConfigError, Problem
    from winback.operations import schemas
    from winback.strictyaml import nearest

    if out is not None:
        for path in schemas.write(out):
            typer.echo(str(path))
        return
    if name is None:
        frame.print_json({each: schemas.schema(each) for each in schemas.SHAPES})
        return
    if name not in schemas.SHAPES:
        raise ConfigError(Problem("", None, f"there is no schema `{name}`.", nearest(name, schemas.SHAPES, "Schemas")))
    frame.print_json(schemas.schema(name))
