"""winback preview, send-test."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder

Letter: TypeAlias = Annotated[str | None, typer.Argument(metavar="LETTER", help="A folder of templates/emails/ or templates/messages/.")]
Locale: TypeAlias = Annotated[str | None, typer.Option(metavar="LANGUAGE", help="Only this language.")]
Campaign: TypeAlias = Annotated[
    str | None, typer.Option(metavar="NAME", help="With this campaign's offers and days; without LETTER, all its letters.")
]
Tactic: TypeAlias = Annotated[str | None, typer.Option(metavar="NAME", help="Only this tactic of the campaign.")]
Stage: TypeAlias = Annotated[str | None, typer.Option(metavar="NAME", help="Only this stage of the campaign.")]


def register(app: typer.Typer) -> None:
    app.command()(preview)
    app.command("send-test")(send_test)


def preview(
    context: typer.Context,
    letter: Letter = None,
    locale: Locale = None,
    customer: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="With this customer's name and orders instead of the sample's; again for more.")
    ] = None,
    campaign: Campaign = None,
    tactic: Tactic = None,
    stage: Stage = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the files go.")] = Path("out/preview"),
    folder: Folder = None,
) -> None:
    """Write a letter as a customer would get it, for each language, tactic and stage, and a page with all of them side by side."""
    from winback.operations import previewing
    from winback.operations.scenes import Wanted

    project = frame.open_project(context, folder)
    store = frame.open_store(project) if customer else None
    wanted = Wanted(letter, locale, tuple(customer or ()), campaign, tactic, stage)
    previewed = previewing.preview(project, store, wanted, folder=out, now=clock.now())
    for path in previewed.paths:
        typer.echo(str(path))
    for note in previewed.notes:
        typer.echo(str(note), err=True)


def send_test(
    context: typer.Context,
    to: Annotated[str, typer.Option(metavar="ADDRESS", help="Your own e-mail address, or the number of your Telegram chat with the bot.")],
    letter: Letter = None,
    locale: Locale = None,
    customer: Annotated[str | None, typer.Option(metavar="ID", help="With this customer's name and orders instead of the sample's.")] = None,
    campaign: Campaign = None,
    tactic: Tactic = None,
    stage: Stage = None,
    folder: Folder = None,
) -> None:
    """Send a letter to yourself as a customer would get it, its subject marked [test]. Nobody's record is touched."""
    from winback.operations import trying_out
    from winback.operations.scenes import Wanted

    project = frame.open_project(context, folder)
    store = frame.open_store(project) if customer else None
    wanted = Wanted(letter, locale, (customer,) if customer else (), campaign, tactic, stage)
    for sent in frame.run(trying_out.send(project, store, wanted, to, now=clock.now())):
        if sent.file is None:
            typer.echo(f"{sent.what}: taken for {to}. {sent.receipt}")
        else:
            typer.echo(f"{sent.what}: nothing left this machine; it lies in {project.shown(sent.file)}. {sent.how}")
    frame.tell_of_development(project, 0)
