"""winback customer export | forget | readmit, winback audit list | verify, winback retention."""

from __future__ import annotations

import json as jsons
import sys
from pathlib import Path
from typing import Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.customers import Key, customer
from winback.commands.frame import Folder, Json
from winback.errors import ConfigError, Problem

audit = typer.Typer(help="Who did what: a chain of deeds that is only added to.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(audit, name="audit")
    app.command()(retention)


@customer.command()
def export(
    context: typer.Context,
    key: Key,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it to this file, which only its owner may read.")] = None,
    folder: Folder = None,
) -> None:
    """Everything that is held of a customer, as JSON: rows of every table, and letters that were kept."""
    from winback.operations import held

    project = frame.open_project(context, folder)
    found = held.gather(project, frame.open_store(project), key, by=project.user, now=clock.now())
    text = jsons.dumps(found.as_json(), ensure_ascii=False, indent=2)
    if out is None:
        typer.echo(text)
        return
    held.write(text, out)
    typer.echo(f"{sum(map(len, found.rows.values())):,} rows and {len(found.files):,} files of {key} are in {out}. Hand it over, then remove it.")


@customer.command()
def forget(
    context: typer.Context,
    key: Key,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Erase a customer for good: their rows, letters that were kept, everything that names them.

    Figures of campaigns stay as they are. The addresses are never written to again, and imports leave the person out.
    """
    from winback.operations import forgetting

    project = frame.open_project(context, folder)
    engine = frame.open_store(project)
    if not yes and not sys.stdin.isatty():
        how = f"See what is held of them, then: winback customer forget {key} --yes"
        raise ConfigError(Problem("", None, "nobody is erased: nobody is here to ask.", how))
    if not yes and not typer.confirm(f"Erase {key} for good? It can't be taken back. (What is held: winback customer export {key})"):
        typer.echo("Nobody is erased.")
        return
    done = forgetting.forget(project, engine, key, by=project.user, now=clock.now())
    if json:
        frame.print_json(done.as_json())
        return
    for sentence in done.sentences(engine.dialect.name):
        typer.echo(sentence)


@customer.command()
def readmit(context: typer.Context, key: Key, folder: Folder = None) -> None:
    """Let imports bring somebody who was forgotten and came again by themselves. Nothing of before comes back; their addresses stay closed."""
    from winback.operations import forgetting

    project = frame.open_project(context, folder)
    typer.echo(forgetting.readmit(project, frame.open_store(project), key, by=project.user, now=clock.now()))


@audit.command("list")
def list_(
    context: typer.Context,
    about: Annotated[str, typer.Option("--about", metavar="WHAT", help="Only about this: `campaign spring`, `lane email`, `customer 17`.")] = "",
    who: Annotated[str, typer.Option("--customer", metavar="CUSTOMER", help="Only about this customer, by the shop's id.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 50,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """What was done, the latest first: when, who, what, about what."""
    from winback.operations import auditing

    project = frame.open_project(context, folder)
    found = auditing.listed(frame.open_store(project), about=about, customer=who, limit=limit)
    if json:
        frame.print_json({"deeds": [each.as_json() for each in found]})
        return
    rows = [(each.number, f"{each.done_at.astimezone(project.zone):%Y-%m-%d %H:%M}", each.who, each.deed, each.about, each.detail) for each in found]
    frame.print_table("Deeds", ("", "when", "who", "deed", "about", "detail"), rows, numbers=0)


@audit.command()
def verify(
    context: typer.Context,
    head: Annotated[
        list[str] | None, typer.Option("--head", metavar="HEAD", help="A head that was kept elsewhere: it must still be in the chain.")
    ] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Whether every deed is as it was written, in its order: else the first that isn't. Prints the head; keep it where nobody here can change it."""
    from winback.operations import auditing

    project = frame.open_project(context, folder)
    found = auditing.verify(project, frame.open_store(project), heads=head or ())
    if json:
        frame.print_json(found.as_json())
    else:
        typer.echo(found.sentence())
    if found.misfit is not None:
        raise typer.Exit(1)


def retention(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how much it would clear, and clear nothing.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Clear details that were kept longer than config/retention.yaml says, a little at a time. Figures stay as they are."""
    from winback.operations import retaining

    project = frame.open_project(context, folder)
    done = retaining.apply(project, frame.open_store(project), now=clock.now(), dry_run=dry_run)
    if json:
        frame.print_json(done.as_json())
        return
    rows = [(name, done.periods[name], f"{count:,}") for name, count in done.cleared.items()]
    frame.print_table("Would be cleared" if dry_run else "Cleared", ("", "kept for", "how many"), rows)
    if not done.is_scrubbed:
        typer.echo("Remainders may lie in unused parts of the database file: somebody else works with it just now.")
