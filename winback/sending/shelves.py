"""Where ids of uploaded pictures are kept: in the project's database, for each bot by itself, since another one can't use them."""

from __future__ import annotations

import asyncio

from winback.channels.shelf import Shelf
from winback.settings import Project
from winback.store import database, sent_pictures
from winback.store.database import Beside


def of(project: Project, token: str) -> Shelf:
    """The shelf of the bot with this token. A database that can't be asked costs another upload, and no message."""
    bot, beside = token.partition(":")[0], Beside(project.database_url)

    def found(content_id: str) -> str:
        try:
            with database.reading(beside.engine) as connection:
                return sent_pictures.find(connection, bot, content_id)
        except database.Failure:
            return ""

    def kept(content_id: str, file_id: str) -> None:
        try:
            with database.writing(beside.engine) as connection:
                sent_pictures.keep(connection, bot, content_id, file_id)
        except database.Failure:
            return

    async def find(content_id: str) -> str:
        return await asyncio.to_thread(found, content_id)

    async def keep(content_id: str, file_id: str) -> None:
        await asyncio.to_thread(kept, content_id, file_id)

    return Shelf(find, keep, beside.close)
