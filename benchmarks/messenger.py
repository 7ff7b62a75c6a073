"""The messenger: messages at a strict pace."""

from __future__ import annotations

from benchmarks import messenger_sending
from benchmarks.figure import Figure


def figures() -> list[Figure]:
    return messenger_sending.figures()
