"""Files of the project edited by people: the same files that git and an editor of text know, through one door.

What is saved has passed the project's check, replaces only the version that its editor saw, and is committed where the project is a
repository. Whoever reads a file with `open` and hands its version back with `save` never takes anything from anybody.
"""

from __future__ import annotations

import contextlib
import difflib
import fcntl
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from winback.errors import ConfigError, Problem
from winback.letters import library
from winback.model import ChannelName
from winback.operations import as_if, checking, project_files, reach, revisions
from winback.operations.project_files import File
from winback.settings import Project
from winback.store import audit, database

_FEW = 3
"""Letters that are looked at before all else is."""


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody wants to stand in a file instead of the version that they saw; an empty version: there was no such file."""

    path: str
    text: str
    version: str


@dataclass(frozen=True, slots=True)
class Saved:
    """The files as they stand now."""

    files: tuple[File, ...]
    commit: str = ""  # its id; empty where nothing was committed
    note: str = ""  # why git didn't commit it, where it should have


@dataclass(frozen=True, slots=True)
class Clash:
    """Two texts for one file: somebody saved theirs since yours was begun."""

    theirs: File
    yours: str

    @property
    def diff(self) -> list[str]:
        """From theirs to yours, as lines of a diff."""
        return difference(self.theirs.text, self.yours)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Nothing was saved: these files aren't any more what their editor saw."""

    clashes: tuple[Clash, ...]


@dataclass(frozen=True, slots=True)
class Faults:
    """Nothing was saved: this would be wrong with the project, and isn't now."""

    problems: tuple[Problem, ...]


Answer = Saved | Conflict | Faults


def open(project: Project, path: str) -> File:  # noqa: A001  editing.open is what one says
    """A file to edit, with the version that `save` wants back. Raises ConfigError for what isn't to be edited."""
    return project_files.read(project, path)


def save(project: Project, engine: Engine, path: str, text: str, version: str, *, by: str, email: str = "", now: datetime) -> Answer:
    """One file, as `save_together` does it."""
    return save_together(project, engine, [Change(path, text, version)], by=by, email=email, now=now)


def save_together(project: Project, engine: Engine, changes: Sequence[Change], *, by: str, email: str = "", now: datetime, said: str = "") -> Answer:
    """All of these files or none, when each is still what its editor saw and the project's check finds nothing that it doesn't find now.

    `said` is the message of the commit. Raises ConfigError for what isn't to be edited or no text, and when the disk refuses.
    """
    changes = [Change(change.path, project_files.plain(change.text), change.version) for change in changes]
    with _alone(project):
        there = {change.path: project_files.read(project, change.path) for change in changes}
        if clashes := tuple(Clash(there[change.path], change.text) for change in changes if _was_changed(there[change.path], change)):
            return Conflict(clashes)
        contents = {change.path: project_files.as_written(project, change.path, change.text) for change in changes}
        wanted = {path: content for path, content in contents.items() if project_files.version(content) != there[path].version}
        if not wanted:
            return Saved(tuple(there.values()))
        if problems := _new_problems(project, wanted):
            return Faults(tuple(problems))
        project_files.write(project, wanted)
        done = revisions.commit(project, [*wanted], by=by, email=email, message=said or _said(there, [*wanted]))
        _record(engine, there, wanted, done.id, by=by, now=now)
    return Saved(tuple(project_files.read(project, path) for path in contents), done.id, done.note)


