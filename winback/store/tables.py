"""The tables. Times are aware UTC, money is integer minor units beside its currency, words are those of model.py."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import JSON

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows itself only for INTEGER keys


class Utc(TypeDecorator[datetime]):
    """An aware moment. PostgreSQL keeps `timestamptz`; SQLite keeps UTC text that sorts as time does."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"{value!r} has no time zone; the store takes aware times only"
            raise ValueError(msg)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Day(TypeDecorator[date]):
    """A calendar day of the shop, kept as `date.toordinal`: both databases subtract and compare such numbers alike, and quickly."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return value.toordinal() if isinstance(value, date) else value

    def process_result_value(self, value: int | None, dialect: Dialect) -> date | None:  # noqa: ARG002
        return date.fromordinal(value) if value else None


Tree = JSON().with_variant(JSONB(), "postgresql")
"""JSON that can be compared and searched."""


def sqlite_text(moment: datetime) -> str:
    """An aware moment as SQLite keeps it, for the bulk path that goes round SQLAlchemy's types."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


def _to(target: str, name: str, **options: Any) -> Column[int]:
    return Column(name, Id, ForeignKey(target), **options)


customers = Table(
    "customers",
    metadata,
    _id(),
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
    _to("customers.id", "merged_into"),  # the same person: everything of theirs lies with that customer
    Column("updated_at", Utc, nullable=False),
    Index(None, "recommended_by"),
    Index(None, "merged_into"),
)

contacts = Table(
    "contacts",
    metadata,
    _to("customers.id", "customer_id", primary_key=True),
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
    _to("customers.id", "customer_id", primary_key=True),
    Column("channel", String(20), primary_key=True),
    Column("purpose", String(40), primary_key=True),  # "marketing", "open-tracking"
    Column("given_at", Utc),  # None: said to be given, but nobody knows when
    Column("source", Text, nullable=False, server_default=""),  # where it was given; empty is no proof
    Column("withdrawn_at", Utc),
)

