"""A cohort's rules as one SQL statement, on facts as of any moment."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    SelectBase,
    UnaryExpression,
    and_,
    case,
    func,
    null,
    select,
    true,
)
from sqlalchemy.sql import operators, visitors

from winback.audience.cohort import Rule, Selection
from winback.audience.conditions import describe_excludes, needed
from winback.store import conditions, excluding, facts, room
from winback.store.as_of import AsOf, Whose
from winback.store.ground import Ground, SequenceCost
from winback.store.tables import customers, scores
from winback.store.tables import facts as stored

_OFTEN = 10_000
"""So many customers are looked at one after another sooner than all members are found."""


def ground(
    connection: Connection,
    selection: Selection,
    as_of: AsOf,
    *,
    scored: FromClause | None = scores,
    costs: Mapping[str, tuple[SequenceCost, ...]] | None = None,
    run_id: int | None = None,
    whose: Whose = None,
) -> Ground:
    """Where a cohort's facts are read as of a moment. `scored`: where its scores are, the stored ones unless another moment is meant."""
    known = facts.known(connection, as_of, needed(selection.cohort), whose=whose)
    return Ground(selection, as_of, known.rows, connection.dialect.name, scored, run_id or 0, whose, costs or {})


def members(stand: Ground) -> Select[Any]:
    """The statement that finds the cohort: ids of customers, one column; in the cohort's order where it has one."""
    found = [*_rules(stand), *_excludes(stand)]
    cohort = stand.selection.cohort
    if cohort.order_by is None:
        return select(stand.customer_id).select_from(stand.source()).where(*found)
    by = conditions.order(stand, cohort.order_by)
    statement = select(stand.customer_id).select_from(stand.source()).where(*found)
    return statement.order_by(by.desc().nulls_last(), stand.customer_id).limit(cohort.limit)


def funnel(connection: Connection, stand: Ground) -> list[int]:
    """How many customers there are, and are left after each rule, each exclude and the limit.

    What the first rules ask of facts alone is counted in a pass over these; only whoever is left is looked up in the tables beside them, and
    only whoever is left then is asked what takes a query of its own. PostgreSQL shares the passes among its workers, and joins what a pass
    begins with instead of asking it of one customer after another; so a query has a pass of its own there.
    """
    found = [*_rules(stand), *_excludes(stand)]
    beside, queried = (
        next((place for place, condition in enumerate(found) if is_so(condition)), len(found))
        for is_so in (partial(_asks_elsewhere, stand), _asks_a_query)
    )
    begins = {beside, queried, len(found)}
    if stand.dialect == "postgresql" and stand.facts is stored:  # elsewhere each pass would cost what counting the facts costs
        begins |= {place for place in range(queried, len(found)) if _asks_a_query(found[place])}
    room.give(connection)
    left = _left(connection, stand.facts, [true()], found[:beside])
    for first, last in pairwise(sorted(begins)):
        left += _left_after(connection, stand.source(), left[-1], found[:first], found[first:last])
    limit = stand.selection.cohort.limit
    return left if limit is None else [*left, min(limit, left[-1])]


def _left_after(
    connection: Connection, source: FromClause, passed: int, before: Sequence[ColumnElement[bool]], found: Sequence[ColumnElement[bool]]
) -> list[int]:
    """Of the so many who `passed` what was `before`: how many are left after each of the conditions."""
    first = found[0]
    if len(found) == 1 and isinstance(first, UnaryExpression) and first.operator is operators.inv:  # who is taken away is a join; who isn't, none
        return [passed - _left(connection, source, [*before, first.element], [])[0]]
    return _left(connection, source, [*before, first], found[1:])


def _left(connection: Connection, source: FromClause, before: Sequence[ColumnElement[bool]], found: Sequence[ColumnElement[bool]]) -> list[int]:
    """Of those who passed all `before`: how many there are, and are left after each of the conditions."""
    counts = [func.count(), *(func.count(case((and_(*found[: last + 1]), 1))) for last in range(len(found)))]
    return [int(count) for count in connection.execute(select(*counts).select_from(source).where(*before)).one()]


