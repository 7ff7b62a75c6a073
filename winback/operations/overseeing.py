"""A campaign at a glance: its newest run, what was approved, what was changed while it ran, where everybody stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from winback.errors import ConfigError, Problem
from winback.journey.fingerprint import Changed
from winback.model import DeliveryStatus, RunStatus
from winback.settings import Project
from winback.speech import N_, called, figure, said
from winback.store import approvals, database, deliveries, run_files, runs
from winback.store.approvals import Approval
from winback.store.run_files import RunChange
from winback.store.runs import Run
from winback.strictyaml import nearest


@dataclass(frozen=True, slots=True)
class Counts:
    """Where everybody of a run stands, and its letters."""

    recipients: dict[str, int]  # "active", "stopped: ordered"...
    letters: dict[str, dict[str, int]]  # by stage and status


@dataclass(frozen=True, slots=True)
class Overview:
    """What there is to know of a campaign without reading its files, which may be broken just now."""

    campaign: str
    run: Run | None
    recipients: dict[str, int]  # "active", "stopped: ordered"...
    letters: dict[str, dict[str, int]]  # by stage and status
    approvals: tuple[Approval, ...]  # the latest asked first
    changes: tuple[RunChange, ...]  # of the newest run, the oldest first

    @property
    def status(self) -> str:
        """The run's, or that of the question which must be answered before there is one."""
        if self.run is not None and (self.run.status is not RunStatus.FINISHED or not self._asks_again):
            return "waiting-for-approval" if self.run.status is RunStatus.WAITING else str(self.run.status)
        if self.approvals:
            return "approved" if self.approvals[0].stands else "waiting-for-approval"
        return "not-begun"

    @property
    def _asks_again(self) -> bool:
        return self.run is not None and bool(self.approvals) and self.approvals[0].summary.get("run", 0) > self.run.number

    def as_json(self) -> dict[str, Any]:
        run = self.run
        return {
            "campaign": self.campaign,
            "status": self.status,
            "run": None
            if run is None
            else {"number": run.number, "status": run.status, "started_at": run.started_at.isoformat(), "fingerprint": run.fingerprint},
            "recipients": self.recipients,
            "letters": self.letters,
            "approvals": [_answer(each) for each in self.approvals],
            "changes": [
                {"changed_at": change.changed_at.isoformat(), "fingerprint": change.fingerprint, "changed": list(change.changed)}
                for change in self.changes
            ],
        }


def _answer(given: Approval) -> dict[str, Any]:
    return {
        "fingerprint": given.fingerprint,
        "run": given.summary.get("run"),
        "people": given.summary.get("people"),
        "stands": given.stands,
        "history": [dict(deed) for deed in given.history],
    }


def oversee(project: Project, engine: Engine, name: str, *, counts: bool = True) -> Overview:
    """The overview; without `counts` nobody and nothing is counted, which takes long of a large run.

    Raises ConfigError when nobody ever heard of the campaign.
    """
    with database.reading(engine) as connection:
        run = runs.latest(connection, name)
        asked = approvals.of_campaign(connection, name)
        if run is None and not asked and name not in project.names("campaigns"):
            known = {*project.names("campaigns"), *runs.campaigns(connection)}
            raise ConfigError(Problem("", None, f"there is no campaign `{name}`.", nearest(name, known, "Campaigns")))
        counted = count(connection, run) if run and counts else Counts({}, {})
        return Overview(
            campaign=name,
            run=run,
            recipients=counted.recipients,
            letters=counted.letters,
            approvals=tuple(asked),
            changes=tuple(run_files.changes(connection, run.id)) if run else (),
        )


def count(connection: Connection, run: Run) -> Counts:
    """Everybody and everything of a run."""
    letters: dict[str, dict[str, int]] = {}
    for (stage, status), number in deliveries.counts(connection, run.id).items():
        letters.setdefault(stage, {})[str(status)] = number
    standing = runs.counts(connection, run.id).items()
    return Counts(
        {f"{status}: {reason}" if reason else str(status): number for (status, reason), number in standing},
        {stage: dict(sorted(letters[stage].items(), key=_life)) for stage in run.stages if stage in letters},
    )


def _life(pair: tuple[str, int]) -> int:
    return list(DeliveryStatus).index(DeliveryStatus(pair[0]))


def _answered(deed: Mapping[str, str], people: int) -> str:
    what = called(deed["what"], "approval")
    if deed["by"]:
        what = said(N_("%(what)s by %(who)s"), what=what, who=deed["by"])
    return said(N_("%(what)s: letters to %(people)s people"), what=what, people=figure(people))


def history(connection: Connection, run: Run) -> list[tuple[datetime, str]]:
    """What people said yes or no to and what was changed while a run lasted, as moments with sentences: what `explain` shows."""
    told = [
        (
            datetime.fromisoformat(deed["at"]),
            _answered(deed, given.summary["people"]),
        )
        for given in approvals.of_campaign(connection, run.campaign)
        if given.summary.get("run") == run.number
        for deed in given.history
    ]
    told += [
        (change.changed_at, sentence)
        for change in run_files.changes(connection, run.id)
        for each in change.changed
        for sentence in Changed.from_json(each).told()
    ]
    return sorted(told)
