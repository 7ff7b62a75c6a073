"""What a button in a chat says when it is pressed: a verb and numbers, signed for that chat.

Telegram gives the data back as the customer's app sends it, which can send anything: what isn't signed by us, or was signed for
another chat, says nothing. At most 64 bytes (core.telegram.org/bots/api#inlinekeyboardbutton):

    VERB[.NUMBER...]~SIGNATURE    numbers in base 36; the signature's first byte says which key signed, as in tokens, and 14 more are
                                  HMAC-SHA256, cut to 112 bits: 20 characters of urlsafe base64
"""

from __future__ import annotations

import base64
import hmac
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from winback.tracking import tokens
from winback.tracking.tokens import Purpose

LONGEST = 64


class Verb(StrEnum):
    """What a press asks for; short, since every letter counts. What its numbers are stands beside it."""

    JOIN = "join"  # customer, delivery that invited, store.chats.Proof: yes, write to me here
    PERSON = "person"  # nothing: let a person answer me
    WISH = "wish"  # bot.wishing.Field, and what is wished of it


@dataclass(frozen=True, slots=True)
class Press:
    """A button of ours that was pressed in the chat that it was made for."""

    verb: Verb
    numbers: tuple[int, ...] = ()


_DIGITS = string.digits + string.ascii_lowercase
_SHAPE = re.compile(r"([a-z-]+)((?:\.[0-9a-z]{1,13})*)~([A-Za-z0-9_-]{20})", re.ASCII)


def write(keys: Sequence[bytes], chat_id: str, verb: Verb, *numbers: int) -> str:
    """The data of a button for this chat; the first key signs. Raises ValueError where it says more than Telegram carries."""
    said = ".".join((verb, *map(_base36, numbers)))
    mark, signing = tokens.derived(keys[0], Purpose.PRESS)
    data = f"{said}~{base64.urlsafe_b64encode(mark + _signature(signing, chat_id, said)).decode()}"
    if len(data) > LONGEST:
        raise ValueError(f"a button can't say {said}: {len(data)} of {LONGEST} bytes")
    return data


def read(keys: Sequence[bytes], chat_id: str, data: str) -> Press | None:
    """What one of the keys signed for this chat, else None. Signatures are compared in constant time."""
    found = _SHAPE.fullmatch(data)
    if found is None or len(data) > LONGEST:
        return None
    verb, numbers, written = found.groups()
    mark, *signature = base64.urlsafe_b64decode(written)
    ring, other = tokens.ring_of(tuple(keys), Purpose.PRESS)
    signed = [hmac.compare_digest(bytes(signature), _signature(key, chat_id, verb + numbers)) for key in ring.get(mark, other)]
    if not any(signed) or mark not in ring or verb not in set(Verb):
        return None
    return Press(Verb(verb), tuple(int(number, 36) for number in numbers.split(".")[1:]))


def _signature(key: bytes, chat_id: str, said: str) -> bytes:
    return hmac.digest(key, f"{chat_id} {said}".encode(), "sha256")[:14]


def _base36(number: int) -> str:
    if number < 0:
        raise ValueError(f"a button can't say {number}")
    digits = ""
    while number >= 36:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return _DIGITS[number] + digits
