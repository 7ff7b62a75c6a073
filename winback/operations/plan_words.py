"""What a plan says beside its tree, as sentences: who comes in from day to day, how long its pace takes, what it costs, what it can show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from winback.operations import pace_plan
from winback.operations.daily_plan import DailyPlan
from winback.operations.planning import Plan
from winback.operations.rationing import Budget
from winback.speech import N_, amount, figure, said


def days(daily: DailyPlan | None) -> Iterator[str]:
    """Who comes in next, and what is to be expected afterwards; nothing of a campaign that takes everybody in at once."""
    if daily is None:
        return
    newly, filled = figure(daily.newly), figure(daily.back_filled)
    if daily.again:
        sentence = N_(
            "The next day takes %(newly)s who are new to the cohort and %(filled)s of the back-fill, %(again)s skipped so far are decided on anew."
        )
        yield said(sentence, newly=newly, filled=filled, again=figure(daily.again))
    else:
        yield said(N_("The next day takes %(newly)s who are new to the cohort and %(filled)s of the back-fill."), newly=newly, filled=filled)
    if daily.waiting:
        sentence = N_("Waiting in the back-fill: %(waiting)s, the last on %(day)s, if nobody of them orders.")
        yield said(sentence, waiting=figure(daily.waiting), day=daily.waiting_until)
    if daily.unreached:
        sentence = N_("%(number)s of them would still wait on %(day)s, the last day on which all stages fit in: quicken `back_fill`.")
        yield said(sentence, number=figure(daily.unreached), day=daily.takes_until)
    if daily.newly_a_day is not None:
        sentence = N_("About %(number)s a day came to the cohort in the last month; as many are to be expected until %(day)s.")
        yield said(sentence, number=figure(daily.newly_a_day, 1), day=daily.takes_until)


def pace(plan: Plan) -> Iterator[str]:
    """Stages that take longer than a moment."""
    for stage in plan.stages:
        yield from pace_plan.told(stage.name, stage.paced)


def money(plan: Plan) -> Iterator[str]:
    """What sending and offers cost, what returns are expected to bring, which codes and budgets there are."""
    yield sending(plan.cost_of_sending, plan.currency)
    if plan.worth is not None:
        net = plan.worth.expected - plan.worth.cost
        sentence = (
            N_("Returns are expected to bring %(brings)s, the whole sequence costs %(costs)s: %(net)s to the good.")
            if net > 0
            else N_("Returns are expected to bring %(brings)s, the whole sequence costs %(costs)s: %(net)s lost.")
        )
        yield said(
            sentence,
            brings=amount(plan.worth.expected, plan.currency, 2),
            costs=amount(plan.worth.cost, plan.currency, 2),
            net=amount(abs(net), plan.currency, 2),
        )
    yield from offers(plan.cost_of_offers, plan.currency)
    for pool in plan.pools:
        yield pool.sentence
    for budget in plan.budgets:
        yield _promised(budget, plan.currency)
    if plan.holding:
        yield said(N_("%(number)s of them hold a code of another campaign, and get none of this one while they do."), number=figure(plan.holding))


def sending(cost: Decimal, currency: str) -> str:
    """What the channels take."""
    return said(N_("Sending costs up to %(amount)s."), amount=amount(cost, currency, 2))


def offers(costs: Mapping[str, Decimal], currency: str) -> Iterator[str]:
    """What the offer of each tactic costs."""
    for tactic, cost in costs.items():
        sentence = N_("The offer of %(tactic)s costs %(amount)s for every 100 who take it up.")
        yield said(sentence, tactic=tactic, amount=amount(cost, currency, 2))


def _promised(budget: Budget, currency: str) -> str:
    offer, all_of_it = budget.offer, amount(budget.budget, currency, 2)
    whole = figure(budget.before + budget.promised, 2)
    if not budget.before:
        return said(N_("Of the budget of %(offer)s, %(budget)s, %(whole)s would be promised."), offer=offer, budget=all_of_it, whole=whole)
    sentence = N_("Of the budget of %(offer)s, %(budget)s, %(whole)s would be promised, %(before)s of them before.")
    return said(sentence, offer=offer, budget=all_of_it, whole=whole, before=figure(budget.before, 2))


def power(plan: Plan) -> Iterator[str]:
    """Which differences would show."""
    for tactic, difference in plan.detectable.items():
        rate = f"{100 * plan.base_rate:.0f}"
        yield chance_alone(tactic) if difference is None else said(_TOLD_APART, tactic=tactic, points=figure(100 * difference, 1), rate=rate)
    if plan.power is not None:
        yield plan.power.sentence


_TOLD_APART = N_(
    "With these numbers, %(tactic)s is told from the holdout when it brings back %(points)s points more than the %(rate)s %% who return by "
    "themselves (80 %% power)."
)


def chance_alone(tactic: str) -> str:
    """Of a tactic with too few customers."""
    return said(N_("With so few, no difference between %(tactic)s and the holdout could be told from chance."), tactic=tactic)
