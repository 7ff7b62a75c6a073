"""How letters leave: the pace of each lane."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Integer, String, Table

from winback.store.tables.kinds import Day, Utc, metadata

paces = Table(
    "paces",
    metadata,
    Column("lane", String(300), primary_key=True),  # email, telegram, relay:main, group:gmail
    Column("tokens", Float, nullable=False),  # letters that may leave at once
    Column("refilled_at", Utc, nullable=False),
    Column("factor", Float, nullable=False),  # of the full pace: below 1 since the other side said that we are too fast
    Column("slowed_at", Utc, nullable=False),  # when it last said so, or when the last step back up was made
    Column("horizon_at", Utc, nullable=False),  # the last place that was given to a letter that waits
    Column("milli_per_hour", BigInteger, nullable=False),  # thousandths of a letter an hour: the pace by which places were given
    Column("laid_at", Utc, nullable=False),  # when all who wait last got their places anew
    Column("day", Day, nullable=False),  # of the shop's calendar
    Column("day_count", Integer, nullable=False),  # letters that left on it
    Column("placed", BigInteger, nullable=False),  # places given since the warm-up began, counted by its days' allowances
    Column("began_on", Day, nullable=False),  # that warm-up
)
