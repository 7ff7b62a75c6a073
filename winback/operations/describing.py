"""winback facts show: all that is known of one customer, in words and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine

from winback import clock
from winback.audience import signs, value
from winback.audience.cohort import Selection
from winback.audience.movements import Change
from winback.audience.periods import Per, holding
from winback.audience.signs import Signs
from winback.errors import ConfigError, Problem
from winback.model import Money
from winback.operations import knowing, reasons, scoring
from winback.settings import Project
from winback.speech import N_, amount, called, figure, numbered, said
from winback.store import database, leaving_reasons, portrait, scores, stage_changes
from winback.store.as_of import AsOf
from winback.store.evidence import Evidence
from winback.store.portrait import Spent, Sum
from winback.store.tables import scores as stored_scores

FACTS = {
    "orders": N_("orders"),
    "purchase_days": N_("days with an order"),
    "first_order_on": N_("first order"),
    "last_order_on": N_("last order"),
    "revenue_minor": N_("revenue"),
    "average_order_minor": N_("average order"),
    "currency": N_("currency of all orders"),
    "paid_orders": N_("orders that revenue speaks of"),
    "unpriced_orders": N_("orders in a currency without a rate"),
    "margin_minor": N_("margin that the orders tell"),
    "margin_known_minor": N_("revenue that they tell it of"),
    "codes_used": N_("orders with a code"),
    "median_gap": N_("days between two orders, usually"),
    "long_gap": N_("days between two orders, seldom more"),
    "inquiries": N_("inquiries"),
    "last_inquiry_at": N_("last inquiry"),
    "inquiries_since_order": N_("inquiries since the last order"),
    "touches": N_("touches"),
    "last_touch_at": N_("last touch"),
    "last_reaction_at": N_("last reaction"),
    "touches_since_reaction": N_("touches since the last reaction or order"),
    "complaints": N_("complaints"),
    "last_complaint_at": N_("last complaint that isn't mended"),
    "scores": N_("answers to surveys"),
    "last_score": N_("last score"),
    "last_score_at": N_("last answer to a survey"),
}
"""Columns of the table `facts`, and the average order, as a person calls them. Moments of orders stand as their days."""

SCORES = {
    "stage": N_("stage"),
    "value_class": N_("value"),
    "regularity": N_("regularity"),
    "recency": N_("fifth by recency"),
    "frequency": N_("fifth by frequency"),
    "money": N_("fifth by money"),
    "profit_minor": N_("profit"),
    "lifetime_value_minor": N_("lifetime value"),
    "chance_lost": N_("chance of no purchase"),
    "expected_value_minor": N_("expected value of a return"),
    "recommended": N_("customers recommended"),
}
"""Columns of the table `scores`."""


@dataclass(frozen=True, slots=True)
class Quarter:
    """What a customer spent in a quarter of the calendar."""

    name: str
    orders: int
    revenue: Money


@dataclass(frozen=True, slots=True)
class Portrait:
    """One customer as of a day. Days are the shop's, amounts Money; None where nothing is known."""

    customer: str
    as_of: date
    facts: dict[str, Any]  # by the names of FACTS
    quarters: tuple[Quarter, ...]  # from the first with an order to the last, those without any between them too
    currencies: tuple[tuple[Money, int], ...]  # sums with the number of orders, where there are several currencies
    signs: Evidence
    signs_told: dict[str, str]
    scores: dict[str, Any]  # by the names of SCORES; empty where they came after everybody was scored
    history: tuple[Change, ...]  # of stages, as noted until the day
    reasons: tuple[reasons.Shown, ...]  # for leaving, the newest first
    chance_days: int  # that the chance of no purchase looks ahead
    sentences: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "customer": self.customer,
            "as_of": self.as_of.isoformat(),
            "facts": {name.removesuffix("_minor"): _plain(value) for name, value in self.facts.items()},
            "quarters": [{"quarter": each.name, "orders": each.orders, "revenue": _plain(each.revenue)} for each in self.quarters],
            "currencies": [{"sum": _plain(money), "orders": count} for money, count in self.currencies],
            "signs": [{"sign": str(sign), "shows": found} for sign, found in self.signs.items()],
            "scores": {name.removesuffix("_minor"): _plain(value) for name, value in self.scores.items()},
            "stages": [
                {"since": each.since.isoformat(), "before": each.before and str(each.before), "stage": str(each.stage)} for each in self.history
            ],
            "reasons": [each.as_json() for each in self.reasons],
            "sentences": list(self.sentences),
        }

    def in_words(self) -> Iterator[tuple[str, str, str]]:
        """Every fact and score: of what kind, its name, and its value."""
        for kind, names, values in (("fact", FACTS, self.facts), ("score", SCORES, self.scores)):
            for name, found in values.items():
                what = said(names[name])
                if name == "chance_lost":
                    what = said(N_("%(chance)s in the next %(days)s days"), chance=what, days=self.chance_days)
                yield kind, what, _words(name, found, self.as_of)


