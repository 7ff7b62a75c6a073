"""Feedback reports: somebody called a letter spam (RFC 5965), in the standard form or as providers send it without one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message

from winback.tracking import mail, reports

_MEANT = {"abuse", "fraud", "virus", "other", "opt-out", "opt-out-list", "miscategorized", ""}
"""Feedback-Types that say: no more of this. `not-spam` says the contrary, `auth-failure` (RFC 6591) and `dmarc` speak of forgeries."""
_BY_SUBJECT = re.compile(
    r"complaint about message from|abuse (?:report|complaint)|email feedback report|spam complaint|e-?mail abuse report", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a feedback report says."""

    is_meant: bool
    recipient: str  # who complained, where the provider says so
    mail_from: tuple[str, ...]  # the letter's envelope sender: it holds our token
    text: str  # the type of feedback


def read(message: Message) -> Complaint | None:
    """None: the mail isn't a feedback report."""
    part = next((part for part in mail.parts(message) if "feedback-report" in part.get_content_type()), None)
    declared = str(message.get_param("report-type", "")).lower() == "feedback-report"
    if part is None and not declared:
        return _by_subject(message)
    group = _fields(part) if part is not None else mail.fields(mail.text(message))
    kind = mail.header(group, "Feedback-Type").lower()
    letter = next(reports.returned(message), None)
    recipients = list(mail.addresses(group, "Original-Rcpt-To", "Removal-Recipient"))
    if not recipients and letter is not None:
        recipients = list(mail.addresses(letter, "X-HmXmrOriginalRecipient", "Delivered-To", "To"))
    sent_by = [
        *mail.addresses(group, "Original-Mail-From"),
        *(mail.addresses(letter, "Return-Path", "X-Original-Mail-From") if letter is not None else ()),
    ]
    return Complaint(kind in _MEANT, recipients[0] if recipients else "", tuple(sent_by), kind)


def _fields(part: Message) -> Message:
    inner = mail.attached(part)
    return inner[0] if inner else mail.fields(mail.decoded(part).lstrip())


def _by_subject(message: Message) -> Complaint | None:
    """Microsoft's junk reports, and others' that only attach the letter."""
    subject = mail.header(message, "Subject")
    letter = next(reports.returned(message), None)
    if letter is None or not _BY_SUBJECT.search(subject):
        return None
    to = list(mail.addresses(letter, "X-HmXmrOriginalRecipient", "To"))
    return Complaint(is_meant=True, recipient=to[0] if to else "", mail_from=tuple(mail.addresses(letter, "Return-Path")), text="abuse")
