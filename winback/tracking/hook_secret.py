"""What Telegram shows with every update that it tells the webhook, so that nobody else can tell us any."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

HEADER = b"x-telegram-bot-api-secret-token"


def of(key: bytes) -> str:
    """The secret that comes from the project's own key: 64 characters of those that setWebhook allows."""
    return hmac.digest(key, b"winback telegram webhook", "sha256").hex()


def is_shown(key: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a request has it, once; compared in constant time."""
    shown = [value for name, value in headers if name == HEADER]
    return hmac.compare_digest(shown[0] if len(shown) == 1 else b"", of(key).encode())
