"""A letter's HTML for a frame in which it can do nothing: its own pictures inside, nothing fetched, no link to be followed by mistake."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from winback.channels.unpacked import Part

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
    ),
    "X-Frame-Options": "SAMEORIGIN",
    "X-DNS-Prefetch-Control": "off",
}
"""No scripts, no forms, nothing from elsewhere: neither a counting pixel nor a picture, whatever the letter says."""

_CID = re.compile(r"""cid:([^"'\s)>]+)""", re.IGNORECASE)
_BEFORE = (re.compile(r"<head\b[^>]*>", re.IGNORECASE), re.compile(r"<html\b[^>]*>", re.IGNORECASE), re.compile(r"<!doctype[^>]*>", re.IGNORECASE))
_NO_LINKS = '<base target="_blank">'
"""A new window is what the sandbox doesn't give, so a link that is pressed leads nowhere and the letter stays."""


def framed(html: str, parts: Iterable[Part]) -> str:
    """The HTML with pictures that travel in the letter put in their places."""
    pictures = {part.content_id: part.url for part in parts if part.content_id and part.is_picture}
    shown = _CID.sub(lambda found: pictures.get(unquote(found[1]), found[0]), html)
    at = next((found.end() for pattern in _BEFORE if (found := pattern.search(shown))), 0)
    return f"{shown[:at]}{_NO_LINKS}{shown[at:]}"
