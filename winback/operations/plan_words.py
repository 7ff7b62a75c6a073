"""What a plan says beside its tree, as sentences: who comes in from day to day, how long its pace takes, what it costs, what it can show."""

from __future__ import annotations

from collections.abc import Iterator

from winback.operations import pace_plan
from winback.operations.daily_plan import DailyPlan
from winback.operations.planning import Plan


def days(daily: DailyPlan | None) -> Iterator[str]:
    """Who comes in next, and what is to be expected afterwards; nothing of a campaign that takes everybody in at once."""
    if daily is None:
        return
    again = f", {daily.again:,} skipped so far are decided on anew" if daily.again else ""
    yield f"The next day takes {daily.newly:,} who newly lapsed and {daily.back_filled:,} of the back-fill{again}."
    if daily.waiting:
        yield f"Waiting in the back-fill: {daily.waiting:,}, the last on {daily.waiting_until}, if nobody of them orders."
    if daily.unreached:
        yield f"{daily.unreached:,} of them would still wait on {daily.takes_until}, the last day on which all stages fit in: quicken `back_fill`."
    if daily.newly_a_day is not None:
        yield f"About {daily.newly_a_day:,.1f} lapsed a day in the last month; as many are to be expected until {daily.takes_until}."


def pace(plan: Plan) -> Iterator[str]:
    """Stages that take longer than a moment."""
    for stage in plan.stages:
        yield from pace_plan.told(stage.name, stage.paced)


def money(plan: Plan) -> Iterator[str]:
    """What sending and offers cost, what returns are expected to bring, which codes and budgets there are."""
    yield f"Sending costs up to {plan.cost_of_sending:,.2f} {plan.currency}."
    if plan.worth is not None:
        net = plan.worth.expected - plan.worth.cost
        yield (
            f"Returns are expected to bring {plan.worth.expected:,.2f} {plan.currency}, the whole sequence costs {plan.worth.cost:,.2f}: "
            f"{net:,.2f} {plan.currency} {'to the good' if net > 0 else 'lost'}."
        )
    for tactic, cost in plan.cost_of_offers.items():
        yield f"The offer of {tactic} costs {cost:,.2f} {plan.currency} for every 100 who take it up."
    for pool in plan.pools:
        yield pool.sentence
    for budget in plan.budgets:
        before = f", {budget.before:,.2f} of them before" if budget.before else ""
        whole = budget.before + budget.promised
        yield f"Of the budget of {budget.offer}, {budget.budget:,.2f} {plan.currency}, {whole:,.2f} would be promised{before}."
    if plan.holding:
        yield f"{plan.holding:,} of them hold a code of another campaign, and get none of this one while they do."


def power(plan: Plan) -> Iterator[str]:
    """Which differences would show."""
    by_themselves = f"{100 * plan.base_rate:.0f} % who return by themselves"
    for tactic, difference in plan.detectable.items():
        if difference is None:
            yield f"With so few, no difference between {tactic} and the holdout could be told from chance."
        else:
            more = f"{100 * difference:.1f} points more than the {by_themselves}"
            yield f"With these numbers, {tactic} is told from the holdout when it brings back {more} (80 % power)."
    if plan.power is not None:
        yield plan.power.sentence
