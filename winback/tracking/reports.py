"""What mail servers report about a letter: that it came back (RFC 3464, RFC 6533), or that its reader calls it spam (RFC 5965)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser

from winback.channels import smtp_replies
from winback.errors import LaneError, PermanentError, TemporaryError

_CODE = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_REPLY_CODE = re.compile(r"\b([45]\d\d)[ -]")
_RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery report about one recipient. `verdict` is hard, soft, lane or greylisted; None: it hasn't failed (yet)."""

    recipient: str
    status: str
    text: str
    verdict: str | None


def delivery_report(message: Message) -> Report | None:
    """The report about the first recipient that failed, else about the first one; None when the mail isn't a delivery report."""
    reports = [_report(block) for part in message.walk() for block in _blocks(part)]
    return next((report for report in reports if report.verdict), reports[0] if reports else None)


def is_complaint(message: Message) -> bool:
    return any(part.get_content_type() == "message/feedback-report" for part in message.walk())


def returned_ids(message: Message) -> Iterator[str]:
    """Message-IDs of the letters that a report has attached, whole or only their headers."""
    for part in message.walk():
        if part.get_content_type() in _RETURNED:
            attached = next(iter(_inside(part)), None) or HeaderParser().parsestr(_plain(part))
            yield from re.findall(r"<[^<>\s]+>", str(attached.get("Message-ID", "")))


def judge(status: str, text: str) -> str:
    """Hard, soft, lane or greylisted, by the same table as a refusal during sending: one meaning, whenever it is said.

    A status without a subject (5.0.0) says nothing: then the words of the other server decide.
    """
    found = next((code for code in _CODE.finditer(f"{status} {text}") if (code[2], code[3]) != ("0", "0")), None)
    said = f"{found[0] if found else ''} {_CODE.sub('', text)}"
    code = _REPLY_CODE.search(text)
    failed = int(code[1]) if code else 550 if not status or status.startswith("5") else 450
    match smtp_replies.classify(failed, said):
        case LaneError():
            return "lane"
        case TemporaryError(reason=smtp_replies.SLOW_DOWN) if found and found[2] == "7":
            return "lane"  # it stayed so until the server behind us gave up: the address is innocent of it
        case PermanentError(reason=smtp_replies.NO_SUCH_MAILBOX):
            return "hard"
        case TemporaryError(reason="greylisted"):
            return "greylisted"
    return "soft"


def _blocks(part: Message) -> Iterator[Message]:
    """The groups of fields about single recipients. Python reads the international kind of report as a mail inside the mail."""
    if part.get_content_type() == "message/delivery-status":
        groups = _inside(part) or _groups(part)
    elif part.get_content_type() == "message/global-delivery-status":
        groups = [group for inner in _inside(part) or [part] for group in _groups(inner)]
    else:
        return
    yield from (group for group in groups if group["Final-Recipient"] or group["Original-Recipient"])


def _groups(part: Message) -> list[Message]:
    return [HeaderParser().parsestr(chunk) for chunk in re.split(r"\r?\n\r?\n", _plain(part))]


def _inside(part: Message) -> list[Message]:
    return [inner for inner in part.get_payload() if isinstance(inner, Message)] if part.is_multipart() else []


_NOT_FAILED = {"delayed", "delivered", "relayed", "expanded"}


def _report(block: Message) -> Report:
    """Servers write more into these fields than RFC 3464 has words for: whatever doesn't say that all is well has failed."""
    recipient = str(block["Final-Recipient"] or block["Original-Recipient"]).rpartition(";")[2].strip().strip("<>")
    status = str(block.get("Status", ""))
    code = (_CODE.search(status) or [""])[0]
    said = " ".join(f"{status.replace(code, '', 1)} {str(block.get('Diagnostic-Code', '')).partition(';')[2]}".split())
    action = str(block.get("Action", "failed")).strip().lower()
    return Report(recipient, code, said[:1_000], None if action in _NOT_FAILED else judge(code, said))


def _plain(part: Message) -> str:
    content = part.get_payload(decode=True)  # without decoding, Python 3.11 fails on some declarations of the charset
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
