"""What the contact policy and the country's rules say of one customer, told with the facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row

from winback.journey import contact_policy, last_check, zones
from winback.journey.last_check import Postpone, SkipStage, Stop
from winback.journey.policy import Policy, Rules
from winback.journey.wishes import NO_WISHES
from winback.model import RecipientStatus
from winback.sending.prepared import Prepared
from winback.store import contact_log, preferences

Told: TypeAlias = tuple[str, str, bool | None]
"""What was asked, what was found, and how it came out (None: nothing to decide)."""


def rules_told(policy: Policy, country: str) -> Iterator[Told]:
    """Which rules of config/policy.yaml hold for a country, and where each comes from."""
    rules, own = policy.for_country(country), policy.countries.get(country)
    said = own.model_fields_set if own else set[str]()
    source = ", ".join(part for part in (rules.source, rules.checked_on and f"checked in {rules.checked_on}") if part)
    yield "policy", f"{country if own else 'default'}{f' ({source})' if source else ''}", None
    for name, found in _shown(rules):
        yield f"policy: {name.replace('_', ' ')}", f"{found} ({country if name in said else 'default'})", None


def _shown(rules: Rules) -> Iterator[tuple[str, str]]:
    yield "consent", rules.consent
    yield "channels", ", ".join(rules.channels) or "none"
    yield "languages", ", ".join(rules.languages) or "the customer's own"
    if rules.currency:
        yield "currency", rules.currency
    yield "hours", f"{rules.hours[0]:%H:%M}-{rules.hours[1]:%H:%M}"
    yield "caps", contact_policy.caps_told(rules)
    yield "gap", contact_policy.spoken(rules.gap)


def wishes_told(connection: Connection, customer_id: int) -> Iterator[Told]:
    """What the customer said on the preference page; nothing of who never did."""
    wishes = preferences.of(connection, [customer_id]).get(customer_id, NO_WISHES)
    said = {
        "channels off": ", ".join(sorted(wishes.channels_off)),
        "topics off": ", ".join(sorted(wishes.topics_off)),
        "letters a month": str(wishes.most_letters or ""),
        "paused until": str(wishes.paused_until or ""),
        "language": wishes.locale,
        "favourite day": wishes.favourite_day,
    }
    yield from ((f"wishes: {name}", found, None) for name, found in said.items() if found)


def contacts_told(connection: Connection, prepared: Prepared, recipient: Row[Any], country: str, now: datetime) -> Iterator[Told]:
    """How much of the caps is used up, and what the stage that comes next would have to wait for if it were due now."""
    wishes = preferences.of(connection, [recipient.customer_id]).get(recipient.customer_id, NO_WISHES)
    rules = wishes.narrow(prepared.policy.for_country(country))
    calendar = zones.calendar(recipient.time_zone, rules)
    contacts = contact_log.contacts(connection, [recipient.customer_id], now).get(recipient.customer_id, [])
    count = contact_policy.used(contacts, calendar, now)
    of = {span: getattr(rules.caps, span) for span in count}
    last = f"; the last on {max(contacts).astimezone(calendar):%Y-%m-%d %H:%M}" if contacts else ""
    free = all(cap is None or count[span] < cap for span, cap in of.items())
    yield "contacts", ", ".join(f"{count[span]} of {cap or 'any number'} a {span}" for span, cap in of.items()) + last, free
    if recipient.status != RecipientStatus.ACTIVE or recipient.next_stage >= len(prepared.campaign.stages):
        return
    stage = prepared.campaign.stages[recipient.next_stage]
    verdict = last_check.turn(prepared.campaign.ends_on, stage, rules, recipient.time_zone, now, contacts, wishes=wishes)
    match verdict:
        case Postpone(until, reason, detail):
            why = f" ({reason}): {detail}" if reason else ": outside of the hours"
            yield f"stage {stage.name}, if it were due now", f"waits until {until.astimezone(calendar):%Y-%m-%d %H:%M}{why}", False
        case SkipStage(reason, detail):
            yield f"stage {stage.name}, if it were due now", f"is skipped ({reason}): {detail}", False
        case Stop(reason, detail):
            yield f"stage {stage.name}, if it were due now", f"never leaves ({reason}): {detail or 'the campaign is over'}", False
        case None:
            yield f"stage {stage.name}, if it were due now", "may leave", True
