"""winback studio: find a customer by id, address, phone or name, and what whoever served them wants to see of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, Row

from winback import clock
from winback.audience import addresses, phones
from winback.audience.lifecycle import Stage
from winback.errors import Problem
from winback.model import BY_PHONE, ChannelName
from winback.operations import reasons
from winback.settings import Project
from winback.speech import N_, said
from winback.store import cards, database, leaving_reasons, lookups, stage_changes
from winback.store.contacts import address_hash

AT_MOST = 20
"""How many customers a search shows."""
_LONGEST_KEY = 200
_NAMES = 3  # given name, patronymic, family name


@dataclass(frozen=True, slots=True)
class Found:
    """A customer whom a search found."""

    customer: str
    name: str  # empty: not known
    city: str  # the same


@dataclass(frozen=True, slots=True)
class Met:
    """One customer. Days are the shop's; None where nothing is known."""

    asked_for: str
    customer: str  # another one's id where `asked_for` was merged into it
    name: str
    stage: Stage | None  # as it was noted last
    stage_since: date | None
    last_order_on: date | None
    reasons: tuple[reasons.Shown, ...]  # for leaving, the newest first


def search(project: Project, engine: Engine, text: str) -> tuple[list[Found], bool]:
    """Up to AT_MOST customers whom a text means, and whether there are more. Those come first whom it means most surely.

    It may be an e-mail address, a phone, the number of a chat, the beginning of the shop's id, or of one, two or three names.
    """
    if not _may_be_key(text):
        return [], False
    words, phone = text.split(), phones.international(text) or phones.international(f"+{text}")
    with database.reading(engine) as connection:
        ways = [
            lookups.by_address(connection, places, AT_MOST + 1) if (places := _places(project, text, phone)) else (),
            lookups.by_phone(connection, phone, AT_MOST + 1) if phone else (),
            lookups.by_key(connection, text, AT_MOST + 1),
            lookups.by_name(connection, words, AT_MOST + 1) if 0 < len(words) <= _NAMES and not any(map(str.isdigit, text)) else (),
        ]
    rows = {row.key: row for way in ways for row in way}
    return [Found(row.key, _name(row), row.city) for row in list(rows.values())[:AT_MOST]], len(rows) > AT_MOST


def means_one(text: str, found: Found) -> bool:
    """Whether a text that found this customer alone says all of it: their id, or an address of theirs, not a beginning."""
    return text == found.customer or addresses.email(text) is not None or text.startswith("+")


def _places(project: Project, text: str, phone: str | None) -> list[tuple[ChannelName, bytes]]:
    """Where customers are reached whom this text may be an address of."""
    found = {ChannelName.EMAIL: addresses.email(text), ChannelName.TELEGRAM: addresses.chat_id(text), **dict.fromkeys(sorted(BY_PHONE), phone)}
    return [(channel, address_hash(project.key, channel, address)) for channel, address in found.items() if address]


def meet(project: Project, engine: Engine, key: str, *, now: datetime) -> Met | None:
    """The customer whom the shop knows by `key`; None when it never had one. Raises ConfigError when reasons.yaml isn't right."""
    if not _may_be_key(key):
        return None
    with database.reading(engine) as connection:
        who = leaving_reasons.whose(connection, key)
        if who is None:
            return None
        card = cards.read(connection, who)
        noted = stage_changes.of(connection, who, clock.local_day(now, project.zone))
    own: str = card.customer.key
    return Met(
        key,
        own,
        _name(card.customer),
        noted[-1].stage if noted else None,
        noted[-1].since if noted else None,
        None if card.last_order_at is None else clock.local_day(card.last_order_at, project.zone),
        tuple(reasons.of(project, engine, own)),
    )


def addresses_of(engine: Engine, key: str) -> dict[str, str]:
    """A customer's addresses by channel; none of somebody who isn't there."""
    with database.reading(engine) as connection:
        who = leaving_reasons.whose(connection, key)
        return {} if who is None else {row.channel: row.address for row in cards.read(connection, who).addresses}


def nobody(key: str) -> Problem:
    """What is said of an id that the shop never had."""
    return Problem(
        "", None, said(N_("there is no customer `%(key)s`."), key=key), said(N_("Give the shop's own id, as `winback cohort members` prints it."))
    )


def _may_be_key(text: str) -> bool:
    """PostgreSQL holds no zero byte, and no id is longer."""
    return 0 < len(text) <= _LONGEST_KEY and "\0" not in text


def _name(row: Row[Any]) -> str:
    return " ".join(part for part in (row.given_name, row.patronymic, row.family_name) if part)
