"""Campaigns as the studio shows them: every one with how it stands, and one with its file, its run and what was counted of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine

from winback.errors import ConfigError, Problem, Refused
from winback.journey import campaign
from winback.journey.campaign import Campaign
from winback.model import HOLDOUT, TASK, ChannelName, RunStatus
from winback.operations import branches, overseeing
from winback.operations.kept_counts import Counted, KeptCounts
from winback.operations.overseeing import Counts, Overview
from winback.settings import Project
from winback.store import approvals, database, run_files, runs
from winback.store.runs import Run


@dataclass(frozen=True, slots=True)
class Listed:
    """A campaign in a list. `problem`: its file can't be meant; a campaign whose file is gone has neither title nor days."""

    name: str
    status: str  # Overview.status
    title: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    run: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class StageSeen:
    """A stage as its file has it, or its run."""

    name: str
    timing: str = ""
    channels: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()  # letters and messages, whatever the tactic


@dataclass(frozen=True, slots=True)
class Everybody:
    """What was counted of a run: where everybody stands, its letters, and its arms."""

    counts: Counts
    arms: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Sight:
    """One campaign. `file`: None where it can't be read, then `problems` say why, or where it is gone."""

    seen: Overview
    file: Campaign | None
    problems: tuple[Problem, ...]
    stages: tuple[StageSeen, ...]
    counted: Counted[Everybody] | None  # None: it has no run, or is being counted

    @property
    def is_counting(self) -> bool:
        return self.seen.run is not None and self.counted is None

    @property
    def shares(self) -> dict[str, float]:
        """Of every arm: as the run began, else as the file has it."""
        if self.seen.run is not None and self.seen.run.shares:
            return dict(self.seen.run.shares)
        return dict(self.file.shares()) if self.file is not None else {}


def listed(project: Project, engine: Engine) -> list[Listed]:
    """Every campaign that has a file, ran, or asked; those under way first, those that are over last."""
    with database.reading(engine) as connection:
        names = {*project.names("campaigns"), *runs.campaigns(connection), *approvals.campaigns(connection)}
    return sorted((_listed(project, engine, name) for name in names), key=lambda each: (_ORDER.get(each.status, len(_ORDER)), each.name))


_ORDER = {
    word: place
    for place, word in enumerate(("waiting-for-approval", RunStatus.ACTIVE, RunStatus.PAUSED, "approved", "not-begun", RunStatus.FINISHED))
}


def _listed(project: Project, engine: Engine, name: str) -> Listed:
    seen = overseeing.oversee(project, engine, name, counts=False)
    run = seen.run.number if seen.run else None
    if name not in project.names("campaigns"):
        return Listed(name, seen.status, run=run)
    try:
        file = campaign.read(project, name).value
    except Refused as refused:
        return Listed(name, seen.status, run=run, problem=str(refused.problems[0]))
    return Listed(name, seen.status, file.title, file.starts_on, file.ends_on, run)


def look(project: Project, engine: Engine, name: str, kept: KeptCounts[Everybody], *, patience: float | None = None) -> Sight | None:
    """None: nobody ever heard of it. Who has only so many seconds of `patience` may get it without its counts."""
    try:
        seen = overseeing.oversee(project, engine, name, counts=False)
    except ConfigError:
        return None
    file: Campaign | None = None
    problems: tuple[Problem, ...] = ()
    if name in project.names("campaigns"):
        try:
            file = campaign.read(project, name).value
        except Refused as refused:
            problems = refused.problems
    run = seen.run
    return Sight(seen, file, problems, _stages(file, run), None if run is None else _counted(engine, run, kept, patience))


def _counted(engine: Engine, run: Run, kept: KeptCounts[Everybody], patience: float | None) -> Counted[Everybody] | None:
    def make() -> Everybody:
        return _everybody(engine, run)

    return kept.get(run.id, make) if patience is None else kept.get_soon(run.id, make, patience=patience)


def _everybody(engine: Engine, run: Run) -> Everybody:
    with database.reading(engine) as connection:
        return Everybody(overseeing.count(connection, run), run_files.arms(connection, run.id))


def _stages(file: Campaign | None, run: Run | None) -> tuple[StageSeen, ...]:
    """The file's; a greeting campaign's are its occasions, which its run tells."""
    if file is None or file.greet is not None:
        return tuple(StageSeen(name) for name in (run.stages if run else ()))
    return tuple(StageSeen(stage.name, branches.timing(stage), tuple(map(str, stage.channels)), _texts(file, stage.name)) for stage in file.stages)


def _texts(file: Campaign, name: str) -> tuple[str, ...]:
    stage = next(stage for stage in file.stages if stage.name == name)
    found = [
        text
        for tactic in file.tactics
        for channel in stage.channels
        if channel != TASK
        for text in stage.texts_for(ChannelName(channel), tactic, frozenset())
    ]
    return tuple(dict.fromkeys(found))


def arms(sight: Sight) -> list[tuple[str, float, int | None]]:
    """(arm, its share of those assigned, how many there are), the holdout last; None: it has no run, or is being counted."""
    counted = sight.counted.value.arms if sight.counted is not None else None
    shares = sight.shares
    order = sorted(shares, key=lambda arm: (arm == HOLDOUT, arm))
    return [(arm, shares[arm], None if counted is None else counted.get(arm, 0)) for arm in order]
