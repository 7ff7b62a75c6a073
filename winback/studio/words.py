"""The studio's sentences, marked for its catalogues."""

from __future__ import annotations


def N_(sentence: str) -> str:  # noqa: N802  gettext's name for it
    """The sentence itself: it is translated where a page shows it."""
    return sentence
