"""What git knows of a project's files: who changed them, when, and how; and a commit for what was saved here.

A project needs no repository: then there is no history, and nothing is committed.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from winback.errors import ConfigError, Problem
from winback.operations import project_files
from winback.settings import Project

_SECONDS = 60
"""What a commit may take with its hooks."""
_FIELDS = "%H%x1f%an%x1f%aI%x1f%s%x1e"
_SETS = ("core.quotepath=off", "color.ui=never", "gc.auto=0")


@dataclass(frozen=True, slots=True)
class Revision:
    """One commit that changed what was asked about."""

    id: str
    who: str
    when: datetime
    said: str  # the first line of its message


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit's id; or why there is none, empty where the project is no repository."""

    id: str = ""
    note: str = ""


def is_kept(project: Project) -> bool:
    """Whether the project lies in a git repository."""
    try:
        return _git(project, "rev-parse", "--is-inside-work-tree").stdout.strip() == "true"
    except (OSError, subprocess.TimeoutExpired):
        return False


def history(project: Project, paths: Sequence[str], *, limit: int = 30) -> list[Revision]:
    """The commits that changed these files, the newest first; none without a repository."""
    if not is_kept(project):
        return []
    found = _git(project, "log", f"--max-count={limit}", f"--format={_FIELDS}", "--no-show-signature", "--", *paths)
    rows = (row.strip("\n").split("\x1f") for row in found.stdout.split("\x1e") if row.strip())
    return [Revision(name, who, datetime.fromisoformat(when), said) for name, who, when, said in rows] if found.returncode == 0 else []


def last_in(project: Project, root: str, folders: Sequence[str], *, among: int = 500) -> dict[str, Revision]:
    """The newest commit in each of these folders below `root`, of the last ones there; folders that none of them changed are left out."""
    if not is_kept(project):
        return {}
    form = f"--format=%x1d{_FIELDS}"
    found = _git(project, "log", f"--max-count={among}", form, "--name-only", "--relative", "--no-renames", "--no-show-signature", "--", root)
    wanted, newest = set(folders), dict[str, Revision]()
    for entry in found.stdout.split("\x1d")[1:]:
        head, _, files = entry.partition("\x1e")
        name, who, when, said = head.split("\x1f")
        for folder in {file.rpartition("/")[0] for file in files.split("\n")} & wanted:
            newest.setdefault(folder, Revision(name, who, datetime.fromisoformat(when), said))
    return newest


def brings_back(project: Project, folder_or_file: str) -> list[str] | None:
    """The files there, when git has every one of them as it stands now; None where something would be lost with them."""
    if not is_kept(project):
        return None
    state = _git(project, "status", "--porcelain", "--ignored", "--", folder_or_file)
    there = _git(project, "ls-files", "-z", "--", folder_or_file)
    return [path for path in there.stdout.split("\0") if path] if state.returncode == 0 and not state.stdout else None


def text_at(project: Project, path: str, revision: str) -> str | None:
    """A file as it was then; None where it wasn't there. Raises ConfigError for what is no revision, or no file that may be edited."""
    project_files.locate(project, path)
    found = _git(project, "show", "--no-ext-diff", "--no-textconv", f"{_known(revision)}:./{path}")
    return found.stdout.replace("\r\n", "\n").removeprefix("\ufeff") if found.returncode == 0 else None


def changes(project: Project, paths: Sequence[str], revision: str) -> list[str]:
    """What a commit changed in these files, as the lines of a diff. Raises ConfigError for what is no revision."""
    for path in paths:
        project_files.locate(project, path)
    wanted = ("--format=", "--patch", "--no-ext-diff", "--no-textconv", "--relative", "-m", "--first-parent")
    found = _git(project, "show", *wanted, _known(revision), "--", *paths)
    return [line for line in found.stdout.splitlines() if not line.startswith(("diff --git", "index "))] if found.returncode == 0 else []


def commit(project: Project, paths: Sequence[str], *, by: str, email: str, message: str) -> Committed:
    """Commit these files and nothing else, whatever else is staged, with `by` as its author. The repository's hooks run.

    Whatever goes wrong is told: the files stay as they are saved.
    """
    try:
        if not is_kept(project):
            return Committed()
        author = f"{_harmless(by) or 'somebody'} <{_harmless(email)}>"
        added = _git(project, "add", "--", *paths)
        done = (
            added
            if added.returncode
            else _git(project, *_committer(project, by, email), "commit", "--quiet", "--only", f"--author={author}", "-m", message, "--", *paths)
        )
        if done.returncode == 0:
            return Committed(_git(project, "rev-parse", "HEAD").stdout.strip())
        said = " ".join((done.stderr.strip() or done.stdout.strip()).split())[-600:]
        return Committed(note=said or f"git left with {done.returncode}.")
    except subprocess.TimeoutExpired:
        return Committed(note=f"git wasn't done after {_SECONDS} seconds.")
    except OSError as error:
        return Committed(note=f"{error.strerror}.")


def _committer(project: Project, by: str, email: str) -> tuple[str, ...]:
    """The machine's own, as git is set up; where it is not, the author."""
    if _git(project, "config", "user.email").stdout.strip():
        return ()
    return "-c", f"user.name={_harmless(by) or 'somebody'}", "-c", f"user.email={_harmless(email) or 'studio@localhost'}"


def _git(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    """Git in the project's folder; it asks nobody for anything, and none of our secrets goes in."""
    kept = {name: value for name, value in project.environment.items() if not name.startswith(("WINBACK_", "GIT_"))}
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true", "GIT_PAGER": "cat", "GIT_LITERAL_PATHSPECS": "1", "LC_ALL": "C.UTF-8"}
    sets = [part for each in _SETS for part in ("-c", each)]
    return subprocess.run(  # noqa: S603  a program with words of ours and paths that were looked at
        ["git", *sets, *words],  # noqa: S607  wherever the machine has it
        cwd=project.root,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **kept, **quiet},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=_SECONDS,
        check=False,
    )


def _known(revision: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{7,64}", revision):
        raise ConfigError(Problem("", None, f"`{revision[:80]}` is no revision.", "Name one that the history shows."))
    return revision


def _harmless(text: str) -> str:
    return " ".join(re.sub(r"[<>\x00-\x1f\x7f]", " ", text).split())[:100]
