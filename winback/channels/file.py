"""A channel that writes letters to a folder: the development mailbox, and what a rehearsal would have sent."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from winback.channels import mime
from winback.errors import LaneError
from winback.model import Email, Message, Receipt


class FileChannel:
    """Writes each e-mail as <delivery>.eml and each messenger text as <delivery>.json; the same delivery overwrites itself."""

    def __init__(self, folder: Path, *, in_flight: int = 100) -> None:
        self.folder = folder
        self.in_flight = in_flight

    async def __aenter__(self) -> Self:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LaneError("folder-not-writable", str(error)) from error
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None

    async def send(self, letter: Email | Message) -> Receipt:
        """Write the letter whole or not at all."""
        if isinstance(letter, Email):
            name, content = f"{letter.delivery_id}.eml", mime.build(letter)
        else:
            name, content = f"{letter.delivery_id}.json", json.dumps(asdict(letter), ensure_ascii=False, indent=2).encode()
        draft = self.folder / f".{name}"
        try:
            draft.write_bytes(content)
            draft.replace(self.folder / name)
        except OSError as error:
            raise LaneError("folder-not-writable", str(error)) from error
        return Receipt(remote_id=name)
