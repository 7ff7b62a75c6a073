"""Pictures that the messenger knows already: uploaded once, afterwards named by the id that it gave them (core.telegram.org/bots/api#sending-files)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from winback.model import Picture

Source: TypeAlias = Picture | str
"""What is sent: a picture to upload, or the name that the messenger finds one by, an address or an id of its own."""


async def _nothing(_content_id: str) -> str:
    return ""


async def _nowhere(_content_id: str, _file_id: str) -> None:
    return


@dataclass
class Shelf:
    """Remembers ids by what the pictures are. While one is uploaded for the first time, others who need it wait for its id."""

    find: Callable[[str], Awaitable[str]] = _nothing  # where ids are kept for longer: the id of a picture, empty: it has none
    keep: Callable[[str, str], Awaitable[None]] = _nowhere  # an empty id: the messenger knows it no more
    close: Callable[[], None] = lambda: None
    _known: dict[str, str] = field(default_factory=dict)
    _uploads: dict[str, asyncio.Lock] = field(default_factory=dict)

    @asynccontextmanager
    async def taken(self, pictures: Sequence[Source]) -> AsyncIterator[list[Source]]:
        """What to send for each of these."""
        async with AsyncExitStack() as stack:
            for content_id in sorted({picture.content_id for picture in pictures if isinstance(picture, Picture)}):
                if not await self._id(content_id):
                    await stack.enter_async_context(self._uploads.setdefault(content_id, asyncio.Lock()))
            yield [picture if isinstance(picture, str) else await self._id(picture.content_id) or picture for picture in pictures]

    async def put(self, picture: Picture, file_id: str) -> None:
        """The messenger's id for a picture; empty: it has forgotten it."""
        if self._known.get(picture.content_id) != file_id:
            self._known[picture.content_id] = file_id
            await self.keep(picture.content_id, file_id)

    async def _id(self, content_id: str) -> str:
        if not self._known.get(content_id):
            self._known[content_id] = await self.find(content_id)
        return self._known[content_id]
