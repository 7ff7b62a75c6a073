"""Joining: the link of a letter or page, a phone that was shared, and the consent to be written to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from sqlalchemy import Connection

from winback import clock
from winback.audience import phones
from winback.bot.answers import Answer
from winback.bot.dialogue import Choice, Conclude, Context, Deed, Deeds, Known, Say, Scene
from winback.bot.handing_over import HandOver
from winback.bot.updates import Heard, Kind, Place
from winback.model import ChannelName
from winback.store import chats
from winback.store.chats import Agreed, Invited
from winback.tracking import addresses, tokens
from winback.tracking.presses import Press, Verb
from winback.tracking.tokens import Purpose


class Came(IntEnum):
    """What shows that whoever agrees is the customer; a number of Verb.JOIN."""

    LINK = 0  # they had the link that was made for them
    PHONE = 1  # Telegram says that the customer's phone is theirs


@dataclass(frozen=True, slots=True)
class Findings:
    """What else has to be known to let somebody join."""

    is_forbidden: bool = False  # in the country of whoever is invited advertising in this messenger isn't lawful
    by_phone: tuple[Invited, ...] = ()  # customers with the phone that was shared: two at most


@dataclass(frozen=True, slots=True)
class Join(Deed):
    """Bind the chat to the customer, with their consent and its proof."""

    customer_id: int
    delivery_id: int = 0
    came: Came = Came.LINK
    counted: ClassVar[str] = "joined"

    def do(self, context: Context) -> None:
        heard = context.heard
        wording = heard.shown or context.phrasebook.say(Answer.INVITATION, heard.language)
        evidence = {"chat": heard.chat_id, "update": heard.update_id, "message": heard.message_id, "came_by": self.came.name.lower()}
        if self.delivery_id and addresses.page_day(self.delivery_id) is None:
            evidence["delivery"] = self.delivery_id
        chats.join(context.connection, Agreed(self.customer_id, heard.chat_id, context.chat_hash, wording, evidence), context.now)


def invited(connection: Connection, heard: Heard, press: Press | None, scene: Scene) -> Invited | None:
    """Whom a joining link, or the button below an invitation, was made for; None: it isn't ours, is too old, or they are forgotten."""
    if press is not None and press.verb is Verb.JOIN and len(press.numbers) == 3:
        return chats.invited(connection, *press.numbers[:2])
    found = tokens.read(scene.project.link_keys, Purpose.JOIN, heard.text) if heard.kind is Kind.START else None
    return chats.invited(connection, *found) if found and not _is_old(connection, found[1], scene) else None


def _is_old(connection: Connection, number: int, scene: Scene) -> bool:
    day = addresses.page_day(number)
    if day is None:
        left_at = chats.invited_at(connection, number)
        day = None if left_at is None else clock.local_day(left_at, scene.project.zone)
    return day is None or not scene.today - scene.project.settings.telegram.join_within <= day <= scene.today


def gather(context: Context, known: Known) -> Findings | None:
    """The country's word on this channel, and whose phone was shared."""
    found: tuple[Invited, ...] = ()
    if context.heard.kind is Kind.CONTACT and context.heard.phone:
        found = chats.by_phone(context.connection, phones.international(f"+{context.heard.phone.lstrip('+')}") or "")
    invited = known.invited or (found[0] if len(found) == 1 else None)
    if invited is None:
        return None
    return Findings(ChannelName.TELEGRAM not in context.scene.policy.for_country(invited.country).channels, found)


def decide(heard: Heard, known: Known) -> Deeds | None:
    """Deeds of the store come before what is said about them."""
    if heard.place is not Place.PRIVATE:
        return None
    findings = known.note(Findings) or Findings()
    if heard.kind is Kind.START:
        return _welcomed(heard, known, findings)
    if heard.kind is Kind.CONTACT:
        return _shared(heard, known, findings)
    if heard.kind is Kind.PRESS and known.press is not None and known.press.verb is Verb.JOIN:
        return _agreed(heard, known, known.press)
    return None


def _welcomed(heard: Heard, known: Known, findings: Findings) -> Deeds:
    if known.invited is not None:
        return _invitation(heard, known, known.invited, findings, Came.LINK)
    if heard.text:
        return (Say(Answer.LINK_LOST, known.language, asks_phone=not known.is_open),)
    return (Say(Answer.ALREADY_JOINED, known.language) if known.is_open else Say(Answer.STRANGER, known.language, asks_phone=True),)


def _shared(heard: Heard, known: Known, findings: Findings) -> Deeds:
    """Of a shared contact only one's own number says who one is: anybody's card can be passed on."""
    if not heard.phone:
        return (Say(Answer.PHONE_NOT_OWN, known.language, asks_phone=True),)
    if len(findings.by_phone) == 1:
        return _invitation(heard, known, findings.by_phone[0], findings, Came.PHONE)
    return HandOver("unknown-phone"), Say(Answer.PHONE_UNKNOWN, known.language, ends_asking=True)


def _invitation(heard: Heard, known: Known, invited: Invited, findings: Findings, came: Came) -> Deeds:
    language = known.language if known.who or known.invited else invited.locale or known.language
    if _is_anothers(known, invited):
        return HandOver("two-customers"), Say(Answer.LINK_TAKEN, language, ends_asking=True)
    if _is_elsewhere(heard, invited, came):
        return (Say(Answer.ALREADY_YOURS, language, asks_phone=True),)
    if known.is_open:
        return (Say(Answer.ALREADY_JOINED, language),)
    if findings.is_forbidden:
        return (Say(Answer.NOT_THERE, language),)
    return (Say(Answer.INVITATION, language, ((Choice(Answer.AGREE, Verb.JOIN, (invited.customer_id, invited.delivery_id, came)),),)),)


def _agreed(heard: Heard, known: Known, press: Press) -> Deeds:
    """What held when the button was shown is asked again: others may have joined since, and customers are merged and forgotten."""
    invited, came = known.invited, Came.PHONE if press.numbers[2:] == (Came.PHONE,) else Came.LINK
    if invited is None:
        return (Conclude(Answer.LINK_LOST, known.language),)
    if _is_anothers(known, invited):
        return (Conclude(Answer.LINK_TAKEN, known.language),)
    if _is_elsewhere(heard, invited, came):
        return (Conclude(Answer.ALREADY_YOURS, known.language),)
    if known.is_open:
        return (Conclude(Answer.ALREADY_JOINED, known.language),)
    return Join(invited.customer_id, invited.delivery_id, came), Conclude(Answer.JOINED, known.language)


def _is_anothers(known: Known, invited: Invited) -> bool:
    """A chat that is one customer's doesn't become another's."""
    return known.who is not None and known.who.customer_id != invited.customer_id


def _is_elsewhere(heard: Heard, invited: Invited, came: Came) -> bool:
    """A link that was passed on binds nobody else's chat; whoever has the customer's own phone may move to another account."""
    return came is Came.LINK and invited.chat_id not in {"", heard.chat_id}
