"""winback bot, bot webhook."""

from __future__ import annotations

import asyncio
import signal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder

if TYPE_CHECKING:  # slow to import
    from winback.bot.shift import Shift

group = typer.Typer(help="The Telegram bot: hear what customers say, and answer.", invoke_without_command=True)


class Deed(StrEnum):
    """What to do with the webhook."""

    SET = "set"
    DELETE = "delete"
    SHOW = "show"


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="bot")


@group.callback()
def bot(context: typer.Context, folder: Folder = None) -> None:
    """Hear what customers tell the bot, and answer, by long polling, until Ctrl-C or SIGTERM."""
    if context.invoked_subcommand is not None:
        context.obj = folder or context.obj
        return
    from winback.bot import shift

    project = frame.open_project(context, folder)
    at_work = shift.begin(project, frame.open_store(project), clock.now, frame.worker_name())
    asyncio.run(_until_told(at_work))
    told = ", ".join(f"{count} {word}" for word, count in sorted(at_work.counts.items()))
    typer.echo(f"Stopped: {told or 'nothing was said'}.", err=True)


async def _until_told(at_work: Shift) -> None:
    from winback.bot import duty
    from winback.operations import tending

    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    beside = asyncio.create_task(tending.keep(at_work.project, at_work.engine, at_work.now, over))
    try:
        await duty.poll(at_work, over, lambda name: typer.echo(f"@{name} listens; stop it with Ctrl-C.", err=True))
    finally:
        over.set()
        await beside


@group.command()
def webhook(
    context: typer.Context,
    deed: Annotated[
        Deed, typer.Argument(metavar="set|delete|show", help="Let Telegram tell updates to `winback serve`; end that; say where they go.")
    ],
    folder: Folder = None,
) -> None:
    """Set, delete or show the address that Telegram tells updates to: `public_url:` of settings.yaml, where `winback serve` answers."""
    from winback.bot import duty, shift

    project = frame.open_project(context, folder)
    at_work = shift.begin(project, frame.open_store(project), clock.now)
    url = frame.run(duty.webhook(at_work) if deed is Deed.SHOW else duty.set_webhook(at_work, on=deed is Deed.SET))
    typer.echo(f"Updates are told to {url}" if url else "No webhook: whoever asks hears updates (winback bot).")
    if deed is Deed.SET and not project.settings.telegram.webhook:
        typer.echo("winback serve doesn't take them yet: write `webhook: true` below `telegram:` in config/settings.yaml.", err=True)
