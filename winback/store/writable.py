"""What others say, as every database can hold it."""

from __future__ import annotations


def writable(text: str, longest: int | None = None) -> str:
    """So many characters of it, without NUL, which PostgreSQL's text doesn't hold, and without halves of surrogate pairs, which no encoding has."""
    cut = text[:longest]
    if not cut.isascii():
        cut = cut.encode(errors="ignore").decode()
    return cut.replace("\x00", "")