def _asks_elsewhere(stand: Ground, condition: ColumnElement[bool]) -> bool:
    """Whether a condition reads more than the row of facts."""
    read = (part.table for part in visitors.iterate(condition) if isinstance(part, ColumnClause))
    return _asks_a_query(condition) or any(table is not None and table is not stand.facts for table in read)


def _asks_a_query(condition: ColumnElement[bool]) -> bool:
    """Whether a condition holds a query of its own."""
    return any(isinstance(part, SelectBase) for part in visitors.iterate(condition))


def is_empty(connection: Connection, stand: Ground) -> bool:
    """Whether the cohort has no member at all."""
    return connection.execute(members(stand).limit(1)).first() is None


def count(connection: Connection, stand: Ground) -> int:
    """How many members the cohort has."""
    return int(
        connection.execute(
            select(func.count()).select_from(
                members(stand).order_by(None).subquery() if stand.selection.cohort.limit is None else members(stand).subquery()
            )
        ).scalar_one()
    )


def some(connection: Connection, stand: Ground, number: int, *, among: int, of: int) -> Sequence[str]:
    """The first of the members by the shop's ids, `among` so many members `of` all customers."""
    statement = members(stand)
    seldom = among * _OFTEN < of * number
    if seldom or stand.facts is not stored or stand.joins or stand.selection.cohort.limit is not None:
        return keys(connection, statement, limit=number)
    person = customers.alias("person")  # a walk along the ids soon comes upon so many
    wanted = select(person.c.key).where(statement.where(stand.customer_id == person.c.id).exists())
    return connection.execute(wanted.order_by(person.c.key).limit(number)).scalars().all()


def keys(connection: Connection, statement: Select[Any], *, limit: int | None = None) -> Sequence[str]:
    """The shop's ids of the members, in order."""
    wanted = select(customers.c.key).where(customers.c.id.in_(statement)).order_by(customers.c.key).limit(limit)
    return connection.execute(wanted).scalars().all()


@dataclass(frozen=True, slots=True)
class MakeUp:
    """Who the members are; each dict counts them by a word, the most first."""

    languages: dict[str, int]  # as stored; the empty word is "unknown"
    values: dict[str, int]  # gold, silver, copper; empty where nobody's value was told
    returning: float | None  # how many would buy again by themselves, by their chances; None where none was told
    overlap: dict[str, int]  # how many of them other cohorts have too


def make_up(connection: Connection, stand: Ground, others: Mapping[str, Ground], *, scored: FromClause = scores) -> MakeUp:
    """Members by language and value, and how many of them are in each of some other cohorts. `scored`: where their scores are."""
    stand = replace(stand, joins=dict(stand.joins))  # who asks for members later needn't read what is joined here
    people, told, found = stand.people, stand.joined("scores", scored), _found(stand)
    beside = {name: _beside(stand, other) for name, other in others.items()}
    at_once = {name: condition for name, condition in beside.items() if condition is not None}
    counted = select(
        people.c.locale,
        func.coalesce(told.c.value_class, ""),
        func.count(),
        func.sum(1 - told.c.chance_lost),
        *(func.count(case((condition, 1))) for condition in at_once.values()),
    )
    rows = connection.execute(counted.select_from(stand.source()).where(*found).group_by(people.c.locale, told.c.value_class)).all()
    languages, values, overlap = dict[str, int](), dict[str, int](), dict.fromkeys(at_once, 0)
    for locale, value, count, _, *shared in rows:
        languages[locale or "unknown"] = languages.get(locale or "unknown", 0) + count
        values[value or "unknown"] = values.get(value or "unknown", 0) + count
        for name, number in zip(at_once, shared, strict=True):
            overlap[name] += number
    returning = [back for _, _, _, back, *_ in rows if back is not None]
    for name in set(others) - set(at_once):
        overlap[name] = _shared(connection, stand, others[name])
    known = {} if set(values) == {"unknown"} else _most_first(values)
    return MakeUp(_most_first(languages), known, math.fsum(returning) if returning else None, _most_first(overlap))


