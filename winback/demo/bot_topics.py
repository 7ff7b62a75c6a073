"""Topics of groups, as the made-up Bot API keeps them (core.telegram.org/bots/api#createforumtopic)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any


class Topics:
    """Which topics there are, by their number, and whether each is open."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self.open: dict[int, bool] = {}
        self._numbers = itertools.count(901)
        self.methods: Mapping[str, Callable[[dict[str, str]], Any]] = {
            "createForumTopic": self._create,
            "closeForumTopic": lambda parameters: self._turn(parameters, is_open=False),
            "reopenForumTopic": lambda parameters: self._turn(parameters, is_open=True),
            "deleteForumTopic": self._delete,
        }

    def missing(self, method: str, parameters: Mapping[str, str]) -> str | None:
        """What the API says of a topic that isn't there, or stands so already; None: nothing is wrong."""
        topic = int(parameters.get("message_thread_id") or 0)
        if not topic:
            return None
        if topic not in self.open:
            return "Bad Request: TOPIC_ID_INVALID" if method in self.methods else "Bad Request: message thread not found"
        wanted = {"closeForumTopic": False, "reopenForumTopic": True}.get(method)
        return "Bad Request: TOPIC_NOT_MODIFIED" if wanted is self.open[topic] else None

    def delete(self, topic: int) -> None:
        """Somebody of the group deletes it."""
        del self.open[topic], self.names[topic]

    def _create(self, parameters: dict[str, str]) -> dict[str, Any]:
        topic = next(self._numbers)
        self.names[topic], self.open[topic] = parameters["name"], True
        return {"message_thread_id": topic, "name": parameters["name"], "icon_color": 7322096}

    def _turn(self, parameters: dict[str, str], *, is_open: bool) -> bool:
        self.open[int(parameters["message_thread_id"])] = is_open
        return True

    def _delete(self, parameters: dict[str, str]) -> bool:
        self.delete(int(parameters["message_thread_id"]))
        return True
