"""Tokens of programs that use the HTTP API, and requests that were answered already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.store.tables import api_requests, api_tokens

_USED_EVERY = timedelta(minutes=1)  # the use of a token is noted
_KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; the token itself is not."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


_COLUMNS = [api_tokens.c[name] for name in ("id", "name", "scopes", "created_at", "created_by", "expires_at", "used_at", "revoked_at")]


def every(connection: Connection) -> Sequence[Token]:
    """All of them, the oldest first; those that were revoked too."""
    return [_token(row) for row in connection.execute(select(*_COLUMNS).order_by(api_tokens.c.id))]


def add(
    connection: Connection, name: str, token_hash: str, *, scopes: Sequence[str], by: str, now: datetime, expires_at: datetime | None
) -> int | None:
    """Its number, or None when the name was given already."""
    values = {"name": name, "token_hash": token_hash, "scopes": " ".join(scopes), "created_at": now, "created_by": by[:100], "expires_at": expires_at}
    statement = _insert(connection, api_tokens).values(values).on_conflict_do_nothing(index_elements=["name"])
    number: int | None = connection.execute(statement.returning(api_tokens.c.id)).scalar_one_or_none()
    return number


def revoke(connection: Connection, name: str, now: datetime) -> int | None:
    """The number of the token that is good no longer; None when there is no such token, or it was revoked before."""
    statement = update(api_tokens).where(api_tokens.c.name == name, api_tokens.c.revoked_at.is_(None)).values(revoked_at=now)
    number: int | None = connection.execute(statement.returning(api_tokens.c.id)).scalar_one_or_none()
    return number


def find(connection: Connection, token_hash: str) -> Token | None:
    """The token with this hash, good or not. The hash is looked up as a whole: the time tells nothing of a token by chance."""
    row = connection.execute(select(*_COLUMNS).where(api_tokens.c.token_hash == token_hash)).one_or_none()
    return None if row is None else _token(row)


def is_noted(token: Token, now: datetime) -> bool:
    """Whether its use was noted a moment ago."""
    return token.used_at is not None and now - token.used_at < _USED_EVERY


def used(connection: Connection, token: Token, now: datetime) -> None:
    earlier = or_(api_tokens.c.used_at.is_(None), api_tokens.c.used_at < now)
    connection.execute(update(api_tokens).where(api_tokens.c.id == token.id, earlier).values(used_at=now))


@dataclass(frozen=True, slots=True)
class Answered:
    """What a request with the same key was answered."""

    body_hash: str
    counts: Mapping[str, int]


def answered(connection: Connection, key_hash: str) -> Answered | None:
    """None: nothing with this key was answered yet."""
    row = connection.execute(select(api_requests).where(api_requests.c.key_hash == key_hash)).one_or_none()
    return None if row is None else Answered(row.body_hash, row.counts)


def take_on(connection: Connection, key_hash: str, body_hash: str, now: datetime) -> bool:
    """Whether this request is the first with its key. Of two at once the second waits here for the first to end. Those too old go."""
    connection.execute(delete(api_requests).where(api_requests.c.answered_at < now - _KEPT_FOR))
    values = {"key_hash": key_hash, "body_hash": body_hash, "counts": {}, "answered_at": now}
    statement = _insert(connection, api_requests).values(values).on_conflict_do_nothing(index_elements=["key_hash"])
    return connection.execute(statement.returning(api_requests.c.key_hash)).one_or_none() is not None


def note(connection: Connection, key_hash: str, counts: Mapping[str, int]) -> None:
    connection.execute(update(api_requests).where(api_requests.c.key_hash == key_hash).values(counts=dict(counts)))


def _token(row: Row[Any]) -> Token:
    return Token(row.id, row.name, tuple(row.scopes.split()), row.created_at, row.created_by, row.expires_at, row.used_at, row.revoked_at)


def _insert(connection: Connection, table: Any) -> Any:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