def portrait_of(project: Project, engine: Engine, key: str, *, now: datetime, present: datetime | None = None) -> Portrait:
    """The customer whom the shop knows by `key`, as of `now`. Raises ConfigError when it never had one.

    Of who was merged into another the other is shown: everything lies with them.
    """
    knowing.refresh(project, engine, now=now)
    who = _whose(engine, key)
    knowing.bring_up_scores(project, engine, now=now, present=present)
    as_of = AsOf.of(project, now)
    with database.reading(engine) as connection:
        counted = portrait.facts_of(connection, as_of, who)
        scored = portrait.scores_of(connection, scoring.as_of(connection, project, as_of), who)
    found = _portrait(project, engine, who, now, counted, scored)
    with database.reading(engine) as connection:
        state = scores.state(connection)
    return replace(found, sentences=(*_merged(key, found), *_sentences(found.scores, state.basis if state is not None else {})))


def as_it_lies(project: Project, engine: Engine, key: str, *, now: datetime, told: Sequence[reasons.Shown] | None = None) -> Portrait:
    """The same at once and without writing anything: facts are counted anew for this customer alone, scores are those that were made last.

    `told`: the reasons for leaving, where somebody has read them already. Raises ConfigError as `portrait_of` does.
    """
    who = _whose(engine, key)
    with database.reading(engine) as connection:
        counted = portrait.counted_anew(connection, AsOf.of(project, now), who)
        scored, state = portrait.scores_of(connection, stored_scores, who), scores.state(connection)
    found = _portrait(project, engine, who, now, counted, scored, told)
    if state is None:
        made = said(N_("Nobody is scored just now: `winback facts update` does it."))
    else:
        sentence = N_("Scores were made on %(day)s.") if scored else N_("Scores were made on %(day)s, before they came.")
        made = said(sentence, day=state.scored_on)
    return replace(found, sentences=(*_merged(key, found), made))


def _whose(engine: Engine, key: str) -> int:
    with database.reading(engine) as connection:
        who = leaving_reasons.whose(connection, key)
    if who is None:
        raise ConfigError(Problem("", None, f"there is no customer `{key}`.", "Give the shop's own id, as `winback cohort members` prints it."))
    return who


def _portrait(  # noqa: PLR0917  two uses
    project: Project,
    engine: Engine,
    who: int,
    now: datetime,
    counted: Mapping[Any, Any] | None,
    scored: Mapping[Any, Any] | None,
    told: Sequence[reasons.Shown] | None = None,
) -> Portrait:
    as_of, today, thresholds = AsOf.of(project, now), clock.local_day(now, project.zone), signs.read(project)
    counted, scored = counted or {}, scored or {}
    with database.reading(engine) as connection:
        own = portrait.key_of(connection, who)
        spent, sums = portrait.spent(connection, as_of, who), portrait.sums(connection, as_of, who)
        shown = knowing.signs_of(connection, Selection(knowing.ALL_SIGNS, signs=thresholds), as_of, [who]).get(who, {})
        history = stage_changes.of(connection, who, today)
    told = reasons.of(project, engine, own) if told is None else told
    return Portrait(
        own,
        today,
        _facts(counted, project),
        tuple(_quarters(spent, project.settings.currency)),
        tuple(_several(sums)),
        shown,
        {str(sign): _sign(sign, thresholds) for sign in shown},
        {name: _value(name, scored[name], project) for name in SCORES if scored},
        tuple(history),
        tuple(each for each in told if each.recorded_on <= today),
        value.read(project).chance_for.days,
        (),
    )


