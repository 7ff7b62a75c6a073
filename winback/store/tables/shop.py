"""What the shop knows: customers, how to reach them, what they agreed to, what they bought, asked and said."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint, and_, false, text

from winback.store.tables.kinds import Day, Tree, Utc, metadata, row_id, to

customers = Table(
    "customers",
    metadata,
    row_id(),
    Column("key", String(200), nullable=False, unique=True),  # the shop's own id
    Column("given_name", Text, nullable=False, server_default=""),
    Column("patronymic", Text, nullable=False, server_default=""),
    Column("family_name", Text, nullable=False, server_default=""),
    Column("sex", String(1), nullable=False, server_default=""),
    Column("locale", String(35), nullable=False, server_default=""),
    Column("country", String(2), nullable=False, server_default=""),
    Column("city", Text, nullable=False, server_default=""),
    Column("time_zone", String(64), nullable=False, server_default=""),
    Column("birthday", Date),
    Column("favourite_day", String(5), nullable=False, server_default=""),  # MM-DD
    Column("manager", String(100), nullable=False, server_default=""),  # key in config/senders.yaml
    Column("black_list", Text, nullable=False, server_default=""),  # the shop's reason; empty: not listed
    Column("phone", String(20), nullable=False, server_default=""),  # +380671234567
    Column("standing", String(20), nullable=False, server_default=""),  # as the staff know it: "vip", "adherent"
    Column("recommended_by", String(200), nullable=False, server_default=""),  # the shop's id of who brought them
    Column("tags", Text, nullable=False, server_default=""),  # |winter|b2b|: each between bars, so that one is found by LIKE
    Column("custom", Tree, nullable=False, server_default="{}"),  # the shop's own columns
    to("customers.id", "merged_into"),  # the same person: everything of theirs lies with that customer
    Column("forgotten_at", Utc),  # since then this row says nothing of anybody; statistics still count it
    Column("updated_at", Utc, nullable=False),
    Index(None, "recommended_by"),
    Index(None, "merged_into"),
    *(Index(f"ix_customers_{name}", name, postgresql_ops={name: "text_pattern_ops"}) for name in ("key", "given_name", "patronymic", "family_name")),
    Index("ix_customers_phone", "phone", sqlite_where=text("phone <> ''"), postgresql_where=text("phone <> ''")),
    sqlite_autoincrement=True,  # its numbers leave the house: one is given once (decision 0245)
)

contacts = Table(
    "contacts",
    metadata,
    to("customers.id", "customer_id", primary_key=True),
    Column("channel", String(20), primary_key=True),
    Column("address", Text, nullable=False),
    Column("address_hash", LargeBinary(32), nullable=False),  # keyed hash: joins with suppressions, survives erasure
    Column("blocked_at", Utc),  # the address can't be reached (bounced, bot blocked)
    Column("blocked_reason", String(40), nullable=False, server_default=""),
    Column("mistyped", Text, nullable=False, server_default=""),  # what is likely meant: anna@gmail.com for anna@gmail.con
    Column("confirmed_at", Utc),  # when it last showed life: given, or answered from; None: nobody knows
    Index(None, "channel", "address_hash"),
)

consents = Table(
    "consents",
    metadata,
    to("customers.id", "customer_id", primary_key=True),
    Column("channel", String(20), primary_key=True),
    Column("purpose", String(40), primary_key=True),  # "marketing", "open-tracking"
    Column("given_at", Utc),  # None: said to be given, but nobody knows when
    Column("source", Text, nullable=False, server_default=""),  # where it was given; empty is no proof
    Column("confirmed_at", Utc),  # when the address itself said yes (double opt-in)
    Column("withdrawn_at", Utc),  # of somebody who never agreed: when they objected
    Column("withdrawn_through", String(20), nullable=False, server_default=""),  # audience.consents.ConsentWay
)
"""What the newest row of `consent_proofs` says of each."""

suppressions = Table(
    "suppressions",
    metadata,
    row_id(),
    Column("channel", String(20), nullable=False),
    Column("address_hash", LargeBinary(32), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("since", Utc, nullable=False),
    to("deliveries.id", "delivery_id"),
    Column("everywhere", Boolean, nullable=False, server_default=false()),  # whoever has this address isn't written to on any channel
    Column("source", Text, nullable=False, server_default=""),  # who said so, where it wasn't a letter of ours: a file, a person
    UniqueConstraint("channel", "address_hash"),
)

preferences = Table(
    "preferences",
    metadata,
    to("customers.id", "customer_id", primary_key=True),
    Column("channels_off", String(100), nullable=False, server_default=""),  # |email|telegram|
    Column("topics_off", String(200), nullable=False, server_default=""),  # |offers|news|, of wishes.Topic
    Column("most_letters", Integer),  # a month; None: as many as the policy allows
    Column("paused_until", Day),  # the first day on which letters may come again
    Column("locale", String(35), nullable=False, server_default=""),  # chosen by themselves: no import changes that of `customers` any more
    Column("favourite_day", String(5), nullable=False, server_default=""),  # MM-DD; the same
    Column("said_at", Utc, nullable=False),
)
"""What customers told us of the letters that they want, by themselves."""

orders = Table(
    "orders",
    metadata,
    row_id(),
    Column("key", String(200), nullable=False, unique=True),
    to("customers.id", "customer_id", nullable=False),
    Column("ordered_at", Utc, nullable=False),
    Column("ordered_on", Day, nullable=False, server_default="0"),  # the same in the shop's calendar; 0: not counted yet
    Column("amount_minor", BigInteger, nullable=False),  # below zero for goods brought back
    Column("margin_minor", BigInteger),  # what of the amount stays with the shop; None: not known
    Column("currency", String(3), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    Column("code", String(100), nullable=False, server_default=""),  # redeemed with it
    Index(None, "customer_id", "ordered_at"),
)

_bought = and_(orders.c.status == "placed", orders.c.amount_minor > 0)
Index("ix_orders_days", orders.c.customer_id, orders.c.ordered_on, postgresql_where=_bought, sqlite_where=_bought)
"""Days with a purchase in the order in which gaps are counted."""

inquiries = Table(
    "inquiries",
    metadata,
    row_id(),
    Column("key", String(200), nullable=False, unique=True),
    to("customers.id", "customer_id", nullable=False),
    Column("inquired_at", Utc, nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    Index(None, "customer_id", "inquired_at"),
)

touches = Table(
    "touches",
    metadata,
    row_id(),
    Column("key", String(200), nullable=False, unique=True),
    to("customers.id", "customer_id", nullable=False),
    Column("touched_at", Utc, nullable=False),
    Column("channel", String(20), nullable=False, server_default=""),  # as the shop calls it: phone, visit, e-mail of the former system
    Column("reacted_at", Utc),  # None: no reaction
    Index(None, "customer_id", "touched_at"),
)
"""Contacts made elsewhere: calls, visits, letters of a former system. Our own are `deliveries` and `events`."""

feedback = Table(
    "feedback",
    metadata,
    row_id(),
    Column("key", String(200), nullable=False, unique=True),
    to("customers.id", "customer_id", nullable=False),
    Column("kind", String(20), nullable=False),  # model.FeedbackKind
    Column("said_at", Utc, nullable=False),
    Column("score", Integer),  # of a survey, 0 to 10
    Column("order_key", String(200), nullable=False, server_default=""),  # the problem order
    Column("text", Text, nullable=False, server_default=""),
    Column("mended_at", Utc),  # since when it is put right
    Index(None, "customer_id", "said_at"),
)

leaving_reasons = Table(
    "leaving_reasons",
    metadata,
    row_id(),
    Column("key", String(200), nullable=False, unique=True),
    to("customers.id", "customer_id", nullable=False),
    Column("reason", String(40), nullable=False),  # a word of config/reasons.yaml
    Column("recorded_at", Utc, nullable=False),
    Column("source", String(20), nullable=False),  # model.ReasonSource
    Column("recorded_by", String(100), nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Index(None, "customer_id", "recorded_at"),
)

answers = Table(
    "answers",
    metadata,
    row_id(),
    to("customers.id", "customer_id", nullable=False),
    to("deliveries.id", "delivery_id", nullable=False),  # the letter that asked
    Column("turn", Integer, nullable=False),  # 1 the first time that its survey was filled in, 2 the second...: the last one stands
    Column("question", Integer, nullable=False),  # 1 the first
    Column("kind", String(20), nullable=False),  # content.QuestionKind
    Column("asked", Text, nullable=False),  # in the words in which it was asked
    Column("score", Integer),
    Column("reason", String(40), nullable=False, server_default=""),  # a word of config/reasons.yaml
    Column("text", Text, nullable=False, server_default=""),
    Column("answered_at", Utc, nullable=False),
    UniqueConstraint("delivery_id", "turn", "question"),
    Index(None, "customer_id"),
)
"""What was said in surveys, word by word; its score is in `feedback` too, its reason in `leaving_reasons`."""

forgotten = Table(
    "forgotten",
    metadata,
    Column("key_hash", LargeBinary(32), primary_key=True),  # of the shop's id: the shop's data must not bring the person back
    Column("forgotten_at", Utc, nullable=False),
)

source_states = Table(
    "source_states",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("watermark", Text, nullable=False, server_default=""),  # largest value of the watermark column seen
    Column("imported_at", Utc, nullable=False),
)
