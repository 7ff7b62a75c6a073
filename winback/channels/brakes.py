"""Whether a messenger that says "too many requests" means one chat, or everybody.

The Bot API's answer is the same for both (ResponseParameters.retry_after: core.telegram.org/bots/api#responseparameters). One chat that is
written to too often says so alone; when several chats say so one after the other, it is the bot that is too fast.
"""

from __future__ import annotations

from collections import deque

_CHATS = 3  # so many of them aren't a coincidence
_TOGETHER = 1.0  # seconds that are looked at, or the last answers where they come more slowly


class Brakes:
    """Told of every answer; says for how long everybody must stop."""

    def __init__(self) -> None:
        self._answers: deque[tuple[float, str, float]] = deque(maxlen=64)

    def told(self, chat: str, at: float, again_after: float | None) -> float:
        """Seconds, counted from `at`; 0: nobody need stop. `again_after` is None for an answer that asks for nothing."""
        self._answers.append((at, chat, again_after or 0.0))
        if again_after is None:
            return 0.0
        looked_at = [each for number, each in enumerate(reversed(self._answers)) if number < _CHATS or at - each[0] <= _TOGETHER]
        asking = {chat: said_at + after - at for said_at, chat, after in looked_at if after}
        if len(asking) < _CHATS or sum(1 for each in looked_at if each[2]) <= len(looked_at) / 2:
            return 0.0
        self._answers.clear()
        return max(0.0, *asking.values())
