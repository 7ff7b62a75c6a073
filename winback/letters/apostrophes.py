"""Apostrophes as each language prints them, whatever key they were typed with.

Uzbek has two letters with a turned comma, oʻ and gʻ (U+02BB), and a sign of its own between letters, the tutuq belgisi of sanʼat (U+02BC).
People type ' or ‘ or ’ for both, and CLDR mixes two of them; one letter that holds several looks pieced together.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

TURNED_COMMA = "\u02bb"  # of oʻ and gʻ
TUTUQ = "\u02bc"  # of sanʼat, maʼno
APOSTROPHE = "\u2019"  # of Мар’яна, O’Neil

_TYPED = "(?:['`´‘’‛ʻʼʹʽ′＇]|&#39;)"  # the last is what Jinja makes of a typed one
_ANY = re.compile(_TYPED)
_ANY_LETTER = rf"[^\W\d_{TURNED_COMMA}{TUTUQ}]"
_LETTER = re.compile(rf"(?<=[Gg]){_TYPED}|(?<=[Oo]){_TYPED}(?=-?{_ANY_LETTER})")  # words end in gʻ (bogʻ), not in oʻ: that is a closing quote
_TUTUQ = re.compile(rf"(?<={_ANY_LETTER})(?<![OoGg]){_TYPED}(?={_ANY_LETTER})")


@lru_cache(maxsize=8192)
def uzbek(text: str) -> str:
    """The text with U+02BB in every oʻ and gʻ, and U+02BC between other letters. Quotation marks around words stay."""
    return _TUTUQ.sub(TUTUQ, _LETTER.sub(TURNED_COMMA, text))


def printed(text: str, locale: str) -> str:
    """A text on its way into a letter of that language; only Uzbek has something to mend."""
    return uzbek(text) if locale == "uz" else text


def in_name(name: str, locale: str) -> str:
    """A name, composed (NFC), with its apostrophes as the language prints them."""
    composed = unicodedata.normalize("NFC", name)
    return uzbek(composed) if locale == "uz" else _ANY.sub(APOSTROPHE, composed)
