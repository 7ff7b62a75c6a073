"""What a campaign's offers come to in its letters: promises, codes and their last days, what budgets and pools still hold."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Row

from winback import clock
from winback.errors import ConfigError, Problem
from winback.journey import code_words, promises, purse, zones
from winback.journey.eligibility import Candidate
from winback.journey.offer import Offer
from winback.journey.promises import Promised
from winback.journey.purse import Purse
from winback.model import Email, Message, Money, Reason, RecipientStatus
from winback.sending.prepared import Prepared
from winback.store import audit, code_pools, codes, database, deliveries, persons
from winback.store.codes import Held, Wish
from winback.store.runs import Run


@dataclass(frozen=True, slots=True)
class Codes:
    """What a batch of recipients has in their hands, and why others have nothing."""

    held: Mapping[int, Held]
    reasons: Mapping[int, Reason]

    def lacking(self, customer_id: int) -> Reason | None:
        """Why a letter can't speak of this customer's code; None: it can, or there is none to speak of."""
        held = self.held.get(customer_id)
        return self.reasons.get(customer_id) if held is None else None if held.status in codes.LIVE else Reason.OFFER_OVER

    def live(self, customer_id: int) -> Held | None:
        """The code that they can still use."""
        held = self.held.get(customer_id)
        return held if held and held.status in codes.LIVE else None


NO_CODES = Codes({}, {})


def carries(content: Email | Message, held: Held) -> bool:
    """Whether a finished letter tells this code."""
    said = f"{content.subject}\n{content.html}\n{content.text}" if isinstance(content, Email) else content.text
    return held.code in said or html.escape(held.code) in said


def stock(engine: Engine, prepared: Prepared, *, now: datetime) -> None:
    """Bring the store's pools in line with the shop's files. Raises ConfigError when a code in one is another campaign's."""
    if not prepared.pools:
        return
    with database.writing(engine) as connection:
        for name, lines in prepared.pools.items():
            before = code_pools.size(connection, prepared.name, name)
            _refuse_foreign(prepared, name, code_pools.load(connection, prepared.name, name, lines))
            if came := code_pools.size(connection, prepared.name, name) - before:
                about = f"codes {prepared.name}/{name}"
                audit.record(connection, who=prepared.project.user, deed=audit.Deed.IMPORTED, about=about, detail={"more": came}, now=now)


def check_pools(connection: Connection, prepared: Prepared) -> None:
    """Raises ConfigError as `stock` does, and changes nothing."""
    for name, lines in prepared.pools.items():
        _refuse_foreign(prepared, name, code_pools.foreign(connection, prepared.name, name, lines))


def _refuse_foreign(prepared: Prepared, name: str, lines: Sequence[int]) -> None:
    if lines:
        file = prepared.project.shown(prepared.project.config(*prepared.campaign.offers[name].file.split("/")))
        what = "this code is of another campaign or offer, or was made for a customer."
        raise ConfigError(Problem(file, line, what, "Take it out: nobody may get the code of another.") for line in lines[:20])


def left(connection: Connection, prepared: Prepared, now: datetime, *, but_run: int | None = None, all_pools: bool = False) -> Purse:
    """What may still be promised. Pools count where nobody new is taken when they are empty, or all of them."""
    coded = purse.coded(prepared.campaign)
    budgets = {name: Money(offer.budget, prepared.currency).minor for name, offer in coded.items() if offer.budget is not None}
    pools = {name: lines for name, lines in prepared.pools.items() if all_pools or coded[name].when_codes_run_out == "stop"}
    return code_pools.purse(connection, prepared.name, coded, budgets=budgets, pools=pools, now=now, but_run=but_run)


def promise(prepared: Prepared, name: str, candidate: Candidate, salt: str) -> Promised | None:
    """What an offer of the campaign comes to for this customer."""
    settings = prepared.project.settings
    return promises.to(prepared.campaign.offers[name], candidate, salt=salt, currency=settings.currency, rates=settings.rates)


def wish(prepared: Prepared, name: str, promised: Promised, *, customer_id: int, key: str, assigned_at: datetime, there: ZoneInfo) -> Wish:
    """The code that somebody is to have, until the end of the offer's last day where they live."""
    offer = prepared.campaign.offers[name]
    return Wish(
        customer_id=customer_id,
        key=key,
        offer=name,
        expires_at=clock.end_of_day(clock.local_day(assigned_at + offer.valid_for, there), there),
        promised_minor=at_most(prepared, promised),
        fixed_minor=Money(promised.fixed, prepared.currency).minor,
        discount=float(promised.discount),
    )


