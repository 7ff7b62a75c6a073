"""Make a new project folder: config, templates, flows, and a key of its own; ready to rehearse."""

from __future__ import annotations

import shutil
from pathlib import Path

from winback import settings
from winback.errors import ConfigError, Problem
from winback.settings import Project

_PACKAGE = Path(__file__).resolve().parents[1]
_FOLDERS, _DEPLOYMENTS = ("config", "templates", "flows"), ("prefect.yaml", "prefect-many.yaml", "automations.yaml")
_NOT_OURS = shutil.ignore_patterns("__pycache__", "*.mo", "demo.py")


def bundled() -> Path:
    """Where the config, templates and flows that come with winback lie: inside the installed package, else in the source tree."""
    inside = _PACKAGE / "project"
    return inside if inside.is_dir() else _PACKAGE.parent


def init(folder: Path) -> Project:
    """Fill an empty or new folder. Raises ConfigError when a project, or anything of its names, lies there already."""
    taken = [name for name in (*_FOLDERS, *_DEPLOYMENTS) if (folder / name).exists()]
    if taken:
        raise ConfigError(Problem(str(folder / taken[0]), None, "lies there already.", "Choose a new folder; nothing was written."))
    if folder.exists() and not folder.is_dir():
        raise ConfigError(Problem(str(folder), None, "is a file.", "Choose a new folder; nothing was written."))
    for name in _FOLDERS:
        shutil.copytree(bundled() / name, folder / name, ignore=_NOT_OURS)
    for name in _DEPLOYMENTS:
        shutil.copy(bundled() / name, folder / name)
    (folder / ".gitignore").write_text("winback.db*\n.winback/\nout/\n", encoding="utf-8")
    project = settings.open_project(folder)
    _ = project.key
    return project
