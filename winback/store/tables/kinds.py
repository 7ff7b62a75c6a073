"""What tables are made of. Times are aware UTC, money is integer minor units beside its currency, words are those of model.py."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, ForeignKey, Integer, MetaData, TypeDecorator
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


def row_id() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


def to(target: str, name: str, **options: Any) -> Column[int]:
    return Column(name, Id, ForeignKey(target), **options)
