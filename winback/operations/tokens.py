"""Tokens of the studio and of programs: made, compared, kept as hashes only. Of the standard library alone: `winback[serve]` brings no argon2."""

from __future__ import annotations

import hashlib
import secrets


def new() -> str:
    """What nobody guesses: 256 bits, in letters that addresses and cookies may hold."""
    return secrets.token_urlsafe(32)


def is_same(one: str, other: str) -> bool:
    """Whether two tokens are one, in a time that tells nothing of where they differ."""
    return secrets.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def hashed(text: str) -> str:
    """What is kept of a token: it is long and by chance, so one pass of SHA-256 is enough."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
