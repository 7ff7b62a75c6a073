"""Reads a QR code out of a PNG as a camera would, without correcting errors: byte mode, versions 2 to 6 at level M (ISO/IEC 18004, 7 and 9)."""

from __future__ import annotations

import struct
import zlib

_BLOCKS = {2: (1, 28), 3: (1, 44), 4: (2, 32), 5: (2, 43), 6: (4, 27)}  # version -> blocks, data codewords of each
_MASKS = (
    lambda y, x: (y + x) % 2,
    lambda y, x: y % 2,
    lambda y, x: x % 3,
    lambda y, x: (y + x) % 3,
    lambda y, x: (y // 2 + x // 3) % 2,
    lambda y, x: y * x % 2 + y * x % 3,
    lambda y, x: (y * x % 2 + y * x % 3) % 2,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2,
)


def pixels(png: bytes) -> list[list[int]]:
    """1 for dark, of a PNG of one bit a pixel without filters."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, {}
    while at < len(png):
        (length,), kind = struct.unpack_from(">I", png, at), png[at + 4 : at + 8]
        chunks[kind] = png[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", png, at + 8 + length)[0] == zlib.crc32(kind + chunks[kind])
        at += length + 12
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, colour, rest) == (1, 0, [0, 0, 0])
    data, wide = zlib.decompress(chunks[b"IDAT"]), (width + 7) // 8
    assert len(data) == height * (wide + 1)
    rows = [data[row * (wide + 1) : (row + 1) * (wide + 1)] for row in range(height)]
    assert all(row[0] == 0 for row in rows)
    return [[1 - (row[1 + x // 8] >> (7 - x % 8) & 1) for x in range(width)] for row in rows]


def read(png: bytes) -> str:
    """The text of the code that stands in the middle of white."""
    shown = pixels(png)
    dark = [(y, x) for y, row in enumerate(shown) for x, pixel in enumerate(row) if pixel]
    left, right, top = min(x for _, x in dark), max(x for _, x in dark), min(y for y, _ in dark)
    dot = next(x for x in range(left, right) if not shown[top][x]) - left  # the finder pattern's upper edge is seven modules
    assert dot % 7 == 0
    dot //= 7
    side = (right - left + 1) // dot
    assert left >= 4 * dot, "cameras want four modules of white"
    assert top >= 4 * dot
    matrix = [[shown[top + y * dot][left + x * dot] for x in range(side)] for y in range(side)]
    return _text(_codewords(matrix), (side - 17) // 4)


def _codewords(matrix: list[list[int]]) -> list[int]:
    side = len(matrix)
    mask = _MASKS[(matrix[8][2] << 2 | matrix[8][3] << 1 | matrix[8][4]) ^ 0b101]
    bits, x, upwards = [], side - 1, True
    while x > 0:
        x -= x == 6  # the timing pattern
        for y in range(side - 1, -1, -1) if upwards else range(side):
            bits += [matrix[y][each] ^ (mask(y, each) == 0) for each in (x, x - 1) if not _is_function(y, each, side)]
        x, upwards = x - 2, not upwards
    return [int("".join(map(str, map(int, bits[at : at + 8]))), 2) for at in range(0, len(bits) - 7, 8)]


def _is_function(y: int, x: int, side: int) -> bool:
    corner = (y < 9 and (x < 9 or x >= side - 8)) or (y >= side - 8 and x < 9)
    return corner or 6 in {y, x} or (abs(y - (side - 7)) <= 2 and abs(x - (side - 7)) <= 2)


def _text(codewords: list[int], version: int) -> str:
    blocks, length = _BLOCKS[version]
    data = [codewords[at * blocks + block] for block in range(blocks) for at in range(length)]
    bits = "".join(f"{each:08b}" for each in data)
    assert bits[:4] == "0100", "byte mode"
    count = int(bits[4:12], 2)
    return bytes(int(bits[12 + at * 8 : 20 + at * 8], 2) for at in range(count)).decode()
