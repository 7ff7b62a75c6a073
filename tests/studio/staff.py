"""People of the shop, for tests of the studio: added, and signed in as a browser does it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

import httpx
from httpx import ASGITransport
from sqlalchemy import Engine

from winback.operations import accounts, passwords
from winback.operations.people import Role
from winback.store import accounts as kept
from winback.store import database

PASSWORD = "four words of tea"
_HASH: list[str] = []


def add(engine: Engine, *roles: Role | str, name: str = "", email: str = "", now: datetime) -> str:
    """Somebody with these roles and PASSWORD; returns the address, which is made of the roles where none is given."""
    email = email or f"{'-'.join(roles)}@zerno.example"
    accounts.add(engine, email, name=name or f"{email.partition('@')[0].title()} Koval", roles=[*roles], by="root", now=now)
    if not _HASH:  # reckoning it takes a while, and it may be everybody's
        _HASH.append(passwords.hashed(PASSWORD))
    with database.writing(engine) as connection:
        account = kept.find(connection, email)
        assert account is not None
        kept.choose_password(connection, account.id, _HASH[0])
    return email


def browser(app, home: str, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=ASGITransport(app), base_url=home, timeout=30, headers=headers)


async def proof(client: httpx.AsyncClient, path: str = "/sign-in") -> str:
    """What the forms of a page carry."""
    return re.search(r'name="proof" value="([0-9a-f]{64})"', (await client.get(path)).text)[1]


async def sign_in(client: httpx.AsyncClient, email: str, password: str = PASSWORD, **fields: str) -> httpx.Response:
    """The form of the sign-in page, filled in."""
    return await client.post("/sign-in", data={"proof": await proof(client), "email": email, "password": password, **fields})


def cookie(answer: httpx.Response, begin: str) -> str:
    """The whole header that sets a cookie whose name begins so."""
    return next(header for header in answer.headers.get_list("set-cookie") if header.startswith(begin))


def roles_without(*has: Role) -> Iterable[Role]:
    return [role for role in Role if role not in has]
