"""How plans, rehearsals and letters look in a terminal."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer

from winback.commands import frame
from winback.model import Reason
from winback.operations import calendar, plan_tree, plan_words
from winback.operations.calendar import Calendar
from winback.operations.planning import Plan
from winback.operations.rehearsing import Rehearsal
from winback.settings import Project


def print_plan(plan: Plan) -> None:
    """The plan as a tree and sentences."""
    frame.print_tree(plan_tree.of(plan))
    typer.echo("Stages as they would go if nobody ordered or answered before.")
    _say(plan_words.days(plan.daily))
    _say(plan_words.pace(plan))
    late = {f"{word}: {reason}": count for word, counts in plan.contact_policy.items() for reason, count in counts.items()}
    if late:
        frame.print_counts("First letters that the contact policy doesn't let leave when they are due", late)
    frame.print_counts("Languages", plan.languages)
    _say(plan_words.money(plan))
    _say(plan_words.power(plan))


def _say(sentences: Iterator[str]) -> None:
    for sentence in sentences:
        typer.echo(sentence)


def print_rehearsal(played: Rehearsal, project: Project) -> None:
    """The calendar, and what became of everybody."""
    long = calendar.is_long(played.calendar)
    shown = calendar.by_week(played.calendar) if long else played.calendar
    columns = ("week of" if long else "day", "in all", "stage", "channel", "language", "through", "letters")
    frame.print_table(f"{played.campaign}, rehearsed from {played.from_} to {played.until}", columns, list(_leaving(shown)))
    if long:
        typer.echo("Weeks begin on Monday; --json has each day.\n")
    frame.print_counts("What became of the cohort", played.recipients)
    where = "No letters were written." if played.folder is None else f"The letters lie in {project.shown(played.folder)}."
    typer.echo(f"Nothing was sent. {where}")


def _leaving(shown: Calendar) -> Iterator[tuple[str, ...]]:
    """A line for each kind of letter; the day and what leaves on it in all stand in its first line."""
    totals = shown.totals()
    for day, group in itertools.groupby(shown.leaving, key=lambda each: each.day):
        for index, each in enumerate(group):
            first = ("", "") if index else (day.isoformat(), f"{totals[day]:,}")
            yield (*first, shown.stages[each.stage], each.channel, each.language, each.through, f"{each.letters:,}")


def print_deliveries(rows: Sequence[Mapping[str, Any]], limit: int) -> None:
    """Letters, one a line."""
    columns = ("id", "customer", "stage", "tactic", "channel", "letter", "status", "why", "when")
    cells = [
        (
            row["id"],
            row["customer"],
            row["stage"],
            row["tactic"],
            row["channel"],
            row["letter"],
            row["status"],
            row["detail"] if row["reason"] == Reason.PACE else row["reason"],
            (row["sent_at"] or row["due_at"])[:16].replace("T", " "),
        )
        for row in rows
    ]
    frame.print_table("Letters", columns, cells, numbers=0)
    if len(rows) == limit:
        typer.echo(f"Only the first {limit} are shown; ask for more with --limit.")
