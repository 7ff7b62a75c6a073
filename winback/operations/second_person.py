"""Approval by a second person: who changed a campaign's files last doesn't approve it, where settings.yaml asks for that."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable

from winback.errors import ConfigError, Problem
from winback.settings import Project
from winback.speech import N_, said

_SECONDS = 30


def check(project: Project, files: Iterable[str], *, by: str, email: str) -> None:
    """Raises ConfigError when `by` is who changed one of these files last, or nobody can know who did. Silent unless `second_person: true`.

    Who changed them is what git knows: its author's address, or name where `email` is empty. Nobody knows it of what isn't committed.
    """
    if not project.settings.studio.second_person:
        return
    there = sorted(file for file in files if (project.root / file).is_file())
    if _git(project, "rev-parse", "--is-inside-work-tree") != "true":
        what = said(N_("a second person is to approve, and the project is no git repository: nobody knows who the first is."))
        how = said(N_("Make it one (git init), or take `second_person:` out of config/settings.yaml."))
        raise ConfigError(Problem("", None, what, how))
    if changed := _git(project, "status", "--porcelain", "--untracked-files=all", "--", *there):
        file = changed.splitlines()[0][3:]
        what = said(N_("it has changes that aren't committed: nobody knows whose they are."))
        raise ConfigError(Problem(file, None, what, said(N_("Commit them, then look again."))))
    address, _, name = _git(project, "log", "--max-count=1", "--no-show-signature", "--format=%ae%x1f%an", "--", *there).partition("\x1f")
    if (email and address.casefold() == email.casefold()) or (name and name.casefold() == by.casefold()):
        what = said(N_("%(name)s changed it last, so a second person approves it."), name=name)
        raise ConfigError(Problem("", None, what, said(N_("Ask somebody else who may approve."))))


def _git(project: Project, *words: str) -> str:
    """What git says; nothing where it isn't there, or refuses."""
    kept = {name: value for name, value in project.environment.items() if not name.startswith(("WINBACK_", "GIT_"))}
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_PAGER": "cat", "GIT_LITERAL_PATHSPECS": "1", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(  # noqa: S603  a program with words of ours and paths of the project
            ["git", "-c", "core.quotepath=off", *words],  # noqa: S607  wherever the machine has it
            cwd=project.root,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", **kept, **quiet},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip("\n") if done.returncode == 0 else ""
