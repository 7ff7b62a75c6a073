"""What must not happen once a backup is restored: what left after it was made is unknown to it, and mustn't leave again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, delete, func, insert, select, text, update

from winback.journey.threads import WordStatus
from winback.model import UNFINISHED, DeliveryStatus, Reason, RunStatus
from winback.store import audit, contacts, stages_due
from winback.store.runs import Run
from winback.store.tables import audit as deeds
from winback.store.tables import campaign_runs, deliveries, metadata, owed_answers, thread_words
from winback.store.tables import contacts as contacts_table

_AT_ONCE = 5_000
_DATABASE = "database"
_GAP = 1_000_000
_MAY_HAVE_LEFT = (DeliveryStatus.PLANNED, DeliveryStatus.CLAIMED, DeliveryStatus.HANDED_OVER)


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is in doubt since the backup."""

    letters: int
    answers: int  # of people and of the bot, to customers who wrote


def pause(connection: Connection) -> None:
    """No run goes on before a person says so."""
    connection.execute(update(campaign_runs).where(campaign_runs.c.status == RunStatus.ACTIVE).values(status=RunStatus.PAUSED))


def doubt(connection: Connection, runs: Sequence[Run], greets: Sequence[int], now: datetime) -> Doubt:
    """Whatever was due by now may have left since the backup: it is uncertain, and nothing repeats it by itself.

    A stage that fell due meanwhile gets its delivery first, as a scheduler would have written it.
    """
    letters = 0
    for run in runs:
        while (
            stages_due.greetings(connection, run.id, now, _AT_ONCE)
            if run.id in greets
            else stages_due.queue(connection, run.id, run.stages, now, _AT_ONCE)
        ).written:
            pass
        detail = f"a backup was restored on {now:%Y-%m-%d %H:%M} UTC: it may have left since that was made"
        done = connection.execute(
            update(deliveries)
            .where(deliveries.c.run_id == run.id, deliveries.c.status.in_(_MAY_HAVE_LEFT), deliveries.c.due_at <= now)
            .values(status=DeliveryStatus.UNCERTAIN, reason=Reason.NO_ANSWER, detail=detail, claimed_by="", lease_until=None)
            .returning(deliveries.c.id)
        )
        letters += len(done.all())
    words = update(thread_words).where(thread_words.c.status.in_([WordStatus.PLANNED, WordStatus.HANDED_OVER]))
    answers = len(connection.execute(words.values(status=WordStatus.UNCERTAIN).returning(thread_words.c.id)).all())
    owed = update(owed_answers).where(owed_answers.c.handed_over_at.is_(None)).values(handed_over_at=now)
    return Doubt(letters, answers + len(connection.execute(owed.returning(owed_answers.c.id)).all()))


def greeting_runs(connection: Connection) -> list[int]:
    return list(connection.execute(select(campaign_runs.c.id).where(campaign_runs.c.greets, campaign_runs.c.status.in_(UNFINISHED))).scalars())


def leave_a_gap(connection: Connection) -> None:
    """Numbers of rows that are lost are given to nobody else: links of letters that left since the backup hold them.

    SQLite counts apart for those tables only whose numbers leave the house (`sqlite_autoincrement`).
    """
    if connection.dialect.name == "sqlite":
        _leave_a_gap_in_sqlite(connection)
        return
    for table in metadata.sorted_tables:
        if "id" in table.c and (counter := connection.execute(select(func.pg_get_serial_sequence(table.name, "id"))).scalar()):
            highest = connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
            connection.execute(text("SELECT setval(CAST(:counter AS regclass), :value)"), {"counter": counter, "value": highest + _GAP})


def _leave_a_gap_in_sqlite(connection: Connection) -> None:
    counters = Table("sqlite_sequence", MetaData(), Column("name", Text), Column("seq", Integer))
    for table in metadata.sorted_tables:
        if table.dialect_options["sqlite"]["autoincrement"]:
            given = connection.execute(select(counters.c.seq).where(counters.c.name == table.name)).scalar() or 0
            connection.execute(delete(counters).where(counters.c.name == table.name))
            connection.execute(insert(counters).values(name=table.name, seq=given + _GAP))


def mark_taking_in(connection: Connection, run_ids: Sequence[int], now: datetime) -> None:
    """These took people in when the backup was made: they don't go on before a person says whom they took in since."""
    connection.execute(update(campaign_runs).where(campaign_runs.c.id.in_(run_ids)).values(restored_at=now))


def record(connection: Connection, *, who: str, nothing_sent: bool, file: str, now: datetime) -> None:
    """That a backup was restored; what left between it and now is known to nobody here, unless nothing was sent."""
    detail = {"restored_from": file, "nothing_sent_since": nothing_sent}
    audit.record(connection, who=who, deed=audit.Deed.RESTORED, about=_DATABASE, detail=detail, now=now)


def vouch_for_letters(connection: Connection, *, who: str, now: datetime) -> None:
    """A person says that the letters of that time are in, as touches, or that there were none."""
    audit.record(connection, who=who, deed=audit.Deed.VOUCHED, about=_DATABASE, detail={"letters_since_the_backup_are_in": True}, now=now)


def lacks_letters_since(connection: Connection) -> datetime | None:
    """When a backup was restored that doesn't know which letters left after it was made, as long as nobody has said that they are in."""
    last = connection.execute(
        select(deeds.c.deed, deeds.c.done_at, deeds.c.detail).where(deeds.c.about == _DATABASE).order_by(deeds.c.number.desc()).limit(1)
    ).one_or_none()
    if last is None or last.deed != audit.Deed.RESTORED or json.loads(last.detail)["nothing_sent_since"]:
        return None
    moment: datetime = last.done_at
    return moment


def fits(connection: Connection, key: bytes) -> bool:
    """Whether addresses were hashed with this key; True when there are none."""
    row = connection.execute(select(contacts_table).where(contacts_table.c.address_hash.is_not(None)).limit(1)).first()
    return row is None or contacts.address_hash(key, row.channel, row.address) == row.address_hash