def take_away(project: Project, engine: Engine, path: str, *, by: str, email: str = "", now: datetime) -> Saved | Faults:
    """Take a file, or a folder with all files in it, out of the project: git keeps it, and can bring it back.

    Refused where git hasn't every file as it stands, where the project's check would miss something afterwards, and where git doesn't commit it.
    """
    with _alone(project):
        paths = revisions.brings_back(project, path)
        if not paths:
            how = "Commit it first; a project that is no repository keeps no files that were taken away."
            return Faults((Problem(path, None, "git doesn't have it as it stands, so nobody could bring it back.", how),))
        there = {each: project_files.read(project, each) for each in paths}
        contents = {each: project_files.locate(project, each).read_bytes() for each in paths}
        if problems := _new_problems(project, dict.fromkeys(paths)):
            return Faults(tuple(problems))
        for each in paths:
            project_files.locate(project, each).unlink()
        done = revisions.commit(project, paths, by=by, email=email, message=f"Take {path} away")
        if not done.id:
            project_files.write(project, contents)
            return Faults((Problem(path, None, done.note, "It is still there."),))
        with contextlib.suppress(OSError):
            (project.root / path).rmdir()
        with database.writing(engine) as connection:
            for each in paths:
                detail = {"before": there[each].version[:16], "commit": done.id[:16]}
                audit.record(connection, who=by, deed=audit.Deed.TOOK_AWAY, about=f"file {each}", detail=detail, now=now)
    return Saved((), done.id)


def faults(project: Project, changes: Sequence[Change]) -> list[Problem]:
    """What the check would say of these texts that it doesn't say now. Raises ConfigError as `save_together` does."""
    return _new_problems(project, {change.path: project_files.as_written(project, change.path, change.text) for change in changes})


def difference(before: str, after: str) -> list[str]:
    """The lines of a diff, without its heading."""
    return [*difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3)][2:]


def _was_changed(there: File, change: Change) -> bool:
    """Whether somebody else saved something; one who wrote the very same takes nothing from anybody."""
    return there.version != change.version and there.text != change.text


def _new_problems(project: Project, contents: Mapping[str, bytes | None]) -> list[Problem]:
    """Those that this change makes. What was wrong before stands in nobody's way, else two mistakes could never be mended one by one."""
    try:
        with as_if.changed(project, contents) as after:
            if unread := checking.unread(after):
                return _more(checking.unread(project), unread)
            letters = reach.letters(project, after, contents)
            campaigns = reach.campaigns(after, contents, letters)
            found = _at_once(after, letters) or checking.problems(after, letters, campaigns)
    except ConfigError as error:  # settings.yaml itself
        return list(error.problems)
    if not found or checking.unread(project):  # nobody could know so far what else is wrong
        return [problem for problem in found if problem.file in contents]
    return _more(checking.problems(project, letters, campaigns), found)


def _at_once(after: Project, letters: Collection[tuple[ChannelName, str]] | None) -> list[Problem]:
    """What is wrong with a few letters before any of them is filled in, as of texts that aren't translated: that is told in no time."""
    if letters is None or len(letters) > _FEW:
        return []
    texts = library.open_library(after)
    there = [(channel, name) for channel, name in letters if name in texts.names(channel)]
    found = [problem for letter in there for problem in texts.faults(*letter)]
    return found or [problem for letter in there for language in texts.languages() for problem in texts.problems_in(*letter, language)]


def _more(before: Sequence[Problem], after: Sequence[Problem]) -> list[Problem]:
    """Problems that weren't there; one that only moved to another line was."""
    known = Counter((problem.file, problem.message) for problem in before)
    fresh = []
    for problem in after:
        known[problem.file, problem.message] -= 1
        if known[problem.file, problem.message] < 0:
            fresh.append(problem)
    return fresh


def _said(there: dict[str, File], paths: Sequence[str]) -> str:
    """A commit's message where nobody has one."""
    verb = "Edit" if all(there[path].version for path in paths) else "Add" if not any(there[path].version for path in paths) else "Edit and add"
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{verb} {paths[0]}{more}"


def _record(engine: Engine, there: dict[str, File], wanted: dict[str, bytes], commit: str, *, by: str, now: datetime) -> None:
    with database.writing(engine) as connection:
        for path, content in wanted.items():
            detail = {"before": there[path].version[:16], "after": project_files.version(content)[:16], "commit": commit[:16]}
            audit.record(connection, who=by, deed=audit.Deed.EDITED, about=f"file {path}", detail=detail, now=now)


@contextlib.contextmanager
def _alone(project: Project) -> Iterator[None]:
    """One after the other, in all processes of this machine: whoever waited looks at what the one before them saved."""
    path = project.root / ".winback" / "editing.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
