"""winback people add | list | invite | roles | rename | password | disable | enable."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder, Json
from winback.errors import ConfigError, Problem

if TYPE_CHECKING:  # slow to import
    from sqlalchemy import Engine

    from winback.settings import Project

group = typer.Typer(help="Who may open the studio, and what each of them may do there.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The address that they sign in with.")]
Roles = Annotated[list[str], typer.Option("--role", metavar="ROLE", help="marketer, approver, manager or admin; repeat it for several.")]
Asks = Annotated[bool, typer.Option("--password", help="Ask here for a password, instead of printing a link by which they choose their own.")]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="people")


@group.command()
def add(
    context: typer.Context,
    email: Email,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What pages and the audit call them.")],
    role: Roles,
    password: Asks = False,
    folder: Folder = None,
) -> None:
    """Let somebody into the studio. Prints a link, good for a week and once, by which they choose their password."""
    from winback.operations import accounts

    project, engine = _opened(context, folder)
    chosen = _ask(email, name) if password else ""
    kept = accounts.add(engine, email, name=name, roles=role, by=project.user, now=clock.now())
    typer.echo(f"{kept} was added.")
    _let_in(project, engine, kept, chosen)


@group.command("list")
def list_(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """Everybody who may open the studio, and who no longer may."""
    from winback.operations import accounts, signing_in

    _, engine = _opened(context, folder)
    found = accounts.listed(engine, now=clock.now(), idle=signing_in.IDLE)
    if json:
        frame.print_json({"people": [each.as_json() for each in found]})
        return
    rows = [(each.account.email, each.account.name, ", ".join(each.account.roles), each.state, each.signed_in or "") for each in found]
    frame.print_table("People", ("address", "name", "roles", "", "signed in"), rows)


@group.command()
def invite(context: typer.Context, email: Email, folder: Folder = None) -> None:
    """Print another link by which they choose a password; the last one is void. The password that they have holds until then."""
    project, engine = _opened(context, folder)
    _let_in(project, engine, email, "")


@group.command()
def roles(context: typer.Context, email: Email, role: Roles, folder: Folder = None) -> None:
    """Let them be these and nothing else."""
    from winback.operations import accounts

    project, engine = _opened(context, folder)
    accounts.give_roles(engine, email, role, by=project.user, now=clock.now())
    typer.echo(f"{email} is {', '.join(role)} from now on.")


@group.command()
def rename(
    context: typer.Context,
    email: Email,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What pages and the audit call them from now on.")],
    folder: Folder = None,
) -> None:
    """Call them otherwise."""
    from winback.operations import accounts

    project, engine = _opened(context, folder)
    accounts.rename(engine, email, name, by=project.user, now=clock.now())
    typer.echo(f"{email} is called {name} from now on.")


@group.command()
def password(context: typer.Context, email: Email, folder: Folder = None) -> None:
    """Give them another password, asked for twice. Wherever they are signed in, they aren't any more."""
    project, engine = _opened(context, folder)
    _let_in(project, engine, email, _ask(email, ""))


@group.command()
def disable(context: typer.Context, email: Email, folder: Folder = None) -> None:
    """Let them in no longer, from this moment on. What they did stays theirs in the audit."""
    from winback.operations import accounts

    project, engine = _opened(context, folder)
    accounts.disable(engine, email, by=project.user, now=clock.now())
    typer.echo(f"{email} is not let in any more.")


@group.command()
def enable(context: typer.Context, email: Email, folder: Folder = None) -> None:
    """Let them in again, with the password that they had."""
    from winback.operations import accounts

    project, engine = _opened(context, folder)
    accounts.enable(engine, email, by=project.user, now=clock.now())
    typer.echo(f"{email} is let in again.")


def _opened(context: typer.Context, folder: Folder) -> tuple[Project, Engine]:
    project = frame.open_project(context, folder)
    return project, frame.open_store(project)


def _let_in(project: Project, engine: Engine, email: str, chosen: str) -> None:
    """Keep the password that was chosen, or print a link to choose one."""
    from winback.operations import accounts

    if chosen:
        accounts.set_password(engine, email, chosen, by=project.user, now=clock.now())
        typer.echo("The password is kept. Wherever they were signed in, they aren't any more.")
        return
    token = accounts.invite(engine, email, by=project.user, now=clock.now())
    typer.echo(f"They choose their password here, within {accounts.INVITED_FOR.days} days; the link works once, so hand it to nobody else:")
    typer.echo(f"{project.settings.studio.address or _HOME}/invitation/{token}")


def _ask(email: str, name: str) -> str:
    """A password, typed twice and not shown; from a pipe one line. Raises ConfigError when it is no good."""
    from winback.operations import passwords

    if sys.stdin.isatty():
        chosen = str(typer.prompt("Password", hide_input=True, confirmation_prompt="Once more"))
    else:
        chosen = sys.stdin.readline().rstrip("\r\n")
    if sentence := passwords.fault(chosen, email=email, name=name):
        raise ConfigError(Problem("", None, sentence))
    return chosen


_HOME = "http://127.0.0.1:8010"
