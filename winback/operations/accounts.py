"""Who may open the studio: added, invited, given roles, disabled. Every change is in the audit, under the number of the person's row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn

from sqlalchemy import Connection, Engine

from winback.audience import addresses
from winback.errors import ConfigError, Problem
from winback.operations import passwords, tokens
from winback.operations.people import Role
from winback.speech import N_, Language, said
from winback.store import accounts, audit, database
from winback.store.accounts import Account
from winback.strictyaml import nearest

INVITED_FOR = timedelta(days=7)
LONGEST_NAME = 100
_LONGEST_ADDRESS = 254

_NAMED = N_("Write what they are called, in at most %(most)s letters: Olena Savchenko.")


@dataclass(frozen=True, slots=True)
class Listed:
    """One of our people as lists show them."""

    account: Account
    state: str  # active, invited, no password, disabled
    signed_in: int  # in how many browsers

    def as_json(self) -> dict[str, Any]:
        account = self.account
        return {
            "email": account.email,
            "name": account.name,
            "roles": list(account.roles),
            "state": self.state,
            "signed_in": self.signed_in,
            "added_at": account.created_at.isoformat(),
        }


def any_there(engine: Engine) -> bool:
    """Whether anybody was ever added: from then on the studio asks who comes."""
    with database.reading(engine) as connection:
        return accounts.exist(connection)


def listed(engine: Engine, *, now: datetime, idle: timedelta) -> list[Listed]:
    """Everybody, by name; those who are disabled last."""
    with database.reading(engine) as connection:
        counted = accounts.counts_signed_in(connection, now=now, idle=idle)
        return [Listed(each, state(each, now), counted.get(each.id, 0) if each.is_open else 0) for each in accounts.every(connection)]


def state(account: Account, now: datetime) -> str:
    """In a word: active, invited, no password, disabled."""
    if not account.is_open:
        return "disabled"
    if account.password_hash:
        return "active"
    return "invited" if account.invited_until and account.invited_until > now else "no password"


def add(engine: Engine, email: str, *, name: str, roles: Sequence[str], by: str, now: datetime) -> str:
    """Add somebody; returns the address as it is kept. Raises ConfigError for an address, a name or a role that can't be meant."""
    kept, called, words = _address(email), _name(name), _roles(roles)
    with database.writing(engine) as connection:
        number = accounts.add(connection, kept, name=called, roles=words, now=now)
        if number is None:
            _refuse(
                said(N_("%(email)s is somebody's already."), email=kept),
                f"Change what they may do: winback people roles {kept} --role {' --role '.join(words)}",
            )
        _tell(connection, audit.Deed.ADDED, number, {"roles": words}, by=by, now=now)
    return kept


def invite(engine: Engine, email: str, *, by: str, now: datetime) -> str:
    """A token for a link, good for a week and once, by which they choose their password. Raises ConfigError for nobody, or who is disabled."""
    token = tokens.new()
    with database.writing(engine) as connection:
        account = _open(connection, email)
        accounts.invite(connection, account.id, tokens.hashed(token), now + INVITED_FOR)
        _tell(connection, audit.Deed.INVITED, account.id, {}, by=by, now=now)
    return token


def invited(engine: Engine, token: str, *, now: datetime) -> Account | None:
    """Whom an invitation is for; None when it was used, is over or never was."""
    with database.reading(engine) as connection:
        return accounts.invited(connection, tokens.hashed(token), now)


def accept(engine: Engine, token: str, password: str, *, now: datetime) -> str:
    """Choose a password by an invitation; returns the address. Raises ConfigError when it is no good, or the invitation isn't."""
    account = invited(engine, token, now=now)
    kept = _hash(password, account) if account else ""
    with database.writing(engine) as connection:
        account = accounts.invited(connection, tokens.hashed(token), now)
        if account is None or not kept:
            _refuse(said(N_("this invitation was used, or its time is over.")), said(N_("Ask whoever sent it for another one.")))
        accounts.choose_password(connection, account.id, kept)
        _tell(connection, audit.Deed.CHOSE, account.id, {}, by=account.name, now=now)
    return account.email


def set_password(engine: Engine, email: str, password: str, *, by: str, now: datetime) -> None:
    """Give somebody a password: wherever they are signed in, they aren't any more. Raises ConfigError."""
    with database.reading(engine) as connection:
        kept = _hash(password, _open(connection, email))
    with database.writing(engine) as connection:
        account = _open(connection, email)
        accounts.choose_password(connection, account.id, kept)
        _tell(connection, audit.Deed.CHOSE, account.id, {}, by=by, now=now)


def give_roles(engine: Engine, email: str, roles: Sequence[str], *, by: str, now: datetime) -> None:
    """Let them be this and nothing else. Raises ConfigError, also when nobody would be left who looks after people."""
    words = _roles(roles)
    with database.writing(engine) as connection:
        account = _known(connection, email)
        if Role.ADMIN not in words:
            _leave_an_admin(connection, account, now)
        accounts.change(connection, account.id, roles=words)
        _tell(connection, audit.Deed.GAVE_ROLES, account.id, {"roles": words, "before": list(account.roles)}, by=by, now=now)


