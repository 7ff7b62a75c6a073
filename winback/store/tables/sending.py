"""How letters leave: the pace of each lane, and the turns of messages."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Float, Integer, LargeBinary, String, Table, Text

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

turn_seats = Table(
    "turn_seats",
    metadata,
    Column("lane", String(100), primary_key=True),  # telegram, sms...
    Column("number", Integer, primary_key=True),  # 0: the door, see channels.seats
    Column("free_at", Double, nullable=False),  # seconds since 1970 by the database's own clock, whoever's clocks differ
    Column("written_at", Double, nullable=False),
)

turn_chats = Table(
    "turn_chats",
    metadata,
    Column("lane", String(100), primary_key=True),
    Column("chat_hash", LargeBinary(32), primary_key=True),  # keyed; gone some seconds after the chat is free
    Column("free_at", Double, nullable=False),
    Column("written_at", Double, nullable=False),
)
"""Chats that are being written to, or were within the last seconds."""

sent_pictures = Table(
    "sent_pictures",
    metadata,
    Column("bot", String(40), primary_key=True),  # its number: another one can't use its ids
    Column("content_id", String(200), primary_key=True),  # model.Picture
    Column("file_id", Text, nullable=False),
)
"""Pictures that the messenger has, so that none is uploaded twice."""
