"""Pictures as the Bot API takes and keeps them: uploaded with a message once, afterwards named by the id that it gave."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

SENDS = ("sendMessage", "sendPhoto", "sendMediaGroup")


def sent(parameters: Mapping[str, str], files: Mapping[str, bytes]) -> tuple[str, tuple[str, ...]]:
    """The caption, and each picture as the API knows it from now on: by an id of its own, or by the address that it fetched."""
    if "media" in parameters:
        media = json.loads(parameters["media"])
        return media[0].get("caption", ""), tuple(_kept(each["media"], files) for each in media)
    if "photo" in parameters or "photo" in files:
        return parameters.get("caption", ""), (_kept(parameters.get("photo", "photo"), files),)
    return parameters.get("text", ""), ()


def _kept(named: str, files: Mapping[str, bytes]) -> str:
    content = files.get(named.removeprefix("attach://"))
    return named if content is None else file_id(content)


def file_id(content: bytes) -> str:
    return f"file-{hashlib.sha256(content).hexdigest()[:20]}"


def shown(pictures: tuple[str, ...]) -> dict[str, Any]:
    """What a message with a picture says of it."""
    if not pictures:
        return {}
    size = {"file_id": pictures[0], "file_unique_id": pictures[0][-12:], "width": 100, "height": 100}
    return {"photo": [size]}
