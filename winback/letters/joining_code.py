"""QR codes of the way into the chat: as a picture that travels in a letter, and as one inside a page.

Segno tries all eight masks and weighs them, which is four fifths of its work. Letters take the same mask for every code: any is a valid
symbol (ISO/IEC 18004, 7.8), and tokens are as good as random, so none makes a worse picture of them.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import segno

from winback.model import Picture

_QUIET_ZONE = 4  # modules of white around a code (ISO/IEC 18004, 6.3.8)
_PAGE_DOT = 4  # pixels of a module on a page, which can be zoomed
_LETTER_DOT = 6  # in a letter, which shows it at half the size: sharp on fine screens too
_MASK = 3
_NAME = "code.png"


def address(url: str) -> str:
    """What a letter's HTML calls the picture of an address (RFC 2392); it isn't drawn yet. Empty for none."""
    return f"cid:{_content_id(url)}" if url else ""


def shown_in(html: str, values: Mapping[str, Any]) -> tuple[Picture, ...]:
    """The code of a letter that shows it; of any other nothing is drawn."""
    called, url = values.get("telegram_code_url"), values.get("telegram_url")
    return (picture(url),) if called and url and called in html else ()


def picture(url: str) -> Picture:
    """A code as a PNG of one bit a pixel, black on white whatever the letter's colours are, as cameras want it."""
    drawn = segno.make(url, error="m", micro=False, mask=_MASK)
    return Picture(_NAME, "image/png", _content_id(url), _png(tuple(drawn.matrix)), personal=True)


def inside_page(url: str) -> str:
    """A code as an address of a picture (SVG, RFC 2397), of the same colours."""
    drawn: str = segno.make(url, error="m", micro=False).svg_data_uri(scale=_PAGE_DOT, border=_QUIET_ZONE, dark="#000", light="#fff")
    return drawn


def _content_id(url: str) -> str:
    return f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.{_NAME}@images.winback"


def _png(matrix: Sequence[Sequence[int]]) -> bytes:
    """Rows of modules, 1 for dark, with white around them (PNG, ISO/IEC 15948: colour type 0, depth 1)."""
    side = (len(matrix) + 2 * _QUIET_ZONE) * _LETTER_DOT
    padding = -side % 8
    margin = "1" * (_QUIET_ZONE * _LETTER_DOT)
    lines = (margin + "".join(("0" if module else "1") * _LETTER_DOT for module in row) + margin + "0" * padding for row in matrix)
    empty = [b"\0" + int("1" * side + "0" * padding, 2).to_bytes((side + padding) // 8)] * (_QUIET_ZONE * _LETTER_DOT)  # 0: no filter
    rows = [b"\0" + int(line, 2).to_bytes((side + padding) // 8) for line in lines for _ in range(_LETTER_DOT)]
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join([*empty, *rows, *empty]), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
