"""winback threads, threads send, threads figures; winback thread show | answer | assign | close | reopen | resolve."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder, Json

if TYPE_CHECKING:  # slow to import
    from winback.operations.answering_figures import Speed
    from winback.operations.threads import Thread, Word
    from winback.settings import Project

several = typer.Typer(help="What customers wrote, and who answers them.", invoke_without_command=True)
one = typer.Typer(help="One thread: read it, answer, hand it on.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="THREAD", help="The number that `winback threads` shows.")]
By = Annotated[str, typer.Option(metavar="MANAGER", help="Who: a key of config/senders.yaml.")]


def register(app: typer.Typer) -> None:
    app.add_typer(several, name="threads")
    app.add_typer(one, name="thread")


@several.callback()
def threads(
    context: typer.Context,
    status: Annotated[str, typer.Option(metavar="STATUS", help="Only open, waiting or closed ones.")] = "",
    assignee: Annotated[str | None, typer.Option(metavar="MANAGER", help='Only theirs; "" for those that nobody took.')] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those that wait longer than was promised.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """What customers wrote: who waits for an answer first, the soonest promised on top."""
    if context.invoked_subcommand is not None:
        context.obj = folder or context.obj
        return
    from winback.journey.threads import ThreadStatus
    from winback.operations import tending
    from winback.operations import threads as operation
    from winback.operations.threads import Wanted

    project = frame.open_project(context, folder)
    engine, now = frame.open_store(project), clock.now()
    tending.queue(project, engine, now=now)
    found = operation.listed(project, engine, Wanted(status, assignee, overdue), now=now)
    if everything and not status:
        found += operation.listed(project, engine, Wanted(ThreadStatus.CLOSED, assignee), now=now)
    if json:
        frame.print_json({"threads": [each.as_json() for each in found], "counts": dict(operation.counts(engine, now=now, assignee=assignee))})
        return
    columns = ("thread", "", "promised by", "waits", "feels like", "whose", "who", "by", "last words")
    frame.print_table("Threads", columns, [_row(project, each) for each in found], numbers=0)


def _row(project: Project, thread: Thread) -> tuple[object, ...]:
    from winback.operations.waiting import span

    due = frame.at(project, thread.due_at) + (" (overdue)" if thread.is_overdue else "")
    who = " ".join(filter(None, (thread.customer, thread.name))) or "a stranger"
    marks = ", ".join(
        word for word, is_so in (("blocked", thread.is_blocked), ("in doubt", thread.in_doubt), ("not arrived", thread.failed)) if is_so
    )
    status = f"{thread.status}{f' ({marks})' if marks else ''}"
    words = f"{'' if thread.last_by == 'customer' else 'we: ' if thread.last_by == 'manager' else 'note: '}{thread.last_words}"
    waits = (span(thread.wait.plain), span(thread.wait.felt)) if thread.wait else ("", "")
    return thread.id, status, due, *waits, thread.assignee, who, thread.channel, _short(words)


def _short(words: str, longest: int = 80) -> str:
    line = " ".join(words.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


@several.command()
def send(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """Look after threads once: replies come in, answers leave, the staff's group sees them, who is late is reminded. A schedule calls it."""
    from winback.operations import tending

    project = frame.open_project(context, folder)
    done = frame.run(tending.tend(project, frame.open_store(project), now=clock.now()))
    if json:
        frame.print_json(dict(sorted(done.items())))
        return
    frame.print_counts("Threads looked after", dict(sorted(done.items())), "")


