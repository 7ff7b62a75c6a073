"""The shop's files of codes in the store, and what of them and of budgets is left."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from winback.journey import code_words
from winback.journey.purse import Left, Purse
from winback.model import CodeSource, CodeStatus
from winback.store.codes import LIVE
from winback.store.tables import campaign_runs, codes

_AT_ONCE = 1000


def is_promised(now: datetime) -> ColumnElement[bool]:
    """What counts against a budget: codes that were used, or still can be."""
    return or_(codes.c.status == CodeStatus.REDEEMED, and_(codes.c.status.in_(LIVE), codes.c.expires_at >= now))


def load(connection: Connection, campaign: str, offer: str, lines: Mapping[str, int]) -> list[int]:
    """Bring a pool in line with its file: new codes are free, those that were taken out and nobody has are gone.

    `lines` holds the file's codes with their lines. Returns the lines whose codes are of another campaign or offer: they aren't taken.
    Twice comes to the same.
    """
    wanted = {code_words.same(code): code for code in lines}
    stored = connection.execute(_pool(campaign, offer)).all()
    gone = [row.id for row in stored if row.matched not in wanted and row.status == CodeStatus.FREE]
    for part in _parts(gone):
        connection.execute(delete(codes).where(codes.c.id.in_(part), codes.c.status == CodeStatus.FREE))
    known = {row.matched for row in stored}
    new = [
        {"code": code, "matched": matched, "source": CodeSource.POOL, "campaign": campaign, "offer": offer, "status": CodeStatus.FREE}
        for matched, code in wanted.items()
        if matched not in known
    ]
    if new:
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(dialect.insert(codes).on_conflict_do_nothing(), new)
        known = {row.matched for row in connection.execute(_pool(campaign, offer))}
    return sorted(lines[code] for matched, code in wanted.items() if matched not in known)


def size(connection: Connection, campaign: str, offer: str) -> int:
    """How many codes of its file the store has, whatever became of them."""
    return int(connection.execute(select(func.count()).select_from(_pool(campaign, offer).subquery())).scalar_one())


def foreign(connection: Connection, campaign: str, offer: str, lines: Mapping[str, int]) -> list[int]:
    """The same lines as `load` returns; nothing is changed."""
    wanted = {code_words.same(code): line for code, line in lines.items()}
    others = or_(codes.c.campaign != campaign, codes.c.offer != offer, codes.c.source != CodeSource.POOL)
    statements = (
        select(codes.c.matched).where(codes.c.matched.in_(part), codes.c.source != CodeSource.SHARED, others) for part in _parts(list(wanted))
    )
    return sorted(wanted[matched] for statement in statements for matched in connection.execute(statement).scalars())


def hold(connection: Connection, run_id: int) -> bool:
    """Keep others who promise something of this run waiting until the transaction ends. SQLite has one writer anyway.

    Returns whether everybody of its cohort has been decided on; of a daily campaign, everybody whose turn it was so far.
    """
    between_days = and_(campaign_runs.c.enrolled_on.is_not(None), campaign_runs.c.enrolling_at.is_(None))
    everybody = or_(campaign_runs.c.enrolled_at.is_not(None), between_days)
    enrolled = select(everybody).where(campaign_runs.c.id == run_id).with_for_update(key_share=True)
    return bool(connection.execute(enrolled).scalar())


def purse(
    connection: Connection,
    campaign: str,
    offers: Iterable[str],
    *,
    budgets: Mapping[str, int],
    pools: Mapping[str, Collection[str]],
    now: datetime,
    but_run: int | None = None,
) -> Purse:
    """What may still be promised: of budgets (in minor units) what isn't promised yet, of pools (the codes of their files) how many are free.

    All runs of the campaign count; what `but_run` promised is left out, for who decides on that run's customers anew.
    """
    counts = or_(codes.c.run_id.is_(None), codes.c.run_id != (but_run or 0))
    left = {name: Left() for name in offers}
    for name, budget in budgets.items():
        owed = select(func.sum(codes.c.promised_minor)).where(codes.c.campaign == campaign, codes.c.offer == name, is_promised(now), counts)
        left[name].minor = budget - int(connection.execute(owed).scalar() or 0)
    for name, words in pools.items():
        taken = {row.matched for row in connection.execute(_pool(campaign, name).where(counts)) if not _is_free(row, now)}
        left[name].codes = sum(code_words.same(word) not in taken for word in words)
    return Purse(left)


def _is_free(row: Row[Any], now: datetime) -> bool:
    """Nobody has it, or it was reserved and its last day passed before it was told."""
    return bool(row.status == CodeStatus.FREE or (row.status == CodeStatus.RESERVED and row.expires_at < now))


def _pool(campaign: str, offer: str) -> Select[Any]:
    mine = (codes.c.campaign == campaign, codes.c.offer == offer, codes.c.source == CodeSource.POOL)
    return select(codes.c.id, codes.c.matched, codes.c.status, codes.c.expires_at).where(*mine)


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[at : at + _AT_ONCE] for at in range(0, len(values), _AT_ONCE))
