"""What one recipient was promised, and the life of their code, as questions and findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from winback import clock
from winback.journey import promises
from winback.model import Money


def promised(facts: Mapping[str, Any], currency: str) -> list[tuple[str, str]]:
    """What a recipient was promised, as (question, finding); nothing where their tactic has no offer."""
    if promises.FACT not in facts:
        return []
    if facts[promises.FACT] is None:
        return [("promised", "nothing: they have nothing that the offer could be counted from")]
    fact = promises.Promised.from_fact(facts[promises.FACT])
    parts = [
        f"{fact.discount * 100:f}".rstrip("0").rstrip(".") + " % of an order" if fact.discount else "",
        f"{fact.amount.amount:f} {fact.amount.currency}" if fact.amount else "",
        "" if fact.prize is None else f"prize {fact.prize + 1} of the draw",
        f"costs {fact.at_most:f} {currency} at the most",
    ]
    return [("promised", ", ".join(part for part in parts if part))]


def life(code: Mapping[str, Any] | None, there: ZoneInfo, currency: str) -> list[tuple[str, str]]:
    """What became of a recipient's code, as (question, finding)."""
    if code is None:
        return []
    told = [f"{code['status']}, reserved on {code['reserved_at']:%Y-%m-%d %H:%M} UTC"]
    if code["delivery_id"] is not None:
        told.append(f"first told by delivery {code['delivery_id']}")
    told.append(f"its last day is {clock.local_day(code['expires_at'], there).isoformat()} in {there.key}")
    if code["order_key"]:
        cost = f"{Money.from_minor(code['cost_minor'], currency).amount:f} {currency}"
        by = f", an order of {code['used_by_another']}" if code["used_by_another"] else ""
        told.append(f"used on {code['redeemed_at']:%Y-%m-%d} with order {code['order_key']}{by}, which cost {cost}")
    return [(f"code {code['code']}", "; ".join(told))]
