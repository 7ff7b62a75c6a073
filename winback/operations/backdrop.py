"""What a report tells beside its results: gathered from the store and the project's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine

from winback.audience import reasons
from winback.outcomes import backdrop
from winback.outcomes.backdrop import Backdrop, Expected, ReasonFigures
from winback.sending import domain_groups
from winback.settings import Project
from winback.store import database, mailbox_counts, reason_figures
from winback.store.measured import Measured
from winback.store.runs import Run


def gather(project: Project, engine: Engine, run: Run, *, now: datetime) -> Backdrop:
    """Of a run that was measured as of `now`. Raises ConfigError when config/reasons.yaml can't be read."""
    known, measured = reasons.read(project).reasons, Measured(run.id, run.window, now)
    with database.reading(engine) as connection:
        domains = mailbox_counts.by_domain(connection, measured)
        left = reason_figures.by_reason(connection, measured)
    titles = {word: reason.title for word, reason in known.items()}
    return Backdrop(
        mailboxes=backdrop.by_provider(replace(row, provider=domain_groups.group_of(f"@{row.provider}")) for row in domains),
        reasons=_told(left, titles),
        expected=None if run.expected is None else _expected(run.expected),
    )


def _told(left: list[ReasonFigures], titles: Mapping[str, str]) -> tuple[ReasonFigures, ...]:
    """With their titles, the most frequent first, who said nothing last; nothing where nobody told a reason."""
    if not any(row.reason for row in left):
        return ()
    totals = {word: sum(row.customers for row in left if row.reason == word) for word in {row.reason for row in left}}
    ordered = sorted(left, key=lambda row: (not row.reason, -totals[row.reason], row.reason, row.is_holdout))
    return tuple(replace(row, title=titles.get(row.reason, row.reason)) for row in ordered)


def _expected(summary: Mapping[str, Any]) -> Expected:
    """From what was asked or would have been (operations/asking.Asked)."""
    return Expected(
        people=summary["people"],
        held_out=summary["held_out"],
        stages=dict(summary["stages"]),
        cost_of_sending=Decimal(summary["cost_of_sending"]),
        base_rate=summary["base_rate"],
        detectable=dict(summary["detectable"]),
    )
