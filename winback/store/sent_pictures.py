"""Pictures that a bot has uploaded, by the ids under which the messenger keeps them."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from winback.store.tables import sent_pictures


def find(connection: Connection, bot: str, content_id: str) -> str:
    """The messenger's id; empty where it has none."""
    found = select(sent_pictures.c.file_id).where(sent_pictures.c.bot == bot, sent_pictures.c.content_id == content_id)
    return connection.execute(found).scalar() or ""


def keep(connection: Connection, bot: str, content_id: str, file_id: str) -> None:
    """The newest id counts; an empty one: the messenger has forgotten the picture."""
    if not file_id:
        connection.execute(delete(sent_pictures).where(sent_pictures.c.bot == bot, sent_pictures.c.content_id == content_id))
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    put = dialect.insert(sent_pictures).values(bot=bot, content_id=content_id, file_id=file_id)
    connection.execute(put.on_conflict_do_update(index_elements=["bot", "content_id"], set_={"file_id": file_id}))
