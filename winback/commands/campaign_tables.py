"""How plans, rehearsals and letters look in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer

from winback.commands import frame
from winback.operations.daily_plan import DailyPlan
from winback.operations.planning import Plan
from winback.operations.rehearsing import Rehearsal
from winback.settings import Project


def print_plan(plan: Plan) -> None:
    """The plan as tables and sentences."""
    written_to = {arm: count for arm, count in plan.arms.items() if arm != "holdout"}
    frame.print_counts(
        f"{plan.campaign}, as of {plan.as_of}",
        {
            "in the cohort": plan.cohort,
            **{f"  tactic {arm}": count for arm, count in written_to.items()},
            "  left alone, to compare with": plan.arms["holdout"],
        }
        | ({} if plan.daily is None else {"  taken in on earlier days": plan.daily.before, "  waiting in the back-fill": plan.daily.waiting})
        | {f"  skipped: {reason}": count for reason, count in plan.skips.items()},
    )
    rows = [
        (
            stage.name,
            "; ".join(f"{tactic}: {text}" for tactic, text in stage.texts.items()),
            ", ".join(f"{channel} {count:,}" for channel, count in stage.channels.items()),
            f"{stage.first_on} to {stage.last_on}" if stage.first_on != stage.last_on else stage.first_on,
            f"{stage.recipients:,}",
        )
        for stage in plan.stages
    ]
    frame.print_table("Stages, if nobody ordered or answered before", ("stage", "texts", "channels", "days", "at most"), rows)
    for stage in plan.stages:
        for asked in stage.asks:
            typer.echo(f"{stage.name}, {asked}.")
        if stage.skips:
            typer.echo(f"{stage.name}, not as things stand: {', '.join(f'{count:,} {reason}' for reason, count in stage.skips.items())}.")
    if plan.daily is not None:
        for sentence in _days(plan.daily):
            typer.echo(sentence)
    late = {f"{word}: {reason}": count for word, counts in plan.contact_policy.items() for reason, count in counts.items()}
    if late:
        frame.print_counts("First letters that the contact policy doesn't let leave when they are due", late)
    frame.print_counts("Languages", plan.languages)
    _print_money(plan)
    for tactic, difference in plan.detectable.items():
        typer.echo(_power(plan, tactic, difference))


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
    rows = [(day.day, day.stage, day.channel, day.language, f"{day.letters:,}") for day in played.calendar]
    frame.print_table(f"{played.campaign}, rehearsed from {played.from_} to {played.until}", ("day", "stage", "channel", "language", "letters"), rows)
    frame.print_counts("What became of the cohort", played.recipients)
    typer.echo(f"Nothing was sent. The letters lie in {project.shown(played.folder)}.")


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
            row["reason"],
            (row["sent_at"] or row["due_at"])[:16].replace("T", " "),
        )
        for row in rows
    ]
    frame.print_table("Letters", columns, cells, numbers=0)
    if len(rows) == limit:
        typer.echo(f"Only the first {limit} are shown; ask for more with --limit.")
