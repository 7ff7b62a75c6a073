"""Whom a run that is under way keeps for itself: others neither write to them nor hold them out, or arms couldn't be compared any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, literal, or_

from winback.model import UNFINISHED, RecipientStatus
from winback.store.moments import seconds_between
from winback.store.tables import Utc, campaign_runs, recipients


def keeps(now: datetime) -> ColumnElement[bool]:
    """Of recipients joined with their run: assigned, and the journey or the return window not over yet.

    Somebody held out goes through the same calendar. A run that lasts a year lets those go whose sixty days are over.
    """
    waited = seconds_between(literal(now, Utc()), recipients.c.assigned_at)
    return and_(
        recipients.c.status != RecipientStatus.SKIPPED,
        campaign_runs.c.status.in_(UNFINISHED),
        campaign_runs.c.greets.is_(False),  # a greeting wins nobody back: nothing would be compared wrongly
        or_(
            recipients.c.status == RecipientStatus.ACTIVE,
            recipients.c.next_due_at.is_not(None),
            waited < campaign_runs.c.plan["window_seconds"].as_float(),
        ),
    )