suppressions = Table(
    "suppressions",
    metadata,
    _id(),
    Column("channel", String(20), nullable=False),
    Column("address_hash", LargeBinary(32), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("since", Utc, nullable=False),
    _to("deliveries.id", "delivery_id"),
    UniqueConstraint("channel", "address_hash"),
)

orders = Table(
    "orders",
    metadata,
    _id(),
    Column("key", String(200), nullable=False, unique=True),
    _to("customers.id", "customer_id", nullable=False),
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

inquiries = Table(
    "inquiries",
    metadata,
    _id(),
    Column("key", String(200), nullable=False, unique=True),
    _to("customers.id", "customer_id", nullable=False),
    Column("inquired_at", Utc, nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    Index(None, "customer_id", "inquired_at"),
)

touches = Table(
    "touches",
    metadata,
    _id(),
    Column("key", String(200), nullable=False, unique=True),
    _to("customers.id", "customer_id", nullable=False),
    Column("touched_at", Utc, nullable=False),
    Column("channel", String(20), nullable=False, server_default=""),  # as the shop calls it: phone, visit, e-mail of the former system
    Column("reacted_at", Utc),  # None: no reaction
    Index(None, "customer_id", "touched_at"),
)
"""Contacts made elsewhere: calls, visits, letters of a former system. Our own are `deliveries` and `events`."""

feedback = Table(
    "feedback",
    metadata,
    _id(),
    Column("key", String(200), nullable=False, unique=True),
    _to("customers.id", "customer_id", nullable=False),
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
    _id(),
    Column("key", String(200), nullable=False, unique=True),
    _to("customers.id", "customer_id", nullable=False),
    Column("reason", String(40), nullable=False),  # a word of config/reasons.yaml
    Column("recorded_at", Utc, nullable=False),
    Column("source", String(20), nullable=False),  # model.ReasonSource
    Column("recorded_by", String(100), nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Index(None, "customer_id", "recorded_at"),
)

facts = Table(
    "facts",
    metadata,
    _to("customers.id", "customer_id", primary_key=True),
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
)
"""What cohorts ask about, one row for each customer who wasn't merged into another; made by store/facts.py alone."""

facts_state = Table(
    "facts_state",
    metadata,
    Column("id", Integer, primary_key=True),  # 1
    Column("terms", Tree, nullable=False),  # the zone, currency and rates that the facts were counted by
    Column("known_until", Utc, nullable=False),  # the latest moment that any fact speaks of
    Column("events_seen", BigInteger, nullable=False),
    Column("sent_seen", Utc),
    Column("built_at", Utc, nullable=False),
)

scores = Table(
    "scores",
    metadata,
    _to("customers.id", "customer_id", primary_key=True),
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
    _id(),
    _to("customers.id", "customer_id", nullable=False),
    Column("stage", String(20), nullable=False),
    Column("since", Day, nullable=False),
    Column("before", String(20), nullable=False),  # the stage until then; empty: not known before
    Column("recorded_at", Utc, nullable=False),
    UniqueConstraint("customer_id", "since"),
    Index(None, "since"),
)

source_states = Table(
    "source_states",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("watermark", Text, nullable=False, server_default=""),  # largest value of the watermark column seen
    Column("imported_at", Utc, nullable=False),
)

campaign_runs = Table(
    "campaign_runs",
    metadata,
    _id(),
    Column("campaign", String(100), nullable=False),
    Column("number", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    Column("salt", String(200), nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("enrolled_at", Utc),  # None: the cohort is still being decided on
    Column("plan", JSON, nullable=False),  # planned shares, the window, and the campaign file as it was when the run began
    UniqueConstraint("campaign", "number"),
)

recipients = Table(
    "recipients",
    metadata,
    _to("campaign_runs.id", "run_id", primary_key=True),
    _to("customers.id", "customer_id", primary_key=True),
    Column("status", String(20), nullable=False),
    Column("reason", String(40), nullable=False, server_default=""),
    Column("arm", String(100), nullable=False, server_default=""),  # tactic, "holdout", or empty when skipped
    Column("bucket", String(20), nullable=False, server_default=""),  # the hash share, as decimal text, to redo by hand
    Column("locale", String(35), nullable=False, server_default=""),  # language of the letters
    Column("time_zone", String(64), nullable=False, server_default=""),
    Column("facts", JSON, nullable=False),  # what the decision was made on
    Column("assigned_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("next_stage", Integer, nullable=False, server_default="0"),
    Column("next_due_at", Utc),  # None: a delivery is under way, or nothing is to come
    Index(None, "run_id", "next_due_at"),
    Index(None, "customer_id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    _to("campaign_runs.id", "run_id", nullable=False),
    Column("stage", String(100), nullable=False),
    _to("customers.id", "customer_id", nullable=False),
    Column("tactic", String(100), nullable=False),
    Column("channel", String(20), nullable=False, server_default=""),
    Column("letter", String(100), nullable=False, server_default=""),
    Column("locale", String(35), nullable=False, server_default=""),
    Column("status", String(20), nullable=False),
    Column("reason", String(40), nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),  # what the other side said
    Column("due_at", Utc, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("claimed_by", String(64), nullable=False, server_default=""),  # fencing token of the worker
    Column("lease_until", Utc),
    Column("handed_over_at", Utc),
    Column("sent_at", Utc),
    Column("message_id", Text, nullable=False, server_default=""),
    Column("remote_id", Text, nullable=False, server_default=""),
    Column("cost_micros", BigInteger, nullable=False, server_default="0"),  # millionths of the project's currency
    UniqueConstraint("run_id", "stage", "customer_id"),
    Index(None, "status", "due_at"),
    Index(None, "customer_id"),
    Index(None, "message_id"),
    Index(None, "sent_at"),
)

links = Table(
    "links",
    metadata,
    _id(),
    Column("url", Text, nullable=False, unique=True),
)

events = Table(
    "events",
    metadata,
    _id(),
    Column("dedupe_key", String(200), nullable=False, unique=True),  # the same happening twice is one event
    Column("kind", String(20), nullable=False),
    _to("customers.id", "customer_id", nullable=False),
    _to("deliveries.id", "delivery_id"),
    _to("links.id", "link_id"),
    Column("happened_at", Utc, nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("signals", JSON, nullable=False),  # raw: method, user agent, seconds since acceptance...
    Column("text", Text, nullable=False, server_default=""),  # a reply's words
    Index(None, "delivery_id", "kind"),
    Index(None, "customer_id", "kind", "happened_at"),
)

outcomes = Table(
    "outcomes",
    metadata,
    _to("campaign_runs.id", "run_id", primary_key=True),
    _to("customers.id", "customer_id", primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("returned_at", Utc),  # the first purchase in the window; None: goods were only brought back
    Column("orders", Integer, nullable=False),
    Column("revenue_minor", BigInteger, nullable=False),
    Column("window_closed", Boolean, nullable=False),
    Column("measured_at", Utc, nullable=False),
    CheckConstraint("orders >= 0", name="orders_not_negative"),
)
