"""The words of a cohort's conditions: which fact each asks about, and how a person says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import reduce

from winback.audience import signs
from winback.audience.cohort import Cohort, Custom, Exclude, Rule, Selection, flat
from winback.audience.ranges import Between, Counted, Days, Number, Part, Sum, Summed, Times, ends
from winback.speech import N_, called, either, said


class Table(StrEnum):
    """Where a fact is kept."""

    FACTS = "facts"  # of each customer alone
    SCORES = "scores"  # beside everybody else, and on a day
    CUSTOMERS = "customers"  # as the shop wrote it


@dataclass(frozen=True, slots=True)
class Fact:
    """What a word asks about, and how a person calls it."""

    table: Table
    column: str
    name: str


def _facts(**columns: str) -> dict[str, Fact]:
    return {word: Fact(Table.FACTS, *column.split("|")) for word, column in columns.items()}


def _scores(**columns: str) -> dict[str, Fact]:
    return {word: Fact(Table.SCORES, *column.split("|")) for word, column in columns.items()}


def _customers(**columns: str) -> dict[str, Fact]:
    return {word: Fact(Table.CUSTOMERS, *column.split("|")) for word, column in columns.items()}


FACTS = {
    **_facts(
        days_since_last_order="last_order_at|last order",
        days_since_first_order="first_order_at|first order",
        days_since_last_inquiry="last_inquiry_at|last inquiry",
        days_since_last_touch="last_touch_at|last touch",
        days_since_last_reaction="last_reaction_at|last reaction",
        days_since_complaint="last_complaint_at|last complaint that isn't mended",
        days_since_survey="last_score_at|last answer to a survey",
        first_order="first_order_on|first order",
        last_order="last_order_on|last order",
        not_bought_since="last_order_at|last order",
        orders="orders|orders",
        purchase_days="purchase_days|days with an order",
        inquiries="inquiries|inquiries",
        inquiries_since_order="inquiries_since_order|inquiries since the last order",
        touches="touches|touches",
        touches_since_reaction="touches_since_reaction|touches since the last reaction or order",
        complaints="complaints|complaints",
        surveys="scores|answers to surveys",
        last_score="last_score|last score",
        codes_used="codes_used|codes used",
        usual_gap="median_gap|days between two orders, usually",
        long_gap="long_gap|days between two orders, at the longest but for one in ten",
        revenue="revenue_minor|revenue",
        currency="currency|currency",
    ),
    **_scores(
        value="value_class|value",
        regularity="regularity|regularity",
        recency="recency|fifth by recency",
        frequency="frequency|fifth by frequency",
        money="money|fifth by money",
        profit="profit_minor|profit",
        lifetime_value="lifetime_value_minor|lifetime value",
        expected_value="expected_value_minor|expected value of a return",
        chance_lost="chance_lost|chance of no purchase",
        recommended="recommended|customers recommended",
        stage="stage|stage",
    ),
    **_customers(country="country|country", locale="locale|locale", city="city|city", sex="sex|sex", manager="manager|manager"),
}
"""Words that ask about one column. Others are put together: sign, lapsed, average_order, overdue, reason, tag, custom, reachable_by."""

_MORE_FACTS = {
    "days_since_last_order": {"last_order_on"},
    "average_order": {"revenue_minor", "paid_orders"},
    "overdue": {"last_order_on", "first_order_on", "purchase_days"},
    "sign": {
        *("orders", "last_order_at", "last_order_on", "last_inquiry_at", "inquiries_since_order", "touches_since_reaction", "last_touch_at"),
        *("last_reaction_at", "last_complaint_at", "last_score", "last_score_at"),
    },
    "lapsed": {"last_order_at", "last_inquiry_at", "orders"},
    "worth_it": {"revenue_minor", "paid_orders"},
    "revenue": {"revenue_minor", "unpriced_orders", "paid_orders"},
}
_OF_MONEY = frozenset({"revenue", "average_order", "profit", "lifetime_value", "expected_value", "worth_it", "money", "value"})


def needed(cohort: Cohort) -> frozenset[str]:
    """Columns of the facts that a cohort's statement looks at."""
    words = [rule.said[0] for rule in flat(cohort.rules)]
    names = {FACTS[word].column for word in words if word in FACTS and FACTS[word].table is Table.FACTS}
    names |= set[str]().union(*(_MORE_FACTS.get(word, set()) for word in words))
    if cohort.exclude.contacted_within is not None:
        names.add("last_touch_at")
    if cohort.order_by is not None:
        names |= {"revenue_minor", "paid_orders", "orders", "last_order_at"}
    return frozenset(names)


def asks_scores(cohort: Cohort) -> bool:
    """Whether a cohort's statement looks at what depends on everybody else and the day."""
    words = {rule.said[0] for rule in flat(cohort.rules)} | ({str(cohort.order_by)} if cohort.order_by else set())
    return any(word == "worth_it" or (word in FACTS and FACTS[word].table is Table.SCORES) for word in words)


def reads_orders(cohort: Cohort) -> bool:
    """Whether a cohort's statement looks through orders themselves, not only at facts: nothing to do beside another question."""
    rules = list(flat(cohort.rules))
    lately = any(isinstance(value, Counted | Summed) and value.within is not None for _, value in (rule.said for rule in rules))
    return lately or "volume-dropped" in {str(sign) for rule in rules for sign in rule.sign or ()}


def asks_money(cohort: Cohort) -> bool:
    """Whether a cohort's statement compares amounts, which are of one currency only."""
    words = {rule.said[0] for rule in flat(cohort.rules)} | ({str(cohort.order_by)} if cohort.order_by else set())
    return bool(words & _OF_MONEY) or "volume-dropped" in {str(sign) for rule in flat(cohort.rules) for sign in rule.sign or ()}


