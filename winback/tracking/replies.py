"""Mail that came in: a person's reply, a machine's, a report, a request to stop. Reads bytes, decides; changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message
from enum import StrEnum

from winback.tracking import asking, automatic, complaints, judging, mail, own_words, reports, told_reports
from winback.tracking.mail import parse
from winback.tracking.reports import Action, Report

__all__ = ["Meaning", "Returned", "classify", "parse"]


class Meaning(StrEnum):
    """What a mail that came in means."""

    REPLY = "reply"  # a person answers
    UNSUBSCRIBE = "unsubscribe"  # a person asks not to be written to
    AUTO_REPLY = "auto-reply"  # a machine answers: out of office, a ticket's number, a filter that wants a proof
    HARD = "hard"  # the address doesn't exist
    SOFT = "soft"  # it didn't arrive, this time
    LANE = "lane"  # it was refused because of us (authentication, policy, reputation): the address is innocent
    GREYLISTED = "greylisted"  # to be tried again: counts as nothing
    COMPLAINT = "complaint"  # its reader called it spam
    OTHER = "other"  # anything else


class Kind(StrEnum):
    """What sort of mail it is."""

    BOUNCE = "bounce"  # a letter came back
    DELAY = "delay"  # a letter is late; it may still arrive
    RECEIPT = "receipt"  # a letter arrived
    COMPLAINT = "complaint"  # a feedback report
    REPLY = "reply"  # by a person
    UNSUBSCRIBE = "unsubscribe"  # by a person, who asks to be left alone
    AUTO_REPLY = "auto-reply"  # by a machine
    OTHER = "other"  # anything else


KINDS = {Action.FAILED: Kind.BOUNCE, Action.DELAYED: Kind.DELAY, Action.DELIVERED: Kind.RECEIPT}


@dataclass(frozen=True, slots=True)
class Returned:
    """One mail, understood."""

    meaning: Meaning
    key: str  # the same for the same mail, however often it is read
    message_ids: tuple[str, ...] = ()  # of the letters it speaks of, the nearest first
    came_to: tuple[str, ...] = ()  # addresses it was sent to: they may hold our tokens
    sender: str = ""
    recipient: str = ""  # whose mailbox a report is about
    status: str = ""  # RFC 3463
    text: str = ""  # a person's own words, or what the other server said
    subject: str = ""
    left_by: tuple[str, ...] = ()  # addresses that the attached letter names as its sender's and as where to unsubscribe: they may hold our tokens
    reports: tuple[Report, ...] = ()  # one for each recipient: the first is told above too

    @property
    def kind(self) -> Kind:
        return KINDS[self.reports[0].action] if self.reports else Kind(self.meaning)


def classify(message: Message) -> Returned:
    """What a mail means, from the mail alone."""
    sender = mail.address(message, "From")
    found = Returned(
        Meaning.OTHER, _key(message, sender), came_to=tuple(_recipients(message)), sender=sender, subject=mail.header(message, "Subject")
    )
    if complaint := complaints.read(message):
        meaning = Meaning.COMPLAINT if complaint.is_meant else Meaning.OTHER
        ids = tuple(reports.returned_ids(message))
        left_by = complaint.mail_from + tuple(reports.left_by(message))
        return replace(found, meaning=meaning, message_ids=ids, left_by=left_by, recipient=complaint.recipient, text=complaint.text)
    ids = tuple(_referred(message))
    if told := _reports(message):
        attached = tuple(reports.returned_ids(message)) or ids
        return _reported(replace(found, message_ids=attached, left_by=tuple(reports.left_by(message))), told)
    if automatic.is_bulk(message):
        return replace(found, message_ids=ids)
    words = own_words.of(mail.text(message))
    if automatic.is_automatic(message, words):
        return replace(found, meaning=Meaning.AUTO_REPLY, message_ids=ids)
    if not sender or (not words and not found.subject):
        return replace(found, message_ids=ids)
    asked = asking.to_stop(words, found.subject)
    return replace(found, meaning=Meaning.UNSUBSCRIBE if asked else Meaning.REPLY, message_ids=ids, text=words)


def _reports(message: Message) -> list[Report]:
    """What a mail reports: by the standard's fields, else in its own words."""
    found = reports.delivery_reports(message)
    if any(report.recipient for report in found):
        return _in_full(message, found) if any(_needs_words(report) for report in found) else found
    if not found and not told_reports.is_bounce(message):
        return []
    told = told_reports.told(message)
    if found:
        told = [reports.with_words(replace(found[0], recipient=report.recipient), report.text) for report in told]
    return told


def _needs_words(report: Report) -> bool:
    return report.action is not Action.DELIVERED and judging.says_nothing(report.text)


def _in_full(message: Message, found: list[Report]) -> list[Report]:
    """The fields with the words of the report's human part, where the fields name no reason."""
    told = {report.recipient.lower(): report.text for report in told_reports.told(message, only_sure=True)}
    everybody = next(iter(told.values()), "") if len(told) == 1 else told_reports.reason(message)[:2_000]
    return [reports.with_words(report, told.get(report.recipient.lower(), everybody)) for report in found if report.recipient]


def _reported(found: Returned, told: list[Report]) -> Returned:
    first = told[0]
    meaning = Meaning(first.verdict) if first.verdict else Meaning.OTHER
    return replace(found, meaning=meaning, recipient=first.recipient, status=first.code, text=first.text[:1_000], reports=tuple(told))


def _key(message: Message, sender: str) -> str:
    """By Message-ID and sender; a mail without one is known by whatever it says, and to whom."""
    own = mail.header(message, "Message-ID").strip()
    words = (mail.header(message, "Date"), mail.header(message, "Subject"), *_recipients(message), *_contents(message))
    told = f"{own}\n{sender}" if own else "\n".join((sender, *words))
    return f"mail:{hashlib.sha256(told.encode(errors='replace')).hexdigest()[:32]}"


def _contents(message: Message) -> Iterator[str]:
    for part in mail.parts(message):
        yield " ".join(str(part.get(name, "")) for name in ("Message-ID", "Final-Recipient", "Status"))[:1_000]
        yield "" if part.is_multipart() else mail.decoded(part)[:100_000]


def _referred(message: Message) -> Iterator[str]:
    for name in ("In-Reply-To", "References"):
        yield from reversed(mail.ids(mail.header(message, name))[-50:])


def _recipients(message: Message) -> Iterator[str]:
    yield from mail.addresses(message, "Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")
