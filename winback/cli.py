"""The `winback` command. Commands live in commands/, by subject; nothing heavy is imported before a command needs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from winback import __version__
from winback.commands import (
    api,
    approvals,
    backups,
    bot,
    bounces,
    campaigns,
    codes,
    cohorts,
    consents,
    customers,
    data,
    dkim,
    doctor,
    facts,
    lanes,
    letters,
    lifecycle,
    names,
    occasions,
    people,
    project,
    reasons,
    replies,
    results,
    rights,
    studio,
    suppressions,
    tactics,
    tasks,
    threads,
    tokens,
    translations,
    webhooks,
)
from winback.errors import Refused

app = typer.Typer(
    name="winback",
    help="Win lost customers back: choose, write, send once, measure.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"winback {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    folder: Annotated[Path, typer.Option("--project", metavar="DIR", help="The project folder.")] = Path(),
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")] = False,
) -> None:
    context.obj = folder


for subject in (
    project,
    data,
    facts,
    cohorts,
    lifecycle,
    customers,
    consents,
    suppressions,
    rights,
    reasons,
    occasions,
    letters,
    translations,
    names,
    campaigns,
    approvals,
    codes,
    tasks,
    threads,
    results,
    tactics,
    bounces,
    bot,
    replies,
    studio,
    people,
    api,
    tokens,
    webhooks,
    dkim,
    lanes,
    doctor,
    backups,
):
    subject.register(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: leaves with 0 done, 1 refused with a message, 2 wrong usage. `arguments` are the command line's when not given."""
    try:
        app(arguments)
    except Refused as refused:
        for problem in refused.problems:
            typer.echo(str(problem), err=True)
        sys.exit(1)
    except ModuleNotFoundError as error:
        from winback import extras

        if (refused_for_lack := extras.missing(error)) is None:
            raise
        typer.echo(str(refused_for_lack), err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output (head, less) has seen enough
        sys.exit(0)
    except Exception as error:
        if not _from_the_database(error):
            raise
        told = str(error).splitlines()[0]
        typer.echo(f"The database broke off: {told} Nothing is half done; see that it runs and has room, and try again.", err=True)
        sys.exit(1)


def _from_the_database(error: Exception) -> bool:
    """Known without importing SQLAlchemy, which not every command needs."""
    library = sys.modules.get("sqlalchemy.exc")
    return library is not None and isinstance(error, (library.DBAPIError, library.TimeoutError))


if __name__ == "__main__":
    main()
