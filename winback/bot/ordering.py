"""Where is my order? The bot doesn't know; a person gets the question with the last order beside it."""

from __future__ import annotations

from dataclasses import dataclass

from winback import clock
from winback.bot import order_words
from winback.bot.answers import Answer
from winback.bot.dialogue import Acknowledge, Context, Deeds, Known, Say
from winback.bot.handing_over import HandOver
from winback.bot.updates import Heard, Kind, Place
from winback.journey.threads import Why
from winback.letters import formats, locales
from winback.model import Money
from winback.store.last_orders import last_order
from winback.tracking import asking
from winback.tracking.presses import Verb


@dataclass(frozen=True, slots=True)
class Ordered:
    """The newest order; of who never ordered both are empty."""

    shown: str = ""  # to the customer: its number and day
    told: str = ""  # to the person: everything


def gather(context: Context, known: Known) -> Ordered | None:
    heard = context.heard
    is_pressed = known.press is not None and known.press.verb is Verb.ORDER
    is_asked = heard.kind is Kind.WORDS and not heard.is_edit and order_words.ask(heard.text) and not asking.to_stop(heard.text)
    if known.who is None or heard.place is not Place.PRIVATE or not (is_pressed or is_asked):
        return None
    row = last_order(context.connection, known.who.customer_id, context.now)
    if row is None:
        return Ordered()
    day = clock.local_day(row.ordered_at, context.project.zone)
    worth = Money.from_minor(row.amount_minor, row.currency)
    shown = f"{row.key}, {formats.write_date(day, locale=locales.babel_name(known.language))}"
    return Ordered(shown, f"{row.key} of {day}, {row.status}, {worth.amount} {worth.currency}")


def decide(heard: Heard, known: Known) -> Deeds | None:
    order = known.note(Ordered)
    if order is None:
        return None
    asked = f"Asks where an order is: {heard.text}" if heard.kind is Kind.WORDS else "Asks where an order is."
    last = f"The last one: {order.told}." if order.told else "There is no order that we know of."
    passed_on = HandOver(Why.ORDER, note=f"{asked}\n{last}", tells=True)
    told = Say(Answer.ORDER_ASKED, known.language, values=(("order", order.shown),)) if order.shown else Say(Answer.ORDER_UNKNOWN, known.language)
    return (*((Acknowledge(),) if heard.kind is Kind.PRESS else ()), told, passed_on)