@several.command()
def figures(
    context: typer.Context,
    since: Annotated[str | None, typer.Option(metavar="DAY", help="Threads that began on this day or later; 30 days ago if not said.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DAY", help="And no later than on this day.")] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """How soon customers were answered, against the promise: together, by manager, by channel."""
    from winback.operations import answering_figures
    from winback.operations.waiting import span

    project = frame.open_project(context, folder)
    now = clock.now()
    last = clock.local_day(now, project.zone) if until is None else frame.parse_day(until)
    first = last - timedelta(days=30) if since is None else frame.parse_day(since)
    begin, end = clock.start_of_day(first, project.zone), clock.end_of_day(last, project.zone)
    told = answering_figures.figures(project, frame.open_store(project), since=begin, until=end, now=now)
    if json:
        frame.print_json(told.as_json())
        return
    columns = ("", "threads", "answered", "wait", "in time", "median", "feels like", "90 %")
    rows = [("everybody", *_speed(told.everybody))]
    rows += [(name or "(nobody)", *_speed(speed)) for name, speed in told.managers]
    rows += [(f"by {name}", *_speed(speed)) for name, speed in told.channels]
    frame.print_table(f"First answers to threads of {first} to {last}; the promise is {span(told.promise)} of office hours", columns, rows, numbers=7)


def _speed(speed: Speed) -> tuple[object, ...]:
    from winback.journey.office import FELT
    from winback.operations.waiting import span

    share = "" if speed.share_kept is None else f"{speed.share_kept:.0%}"
    felt = None if speed.median is None else speed.median * FELT
    return (
        speed.threads,
        speed.answered,
        speed.unanswered,
        share,
        *("" if each is None else span(each) for each in (speed.median, felt, speed.ninth_tenth)),
    )


@one.command()
def show(context: typer.Context, thread: Number, folder: Folder = None, json: Json = False) -> None:
    """A thread with everything that was said, and what became of each answer."""
    from winback.operations import threads as operation

    project = frame.open_project(context, folder)
    shown = operation.show(project, frame.open_store(project), thread, now=clock.now())
    if json:
        frame.print_json(shown.as_json())
        return
    given = shown.thread
    lines = {
        "who": " ".join(filter(None, (given.customer, given.name))) or "a stranger",
        "status": f"{given.status}: {given.why}",
        "whose": given.assignee or "nobody's yet",
        "promised by": frame.at(project, given.due_at) + (" (overdue)" if given.is_overdue else ""),
        "waits": given.wait.in_words if given.wait else "",
        "first answer": f"{frame.at(project, given.first_answer_at)} by {given.first_answer_by}" if given.first_answer_at else "",
        "others": ", ".join(f"{number} ({status})" for number, status, _, _ in shown.others),
    }
    frame.print_table(f"Thread {given.id}", ("", ""), [(word, told) for word, told in lines.items() if told], numbers=0)
    for notice in shown.notices:
        typer.echo(notice)
    frame.print_table("What was said", ("", "when", "who", "", "became"), [_word(project, each) for each in shown.words], numbers=0)
    if given.customer:
        typer.echo(f"All that is known of them: winback customer show {given.customer}")


def _word(project: Project, word: Word) -> tuple[object, ...]:
    text = word.text or ("(a picture, a voice or a file)" if word.has_media else "")
    who = {"customer": "customer", "bot": "note"}.get(word.author, word.by)
    became = "" if word.author != "manager" else f"{word.status}{f': {word.detail}' if word.detail else ''}"
    return word.id, frame.at(project, word.at), f"{who}{f' ({word.channel})' if word.channel else ''}", text, became


@one.command()
def answer(
    context: typer.Context,
    thread: Number,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What the customer reads.")],
    by: By,
    channel: Annotated[str, typer.Option(metavar="CHANNEL", help="telegram or email; that of their last words if not said.")] = "",
    folder: Folder = None,
) -> None:
    """Answer the customer: it is written down first, and sent once."""
    from winback.operations import tending
    from winback.operations import threads as operation

    project = frame.open_project(context, folder)
    engine, now = frame.open_store(project), clock.now()
    key = f"cli:{frame.worker_name()}"
    number = operation.answer(project, engine, thread, text, by=by.strip(), key=key, now=now, channel=channel.strip())
    frame.run(tending.answer(project, engine, now=now))
    word = next(each for each in operation.show(project, engine, thread, now=now).words if each.id == number)
    typer.echo(f"Answer {number}: {word.status}{f' ({word.detail})' if word.detail else ''}.")


@one.command()
def assign(
    context: typer.Context,
    thread: Number,
    manager: Annotated[str, typer.Argument(metavar="MANAGER", help='A key of config/senders.yaml; "" for nobody.')],
    folder: Folder = None,
) -> None:
    """Give the thread to somebody."""
    from winback.operations import threads as operation

    project = frame.open_project(context, folder)
    typer.echo(operation.assign(project, frame.open_store(project), thread, manager.strip(), by=project.user, now=clock.now()))


@one.command()
def close(context: typer.Context, thread: Number, by: By = "", folder: Folder = None) -> None:
    """Nothing is left to say; what they write next begins another thread."""
    from winback.operations import threads as operation

    project = frame.open_project(context, folder)
    typer.echo(operation.close(frame.open_store(project), thread, by=by.strip() or project.user, now=clock.now()))


@one.command()
def reopen(context: typer.Context, thread: Number, folder: Folder = None) -> None:
    """Go on with a closed thread."""
    from winback.operations import threads as operation

    project = frame.open_project(context, folder)
    typer.echo(operation.reopen(frame.open_store(project), thread, by=project.user, now=clock.now()))


@one.command()
def resolve(
    context: typer.Context,
    answer: Annotated[int, typer.Argument(metavar="ANSWER", help="The number of an answer that `winback thread show` shows.")],
    outcome: Annotated[str, typer.Argument(metavar="sent|not-sent|again", help="It arrived; it didn't, send it; try one that failed again.")],
    folder: Folder = None,
) -> None:
    """Say what you found out about an answer in doubt."""
    from winback.operations import threads as operation

    project = frame.open_project(context, folder)
    typer.echo(operation.resolve(frame.open_store(project), answer, outcome, now=clock.now()))
