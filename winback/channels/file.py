"""A channel that writes letters to a folder: the development mailbox, and what a rehearsal would have sent."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from winback.channels import mime
from winback.errors import LaneError
from winback.model import Email, Message, Picture, Receipt


class FileChannel:
    """Writes each e-mail as <delivery>.eml and each messenger text as <delivery>.json.

    What lies there is never overwritten: a number that is taken - the folder may have seen another database - becomes 7-2.eml.
    """

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
            ending, content = ".eml", mime.build(letter)
        else:
            said = asdict(replace(letter, pictures=())) | {"pictures": [_shown(picture) for picture in letter.pictures]}
            ending, content = ".json", json.dumps(said, ensure_ascii=False, indent=2).encode()
        draft = self.folder / f".{letter.delivery_id}{ending}.{os.getpid()}"
        try:
            draft.write_bytes(content)
            name = self._named(draft, letter.delivery_id, ending)
        except OSError as error:
            raise LaneError("folder-not-writable", str(error)) from error
        finally:
            with contextlib.suppress(OSError):
                draft.unlink()
        return Receipt(remote_id=name)

    def _named(self, draft: Path, number: int, ending: str) -> str:
        """Give the draft the first name that is free, in one step that two processes can't both take."""
        for name in itertools.chain([f"{number}{ending}"], (f"{number}-{again}{ending}" for again in itertools.count(2))):
            with contextlib.suppress(FileExistsError):
                os.link(draft, self.folder / name)
                return name
        raise AssertionError


def _shown(picture: Picture | str) -> str:
    """A picture as a page shows it: its address, or itself (RFC 2397)."""
    return picture if isinstance(picture, str) else f"data:{picture.content_type};base64,{base64.b64encode(picture.data).decode()}"
