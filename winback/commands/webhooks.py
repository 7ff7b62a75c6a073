"""winback webhooks send | list | again."""

from __future__ import annotations

from typing import Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder, Json
from winback.errors import ConfigError, Problem

group = typer.Typer(help="Messages to other programs of the shop (config/webhooks.yaml).", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="webhooks")


@group.command()
def send(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """Tell other programs what happened since the last time, and once more what they didn't take. A schedule calls it every few minutes."""
    from winback.operations import webhooks

    project = frame.open_project(context, folder)
    sent = webhooks.send(project, frame.open_store(project), clock=clock.now).as_json()
    if json:
        frame.print_json(sent)
    else:
        frame.print_counts("Webhooks", sent, "messages")


@group.command("list")
def list_(
    context: typer.Context,
    status: Annotated[str, typer.Option(metavar="STATUS", help="Only these: waiting, taken or given-up.")] = "",
    endpoint: Annotated[str, typer.Option(metavar="NAME", help="Only those to this endpoint.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Messages, the newest first, and what came of each."""
    from winback.operations import webhooks

    project = frame.open_project(context, folder)
    found = webhooks.listed(frame.open_store(project), status=status, endpoint=endpoint, limit=limit)
    if json:
        frame.print_json({"messages": found})
        return
    rows = [(each["id"], each["endpoint"], each["kind"], each["customer"], each["status"], each["attempts"], each["answer"]) for each in found]
    frame.print_table("Webhooks", ("number", "to", "what", "customer", "state", "tries", "last answer"), rows, numbers=0)


@group.command()
def again(
    context: typer.Context,
    endpoint: Annotated[str, typer.Option(metavar="NAME", help="The endpoint that answers again.")],
    folder: Folder = None,
) -> None:
    """Have messages sent again that were given up."""
    from winback.operations import webhook_file, webhooks
    from winback.strictyaml import nearest

    project = frame.open_project(context, folder)
    known = webhook_file.read(project).out
    if endpoint not in known:
        raise ConfigError(Problem(f"config/{webhook_file.FILE}", None, f"there is no endpoint `{endpoint}`.", nearest(endpoint, known, "Endpoints")))
    count = webhooks.again(frame.open_store(project), endpoint=endpoint, now=clock.now())
    typer.echo(f"{count:,} messages to {endpoint} go out with the next `winback webhooks send`.")
