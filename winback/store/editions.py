"""What the letters of a run were written from: the shop's files as they were, each content once, and from when on."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from winback.store.tables import edition_files, editions


def keep(connection: Connection, run_id: int, files: Mapping[str, bytes], now: datetime) -> bool:
    """The run's letters are written from these files from now on. Returns whether they are others than before."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    last = select(editions.c.files).where(editions.c.run_id == run_id).order_by(editions.c.id.desc()).limit(1)
    if connection.execute(last).scalar_one_or_none() == hashes:
        return False
    contents = {hashes[name]: content for name, content in files.items()}
    known = set(connection.execute(select(edition_files.c.content_hash).where(edition_files.c.content_hash.in_(contents))).scalars())
    new = [{"content_hash": each, "content": zlib.compress(contents[each])} for each in sorted(contents.keys() - known)]
    if new:
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(dialect.insert(edition_files).on_conflict_do_nothing(index_elements=["content_hash"]), new)
    connection.execute(editions.insert().values(run_id=run_id, began_at=now, files=hashes))
    return True


def at(connection: Connection, run_id: int, moment: datetime) -> dict[str, str] | None:
    """The files from which a run's letters were written at a moment: name -> content hash. None: they weren't kept then."""
    began = select(editions.c.files).where(editions.c.run_id == run_id, editions.c.began_at <= moment)
    return connection.execute(began.order_by(editions.c.began_at.desc(), editions.c.id.desc()).limit(1)).scalar_one_or_none()


def contents(connection: Connection, hashes: Iterable[str]) -> dict[str, bytes]:
    """What files say, by their hashes."""
    rows = connection.execute(select(edition_files).where(edition_files.c.content_hash.in_(set(hashes))))
    return {row.content_hash: zlib.decompress(row.content) for row in rows}
