"""Who may open the studio, who is signed in, and tries to sign in that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.store.tables import accounts, failed_sign_ins, sign_ins


@dataclass(frozen=True, slots=True)
class Account:
    """One of our own people."""

    id: int
    email: str
    name: str
    roles: tuple[str, ...]
    password_hash: str  # empty: none was chosen yet
    language: str  # empty: as the browser asks
    created_at: datetime
    disabled_at: datetime | None
    invited_until: datetime | None  # None: no invitation is open

    @property
    def is_open(self) -> bool:
        return self.disabled_at is None


@dataclass(frozen=True, slots=True)
class Failures:
    """Tries that failed, one after another."""

    tries: int
    last_at: datetime


_COLUMNS = [accounts.c[name] for name in ("id", "email", "name", "roles", "password_hash", "language", "created_at", "disabled_at", "invited_until")]


def exist(connection: Connection) -> bool:
    """Whether anybody was ever added."""
    return connection.execute(select(accounts.c.id).limit(1)).first() is not None


def every(connection: Connection) -> Sequence[Account]:
    """All of them by name, those who are disabled last."""
    rows = connection.execute(select(*_COLUMNS).order_by(accounts.c.disabled_at.is_not(None), func.lower(accounts.c.name), accounts.c.id))
    return [_account(row) for row in rows]


def find(connection: Connection, email: str, *, hold: bool = False) -> Account | None:
    """Whose address this is. `hold`: nobody may change them until the transaction ends."""
    wanted = select(*_COLUMNS).where(accounts.c.email == email)
    row = connection.execute(wanted.with_for_update() if hold else wanted).one_or_none()
    return None if row is None else _account(row)


def get(connection: Connection, account_id: int) -> Account | None:
    row = connection.execute(select(*_COLUMNS).where(accounts.c.id == account_id)).one_or_none()
    return None if row is None else _account(row)


def invited(connection: Connection, token_hash: str, now: datetime) -> Account | None:
    """Whose invitation this is, while it is open and they aren't disabled."""
    is_open = (accounts.c.invitation_hash == token_hash, accounts.c.invited_until > now, accounts.c.disabled_at.is_(None))
    row = connection.execute(select(*_COLUMNS).where(*is_open)).one_or_none() if token_hash else None
    return None if row is None else _account(row)


def add(connection: Connection, email: str, *, name: str, roles: Sequence[str], now: datetime) -> int | None:
    """Their number, or None when the address is somebody's already."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"email": email, "name": name, "roles": " ".join(roles), "created_at": now}
    statement = dialect.insert(accounts).values(values).on_conflict_do_nothing(index_elements=["email"])
    number: int | None = connection.execute(statement.returning(accounts.c.id)).scalar_one_or_none()
    return number


def change(connection: Connection, account_id: int, **values: Any) -> None:
    """Set columns; `roles` as a sequence of words."""
    if "roles" in values:
        values["roles"] = " ".join(values["roles"])
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(values))


def invite(connection: Connection, account_id: int, token_hash: str, until: datetime) -> None:
    """Their last invitation is void by it."""
    change(connection, account_id, invitation_hash=token_hash, invited_until=until)


def choose_password(connection: Connection, account_id: int, password_hash: str) -> None:
    """From now on this password, and no other nor any invitation; who is signed in as them isn't any more."""
    change(connection, account_id, password_hash=password_hash, invitation_hash="", invited_until=None)
    end_all(connection, account_id)


def begin(connection: Connection, account_id: int, token_hash: str, *, now: datetime, lasts: timedelta) -> None:
    """They are signed in. Those whose time is over are cleared away."""
    connection.execute(delete(sign_ins).where(sign_ins.c.ends_at <= now))
    connection.execute(insert(sign_ins).values(token_hash=token_hash, account_id=account_id, began_at=now, seen_at=now, ends_at=now + lasts))


def signed_in(connection: Connection, token_hash: str, *, now: datetime, idle: timedelta) -> tuple[Account, datetime] | None:
    """(who, when they were seen last); None when nobody is, or their time is over, or they are disabled."""
    holds = (sign_ins.c.token_hash == token_hash, sign_ins.c.ends_at > now, sign_ins.c.seen_at > now - idle, accounts.c.disabled_at.is_(None))
    columns: list[Any] = [*_COLUMNS, sign_ins.c.seen_at]
    row = connection.execute(select(*columns).join_from(sign_ins, accounts).where(*holds)).one_or_none()
    return None if row is None else (_account(row), row.seen_at)


def seen(connection: Connection, token_hash: str, now: datetime) -> None:
    connection.execute(update(sign_ins).where(sign_ins.c.token_hash == token_hash, sign_ins.c.seen_at < now).values(seen_at=now))


def end(connection: Connection, token_hash: str) -> None:
    connection.execute(delete(sign_ins).where(sign_ins.c.token_hash == token_hash))


def end_all(connection: Connection, account_id: int) -> None:
    connection.execute(delete(sign_ins).where(sign_ins.c.account_id == account_id))


def counts_signed_in(connection: Connection, *, now: datetime, idle: timedelta) -> Mapping[int, int]:
    """In how many browsers each of them is signed in."""
    holds = (sign_ins.c.ends_at > now, sign_ins.c.seen_at > now - idle)
    counted = select(sign_ins.c.account_id, func.count()).where(*holds).group_by(sign_ins.c.account_id)
    return {row[0]: row[1] for row in connection.execute(counted)}


def failures(connection: Connection, whose: str, now: datetime) -> Failures:
    """What is known of somebody's tries; whoever else asks waits for the end of this transaction, so that two at once count as two."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(failed_sign_ins).values(whose=whose, tries=0, last_at=now)
    held = statement.on_conflict_do_update(index_elements=["whose"], set_={"whose": statement.excluded.whose})
    row = connection.execute(held.returning(failed_sign_ins.c.tries, failed_sign_ins.c.last_at)).one()
    return Failures(row.tries, row.last_at)


def note_failures(connection: Connection, whose: str, tries: int, now: datetime) -> None:
    connection.execute(update(failed_sign_ins).where(failed_sign_ins.c.whose == whose).values(tries=tries, last_at=now))


def forgive(connection: Connection, whose: str) -> None:
    connection.execute(delete(failed_sign_ins).where(failed_sign_ins.c.whose == whose))


def take_back(connection: Connection, whose: str) -> None:
    """The last try didn't fail."""
    less = update(failed_sign_ins).where(failed_sign_ins.c.whose == whose, failed_sign_ins.c.tries > 0)
    connection.execute(less.values(tries=failed_sign_ins.c.tries - 1))


def forget_failures(connection: Connection, before: datetime) -> None:
    connection.execute(delete(failed_sign_ins).where(failed_sign_ins.c.last_at < before))


def _account(row: Row[Any]) -> Account:
    return Account(
        row.id, row.email, row.name, tuple(row.roles.split()), row.password_hash, row.language, row.created_at, row.disabled_at, row.invited_until
    )
