"""Every cohort of a project: what it is called, what is wrong with its file, which campaigns use it, how many it had when last counted."""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from winback import strictyaml
from winback.audience import cohort
from winback.errors import ConfigError, Problem, Refused
from winback.settings import Project

_FILE = "cohort-counts.json"


@dataclass(frozen=True, slots=True)
class Counted:
    """How many members a cohort had. `is_of_file`: by the rules that stand in its file now."""

    matched: int
    customers: int
    at: datetime
    is_of_file: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A cohort; without a title where its file can't be read."""

    name: str
    title: str
    problems: tuple[Problem, ...]
    campaigns: tuple[str, ...]
    counted: Counted | None


class _Uses(BaseModel):
    """Of a campaign's file the one line that counts here, whatever is wrong with the others."""

    cohort: str | None = None


def every(project: Project) -> list[Listed]:
    """All cohorts by name."""
    used, counted = uses(project), _read(project)
    return [_listed(project, name, used.get(name, ()), counted.get(name)) for name in project.names("cohorts")]


def one(project: Project, name: str) -> Listed:
    """One of them, whose file is there."""
    return _listed(project, name, uses(project).get(name, ()), _read(project).get(name))


def titles(project: Project) -> list[tuple[str, str]]:
    """Every cohort's name and title; of one whose file can't be read the name alone."""
    return [(each.name, each.title) for each in every(project)]


def uses(project: Project) -> dict[str, tuple[str, ...]]:
    """Campaigns by the cohort that they name."""
    found = defaultdict[str, list[str]](list)
    for name in project.names("campaigns"):
        try:
            named = project.read(_Uses, "campaigns", f"{name}.yaml").value.cohort
        except Refused:
            continue
        if named is not None:
            found[named].append(name)
    return {named: tuple(campaigns) for named, campaigns in found.items()}


def text(project: Project, name: str) -> str:
    """What stands in a cohort's file. Raises ConfigError when there is none."""
    path = project.config("cohorts", f"{name}.yaml")
    return strictyaml.text_of(path, project.shown(path))


def keep(project: Project, name: str, written: str, *, matched: int, customers: int, now: datetime) -> None:
    """Note how many a cohort had by what is written, for the list to show. Two who note at once: one of the notes may be lost."""
    path = project.root / ".winback" / _FILE
    noted = {other: row for other, row in _rows(project).items() if other in project.names("cohorts")}
    noted[name] = {"matched": matched, "customers": customers, "at": now.isoformat(), "of": _mark(written)}
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(noted, indent=1) + "\n", encoding="utf-8")
    draft.replace(path)


def refuse_to_delete(project: Project, name: str) -> None:
    """Raises ConfigError when a campaign names the cohort."""
    if used := uses(project).get(name):
        raise ConfigError(
            Problem(cohort.shown(name), None, f"the cohort is used by {', '.join(used)}.", "Give these campaigns another cohort first, or end them.")
        )


def _listed(project: Project, name: str, campaigns: tuple[str, ...], row: dict[str, Any] | None) -> Listed:
    written, title, found = "", "", tuple[Problem, ...]()
    try:
        written = text(project, name)
        document = cohort.parse(name, written)
        title = document.value.title
        cohort.selection(project, document)
    except Refused as refused:
        found = refused.problems
    return Listed(name, title, found, campaigns, None if row is None else _counted(row, written))


def _counted(row: dict[str, Any], written: str) -> Counted:
    return Counted(row["matched"], row["customers"], datetime.fromisoformat(row["at"]), row["of"] == _mark(written))


def _read(project: Project) -> dict[str, dict[str, Any]]:
    return {name: row for name, row in _rows(project).items() if set(row) == {"matched", "customers", "at", "of"}}


def _rows(project: Project) -> dict[str, dict[str, Any]]:
    """What was noted; nothing where the notes can't be read, which are no loss."""
    try:
        return dict(json.loads((project.root / ".winback" / _FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _mark(written: str) -> str:
    return hashlib.sha256(written.encode()).hexdigest()[:16]
