"""The conversation with the bot: which updates were taken in, and which answers are still owed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table
from sqlalchemy.types import JSON

from winback.store.tables.kinds import Utc, metadata, row_id, to

heard_updates = Table(
    "heard_updates",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),  # Telegram's number
    Column("heard_at", Utc, nullable=False, index=True),
)
"""No words and no chats: only what keeps an update from being taken in twice."""

owed_answers = Table(
    "owed_answers",
    metadata,
    row_id(),
    to("customers.id", "customer_id", index=True),  # whom it is said to, or whom it is about; None: nobody we know
    Column("chat_id", String(40), nullable=False),
    Column("utterance", JSON, nullable=False),  # bot.speaking.Utterance
    Column("owed_at", Utc, nullable=False),
    Column("due_at", Utc, nullable=False, index=True),  # later than owed_at where Telegram asked us to wait
    Column("handed_over_at", Utc),  # marked just before it leaves
    Column("tries", Integer, nullable=False, server_default="0"),
    sqlite_autoincrement=True,  # its numbers leave the house: one is given once (decision 0245)
)
"""What the bot is about to say, written down with what brought it about; a row goes when it is said."""
