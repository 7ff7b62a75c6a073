"""winback studio: everything that a customer's card shows, read from indexes alone; nothing is counted for everybody, and nothing written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row

from winback.journey.wishes import NO_WISHES, Wishes
from winback.letters import locales, names
from winback.letters.names import Address, Case
from winback.model import Person
from winback.operations import auditing, describing, finding
from winback.operations.auditing import Deed
from winback.operations.describing import Portrait
from winback.operations.finding import Met
from winback.operations.showing import Shown
from winback.settings import Project
from winback.speech import joined
from winback.store import cards, consents, database, dossier, forgotten, leaving_reasons, preferences, thread_lists

ORDERS = 20
"""Orders on a page of a card."""
LATEST = 50
"""Letters, events, deeds and other rows that a card shows of each kind."""


@dataclass(frozen=True, slots=True)
class Greeted:
    """How one language addresses the customer; forms of the name inside a sentence are empty where they aren't certain."""

    language: str
    own_name: str  # of the language, in itself
    address: Address
    genitive: str
    dative: str

    @property
    def doubts(self) -> str:
        return joined(dict.fromkeys(found.meaning for found in self.address.doubts), "; ")


@dataclass(frozen=True, slots=True)
class SentLetter:
    """One letter that left, or may have, and what came back of it."""

    customer: str
    row: Row[Any]  # of deliveries, with campaign and number
    events: Sequence[Row[Any]]  # the newest first, LATEST of them


@dataclass(frozen=True, slots=True)
class Dossier:
    """One customer. Rows are those of store/dossier.py, moments aware UTC; of each kind the newest LATEST."""

    met: Met
    shown: Mapping[str, Any]  # operations.showing: the fields of the card, addresses, consents, journeys
    portrait: Portrait
    greeted: tuple[Greeted, ...]  # the language of their letters first
    wishes: Wishes
    orders: Sequence[Row[Any]]
    older_orders: int | None  # the order after which the next page begins; None: there are no more
    proofs: Sequence[Row[Any]]
    letters: Sequence[Row[Any]]
    events: Sequence[Row[Any]]
    codes: Sequence[Row[Any]]
    tasks: Sequence[Row[Any]]
    threads: Sequence[Row[Any]]
    said: Mapping[str, Sequence[Row[Any]]]  # by table: inquiries, feedback, answers, touches
    deeds: Sequence[Deed]  # what the shop's people did about them
    is_closed_everywhere: bool

    @property
    def campaigns(self) -> tuple[str, ...]:
        """Campaigns that decided on them, the newest first."""
        return tuple(dict.fromkeys(row["campaign"] for row in self.shown["journeys"]))


def gather(project: Project, engine: Engine, key: str, *, now: datetime, orders_before: int | None = None) -> Dossier | None:
    """The customer whom the shop knows by `key`; None when it never had one, or has forgotten them. Raises ConfigError for files of config/."""
    met = finding.meet(project, engine, key, now=now)
    if met is None:
        return None
    portrait = describing.as_it_lies(project, engine, met.customer, now=now, told=met.reasons)
    deeds = auditing.listed(engine, about="", customer=met.customer, limit=LATEST)
    with database.reading(engine) as connection:
        who = leaving_reasons.whose(connection, met.customer)
        assert who is not None, "they were met"
        card = cards.read(connection, who)
        orders = dossier.bought(connection, who, limit=ORDERS + 1, before=orders_before)
        return Dossier(
            met=met,
            shown=Shown(key, card, project, now).as_json(),
            portrait=portrait,
            greeted=tuple(greetings(card.customer)),
            wishes=preferences.of(connection, [who]).get(who, NO_WISHES),
            orders=orders[:ORDERS],
            older_orders=orders[ORDERS - 1].id if len(orders) > ORDERS else None,
            proofs=consents.proofs(connection, who),
            letters=dossier.letters(connection, who, LATEST),
            events=dossier.came_back(connection, who, LATEST),
            codes=dossier.held_codes(connection, who),
            tasks=dossier.asked_of_people(connection, who),
            threads=thread_lists.of_customer(connection, who, LATEST),
            said=dict(dossier.said(connection, who, LATEST)),
            deeds=deeds,
            is_closed_everywhere=dossier.closed_everywhere(connection, who),
        )


def sent_letter(engine: Engine, number: int) -> SentLetter | None:
    """A letter by our number of the delivery; None where none left under it."""
    with database.reading(engine) as connection:
        row = dossier.letter(connection, number)
        return None if row is None else SentLetter(row.key, row, dossier.came_back(connection, row.customer_id, LATEST, delivery_id=number))


def forgotten_on(project: Project, engine: Engine, key: str) -> datetime | None:
    """When somebody of this id was forgotten; None: nobody was."""
    with database.reading(engine) as connection:
        return forgotten.since(connection, project.key, key)


def greetings(row: Row[Any]) -> list[Greeted]:
    """How each language that we can address somebody in would address a customer (a row of `customers`)."""
    person = Person(row.key, row.given_name, row.patronymic, row.family_name, row.sex, row.locale, row.country, row.city)
    spoken = row.locale.replace("-", "_").partition("_")[0]
    return [
        Greeted(
            language,
            locales.own_name(language),
            names.address(person, language),
            names.in_case(person, language, Case.GENITIVE),
            names.in_case(person, language, Case.DATIVE),
        )
        for language in sorted(names.languages(), key=lambda each: (each != spoken, each))
    ]
