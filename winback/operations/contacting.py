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
from winback.speech import N_, called, joined, said
from winback.store import contact_log, preferences

Told: TypeAlias = tuple[str, str, bool | None]
"""What was asked, what was found, and how it came out (None: nothing to decide)."""


def rules_told(policy: Policy, country: str) -> Iterator[Told]:
    """Which rules of config/policy.yaml hold for a country, and where each comes from."""
    rules, own = policy.for_country(country), policy.countries.get(country)
    told = own.model_fields_set if own else set[str]()
    checked = said(N_("checked in %(month)s"), month=rules.checked_on) if rules.checked_on else ""
    source = joined(part for part in (rules.source, checked) if part)
    usual = said(N_("default"))
    from_ = country if own else usual
    yield said(N_("policy")), said("%(from)s (%(source)s)", **{"from": from_, "source": source}) if source else from_, None
    for name, found in _shown(rules):
        asks = said(N_("policy: %(rule)s"), rule=called(name, "policy"))
        yield asks, said("%(found)s (%(from)s)", **{"found": found, "from": country if name in told else usual}), None


def _shown(rules: Rules) -> Iterator[tuple[str, str]]:
    yield "consent", called(rules.consent, "consent rule")
    yield "channels", joined(called(str(channel), "channel") for channel in rules.channels) or said(N_("none"))
    yield "languages", ", ".join(rules.languages) or said(N_("the customer's own"))
    if rules.currency:
        yield "currency", rules.currency
    yield "hours", f"{rules.hours[0]:%H:%M}-{rules.hours[1]:%H:%M}"
    yield "caps", contact_policy.caps_told(rules)
    yield "gap", contact_policy.spoken(rules.gap)


def wishes_told(connection: Connection, customer_id: int) -> Iterator[Told]:
    """What the customer said on the preference page; nothing of who never did."""
    wishes = preferences.of(connection, [customer_id]).get(customer_id, NO_WISHES)
    wished = {
        "channels off": joined(called(channel, "channel") for channel in sorted(wishes.channels_off)),
        "topics off": joined(called(topic, "topic") for topic in sorted(wishes.topics_off)),
        "letters a month": str(wishes.most_letters or ""),
        "paused until": str(wishes.paused_until or ""),
        "language": wishes.locale,
        "favourite day": wishes.favourite_day,
    }
    yield from ((said(N_("wishes: %(wish)s"), wish=called(name, "wish")), found, None) for name, found in wished.items() if found)


def contacts_told(connection: Connection, prepared: Prepared, recipient: Row[Any], country: str, now: datetime) -> Iterator[Told]:
    """How much of the caps is used up, and what the stage that comes next would have to wait for if it were due now."""
    wishes = preferences.of(connection, [recipient.customer_id]).get(recipient.customer_id, NO_WISHES)
    rules = wishes.narrow(prepared.policy.for_country(country))
    calendar = zones.calendar(recipient.time_zone, rules)
    contacts = contact_log.contacts(connection, [recipient.customer_id], now).get(recipient.customer_id, [])
    count = contact_policy.used(contacts, calendar, now)
    of = {span: getattr(rules.caps, span) for span in count}
    free = all(cap is None or count[span] < cap for span, cap in of.items())
    used = {span: said(N_("%(number)s of %(cap)s"), number=count[span], cap=cap or said(N_("any number"))) for span, cap in of.items()}
    told = said(N_("%(week)s a week, %(month)s a month, %(year)s a year"), **used)
    if contacts:
        told = said(N_("%(contacts)s; the last on %(moment)s"), contacts=told, moment=f"{max(contacts).astimezone(calendar):%Y-%m-%d %H:%M}")
    yield said(N_("contacts")), told, free
    if recipient.status != RecipientStatus.ACTIVE or recipient.next_stage >= len(prepared.campaign.stages):
        return
    stage = prepared.campaign.stages[recipient.next_stage]
    verdict = last_check.turn(prepared.campaign.ends_on, stage, rules, recipient.time_zone, now, contacts, wishes=wishes)
    asks = said(N_("stage %(name)s, if it were due now"), name=stage.name)
    match verdict:
        case Postpone(until, reason, detail):
            moment = f"{until.astimezone(calendar):%Y-%m-%d %H:%M}"
            if reason:
                why = called(str(reason), "reason")
                yield asks, said(N_("waits until %(moment)s (%(reason)s): %(detail)s"), moment=moment, reason=why, detail=detail), False
            else:
                yield asks, said(N_("waits until %(moment)s: outside of the hours"), moment=moment), False
        case SkipStage(reason, detail):
            yield asks, said(N_("is skipped (%(reason)s): %(detail)s"), reason=called(str(reason), "reason"), detail=detail), False
        case Stop(reason, detail):
            why = called(str(reason), "reason")
            yield asks, said(N_("never leaves (%(reason)s): %(detail)s"), reason=why, detail=detail or said(N_("the campaign is over"))), False
        case None:
            yield asks, said(N_("may leave")), True