def describe(rule: Rule, selection: Selection | None = None) -> str:
    """The condition as a person says it; thresholds of signs and trades are told where the selection is given."""
    word, value = rule.said
    match value:
        case Rule():
            return said(N_("not (%(what)s)"), what=describe(value, selection))
        case str():
            return _named(word, value, selection)
        case tuple():
            return _listed(word, value, selection)
        case Custom() if value.is_ is not None:
            return said(N_("%(name)s is %(words)s"), name=value.name, words=either(value.is_))
        case Custom():
            return said("%(name)s %(ends)s", name=value.name, ends=ends(Sum(at_least=value.at_least, at_most=value.at_most)))
        case date():
            return said(N_("no order since %(day)s"), day=value.isoformat())
        case Days():
            sentence = (
                N_("%(fact)s %(days)s days ago or more") if value.below is None else N_("%(fact)s %(days)s days ago or more, fewer than %(below)s")
            )
            return said(sentence, fact=said(FACTS[word].name), days=value.from_, below=value.below)
        case Between():
            name, since, before = said(FACTS[word].name), value.since, value.before
            if since is None:
                return said(N_("%(fact)s before %(before)s"), fact=name, before=before)
            sentence = N_("%(fact)s on %(since)s or later") if before is None else N_("%(fact)s on %(since)s or later before %(before)s")
            return said(sentence, fact=name, since=since, before=before)
    assert isinstance(value, Number | Sum | Part | Times)
    return _measured(word, value)


def _measured(word: str, value: Number | Sum | Part | Times) -> str:
    name = said({"average_order": "average order", "overdue": "silence in the own mean gaps"}.get(word) or FACTS[word].name)
    if word == "orders" and isinstance(value, Counted) and value.at_most is None and value.within is None:
        return said(N_("%(number)s orders or more"), number=value.at_least)
    if isinstance(value, Counted | Summed) and value.within is not None:
        sentence = N_("%(fact)s in the last %(length)s: %(ends)s") if isinstance(value, Number) else N_("%(fact)s in the last %(length)s %(ends)s")
        return said(sentence, fact=name, length=signs.days(value.within), ends=ends(value))
    return said(N_("%(fact)s: %(ends)s") if isinstance(value, Number) else N_("%(fact)s %(ends)s"), fact=name, ends=ends(value))


def _named(word: str, name: str, selection: Selection | None) -> str:
    if word == "worth_it":
        return said(N_("a return is worth more than the whole campaign %(name)s costs"), name=name)
    trade = selection.businesses.get(name) if selection is not None else None
    if trade is None:
        return said(N_("lapsed as %(name)s"), name=name)
    asks = trade.silence == "inquiry"
    told = {"name": name, "orders": trade.orders, "days": trade.silent.from_}
    if trade.silent.below is None:
        sentence = (
            N_("lapsed as %(name)s: %(orders)s orders or more, neither ordered nor asked for %(days)s days")
            if asks
            else N_("lapsed as %(name)s: %(orders)s orders or more, no order for %(days)s days")
        )
        return said(sentence, **told)
    sentence = (
        N_("lapsed as %(name)s: %(orders)s orders or more, neither ordered nor asked for %(days)s to %(below)s days")
        if asks
        else N_("lapsed as %(name)s: %(orders)s orders or more, no order for %(days)s to %(below)s days")
    )
    return said(sentence, **told, below=trade.silent.below)


def _listed(word: str, value: tuple[object, ...], selection: Selection | None) -> str:
    if word in {"all", "any"}:
        parts = [describe(part, selection) for part in value if isinstance(part, Rule)]
        together = reduce(lambda one, other: said("%(one)s; %(other)s", one=one, other=other), parts)
        return said(N_("all of (%(parts)s)") if word == "all" else N_("any of (%(parts)s)"), parts=together)
    if word == "reachable_by":
        return said(N_("can be written to by %(channels)s, with consent"), channels=either(map(str, value)))
    if word == "sign" and selection is not None:
        return either(said("%(sign)s (%(what)s)", sign=str(sign), what=signs.describe(signs.Sign(str(sign)), selection.signs)) for sign in value)
    if word == "did":  # of a stage's conditions, which add this word
        return said(N_("%(deeds)s since they were assigned"), deeds=either(called(str(each), "deed") for each in value))
    if word == "reason":
        return said(N_("left because of %(reasons)s"), reasons=either(map(str, value)))
    return said(N_("%(word)s %(words)s"), word=said(word), words=either(said(str(each)) for each in value))


def describe_excludes(exclude: Exclude) -> list[tuple[str, str]]:
    """What is left out: each part that is asked for, by its word, as a person says it."""
    told = {
        "lists": N_("not on an exclude list") if exclude.lists else "",
        "black_list": N_("not on the shop's black list") if exclude.black_list else "",
        "contacted_within": said(N_("not contacted in the last %(length)s"), length=signs.days(exclude.contacted_within))
        if exclude.contacted_within
        else "",
        "in_another_campaign": N_("in no other campaign that is under way") if exclude.in_another_campaign else "",
        "returned_within": said(N_("did not just come back, in the last %(length)s"), length=signs.days(exclude.returned_within))
        if exclude.returned_within
        else "",
        "addresses": said(N_("has an address that is not %(faults)s"), faults=either(said(str(each)) for each in exclude.addresses))
        if exclude.addresses
        else "",
    }
    return [(word, sentence) for word, sentence in told.items() if sentence]
