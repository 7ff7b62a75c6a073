"""What was asked, approved and withdrawn: one row for each campaign and fingerprint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.journey.approval import Given
from winback.store.tables import approvals


@dataclass(frozen=True, slots=True)
class Approval:
    """What a person was asked about one fingerprint, and what they said."""

    campaign: str
    fingerprint: str
    asked_at: datetime
    summary: Mapping[str, Any]
    made_of: Mapping[str, Any]
    approved_at: datetime | None
    approved_by: str
    withdrawn_at: datetime | None
    withdrawn_by: str
    history: tuple[Mapping[str, str], ...]  # {what, at, by}

    @property
    def given(self) -> Given:
        return Given(self.approved_at is not None, self.withdrawn_at is not None, self.summary.get("cohort", 0))

    @property
    def stands(self) -> bool:
        return self.given.stands


def get(connection: Connection, campaign: str, fingerprint: str, *, hold: bool = False) -> Approval | None:
    """What is known of a fingerprint. `hold`: nobody may change it until the transaction ends."""
    wanted = select(approvals).where(approvals.c.campaign == campaign, approvals.c.fingerprint == fingerprint)
    row = connection.execute(wanted.with_for_update() if hold else wanted).one_or_none()
    return None if row is None else _approval(row)


def of_campaign(connection: Connection, campaign: str) -> list[Approval]:
    """Everything that was ever asked of a campaign, the latest first."""
    rows = connection.execute(select(approvals).where(approvals.c.campaign == campaign).order_by(approvals.c.asked_at.desc(), approvals.c.id.desc()))
    return [_approval(row) for row in rows]


def last_approved(connection: Connection, campaign: str) -> Approval | None:
    """What was approved last, and not withdrawn."""
    stands = (approvals.c.approved_at.is_not(None), approvals.c.withdrawn_at.is_(None))
    wanted = select(approvals).where(approvals.c.campaign == campaign, *stands).order_by(approvals.c.approved_at.desc(), approvals.c.id.desc())
    row = connection.execute(wanted.limit(1)).one_or_none()
    return None if row is None else _approval(row)


def campaigns(connection: Connection) -> list[str]:
    """Campaigns that ever asked."""
    return list(connection.execute(select(approvals.c.campaign).distinct().order_by(approvals.c.campaign)).scalars())


def ask(connection: Connection, campaign: str, fingerprint: str, *, summary: Mapping[str, Any], made_of: Mapping[str, Any], now: datetime) -> None:
    """Write down what is asked. Asked already: the figures are the newer ones; what was approved before, for other figures, is so no more."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = {"campaign": campaign, "fingerprint": fingerprint, "made_of": dict(made_of), "summary": dict(summary)}
    new = connection.execute(
        dialect.insert(approvals)
        .values(**row, asked_at=now, history=[_deed("asked", now, "")])
        .on_conflict_do_nothing(index_elements=["campaign", "fingerprint"])
        .returning(approvals.c.id)
    ).first()
    if new is not None:
        return
    known = get(connection, campaign, fingerprint, hold=True)
    assert known is not None
    if known.approved_at is None:
        own = (approvals.c.campaign == campaign, approvals.c.fingerprint == fingerprint)
        connection.execute(update(approvals).where(*own).values(summary=dict(summary)))
    else:
        afresh = {"asked_at": now, "approved_at": None, "approved_by": "", "withdrawn_at": None, "withdrawn_by": ""}
        _change(connection, campaign, fingerprint, _deed("asked", now, ""), summary=dict(summary), **afresh)


def approve(connection: Connection, campaign: str, fingerprint: str, *, by: str, now: datetime) -> None:
    """Somebody says yes to what was asked, or says it again after it was withdrawn."""
    _change(connection, campaign, fingerprint, _deed("approved", now, by), approved_at=now, approved_by=by, withdrawn_at=None, withdrawn_by="")


def withdraw(connection: Connection, campaign: str, *, by: str, now: datetime) -> list[Approval]:
    """Take back every approval of a campaign that stands. Returns them as they were."""
    standing = [each for each in of_campaign(connection, campaign) if each.stands]
    for each in standing:
        _change(connection, campaign, each.fingerprint, _deed("withdrawn", now, by), withdrawn_at=now, withdrawn_by=by)
    return standing


def _change(connection: Connection, campaign: str, fingerprint: str, deed: Mapping[str, str], **values: Any) -> None:
    known = get(connection, campaign, fingerprint, hold=True)
    assert known is not None, "it is asked before it is answered"
    own = (approvals.c.campaign == campaign, approvals.c.fingerprint == fingerprint)
    connection.execute(update(approvals).where(*own).values(history=[*known.history, deed], **values))


def _deed(what: str, at: datetime, by: str) -> dict[str, str]:
    return {"what": what, "at": at.isoformat(), "by": by}


def _approval(row: Row[Any]) -> Approval:
    return Approval(
        row.campaign,
        row.fingerprint,
        row.asked_at,
        row.summary,
        row.made_of,
        row.approved_at,
        row.approved_by,
        row.withdrawn_at,
        row.withdrawn_by,
        tuple(row.history),
    )