def rename(engine: Engine, email: str, name: str, *, by: str, now: datetime) -> None:
    """Call them otherwise, on pages and in the audit from now on. Raises ConfigError."""
    called = _name(name)
    with database.writing(engine) as connection:
        account = _known(connection, email)
        accounts.change(connection, account.id, name=called)
        _tell(connection, audit.Deed.RENAMED, account.id, {}, by=by, now=now)


def speak(engine: Engine, email: str, language: str) -> None:
    """The language of their pages; empty: as their browser asks. Raises ConfigError."""
    if language and language not in set(Language):
        _refuse(f"`{language}` is no language of the studio.", nearest(language, Language, "Write one of them"))
    with database.writing(engine) as connection:
        accounts.change(connection, _known(connection, email).id, language=language)


def disable(engine: Engine, email: str, *, by: str, now: datetime) -> None:
    """Nobody signs in as them, and whoever is signed in isn't any more. Raises ConfigError, also when no admin would be left."""
    with database.writing(engine) as connection:
        account = _known(connection, email)
        if not account.is_open:
            _refuse(said(N_("%(email)s is disabled already."), email=account.email), f"To let them in again: winback people enable {account.email}")
        _leave_an_admin(connection, account, now)
        accounts.change(connection, account.id, disabled_at=now, invitation_hash="", invited_until=None)
        accounts.end_all(connection, account.id)
        _tell(connection, audit.Deed.DISABLED, account.id, {}, by=by, now=now)


def enable(engine: Engine, email: str, *, by: str, now: datetime) -> None:
    """Let them in again, with the password that they had. Raises ConfigError."""
    with database.writing(engine) as connection:
        account = _known(connection, email)
        if account.is_open:
            _refuse(said(N_("%(email)s is not disabled."), email=account.email), said(N_("Nothing was changed.")))
        accounts.change(connection, account.id, disabled_at=None)
        _tell(connection, audit.Deed.ENABLED, account.id, {}, by=by, now=now)


def names(engine: Engine) -> dict[str, str]:
    """Of everybody whom the audit calls `person 3`, what they are called."""
    with database.reading(engine) as connection:
        return {about(each.id): each.name for each in accounts.every(connection)}


def about(number: int) -> str:
    """One of our people as the audit names them."""
    return f"person {number}"


def canonical(email: str) -> str:
    """An address as it is kept: in small letters, and without what no address holds."""
    return "".join(sign for sign in email.strip() if sign.isprintable())[:_LONGEST_ADDRESS].casefold()


def _address(email: str) -> str:
    kept = addresses.email(email.strip())
    if kept is None:
        _refuse(said(N_("`%(email)s` is no e-mail address."), email=email), said(N_("Write for example olena@zerno.example.")))
    return canonical(kept)


def _name(name: str) -> str:
    called = " ".join(name.split())
    if not called or len(called) > LONGEST_NAME or not called.isprintable():
        _refuse(said(N_("`%(name)s` is no name."), name=called[:LONGEST_NAME]), said(_NAMED, most=LONGEST_NAME))
    return called


def _roles(words: Iterable[str]) -> list[str]:
    given = list(dict.fromkeys(words))
    for word in given:
        if word not in set(Role):
            _refuse(f"`{word}` is no role.", nearest(word, Role, "Write one of them"))
    if not given:
        _refuse(said(N_("they would have no role.")), f"Give one or more: {', '.join(f'--role {role}' for role in Role)}.")
    return [role for role in Role if role in given]


def _known(connection: Connection, email: str) -> Account:
    account = accounts.find(connection, canonical(email), hold=True)
    if account is None:
        _refuse(
            f"nobody has the address {canonical(email)}.", nearest(canonical(email), (each.email for each in accounts.every(connection)), "There are")
        )
    return account


def _open(connection: Connection, email: str) -> Account:
    account = _known(connection, email)
    if not account.is_open:
        _refuse(said(N_("%(email)s is disabled."), email=account.email), f"Let them in again first: winback people enable {account.email}")
    return account


def _leave_an_admin(connection: Connection, account: Account, now: datetime) -> None:
    others = [each for each in accounts.every(connection) if each.id != account.id and Role.ADMIN in each.roles and state(each, now) == "active"]
    if Role.ADMIN in account.roles and account.is_open and not others:
        _refuse(said(N_("%(email)s is the only admin who can sign in."), email=account.email), said(N_("Let somebody else be one first.")))


def _hash(password: str, account: Account) -> str:
    if sentence := passwords.fault(password, email=account.email, name=account.name):
        raise ConfigError(Problem("", None, sentence))
    return passwords.hashed(password)


def _tell(connection: Connection, deed: str, number: int, detail: dict[str, object], *, by: str, now: datetime) -> None:
    audit.record(connection, who=by, deed=deed, about=about(number), detail=detail, now=now)


def _refuse(message: str, how: str) -> NoReturn:
    raise ConfigError(Problem("", None, message, how))
