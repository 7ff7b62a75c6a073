"""Signing in to the studio: tries are slowed, what is wrong is told to nobody, and being signed in ends by itself."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from winback.operations import accounts as people
from winback.operations import passwords, tokens
from winback.operations.people import Person, Role
from winback.settings import Project
from winback.store import accounts, audit, database
from winback.store.accounts import Account

IDLE, LASTS = timedelta(hours=12), timedelta(days=7)
"""Being signed in ends after so long without a page, and after so long in any case."""

_SEEN_AGAIN = timedelta(minutes=1)
_FORGOTTEN = timedelta(hours=1)
"""Tries that lie so far apart don't count together."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How many tries are free; then each next one must wait twice as long as the last."""

    free: int
    longest: timedelta
    first: timedelta = timedelta(seconds=5)

    def wait(self, tries: int) -> timedelta:
        """From the last try to the next."""
        return timedelta() if tries < self.free else min(self.first * 2 ** min(tries - self.free, 20), self.longest)


WITH_AN_ACCOUNT = Patience(5, timedelta(minutes=5))  # no longer: anybody could lock anybody out
WITH_AN_ADDRESS = Patience(20, timedelta(minutes=15))  # an office has one address


@dataclass(frozen=True, slots=True)
class Slowed:
    """Not now: too many tries failed. The same for an address that nobody has."""

    wait: timedelta


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody is signed in."""

    person: Person
    token: str


def sign_in(project: Project, engine: Engine, email: str, password: str, *, network: str, now: datetime) -> Visit | Slowed | None:
    """Who is signed in from now on; None when address and password don't belong together, whatever is wrong with them.

    `network` is the address that the request came from. The password is reckoned with even where nobody has that e-mail address.
    """
    account = _proven(project, engine, email, password, network=network, now=now)
    if not isinstance(account, Account):
        return account
    with database.writing(engine) as connection:
        held = accounts.find(connection, account.email, hold=True)
        if held is None or not held.is_open or held.password_hash != account.password_hash:
            return None  # changed at this very moment
        if passwords.is_outdated(account.password_hash):
            accounts.change(connection, held.id, password_hash=passwords.hashed(password))
        return _begin(connection, held, by="password", now=now)


def let_in(engine: Engine, email: str, *, by: str, now: datetime) -> Visit | None:
    """Sign somebody in whom another door knows (an invitation, a provider of identities); None when nobody here has the address."""
    with database.writing(engine) as connection:
        account = accounts.find(connection, people.canonical(email), hold=True)
        return _begin(connection, account, by=by, now=now) if account is not None and account.is_open else None


def visit(engine: Engine, token: str, *, now: datetime) -> Visit | None:
    """Who is signed in with a token; None when nobody is any more."""
    key = tokens.hashed(token)
    with database.reading(engine) as connection:
        found = accounts.signed_in(connection, key, now=now, idle=IDLE)
    if found is None:
        return None
    account, seen_at = found
    if now - seen_at >= _SEEN_AGAIN:
        with database.writing(engine) as connection:
            accounts.seen(connection, key, now)
    return Visit(person(account), token)


def sign_out(engine: Engine, token: str) -> None:
    with database.writing(engine) as connection:
        accounts.end(connection, tokens.hashed(token))


def change_password(project: Project, engine: Engine, email: str, old: str, new: str, *, network: str, now: datetime) -> Visit | Slowed | None:
    """Take another password: they are signed in here, anew, and nowhere else any more. None when the old one is wrong. Raises ConfigError."""
    account = _proven(project, engine, email, old, network=network, now=now)
    if not isinstance(account, Account):
        return account
    people.set_password(engine, email, new, by=account.name, now=now)
    return let_in(engine, email, by="password", now=now)


def person(account: Account) -> Person:
    """An account as pages know it; a role of a newer version is none."""
    roles = frozenset(Role(word) for word in account.roles if word in set(Role))
    return Person(account.name, account.email, roles, account.language, account.id)


def _proven(project: Project, engine: Engine, email: str, password: str, *, network: str, now: datetime) -> Account | Slowed | None:
    """Whose address and password these are."""
    written = people.canonical(email)
    by_account, by_network = _whose(project, "account", written), _whose(project, "network", network)
    with database.writing(engine) as connection:
        if slowed := _count_a_try(connection, by_account, by_network, now):
            return slowed
        account = accounts.find(connection, written)
    usable = account.password_hash if account is not None and account.is_open else ""
    if not passwords.fits(password, usable):
        return None
    with database.writing(engine) as connection:
        accounts.forgive(connection, by_account)
        accounts.take_back(connection, by_network)
    return account


def _begin(connection: Connection, account: Account, *, by: str, now: datetime) -> Visit:
    token = tokens.new()
    accounts.begin(connection, account.id, tokens.hashed(token), now=now, lasts=LASTS)
    accounts.forget_failures(connection, now - 24 * _FORGOTTEN)
    audit.record(connection, who=account.name, deed=audit.Deed.SIGNED_IN, about=people.about(account.id), detail={"by": by}, now=now)
    return Visit(person(account), token)


def _count_a_try(connection: Connection, by_account: str, by_network: str, now: datetime) -> Slowed | None:
    """Count it before it is looked at, so that many at once are many; whoever must wait yet isn't counted."""
    waits, counted = [], {}
    for key, patience in ((by_account, WITH_AN_ACCOUNT), (by_network, WITH_AN_ADDRESS)):
        known = accounts.failures(connection, key, now)
        tries = 0 if now - known.last_at > _FORGOTTEN else known.tries
        waits.append(known.last_at + patience.wait(tries) - now)
        counted[key] = tries + 1
    if max(waits) > timedelta():
        return Slowed(max(waits))
    for key, tries in counted.items():
        accounts.note_failures(connection, key, tries, now)
    return None


def _whose(project: Project, kind: str, text: str) -> str:
    return hmac.digest(project.key, f"{kind} {text}".encode("utf-8", "surrogatepass"), "sha256").hex()
