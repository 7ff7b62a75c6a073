"""What one recipient was promised, and the life of their code, as questions and findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from winback import clock
from winback.journey import promises
from winback.model import Money
from winback.speech import N_, called, joined, said


def promised(facts: Mapping[str, Any], currency: str) -> list[tuple[str, str]]:
    """What a recipient was promised, as (question, finding); nothing where their tactic has no offer."""
    if promises.FACT not in facts:
        return []
    if facts[promises.FACT] is None:
        return [(said(N_("promised")), said(N_("nothing: they have nothing that the offer could be counted from")))]
    fact = promises.Promised.from_fact(facts[promises.FACT])
    parts = [
        said(N_("%(share)s %% of an order"), share=f"{fact.discount * 100:f}".rstrip("0").rstrip(".")) if fact.discount else "",
        f"{fact.amount.amount:f} {fact.amount.currency}" if fact.amount else "",
        "" if fact.prize is None else said(N_("prize %(number)s of the draw"), number=fact.prize + 1),
        said(N_("costs %(amount)s at the most"), amount=f"{fact.at_most:f} {currency}"),
    ]
    return [(said(N_("promised")), joined(part for part in parts if part))]


def life(code: Mapping[str, Any] | None, there: ZoneInfo, currency: str) -> list[tuple[str, str]]:
    """What became of a recipient's code, as (question, finding)."""
    if code is None:
        return []
    stands = called(str(code["status"]), "code")
    told = [said(N_("%(status)s, reserved on %(moment)s"), status=stands, moment=f"{code['reserved_at']:%Y-%m-%d %H:%M} UTC")]
    if code["delivery_id"] is not None:
        told.append(said(N_("first told by delivery %(number)s"), number=code["delivery_id"]))
    last = clock.local_day(code["expires_at"], there).isoformat()
    told.append(said(N_("its last day is %(day)s in %(zone)s"), day=last, zone=there.key))
    if code["order_key"]:
        cost = f"{Money.from_minor(code['cost_minor'], currency).amount:f} {currency}"
        sentence = (
            N_("used on %(day)s with order %(order)s, an order of %(other)s, which cost %(amount)s")
            if code["used_by_another"]
            else N_("used on %(day)s with order %(order)s, which cost %(amount)s")
        )
        day, other = f"{code['redeemed_at']:%Y-%m-%d}", code["used_by_another"]
        told.append(said(sentence, day=day, order=code["order_key"], other=other, amount=cost))
    return [(said(N_("code %(code)s"), code=code["code"]), joined(told, "; "))]
