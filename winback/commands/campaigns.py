"""winback plan, rehearse, run, pause, resume, cancel, deliveries, resolve."""

from __future__ import annotations

from typing import Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import AsOfDay, Folder, Json

Campaign = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="A file of config/campaigns/, without .yaml.")]


def register(app: typer.Typer) -> None:
    for command in (plan, rehearse, run, pause, resume, cancel, deliveries, resolve):
        app.command()(command)


def plan(context: typer.Context, campaign: Campaign, as_of: AsOfDay = None, folder: Folder = None, json: Json = False) -> None:
    """Count who would get what, when, and why not; cost and power."""
    from winback.commands import campaign_tables
    from winback.operations import approving, planning
    from winback.operations import tactics as library
    from winback.sending import prepared

    project = frame.open_project(context, folder)
    ready = prepared.prepare(project, campaign)
    with frame.progress(not json) as progress:
        planned = planning.plan(
            ready,
            frame.open_store(project),
            now=frame.moment(project, as_of),
            progress=lambda count: progress("deciding", count),
            present=clock.now(),
        )
    above, given = project.settings.approve_above, approving.is_given(frame.open_store(project), ready)
    needed = above is not None and planned.people > above
    learnt = library.begin_with(frame.open_store(project), tuple(ready.campaign.tactics), now=frame.moment(project, as_of))
    if json:
        frame.print_json(planned.as_json() | {"approval": {"above": above, "needed": needed, "given": given}, "learnt": learnt})
        return
    campaign_tables.print_plan(planned)
    for sentence in learnt:
        typer.echo(sentence)
    if needed:
        told = "that is approved." if given else f"somebody must approve it first: winback approve {campaign}"
        typer.echo(f"It would write to more than {above:,} people; {told}")


def rehearse(
    context: typer.Context,
    campaign: Campaign,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="DAY", help="The first day: today, or the campaign's first if it is over. A day outside of its dates moves them there."
        ),
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="DAY", help="The last day; the campaign's last.")] = None,
    letters: Annotated[
        bool, typer.Option("--letters/--no-letters", help="Write every letter into a file; without them it is a matter of seconds.")
    ] = True,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Play a whole campaign with a simulated clock, into files.

    Nothing leaves and nothing changes. Orders that are already known to come later stop it as they would have: of a past day the
    rehearsal tells what would have come of it.
    """
    from winback.commands import campaign_tables
    from winback.operations import rehearsing
    from winback.sending import prepared

    project = frame.open_project(context, folder)
    ready = prepared.prepare(project, campaign)
    first, last = (frame.parse_day(day) if day else None for day in (start, until))
    ready, begin, end = rehearsing.between(ready, now=clock.now(), first=first, until=last)
    with frame.progress(not json) as progress:
        played = frame.run(
            rehearsing.rehearse(
                ready,
                frame.open_store(project),
                start=begin,
                until=end,
                worker=frame.worker_name(),
                letters=letters,
                progress=lambda now: progress(f"{now:%Y-%m-%d}", 1),
            )
        )
    if json:
        frame.print_json(played.as_json())
    else:
        campaign_tables.print_rehearsal(played, project)


def run(
    context: typer.Context,
    campaign: Campaign,
    again: Annotated[bool, typer.Option("--again", help="Begin a new run after the last one is over.")] = False,
    clock_is_right: Annotated[bool, typer.Option("--clock-is-right", help="The clock was ahead before, and is right now.")] = False,
    letters_are_in: Annotated[
        bool,
        typer.Option(
            "--letters-are-in", help="After `winback restore`: you vouch that letters which left since the backup are imported, or that none left."
        ),
    ] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Enrol the cohort, once or once a day, and send what is due now.

    Call it again, by a schedule, for the later stages and days. A campaign that would write to many waits for `winback approve` first.
    """
    from winback.commands import approvals
    from winback.operations import beginning, running
    from winback.sending import prepared

    project = frame.open_project(context, folder)
    ready = prepared.prepare(project, campaign)
    if clock_is_right:
        beginning.accept_clock(frame.open_store(project), campaign, now=clock.now())
    if letters_are_in:
        beginning.vouch_for_letters(frame.open_store(project), by=project.user, now=clock.now())
    with frame.progress(not json) as progress:
        ran = frame.run(running.go(ready, frame.open_store(project), now=clock.now, worker=frame.worker_name(), again=again, progress=progress))
    if json:
        frame.print_json(ran.as_json())
        return
    if ran.waiting is not None:
        approvals.print_waiting(ran.waiting, project)
        return
    frame.print_counts(
        f"{ran.campaign}, run {ran.run}: {ran.status}",
        {"decided on": ran.enrolled, "queued": ran.queued} | {str(k): v for k, v in ran.deliveries.items()},
        "how many",
    )
    frame.tell_of_development(project, ran.held_back)


def pause(context: typer.Context, campaign: Campaign, folder: Folder = None) -> None:
    """Send nothing more until resumed."""
    _steer(context, campaign, folder, "pause")


def resume(
    context: typer.Context,
    campaign: Campaign,
    took_nobody_in: Annotated[
        bool, typer.Option("--took-nobody-in", help="After `winback restore`: you vouch that it took nobody in since the backup was made.")
    ] = False,
    folder: Folder = None,
) -> None:
    """Go on with a paused campaign."""
    _steer(context, campaign, folder, "resume", took_nobody_in=took_nobody_in)


def cancel(context: typer.Context, campaign: Campaign, folder: Folder = None) -> None:
    """End a campaign's run for good."""
    _steer(context, campaign, folder, "cancel")


def _steer(context: typer.Context, campaign: str, folder: Folder, verb: str, *, took_nobody_in: bool = False) -> None:
    from winback.operations import steering

    project = frame.open_project(context, folder)
    typer.echo(steering.steer(frame.open_store(project), campaign, verb, now=clock.now(), by=project.user, took_nobody_in=took_nobody_in))


def deliveries(
    context: typer.Context,
    campaign: Campaign,
    status: Annotated[str | None, typer.Option(metavar="STATUS", help="Only these: planned, sent, failed, uncertain...")] = None,
    customer: Annotated[str | None, typer.Option(metavar="ID", help="Only this customer's.")] = None,
    number: Annotated[int | None, typer.Option("--run", metavar="NUMBER", help="Of this run instead of the newest.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Show letters, and what became of each."""
    from winback.commands import campaign_tables
    from winback.operations import steering

    project = frame.open_project(context, folder)
    rows = steering.letters(frame.open_store(project), campaign, status=status, customer=customer, limit=limit, number=number)
    if json:
        frame.print_json({"campaign": campaign, "deliveries": rows})
    else:
        campaign_tables.print_deliveries(rows, limit)


def resolve(
    context: typer.Context,
    delivery: Annotated[int, typer.Argument(metavar="DELIVERY", help="The number that `winback deliveries` shows.")],
    answer: Annotated[str, typer.Argument(metavar="sent|not-sent")],
    folder: Folder = None,
) -> None:
    """Settle an uncertain letter, after a look at the server's log."""
    from winback.operations import steering

    project = frame.open_project(context, folder)
    typer.echo(steering.resolve(frame.open_store(project), delivery, answer, now=clock.now(), by=project.user))
