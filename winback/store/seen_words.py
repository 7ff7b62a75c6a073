"""Words that the shop itself uses of its customers: cities, countries, languages, tags; as the newest customers show them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection, select

from winback.store.tables import customers

_NEWEST = 2_000
"""Customers looked at: what a word means is told by a few, and counting all would keep whoever types waiting."""
_MOST = 200  # words of a kind


@dataclass(frozen=True, slots=True)
class Seen:
    """Words, the commonest first, each with how many of the customers looked at have it, as a sentence."""

    cities: dict[str, str]
    countries: dict[str, str]
    locales: dict[str, str]
    tags: dict[str, str]


def newest(connection: Connection) -> Seen:
    """Of the customers who came last."""
    wanted = select(customers.c.city, customers.c.country, customers.c.locale, customers.c.tags)
    rows = connection.execute(wanted.order_by(customers.c.id.desc()).limit(_NEWEST)).all()
    tags = Counter(tag for row in rows for tag in row.tags.split("|") if tag)
    counts = (Counter(row[place] for row in rows if row[place]) for place in range(3))
    return Seen(*(_told(count, len(rows)) for count in (*counts, tags)))


def _told(counts: Counter[str], of: int) -> dict[str, str]:
    return {word: f"{count:,} of the newest {of:,} customers" for word, count in counts.most_common(_MOST)}
