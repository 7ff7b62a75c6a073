"""winback approve, campaign: a person's yes, and everything that was said and changed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.campaigns import Campaign
from winback.commands.frame import Folder, Json
from winback.errors import ConfigError, Problem

if TYPE_CHECKING:
    from winback.operations.approving import Waiting
    from winback.operations.asking import Asked
    from winback.operations.overseeing import Overview
    from winback.settings import Project


def register(app: typer.Typer) -> None:
    for command in (approve, campaign):
        app.command()(command)


def approve(
    context: typer.Context,
    campaign: Campaign,
    by: Annotated[str, typer.Option(metavar="NAME", help="Who says so.", show_default="your account's name")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask, approve.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take the approval back: nothing leaves any more.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Look at what a campaign would do, and let it.

    The approval is for these very files: other letters, another cohort ask again.
    """
    from winback.operations import approving
    from winback.sending import prepared

    project = frame.open_project(context, folder)
    engine, who = frame.open_store(project), by or project.user
    if withdraw:
        _say(approving.withdraw(engine, campaign, by=who, now=clock.now()), campaign, json=json, status="withdrawn")
        return
    ready = prepared.prepare(project, campaign)
    waiting, known = approving.show(engine, ready, now=clock.now())
    if not json:
        print_asked(waiting.asked, project)
    if known is not None:
        sentence = f"{campaign} was approved on {known.approved_at:%Y-%m-%d}{f' by {known.approved_by}' if known.approved_by else ''}, and nothing was changed."
        _say(sentence, campaign, json=json, status="approved", waiting=waiting)
        return
    if not yes:
        if json:
            frame.print_json({"campaign": campaign, "status": "waiting-for-approval", "approval": waiting.as_json()})
            return
        if not sys.stdin.isatty():
            raise ConfigError(
                Problem("", None, "nothing is approved: nobody is here to ask.", f"Look at the letters, then: winback approve {campaign} --yes")
            )
        if not typer.confirm("Let it go?"):
            typer.echo("Nothing is approved, and nothing leaves.")
            return
    sentence = approving.approve(engine, project, campaign, shown=waiting.fingerprint, by=who, now=clock.now())
    _say(sentence, campaign, json=json, status="approved", waiting=waiting)


def _say(sentence: str, campaign: str, *, json: bool, status: str, waiting: Waiting | None = None) -> None:
    if json:
        frame.print_json({"campaign": campaign, "status": status, "message": sentence} | ({"approval": waiting.as_json()} if waiting else {}))
    else:
        typer.echo(sentence)


def campaign(context: typer.Context, campaign: Campaign, folder: Folder = None, json: Json = False) -> None:
    """Show how a campaign stands: its run, approvals, and what was changed meanwhile."""
    from winback.operations import overseeing

    project = frame.open_project(context, folder)
    seen = overseeing.oversee(project, frame.open_store(project), campaign)
    if json:
        frame.print_json(seen.as_json())
    else:
        print_overview(seen)


def print_asked(asked: Asked, project: Project) -> None:
    """What is asked, as tables and sentences."""
    written = {f"  {arm}": count for arm, count in asked.arms.items()}
    whom = "still to be written to" if asked.has_begun else "would be written to"
    frame.print_counts(
        f"{asked.campaign}, run {asked.run}, as of {asked.as_of}",
        {"in the cohort": asked.cohort, whom: asked.people} | written | {"left alone, to compare with": asked.held_out},
    )
    frame.print_counts("Languages", asked.languages)
    frame.print_counts("Letters, if nobody orders or answers before", asked.stages, "letters")
    for sentence in asked.sentences():
        typer.echo(sentence)
    for sentence in asked.changed:
        typer.echo(f"Changed: {sentence}")
    if asked.letters:
        typer.echo(f"Sample letters, to real customers: {project.shown(project.out / 'approval' / asked.campaign / asked.letters[-1])}")
    else:
        typer.echo(f"There are no sample letters: {asked.note}")


def print_waiting(waiting: Waiting, project: Project) -> None:
    """What `winback run` says instead of running."""
    asked = waiting.asked
    limit = project.settings.approve_above
    if waiting.withdrawn_by is not None:
        typer.echo(f"{asked.campaign} sends nothing: its approval was withdrawn{f' by {waiting.withdrawn_by}' if waiting.withdrawn_by else ''}.")
    else:
        whom = (
            f"still writes to {asked.people:,} people, with files that nobody has approved"
            if asked.has_begun
            else f"would write to {asked.people:,} people"
        )
        typer.echo(f"{asked.campaign} {whom}; above {limit:,} (`approve_above:` in config/settings.yaml) somebody must look at it first.")
        for sentence in asked.changed:
            typer.echo(f"Changed: {sentence}")
    typer.echo(
        f"Nothing leaves. Asked on {waiting.asked_at.astimezone(project.zone):%Y-%m-%d %H:%M}. To look at it and say yes: winback approve {asked.campaign}"
    )


def print_overview(seen: Overview) -> None:
    """How a campaign stands, what was said of it, and what was changed."""
    from winback.journey.fingerprint import Changed

    begun = f"run {seen.run.number}, begun on {seen.run.started_at:%Y-%m-%d}: " if seen.run else ""
    typer.echo(f"{seen.campaign}, {begun}{seen.status}")
    if seen.run:
        frame.print_counts("What became of the cohort", seen.recipients)
        rows = [(stage, status, f"{count:,}") for stage, statuses in seen.letters.items() for status, count in statuses.items()]
        frame.print_table("Letters", ("stage", "status", "letters"), rows)
    said = sorted(((deed, given) for given in seen.approvals for deed in given.history), key=lambda pair: pair[0]["at"])
    deeds = [(deed["at"][:16].replace("T", " "), deed["what"], deed["by"], f"{given.summary['people']:,}") for deed, given in said]
    frame.print_table("Approvals", ("when (UTC)", "what", "by", "people"), deeds)
    for change in seen.changes:
        for each in change.changed:
            for sentence in Changed.from_json(each).told():
                typer.echo(f"{change.changed_at:%Y-%m-%d %H:%M} UTC, changed: {sentence}")
