"""What is counted from that: facts of each customer, what they are worth beside the others, the stages they went through."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, UniqueConstraint, text

from winback.store.tables.kinds import Day, Id, Tree, Utc, metadata, row_id, to

UNPRICED = "unpriced_orders > 0"
"""SQLite takes the index only where a statement says the same in the same words."""

facts = Table(
    "facts",
    metadata,
    Column("customer_id", Id, primary_key=True),
    Column("orders", Integer, nullable=False),  # purchases
    Column("purchase_days", Integer, nullable=False),
    Column("first_order_at", Utc),
    Column("last_order_at", Utc),
    Column("first_order_on", Day),
    Column("last_order_on", Day),
    Column("currency", String(3), nullable=False),  # of all purchases; empty: none, or several
    Column("revenue_minor", BigInteger, nullable=False),  # placed less returned, in the project's currency
    Column("paid_orders", Integer, nullable=False),  # purchases that revenue speaks of
    Column("unpriced_orders", Integer, nullable=False),  # purchases in currencies without a rate: in no sum
    Column("margin_minor", BigInteger, nullable=False),  # where the orders tell it
    Column("margin_known_minor", BigInteger, nullable=False),  # the part of revenue that they tell it of
    Column("codes_used", Integer, nullable=False),
    Column("median_gap", Float),  # days between one purchase day and the next; None below two of them
    Column("long_gap", Float),  # nine gaps out of ten are shorter
    Column("inquiries", Integer, nullable=False),
    Column("last_inquiry_at", Utc),
    Column("inquiries_since_order", Integer, nullable=False),  # since the last purchase
    Column("touches", Integer, nullable=False),
    Column("last_touch_at", Utc),
    Column("last_reaction_at", Utc),
    Column("touches_since_reaction", Integer, nullable=False),  # since the last reaction or purchase
    Column("complaints", Integer, nullable=False),
    Column("last_complaint_at", Utc),  # not put right yet
    Column("scores", Integer, nullable=False),  # answers to surveys
    Column("last_score", Integer),
    Column("last_score_at", Utc),
    Index("ix_facts_unpriced", "customer_id", sqlite_where=text(UNPRICED), postgresql_where=text(UNPRICED)),
)
"""What cohorts ask about, one row for each customer who wasn't merged into another; made by store/refreshing.py alone.

Its customers come out of `customers` in the statement that makes it: a foreign key would cost more than the counting.
"""

facts_due = Table(
    "facts_due",
    metadata,
    row_id(),
    Column("customer_id", Id, nullable=False),
    Column("order_id", Id),  # an order of theirs that came in, which is all that changed; None: anything may have
)
"""Customers whose facts aren't true any more: noted in the transaction that changes anything, emptied by store/refreshing.py.

A customer may stand in it many times: a key would make workers who note the same customer wait for each other.
"""

facts_state = Table(
    "facts_state",
    metadata,
    Column("id", Integer, primary_key=True),  # 1
    Column("terms", Tree, nullable=False),  # the zone, currency and rates that the facts were counted by
    Column("known_until", Utc, nullable=False),  # the latest moment that any fact speaks of
)

scores = Table(
    "scores",
    metadata,
    Column("customer_id", Id, primary_key=True),
    Column("stage", String(20), nullable=False),  # lifecycle.Stage
    Column("value_class", String(10), nullable=False),  # value.ValueClass; empty: never bought
    Column("regularity", String(10), nullable=False),  # value.Regularity; empty: too short to say
    Column("recency", Integer, nullable=False),  # fifths, 5 the best; 0: never bought
    Column("frequency", Integer, nullable=False),
    Column("money", Integer, nullable=False),
    Column("profit_minor", BigInteger, nullable=False),
    Column("lifetime_value_minor", BigInteger),
    Column("chance_lost", Float),  # of no purchase in the days that value.yaml says
    Column("expected_value_minor", BigInteger),  # of a return: its chance x the margin of the year after it
    Column("recommended", Integer, nullable=False),  # customers whom they brought
)
"""What depends on everybody else and on the day: made for all at once by operations/scoring.py."""

scores_state = Table(
    "scores_state",
    metadata,
    Column("id", Integer, primary_key=True),  # 1
    Column("scored_on", Day, nullable=False),
    Column("scored_at", Utc, nullable=False),
    Column("basis", Tree, nullable=False),  # figures of everybody that the scores rest on, and sentences about what could not be told
)

stage_changes = Table(
    "stage_changes",
    metadata,
    row_id(),
    to("customers.id", "customer_id", nullable=False),
    Column("stage", String(20), nullable=False),
    Column("since", Day, nullable=False),
    Column("before", String(20), nullable=False),  # the stage until then; empty: not known before
    Column("recorded_at", Utc, nullable=False),
    UniqueConstraint("customer_id", "since"),
    Index(None, "since"),
)