def _found(stand: Ground) -> list[ColumnElement[bool]]:
    """Who is a member, as conditions, whether the cohort has a limit or not."""
    if stand.selection.cohort.limit is None:
        return [*_rules(stand), *_excludes(stand)]
    return [stand.customer_id.in_(select(_ids(stand).subquery("chosen")))]


def _beside(stand: Ground, other: Ground) -> ColumnElement[bool] | None:
    """Who is a member of another cohort, as a condition of a statement on this one; None where that reads what this one doesn't."""
    if other.facts is not stand.facts or other.selection.cohort.limit is not None:
        return None
    condition = and_(true(), *_rules(other), *_excludes(other))
    is_read = all(name in stand.joins and stand.joins[name][0] is table for name, (table, _) in other.joins.items())
    return condition if is_read else None


def _shared(connection: Connection, stand: Ground, other: Ground) -> int:
    chosen, taken = (_ids(each).subquery(name) for each, name in ((stand, "members"), (other, "others")))
    (own,), (other_id,) = chosen.c, taken.c
    return connection.execute(select(func.count()).select_from(chosen.join(taken, own == other_id))).scalar_one()


def _ids(stand: Ground) -> Select[Any]:
    """The members, in order only where that says who they are."""
    return members(stand) if stand.selection.cohort.limit is not None else members(stand).order_by(None)


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


@dataclass(frozen=True, slots=True)
class Found:
    """One condition for one customer: how deep it is nested, whether it holds, and the value it looked at."""

    rule: Rule
    depth: int
    holds: bool
    value: Any


def found(connection: Connection, stand: Ground, customer_id: int) -> list[Found]:
    """For one customer, every rule and those nested in it."""
    rules = list(_nested(stand.selection.cohort.rules, 0))
    columns: list[ColumnElement[Any]] = []
    for number, (rule, _) in enumerate(rules):
        columns.append(case((conditions.holds(rule, stand), 1), else_=0).label(f"holds_{number}"))
        columns.append(conditions.value(rule, stand).label(f"value_{number}"))
    row = connection.execute(select(*columns).select_from(stand.source()).where(stand.customer_id == customer_id)).one_or_none()
    if row is None:  # merged into another: nothing is known of them alone
        return [Found(rule, depth, holds=False, value=None) for rule, depth in rules]
    return [Found(rule, depth, bool(row[2 * number]), row[2 * number + 1]) for number, (rule, depth) in enumerate(rules)]


def stays(connection: Connection, stand: Ground, customer_id: int) -> dict[str, bool]:
    """For one customer, whether each exclude lets them stay, by its word."""
    words = [word for word, _ in describe_excludes(stand.selection.cohort.exclude)]
    columns: list[ColumnElement[Any]] = [case((condition, 1), else_=0) for condition in _excludes(stand)]
    row = connection.execute(select(*(columns or [null()])).select_from(stand.source()).where(stand.customer_id == customer_id)).one_or_none()
    return {word: bool(row is not None and row[number]) for number, word in enumerate(words)}


def _nested(rules: Sequence[Rule], depth: int) -> Iterator[tuple[Rule, int]]:
    for rule in rules:
        yield rule, depth
        _, value = rule.said
        if isinstance(value, Rule):
            yield from _nested((value,), depth + 1)
        elif isinstance(value, tuple) and value and isinstance(value[0], Rule):
            yield from _nested(value, depth + 1)


def _rules(stand: Ground) -> list[ColumnElement[bool]]:
    return [conditions.holds(rule, stand) for rule in stand.selection.cohort.rules]


def _excludes(stand: Ground) -> list[ColumnElement[bool]]:
    return excluding.excludes(stand, [word for word, _ in describe_excludes(stand.selection.cohort.exclude)])