def _sign(sign: signs.Sign, thresholds: Signs) -> str:
    return said(N_("%(sign)s; try %(letters)s"), sign=signs.describe(sign, thresholds), letters=", ".join(thresholds.methods(sign)))


def _merged(asked: str, found: Portrait) -> Iterator[str]:
    if asked != found.customer:
        yield said(N_("%(old)s was merged into %(new)s: everything lies there."), old=asked, new=found.customer)


def _sentences(scored: Mapping[str, Any], basis: Mapping[str, Any]) -> Iterator[str]:
    if not scored:
        yield said(N_("They came after everybody was scored today: `winback facts update` scores them now."))
    elif scored["chance_lost"] is None:
        yield from basis.get("sentences", ())


def _facts(counted: Mapping[Any, Any], project: Project) -> dict[str, Any]:
    if not counted:
        return {}
    paid = counted["paid_orders"]
    average = counted["revenue_minor"] / paid if paid else None
    row = {**counted, "average_order_minor": average, "currency": counted["currency"] or (said(N_("several")) if counted["orders"] else None)}
    return {name: _value(name, row[name], project) for name in FACTS}


def _value(name: str, found: Any, project: Project) -> Any:
    if found is None or found == "":
        return None
    if name.endswith("_minor"):
        return Money.from_minor(round(found), project.settings.currency)
    return clock.local_day(found, project.zone) if isinstance(found, datetime) else found


def _quarters(days: Sequence[Spent], currency: str) -> Iterator[Quarter]:
    found: dict[str, tuple[int, int]] = {}
    if days:
        year, month = days[0].day.year, (days[0].day.month - 1) // 3 * 3 + 1
        while date(year, month, 1) <= days[-1].day:
            found[holding(Per.QUARTER, date(year, month, 1))] = (0, 0)
            year, month = (year + 1, 1) if month == 10 else (year, month + 3)
    for each in days:
        name = holding(Per.QUARTER, each.day)
        found[name] = found[name][0] + each.orders, found[name][1] + each.minor
    for name, (count, minor) in found.items():
        yield Quarter(name, count, Money.from_minor(minor, currency))


def _several(sums: Sequence[Sum]) -> Iterator[tuple[Money, int]]:
    if len(sums) > 1:
        for each in sums:
            yield Money.from_minor(each.minor, each.currency), each.orders


def _plain(found: Any) -> Any:
    if isinstance(found, Money):
        return {"amount": f"{found.amount:f}", "currency": found.currency}
    return found.isoformat() if isinstance(found, date) else found


def _words(name: str, found: Any, today: date) -> str:
    if found is None:
        return said(N_("none")) if name.endswith(("_at", "_on")) else said(N_("not known"))
    if isinstance(found, Money):
        return amount(found.amount, found.currency)
    if isinstance(found, date):
        return numbered("%(day)s, %(num)s day ago", "%(day)s, %(num)s days ago", (today - found).days, day=found)
    if name == "chance_lost":
        return _chance(found)
    if name in {"recency", "frequency", "money"}:
        return said(N_("%(number)s of 5"), number=found) if found else said(N_("never bought"))
    if name in {"stage", "value_class", "regularity"}:
        return called(str(found), name.removesuffix("_class"))
    return figure(found, 1) if isinstance(found, float) else figure(found) if isinstance(found, int) else str(found)


def _chance(found: float) -> str:
    """Seasons put chances off by some points: none is shown as certain."""
    if 0.01 <= found <= 0.99:
        return f"{found:.0%}"
    return said(N_("over %(chance)s"), chance="99%") if found > 0.5 else said(N_("under %(chance)s"), chance="1%")
