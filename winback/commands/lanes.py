"""winback lanes, lanes stop | resume | history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder, Json

if TYPE_CHECKING:  # slow to import
    from winback.operations.lane_control import LaneState
    from winback.settings import Project
    from winback.store.fuses import Fuse

group = typer.Typer(help="The ways that letters leave by: which stand, and why.", invoke_without_command=True)

Lane = Annotated[str, typer.Argument(metavar="LANE", help="email, telegram, or group:gmail, group:outlook...: letters to one provider's mailboxes.")]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="lanes")


@group.callback()
def lanes(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """The ways that letters leave by: which stand, and why."""
    if context.invoked_subcommand is not None:
        context.obj = folder or context.obj
        return
    from winback.operations import lane_control

    project = frame.open_project(context, folder)
    found = lane_control.states(project, frame.open_store(project), now=clock.now())
    if json:
        frame.print_json({"lanes": [each.as_json() for each in found]})
        return
    frame.print_table("Lanes", ("lane", "", "came back", "complaints", "errors"), [_row(each) for each in found], numbers=3)
    for each in found:
        if each.stop is not None:
            told = each.as_json()
            typer.echo(f"{each.lane}, since {frame.at(project, each.stop.blown_at)}: {told['happened']} {told['to_do']}")


def _row(state: LaneState) -> tuple[str, ...]:
    shares = (f"{counted.successes:,} of {counted.n:,}" if counted.n else "" for _, _, counted in state.rates)
    return state.lane, state.state, *shares


@group.command()
def stop(
    context: typer.Context,
    lane: Lane,
    note: Annotated[str, typer.Option(metavar="TEXT", help="Why.")] = "",
    by: Annotated[str, typer.Option(metavar="NAME", help="Who stops it; the name of your account if not said.")] = "",
    folder: Folder = None,
) -> None:
    """Let nothing leave by a lane until somebody resumes it; its letters wait."""
    from winback.operations import lane_control

    project = frame.open_project(context, folder)
    typer.echo(lane_control.stop(frame.open_store(project), lane, by=by or project.user, note=note, now=clock.now()))


@group.command()
def resume(
    context: typer.Context,
    lane: Lane,
    note: Annotated[str, typer.Option(metavar="TEXT", help="What was done about it.")] = "",
    by: Annotated[str, typer.Option(metavar="NAME", help="Who lets it go on; the name of your account if not said.")] = "",
    folder: Folder = None,
) -> None:
    """Let a lane go on that a fuse or a person stopped; its letters are due at once."""
    from winback.operations import lane_control

    project = frame.open_project(context, folder)
    typer.echo(lane_control.resume(frame.open_store(project), lane, by=by or project.user, note=note, now=clock.now()))


@group.command()
def history(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """Every stop of a lane, the latest first: why, how long, and what was done."""
    from winback.operations import lane_control, lane_words

    project = frame.open_project(context, folder)
    found = lane_control.history(frame.open_store(project))
    if json:
        frame.print_json({"stops": [_as_json(each) for each in found]})
        return
    rows = [(frame.at(project, each.blown_at), each.lane, lane_words.happened(each), _resumed(project, each)) for each in found]
    frame.print_table("Stops", ("when", "lane", "what happened", "resumed"), rows, numbers=0)


def _as_json(fuse: Fuse) -> dict[str, object]:
    return {
        "lane": fuse.lane,
        "cause": fuse.cause,
        "blown_at": fuse.blown_at.isoformat(),
        "counts": dict(fuse.counts),
        "detail": fuse.detail,
        "stopped_by": fuse.stopped_by,
        "resumed_at": fuse.resumed_at and fuse.resumed_at.isoformat(),
        "resumed_by": fuse.resumed_by,
        "note": fuse.note,
    }


def _resumed(project: Project, fuse: Fuse) -> str:
    """Empty where it stands, and where nothing was stopped."""
    return f"{frame.at(project, fuse.resumed_at)}, {fuse.resumed_by}: {fuse.note}" if fuse.resumed_at and fuse.resumed_by else ""
