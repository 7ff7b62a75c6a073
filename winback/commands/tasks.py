"""winback tasks, tasks remind; winback task show | done | declined | drop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder, Json

if TYPE_CHECKING:  # slow to import
    from winback.operations.tasks import Task

several = typer.Typer(help="What people are asked to do: calls, visits, cards.", invoke_without_command=True)
one = typer.Typer(help="One task: its card, and what came of it.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="TASK", help="The number that `winback tasks` shows.")]
Note = Annotated[str, typer.Option(metavar="TEXT", help="What was said.")]
By = Annotated[str, typer.Option(metavar="MANAGER", help="Who did it; the task's own manager if not said.")]


def register(app: typer.Typer) -> None:
    app.add_typer(several, name="tasks")
    app.add_typer(one, name="task")


@several.callback()
def tasks(
    context: typer.Context,
    manager: Annotated[str | None, typer.Option(metavar="MANAGER", help="Only theirs: a key of config/senders.yaml.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over too.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """What people are asked to do, the soonest due first."""
    if context.invoked_subcommand is not None:
        context.obj = folder or context.obj
        return
    from winback.operations import tasks as operation

    project = frame.open_project(context, folder)
    found = operation.listed(project, frame.open_store(project), manager=manager, everything=everything, now=clock.now())
    if json:
        frame.print_json({"tasks": [each.as_json() for each in found]})
        return
    columns = ("task", "due", "manager", "", "customer", "phone", "what to say", *(("became",) if everything else ()))
    rows = [(*_row(each), *((_became(each),) if everything else ())) for each in found]
    frame.print_table("Tasks" if everything else "Open tasks", columns, rows, numbers=0)


def _row(task: Task) -> tuple[object, ...]:
    due = f"{task.due_on}{' (overdue)' if task.is_overdue else ''}"
    return task.id, due, task.manager, task.kind, " ".join(filter(None, (task.customer, task.name))), task.phone, task.say


def _became(task: Task) -> str:
    return f"{task.status}{f' on {task.done_on}' if task.done_on else ''}{f': {task.note}' if task.note else ''}"


@several.command()
def remind(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """Tell each manager what is due today or overdue, once a day at the most; a schedule calls it in the morning."""
    from winback.operations import reminding

    project = frame.open_project(context, folder)
    told = frame.run(reminding.remind(project, frame.open_store(project), now=clock.now()))
    if json:
        frame.print_json({"reminders": [each.as_json() for each in told]})
        return
    frame.print_table(
        "Reminders of today", ("manager", "tasks", "", ""), [(each.manager, each.tasks, each.status, each.detail) for each in told], numbers=0
    )
    frame.tell_of_development(project, sum(each.is_held_back for each in told))


@one.command()
def show(context: typer.Context, task: Number, folder: Folder = None, json: Json = False) -> None:
    """A task with the customer's card: what to say, orders, value, signs, reasons."""
    from winback.operations import tasks as operation

    project = frame.open_project(context, folder)
    card = operation.show(project, frame.open_store(project), task, now=clock.now())
    if json:
        frame.print_json(card.as_json())
        return
    given = card.task
    lines = {
        "customer": " ".join(filter(None, (given.customer, given.name))),
        "phone": given.phone,
        "language": given.language,
        "due": f"{given.due_on}{' (overdue)' if given.is_overdue else ''}",
        "asked": f"{given.asked_on}, {given.campaign}, stage {given.stage}",
        "manager": given.manager,
        "became": _became(given),
    }
    frame.print_table(f"Task {given.id}: {given.kind}", ("", ""), [(word, told) for word, told in lines.items() if told], numbers=0)
    typer.echo(f"{given.say}\n")
    rows = [(name, told) for _, name, told in card.customer.in_words()]
    rows += [(f"sign: {sign}", card.customer.signs_told[str(sign)]) for sign in card.customer.signs]
    rows += [
        (f"left because of {each.reason}", f"{each.recorded_on}, {each.recorded_by or each.source}. {each.note}".strip())
        for each in card.customer.reasons
    ]
    frame.print_table("What is known of them", ("", ""), rows, numbers=0)


@one.command()
def done(context: typer.Context, task: Number, note: Note = "", by: By = "", folder: Folder = None) -> None:
    """The customer was spoken or written to; it counts as a touch."""
    from winback.operations import tasks as operation

    project = frame.open_project(context, folder)
    typer.echo(operation.done(project, frame.open_store(project), task, by=by.strip(), note=note.strip(), now=clock.now()))


@one.command()
def declined(
    context: typer.Context,
    task: Number,
    reason: Annotated[str, typer.Option(metavar="REASON", help="Why they left: a word of config/reasons.yaml.")],
    note: Note = "",
    by: By = "",
    folder: Folder = None,
) -> None:
    """The customer doesn't want to be won back: no campaign under way writes to them any more."""
    from winback.operations import tasks as operation

    project = frame.open_project(context, folder)
    typer.echo(operation.declined(project, frame.open_store(project), task, reason, by=by.strip(), note=note.strip(), now=clock.now()))


@one.command()
def drop(context: typer.Context, task: Number, note: Note = "", by: By = "", folder: Folder = None) -> None:
    """It won't be done: nobody answered, or it isn't worth it. The campaign goes on."""
    from winback.operations import tasks as operation

    project = frame.open_project(context, folder)
    typer.echo(operation.drop(project, frame.open_store(project), task, by=by.strip(), note=note.strip(), now=clock.now()))
