"""winback replies, replies settle."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder, Json

group = typer.Typer(help="Answers of customers that nobody may have been shown.", invoke_without_command=True)


class Answer(StrEnum):
    """What a person says of a reply."""

    SHOWN = "shown"
    AGAIN = "again"


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="replies")


@group.callback()
def replies(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Those that were shown too.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Answers on their way to a manager: waiting, refused, or in doubt."""
    if context.invoked_subcommand is not None:
        context.obj = folder or context.obj
        return
    from winback.operations import unshown

    project = frame.open_project(context, folder)
    found = unshown.listed(frame.open_store(project), everything=everything)
    if json:
        frame.print_json({"replies": [each.as_json() for each in found]})
        return
    rows = [
        (each.id, each.customer, f"{each.read_at.astimezone(project.zone):%Y-%m-%d %H:%M}", each.manager, each.status, each.tries, each.detail)
        for each in found
    ]
    frame.print_table("Replies", ("reply", "customer", "read", "manager", "", "tries", "what the other side said"), rows, numbers=0)


@group.command()
def settle(
    context: typer.Context,
    reply: Annotated[int, typer.Argument(metavar="REPLY", help="The number that `winback replies` shows.")],
    answer: Annotated[Answer, typer.Argument(help="shown: somebody saw it; again: show it once more.")],
    folder: Folder = None,
) -> None:
    """Say of a reply that somebody saw it, or that it is to be shown again."""
    from winback.operations import unshown

    project = frame.open_project(context, folder)
    typer.echo(unshown.settle(project, frame.open_store(project), reply, answer.value, now=clock.now()))
