"""The tables. Times are aware UTC, money is integer minor units beside its currency, words are those of model.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
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
    Column("updated_at", Utc, nullable=False),
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
    Column("amount_minor", BigInteger, nullable=False),  # below zero for goods brought back
    Column("currency", String(3), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("status", String(20), nullable=False),
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