def _calendar(prepared: Prepared, row: Row[Any]) -> ZoneInfo:
    return zones.calendar(row.time_zone, prepared.policy.for_country(row.facts.get("country", "")))


def at_most(prepared: Prepared, promised: Promised) -> int:
    """What it may cost, in minor units of the project's currency."""
    return Money(promised.at_most, prepared.currency).minor


def reserve(connection: Connection, prepared: Prepared, run: Run, wishes: Sequence[Wish], now: datetime) -> None:
    """Codes for these recipients; who holds one of another campaign gets none."""
    offers = purse.coded(prepared.campaign)

    def make(wanted: Wish, number: int) -> str:
        made_of = offers[wanted.offer].codes
        return code_words.made(prepared.project.key, f"{run.campaign}-{run.number}", wanted.key, number, made_of.prefix if made_of else "")

    codes.reserve(connection, run, wishes, offers=offers, make=make, now=now)


def lose(connection: Connection, carried: Mapping[int, int], *, worker: str, now: datetime) -> set[int]:
    """Mark codes as given by what is handed over in this transaction (code by delivery).

    Deliveries whose code isn't the customer's any more are taken back, and returned: claimed again, they are decided on anew.
    """
    lost = carried.keys() - codes.give(connection, carried, now)
    deliveries.take_back(connection, lost, worker=worker)
    return lost


def held(engine: Engine, prepared: Prepared, run: Run, standing: Mapping[int, Row[Any]], now: datetime) -> Codes:
    """The codes of a batch of recipients. Who had to go without when they were assigned, and needn't any more, gets one now."""
    coded = purse.coded(prepared.campaign)
    if not coded:
        return NO_CODES
    lacking = {who: due for who, row in standing.items() if (due := _due(prepared, coded, row))}
    with database.reading(engine) as connection:
        found = codes.of(connection, run.id, lacking)
        without = {who: due for who, due in lacking.items() if who not in found}
        busy = codes.elsewhere(connection, without, now, run_id=run.id) if without else set()
    reasons = dict.fromkeys(busy, Reason.HAS_CODE)
    if without.keys() - busy:
        with database.writing(engine) as connection:
            reasons |= _late(connection, prepared, run, {who: due for who, due in sorted(without.items()) if who not in busy}, now)
            found |= codes.of(connection, run.id, without)
    return Codes(found, reasons)


@dataclass(frozen=True, slots=True)
class _Due:
    """What a recipient is to have a code of."""

    offer: str
    promised: Promised
    assigned_at: datetime
    there: ZoneInfo


def _due(prepared: Prepared, coded: Mapping[str, Offer], row: Row[Any]) -> _Due | None:
    tactic = prepared.campaign.tactics.get(row.arm)
    if row.status != RecipientStatus.ACTIVE or tactic is None or tactic.offer is None or tactic.offer not in coded:
        return None
    promised = promises.kept(coded[tactic.offer], row.facts, prepared.currency)
    return _Due(tactic.offer, promised, row.assigned_at, _calendar(prepared, row)) if promised else None


def _late(connection: Connection, prepared: Prepared, run: Run, without: Mapping[int, _Due], now: datetime) -> dict[int, Reason]:
    """Reserve what can be reserved; the reasons of those who still have nothing."""
    if not code_pools.hold(connection, run.id):  # who decides on the cohort counts what is promised, and must be alone with it
        return dict.fromkeys(without, Reason.HAS_CODE)
    codes.expire_those_of(connection, prepared.name, now)
    rest, keys = left(connection, prepared, now, all_pools=True), persons.keys_of(connection, without)
    reasons, wishes = dict[int, Reason](), list[Wish]()
    for who, due in without.items():
        asked = wish(prepared, due.offer, due.promised, customer_id=who, key=keys[who], assigned_at=due.assigned_at, there=due.there)
        if asked.expires_at < now:
            reasons[who] = Reason.OFFER_OVER
        elif reason := rest.refuses({due.offer: asked.promised_minor}):
            reasons[who] = reason
        else:
            rest.pay(due.offer, asked.promised_minor)
            wishes.append(asked)
    reserve(connection, prepared, run, wishes, now)
    have = codes.of(connection, run.id, [each.customer_id for each in wishes])
    return reasons | {each.customer_id: Reason.HAS_CODE for each in wishes if each.customer_id not in have}
