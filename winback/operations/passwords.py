"""Passwords of the studio: kept as hashes only, compared."""

from __future__ import annotations

import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from winback.speech import N_

SHORTEST, LONGEST = 12, 200
"""Characters. Length is what counts: no capitals or figures are asked for (NIST SP 800-63B, 3.1.1)."""

_FEWEST_DIFFERENT = 5
_HASHER = PasswordHasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)
"""Argon2id as OWASP's Password Storage Cheat Sheet gives it: 19 MiB, two passes, one lane."""

_TURNS = threading.BoundedSemaphore(2)
"""So many are reckoned at once: whoever sends hundreds of tries fills neither the memory nor every processor with them."""


_TOO_SHORT = N_("The password is too short. Take at least 12 characters: several words are easy to remember.")
_TOO_LONG = N_("The password is too long. Take at most 200 characters.")
_REPEATS = N_("The password repeats itself. Take another one: several words are easy to remember.")
_IS_KNOWN = N_("The password is the address or the name. Take another one: several words are easy to remember.")


def fault(password: str, *, email: str = "", name: str = "") -> str:
    """Why somebody can't take this password, as a sentence that the catalogues have; empty when they can."""
    if len(password) < SHORTEST:
        return _TOO_SHORT
    if len(password) > LONGEST:
        return _TOO_LONG
    if len(set(password)) < _FEWEST_DIFFERENT:
        return _REPEATS
    return _IS_KNOWN if password.casefold() in {email.casefold(), name.casefold()} else ""


def hashed(password: str) -> str:
    """The hash to keep, with its salt and its parameters."""
    with _TURNS:
        return _HASHER.hash(_bytes(password))


def fits(password: str, password_hash: str) -> bool:
    """Whether it is the password. It takes the same time when there is no hash: whoever asks learns nothing from it."""
    with _TURNS:
        try:
            return _HASHER.verify(password_hash or _nobodys(), _bytes(password[: LONGEST + 1])) and bool(password_hash)
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(password_hash: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


@cache
def _nobodys() -> str:
    """A hash that no password fits, to take the same time."""
    return _HASHER.hash(secrets.token_urlsafe(32))
