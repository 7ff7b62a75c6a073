"""winback token new | list | revoke."""

from __future__ import annotations

from typing import Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder, Json

group = typer.Typer(help="Programs that may use the HTTP API, and what for.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the program is called, here and in the audit.")]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="token")


@group.command()
def new(
    context: typer.Context,
    name: Name,
    scope: Annotated[list[str], typer.Option("--scope", metavar="SCOPE", help="What it may be used for, as orders:write; repeat it for several.")],
    expires: Annotated[str | None, typer.Option(metavar="DAY", help="The last day on which it is good.")] = None,
    folder: Folder = None,
) -> None:
    """Make a token and print it, this once: only its hash is kept."""
    from winback.operations import api_tokens

    project = frame.open_project(context, folder)
    until = frame.moment(project, expires) if expires else None
    token = api_tokens.new(frame.open_store(project), name, scope, by=project.user, now=clock.now(), expires_at=until)
    typer.echo(f"The token of {name}. It isn't shown again: put it where the program keeps its secrets.", err=True)
    typer.echo(token)


@group.command("list")
def list_(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """Every token: what for, since when, until when, when it was used last."""
    from winback.operations import api_tokens

    project = frame.open_project(context, folder)
    now = clock.now()
    found = api_tokens.listed(frame.open_store(project))
    if json:
        frame.print_json({"tokens": [api_tokens.as_json(each, now) for each in found]})
        return
    rows = [
        (
            each.name,
            api_tokens.state(each, now),
            ", ".join(each.scopes),
            *(
                frame.at(project, moment, empty)
                for moment, empty in ((each.created_at, ""), (each.expires_at, "it is revoked"), (each.used_at, "never"))
            ),
        )
        for each in found
    ]
    frame.print_table("Tokens", ("name", "state", "for", "since", "until", "used last"), rows, numbers=0)


@group.command()
def revoke(context: typer.Context, name: Name, folder: Folder = None) -> None:
    """Let nobody in with it any more, from this moment on."""
    from winback.operations import api_tokens

    project = frame.open_project(context, folder)
    api_tokens.revoke(frame.open_store(project), name, by=project.user, now=clock.now())
    typer.echo(f"The token of {name} opens nothing any more.")
