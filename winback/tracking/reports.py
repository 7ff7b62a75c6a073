"""What mail servers report about a letter: that it came back or is late (RFC 3464, RFC 6533), or that its reader calls it spam (RFC 5965)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message
from enum import StrEnum

from winback.tracking import judging, mail
from winback.tracking.judging import Fault

_RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers")


class Action(StrEnum):
    """What a report says has happened."""

    FAILED = "failed"  # the letter won't be delivered
    DELAYED = "delayed"  # it may still be
    DELIVERED = "delivered"  # all is well, or nobody can tell more


@dataclass(frozen=True, slots=True)
class Report:
    """What is said of one recipient."""

    recipient: str  # whom the letter was sent to; where it was forwarded on, not the last stop
    status: str  # RFC 3463; empty where nothing like it is said
    text: str  # the other server's words
    action: Action = Action.FAILED

    @property
    def verdict(self) -> Fault | None:
        """None: all is well."""
        if self.action is Action.DELIVERED:
            return None
        found = judging.fault(self.status, self.text)
        return Fault.SOFT if self.action is Action.DELAYED and found is Fault.HARD else found

    @property
    def code(self) -> str:
        """The status code that says most."""
        return judging.code(self.status, self.text)


def delivery_reports(message: Message) -> list[Report]:
    """One report for each recipient; none where the mail has none in the standard form. Those that failed come first."""
    found = [_report(block) for block in _blocks(message)]
    order = list(Action)
    return sorted({(report.recipient, report.action): report for report in reversed(found)}.values(), key=lambda report: order.index(report.action))


def returned(message: Message) -> Iterator[Message]:
    """The letters that a report has attached, whole or only their headers."""
    for part in mail.parts(message):
        if part.get_content_type() in _RETURNED:
            inner = mail.attached(part)
            yield inner[0] if inner else mail.fields(mail.decoded(part))


def returned_ids(message: Message) -> Iterator[str]:
    """Message-IDs of the letters that a report has attached."""
    for letter in returned(message):
        yield from mail.ids(str(letter.get("Message-ID", "")))


def left_by(message: Message) -> Iterator[str]:
    """Addresses in the attached letters' own headers that say which letter it was."""
    for letter in returned(message):
        yield from mail.addresses(letter, "Return-Path", "List-Unsubscribe")


_FINAL, _ORIGINAL = "Final-Recipient", "Original-Recipient"
_IN_WORDS = re.compile(r"^[ \t>]*(?:Final|Original)-Recipient[ \t]*:", re.IGNORECASE | re.MULTILINE)


def _blocks(message: Message) -> Iterator[Message]:
    """The groups of fields about single recipients. Python reads the international kind of report as a mail inside the mail."""
    found = False
    for part in mail.parts(message):
        if "delivery-status" in part.get_content_type():
            for group in _groups(part):
                if group[_FINAL] or group[_ORIGINAL]:
                    found = True
                    yield group
    if not found:  # a report whose parts fell apart on the way
        for part in mail.parts(message):
            text = "" if part.is_multipart() or part.get_content_type() in _RETURNED else mail.decoded(part)[: 20 * 1024]
            if _IN_WORDS.search(text):
                yield from (group for group in map(mail.fields, re.split(r"\r?\n[ \t>]*\r?\n", text)) if group[_FINAL] or group[_ORIGINAL])


def _groups(part: Message) -> Iterator[Message]:
    for inner in mail.attached(part) or [part]:
        yield inner
        rest = mail.decoded(inner)[: 20 * 1024]
        yield from (mail.fields(chunk.lstrip()) for chunk in re.split(r"\r?\n[ \t]*\r?\n", rest))


_FINE = {"delivered", "relayed", "expanded", "deliverable"}


def _report(block: Message) -> Report:
    """Servers write more into these fields than RFC 3464 has words for: whatever doesn't say that all is well has failed."""
    written = _value(block, "Status")
    said = " ".join(
        text
        for text in (
            re.sub(r"^[\s\d.]+", "", written) if re.match(r"\s*\d\.\d+\.\d+", written) else written,
            _said(_value(block, "Diagnostic-Code")),
            _value(block, "X-Supplementary-Info") or _value(block, "X400-Supplementary-Info"),
            _comment(_value(block, "Action")),
        )
        if text
    )
    status = (re.search(r"\d\.\d{1,3}\.\d{1,3}", written) or [""])[0]
    action = re.match(r"[a-z]*", _value(block, "Action").lower())
    word = action[0] if action else ""
    what = (
        Action.DELIVERED if word in _FINE or (not word and status.startswith("2")) else Action.DELAYED if word.startswith("delay") else Action.FAILED
    )
    return Report(_recipient(block), status, said[:1_000].strip(), what)


def _value(block: Message, name: str) -> str:
    return " ".join(mail.header(block, name).split())


def _said(diagnostic: str) -> str:
    """The words behind the type of a Diagnostic-Code: `smtp; 550 ...`."""
    found = re.match(r"\s*[\w-]{1,40}\s*;\s*(.*)", diagnostic)
    return found[1] if found else diagnostic


def _comment(action: str) -> str:
    found = re.search(r"\(([^)]*)\)", action)
    return found[1] if found else ""


def _recipient(block: Message) -> str:
    for name in (_ORIGINAL, _FINAL, "X-Actual-Recipient"):
        value = _value(block, name)
        found = mail.MAILBOX.search(_unquoted(value.partition(";")[2] or value))
        if found and is_address(found[0]):
            return found[0]
    return ""


def _unquoted(value: str) -> str:
    """Without the ways in which RFC 6533 and RFC 3461 write what isn't ASCII."""
    value = re.sub(r"\\x\{([0-9A-Fa-f]{2,6})\}", lambda found: _character(found[1]), value)
    return re.sub(r"\+([0-9A-F]{2})(?=[^@]*@)", lambda found: _character(found[1]) if int(found[1], 16) in {0x2B, 0x3D, 0x40} else found[0], value)


def _character(digits: str) -> str:
    number = int(digits, 16)
    return chr(number) if 0x20 <= number < 0xD800 or 0xE000 <= number < 0x110000 else ""


def is_address(text: str) -> bool:
    """Whether a mailbox may be called so."""
    local, at, domain = text.rpartition("@")
    return bool(
        at
        and local
        and "." in domain
        and ".." not in text
        and not local.startswith(".")
        and not domain.startswith((".", "-"))
        and not domain.endswith((".", "-"))
    )


def with_words(report: Report, words: str) -> Report:
    """The report with what the human part of it says, where the fields say nothing: a general status, and no reason."""
    said = report.text.strip()
    is_general = not report.code or re.fullmatch(r"[45]\.\d+\.0", report.code) is not None
    return replace(report, text=f"{said} {words}".strip()[:2_000]) if is_general and judging.says_nothing(said) and words else report
