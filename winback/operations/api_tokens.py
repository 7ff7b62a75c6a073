"""Tokens that programs use the HTTP API with: made, shown once, kept as hashes, revoked. Every change is in the audit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NoReturn

from sqlalchemy import Engine

from winback.errors import ConfigError, Problem
from winback.operations import tokens
from winback.store import api_tokens, audit, database
from winback.store.api_tokens import Token
from winback.strictyaml import nearest

_BEGIN = "wbk_"
"""Scanners that look for secrets in repositories know a token by it."""


class Scope(StrEnum):
    """What a token may be used for. None lets a program approve a campaign: that is a person's."""

    ORDERS_WRITE = "orders:write"  # bring orders in
    CUSTOMERS_WRITE = "customers:write"  # bring customers in, with their consents
    EVENTS_WRITE = "events:write"  # bring in what customers did and said: inquiries, touches, feedback, reasons for leaving
    CAMPAIGNS_READ = "campaigns:read"  # see campaigns, runs, plans, and how many customers a cohort has
    CAMPAIGNS_RUN = "campaigns:run"  # start, pause, resume and cancel, as far as a person has approved
    REPORTS_READ = "reports:read"  # see results
    CUSTOMERS_READ = "customers:read"  # see what is known of a customer, and why they are written to or not
    DELIVERIES_READ = "deliveries:read"  # see letters, and what became of each
    SUPPRESSIONS_WRITE = "suppressions:write"  # close addresses
    RIGHTS_WRITE = "rights:write"  # export everything held of a customer, and erase a customer
    WEBHOOKS_READ = "webhooks:read"  # see messages to other programs
    WEBHOOKS_WRITE = "webhooks:write"  # have messages that were given up sent again


def new(engine: Engine, name: str, scopes: Sequence[str], *, by: str, now: datetime, expires_at: datetime | None = None) -> str:
    """A token: shown once, kept as its hash. Raises ConfigError for a name, a scope or an end that can't be meant."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or len(name) > 80:
        _refuse(f"`{name}` can't name a program; names are small letters, digits and hyphens.", "Write for example shop-backend.")
    words = sorted({_scope(each) for each in scopes})
    if not words:
        _refuse("a token without a scope opens nothing.", f"Name what it is for: --scope {Scope.ORDERS_WRITE}")
    if expires_at is not None and expires_at <= now:
        _refuse("the token would be over before it begins.", "Name a later day in --expires.")
    token = _BEGIN + tokens.new()
    with database.writing(engine) as connection:
        number = api_tokens.add(connection, name, tokens.hashed(token), scopes=words, by=by, now=now, expires_at=expires_at)
        if number is None:
            _refuse(f"there is a token `{name}`, or was one.", "Give this one another name: what the audit says of a name is of one token.")
        detail = {"name": name, "scopes": words, "until": expires_at and expires_at.isoformat()}
        audit.record(connection, who=by, deed=audit.Deed.LET_IN, about=f"token {number}", detail=detail, now=now)
    return token


def revoke(engine: Engine, name: str, *, by: str, now: datetime) -> None:
    """From this moment on it opens nothing. Raises ConfigError when no such token is good."""
    with database.writing(engine) as connection:
        number = api_tokens.revoke(connection, name, now)
        if number is None:
            known = [each.name for each in api_tokens.every(connection) if each.revoked_at is None]
            _refuse(f"there is no token `{name}` to revoke.", nearest(name, known, "Tokens"))
        audit.record(connection, who=by, deed=audit.Deed.REVOKED, about=f"token {number}", detail={"name": name}, now=now)


def listed(engine: Engine) -> Sequence[Token]:
    """Every token, the oldest first."""
    with database.reading(engine) as connection:
        return api_tokens.every(connection)


def state(token: Token, now: datetime) -> str:
    """In a word: good, expired, revoked."""
    return "good" if token.is_good(now) else "revoked" if token.revoked_at else "expired"


def as_json(token: Token, now: datetime) -> dict[str, Any]:
    """A token as lists show it."""
    moments = {name: getattr(token, name) for name in ("created_at", "expires_at", "used_at", "revoked_at")}
    told = {name: moment and moment.isoformat() for name, moment in moments.items()}
    return {"name": token.name, "scopes": list(token.scopes), "state": state(token, now), "created_by": token.created_by, **told}


def recognised(engine: Engine, text: str, *, now: datetime) -> Token | None:
    """Whose token this is; None when it was never given, is over or was revoked. Its use is noted, to the minute."""
    if not text.startswith(_BEGIN) or len(text) > 100:
        return None
    with database.reading(engine) as connection:
        token = api_tokens.find(connection, tokens.hashed(text))
    if token is None or not token.is_good(now):
        return None
    if not api_tokens.is_noted(token, now):
        with database.writing(engine) as connection:
            api_tokens.used(connection, token, now)
    return token


def _scope(text: str) -> str:
    if text not in set(Scope):
        _refuse(f"there is no scope `{text}`.", nearest(text, list(Scope), "Scopes"))
    return str(text)


def _refuse(message: str, how: str = "") -> NoReturn:
    raise ConfigError(Problem("", None, message, how))
