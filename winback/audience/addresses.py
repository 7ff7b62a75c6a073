"""Addresses as shops write them, made one way of writing, or told to be broken."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

# The ordinary shape, a part of what RFC 5321 allows. Two hyphens in a row are left to the slow way: they may be punycode, or forbidden.
# No mail goes to the reserved domains of RFC 6761, 6762 and 7686; `example` is let through, for made-up shops.
_ORDINARY = re.compile(
    r"(?=.{3,254}\Z)(?![^@]{65})[A-Za-z0-9_%+-]+(?:\.[A-Za-z0-9_%+-]+)*"
    r"@(?:[A-Za-z0-9](?:-?[A-Za-z0-9]){0,31}\.)+(?!(?i:arpa|invalid|local|localhost|onion|test)\Z)[A-Za-z]{2,32}"
)


def email(text: str) -> str | None:
    """The address with its domain in small letters and ASCII (IDNA); None when mail can't go there.

    The part before @ keeps its capitals: only the receiving side knows whether they mean something (RFC 5321, 2.4). Addresses with
    other than ASCII letters before @ are refused, since most mail servers don't take them. Nothing is looked up in the network.
    """
    if not _ORDINARY.fullmatch(text):
        return _unusual(text)
    if text.islower():
        return text
    local, at, domain = text.rpartition("@")
    return f"{local}{at}{domain.lower()}"


def as_it_travels(text: str) -> str | None:
    """An address with its domain in ASCII, whatever letters stand before @; None when no mail can go there."""
    try:
        found = _validator().validate_email(text, check_deliverability=False, allow_smtputf8=True, strict=True)
    except _validator().EmailNotValidError:
        return None
    return f"{found.local_part}@{found.ascii_domain}"


def chat_id(text: str) -> str | None:
    """A Telegram chat's number; None for user names, phone numbers and anything else that the Bot API can't write to."""
    return text if re.fullmatch("-?[1-9][0-9]{0,15}", text) else None  # at most 52 significant bits, says the Bot API


def _unusual(text: str) -> str | None:
    try:
        found = _validator().validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except _validator().EmailNotValidError:
        return None
    return str(found.ascii_email)


@cache
def _validator() -> Any:
    import email_validator  # late: it brings DNS and IDNA tables along, and ordinary addresses never need it

    return email_validator
