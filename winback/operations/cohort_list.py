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


def problems(project: Project, name: str, text: str) -> tuple[Problem, ...]:
    """What is wrong with a cohort's file, if it said this."""
    try:
        cohort.selection(project, cohort.parse(name, text))
    except Refused as refused:
        return refused.problems
    return ()


def keep(project: Project, name: str, text: str, *, matched: int, customers: int, now: datetime) -> None:
    """Note how many a cohort had by this text, for the list to show. Two who note at once: one of the notes may be lost."""
    path = project.root / ".winback" / _FILE
    noted = {other: row for other, row in _rows(project).items() if other in project.names("cohorts")}
    noted[name] = {"matched": matched, "customers": customers, "at": now.isoformat(), "of": _mark(text)}
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
    path = project.config("cohorts", f"{name}.yaml")
    text, title, found = "", "", tuple[Problem, ...]()
    try:
        text = strictyaml.text_of(path, project.shown(path))
        document = cohort.parse(name, text)
        title = document.value.title
        cohort.selection(project, document)
    except Refused as refused:
        found = refused.problems
    return Listed(name, title, found, campaigns, None if row is None else _counted(row, text))


def _counted(row: dict[str, Any], text: str) -> Counted:
    return Counted(row["matched"], row["customers"], datetime.fromisoformat(row["at"]), row["of"] == _mark(text))


def _read(project: Project) -> dict[str, dict[str, Any]]:
    return {name: row for name, row in _rows(project).items() if set(row) == {"matched", "customers", "at", "of"}}


def _rows(project: Project) -> dict[str, dict[str, Any]]:
    """What was noted; nothing where the notes can't be read, which are no loss."""
    try:
        return dict(json.loads((project.root / ".winback" / _FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
