"""Every cohort of a project: what it is called, what is wrong with its file, which campaigns use it, how many it had when last counted."""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from winback import strictyaml
from winback.audience import cohort
from winback.errors import Problem, Refused
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
    mark: str = ""  # of what stands in its file


class _Uses(BaseModel):
    """Of a campaign's file the one line that counts here, whatever is wrong with the others."""

    cohort: str | None = None


class Shelf:
    """All cohorts of a project, their files read anew only when one of them, or a file that they lean on, was saved since."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._marks: tuple[tuple[str, int, int], ...] = ()
        self._read: tuple[Listed, ...] = ()

    def every(self) -> list[Listed]:
        """By name."""
        marks = tuple(_marks(self._project))
        if marks != self._marks:
            used = uses(self._project)
            read = tuple(_listed(self._project, name, used.get(name, ())) for name in self._project.names("cohorts"))
            self._read, self._marks = read, marks
        counted = _rows(self._project)
        return [_with_count(each, counted.get(each.name)) for each in self._read]

    def one(self, name: str) -> Listed | None:
        """None where there is no such cohort."""
        return next((each for each in self.every() if each.name == name), None)


def _marks(project: Project) -> Iterator[tuple[str, int, int]]:
    """When each of the files was last saved, and how long it is."""
    for pattern in ("cohorts/*.yaml", "campaigns/*.yaml", "lists/*", "businesses.yaml", "signs.yaml"):
        for path in sorted(project.config().glob(pattern)):
            stat = path.stat()
            yield path.as_posix(), stat.st_mtime_ns, stat.st_size


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


def _listed(project: Project, name: str, campaigns: tuple[str, ...]) -> Listed:
    written, title, found = "", "", tuple[Problem, ...]()
    try:
        written = text(project, name)
        document = cohort.parse(name, written)
        title = document.value.title
        cohort.selection(project, document)
    except Refused as refused:
        found = refused.problems
    return Listed(name, title, found, campaigns, None, _mark(written))


def _with_count(listed: Listed, row: dict[str, Any] | None) -> Listed:
    if row is None or set(row) != {"matched", "customers", "at", "of"}:
        return listed
    return replace(listed, counted=Counted(row["matched"], row["customers"], datetime.fromisoformat(row["at"]), row["of"] == listed.mark))


def _rows(project: Project) -> dict[str, dict[str, Any]]:
    """What was noted; nothing where the notes can't be read, which are no loss."""
    try:
        return dict(json.loads((project.root / ".winback" / _FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _mark(written: str) -> str:
    return hashlib.sha256(written.encode()).hexdigest()[:16]
