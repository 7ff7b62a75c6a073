"""How plans, rehearsals and letters look in a terminal."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer

from winback.commands import frame
from winback.model import Reason
from winback.operations import calendar, pace_plan, plan_tree
from winback.operations.calendar import Calendar
from winback.operations.daily_plan import DailyPlan
from winback.operations.planning import Plan
from winback.operations.rehearsing import Rehearsal
from winback.settings import Project


def print_plan(plan: Plan) -> None:
    """The plan as a tree and sentences."""
    frame.print_tree(plan_tree.of(plan))
    typer.echo("Stages as they would go if nobody ordered or answered before.")
    if plan.daily is not None:
        for sentence in _days(plan.daily):
            typer.echo(sentence)
    for stage in plan.stages:
        for sentence in pace_plan.told(stage.name, stage.paced):
            typer.echo(sentence)
    late = {f"{word}: {reason}": count for word, counts in plan.contact_policy.items() for reason, count in counts.items()}
    if late:
        frame.print_counts("First letters that the contact policy doesn't let leave when they are due", late)
    frame.print_counts("Languages", plan.languages)
    _print_money(plan)
    for tactic, difference in plan.detectable.items():
        typer.echo(_power(plan, tactic, difference))
    if plan.power is not None:
        typer.echo(plan.power.sentence)


def _print_money(plan: Plan) -> None:
    typer.echo(f"Sending costs up to {plan.cost_of_sending:,.2f} {plan.currency}.")
    if plan.worth is not None:
        net = plan.worth.expected - plan.worth.cost
        typer.echo(
            f"Returns are expected to bring {plan.worth.expected:,.2f} {plan.currency}, the whole sequence costs {plan.worth.cost:,.2f}: "
            f"{net:,.2f} {plan.currency} {'to the good' if net > 0 else 'lost'}."
        )
    for tactic, cost in plan.cost_of_offers.items():
        typer.echo(f"The offer of {tactic} costs {cost:,.2f} {plan.currency} for every 100 who take it up.")
    for pool in plan.pools:
        typer.echo(pool.sentence)
    for budget in plan.budgets:
        before = f", {budget.before:,.2f} of them before" if budget.before else ""
        whole = budget.before + budget.promised
        typer.echo(f"Of the budget of {budget.offer}, {budget.budget:,.2f} {plan.currency}, {whole:,.2f} would be promised{before}.")
    if plan.holding:
        typer.echo(f"{plan.holding:,} of them hold a code of another campaign, and get none of this one while they do.")


def _days(daily: DailyPlan) -> Iterator[str]:
    """Who comes in next, and what is to be expected afterwards."""
    again = f", {daily.again:,} skipped so far are decided on anew" if daily.again else ""
    yield f"The next day takes {daily.newly:,} who newly lapsed and {daily.back_filled:,} of the back-fill{again}."
    if daily.waiting:
        yield f"Waiting in the back-fill: {daily.waiting:,}, the last on {daily.waiting_until}, if nobody of them orders."
    if daily.unreached:
        yield f"{daily.unreached:,} of them would still wait on {daily.takes_until}, the last day on which all stages fit in: quicken `back_fill`."
    if daily.newly_a_day is not None:
        yield f"About {daily.newly_a_day:,.1f} lapsed a day in the last month; as many are to be expected until {daily.takes_until}."


def _power(plan: Plan, tactic: str, difference: float | None) -> str:
    if difference is None:
        return f"With so few, no difference between {tactic} and the holdout could be told from chance."
    by_themselves = f"{100 * plan.base_rate:.0f} % who return by themselves"
    return f"With these numbers, {tactic} is told from the holdout when it brings back {100 * difference:.1f} points more than the {by_themselves} (80 % power)."


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
