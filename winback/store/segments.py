"""What customers are counted by, in columns: the word of each, as a number that stands for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, FromClause, Select, func, select

from winback.audience.arrays import Whole
from winback.audience.lifecycle import Stage
from winback.audience.presence import Marks
from winback.audience.segment import By
from winback.audience.value import ValueClass
from winback.store import leaving_reasons
from winback.store.as_of import AsOf
from winback.store.tables import customers

_AT_ONCE = 50_000  # rows
_CLASSES = {"": None, **{str(word): word for word in ValueClass}}


@dataclass(frozen=True, slots=True)
class Segments:
    """Words, and for each customer the place of theirs."""

    words: tuple[str, ...]  # the empty one first: nothing is known
    place: Whole


def segments(connection: Connection, by: By, of: Whole, as_of: AsOf, scored: FromClause) -> Segments:
    """The segment of each of the customers `of`, which are sorted; `scored`: where scores are read. Stages change: they are `marks`' business."""
    words = {"": 0}
    place = np.zeros(of.size, dtype=np.int64)
    for rows in _rows(connection, _statement(by, as_of, scored)):
        at, is_there = _places(of, np.fromiter((row[0] for row in rows), np.int64, len(rows)))
        found = np.fromiter((words.setdefault(row[1], len(words)) for row in rows), np.int64, len(rows))
        place[at[is_there]] = found[is_there]
    return Segments(tuple(words), place)


def marks(connection: Connection, of: Whole, scored: FromClause) -> Marks:
    """What the stages of the customers `of`, which are sorted, are decided on beside their purchases."""
    recommended, value, standing = np.zeros(of.size, dtype=np.int64), np.full(of.size, None, dtype=object), np.full(of.size, "", dtype=object)
    columns = (scored.c.customer_id, scored.c.recommended, scored.c.value_class, customers.c.standing)
    told = select(*columns).select_from(scored.join(customers, customers.c.id == scored.c.customer_id))
    for rows in _rows(connection, told):
        ids, brought, words, standings = zip(*rows, strict=True)
        at, is_there = _places(of, np.array(ids, dtype=np.int64))
        recommended[at[is_there]] = np.array(brought, dtype=np.int64)[is_there]
        value[at[is_there]] = np.array([_CLASSES[word] for word in words], dtype=object)[is_there]
        standing[at[is_there]] = np.array(standings, dtype=object)[is_there]
    return Marks(recommended, value, standing)


def black_listed(connection: Connection) -> Whole:
    """The ids of those on the shop's black list today; since when is not known."""
    return np.array(connection.execute(select(customers.c.id).where(customers.c.black_list != "")).scalars().all(), dtype=np.int64)


def stages_now(connection: Connection, scored: FromClause) -> dict[Stage, int]:
    """How many customers are in each stage, every stage named."""
    counted = select(scored.c.stage, func.count().label("customers")).group_by(scored.c.stage)
    found = {row.stage: row.customers for row in connection.execute(counted)}
    return {stage: found.get(stage, 0) for stage in Stage}


def _statement(by: By, as_of: AsOf, scored: FromClause) -> Select[Any]:
    if by is By.VALUE:
        return select(scored.c.customer_id, scored.c.value_class)
    if by is By.REASON:
        latest = leaving_reasons.latest(as_of.now).subquery("latest")
        return select(latest.c.customer_id, latest.c.reason)
    column = {By.COUNTRY: customers.c.country, By.LANGUAGE: customers.c.locale, By.MANAGER: customers.c.manager}[by]
    return select(customers.c.id, column).where(column != "")


def _rows(connection: Connection, statement: Select[Any]) -> Any:
    return connection.execute(statement.execution_options(yield_per=_AT_ONCE)).partitions()


def _places(of: Whole, ids: Whole) -> tuple[Whole, Any]:
    """Where each id stands in `of`, and whether it does."""
    if not of.size:
        return np.zeros(ids.size, dtype=np.int64), np.zeros(ids.size, dtype=bool)
    at = np.minimum(np.searchsorted(of, ids), of.size - 1)
    return at, of[at] == ids
