"""What letters are written from, kept with the run: a letter can be looked at as it left, whatever became of its files.

Kept are files, not letters: a million letters share them (docs/decisions/0231).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from winback.letters import catalogue, library
from winback.sending import contents
from winback.sending.prepared import Prepared
from winback.settings import Project
from winback.store import database
from winback.store import editions as kept
from winback.store.runs import Run

_CONFIG, _TEMPLATES = "config", "templates"
_OF_TODAY = "settings.yaml"
"""Where letters leave and where their links lead is today's."""


def read(prepared: Prepared) -> dict[str, bytes]:
    """The files of config/ and of the campaign's letters, by their names; no lists of customers, and no codes."""
    return dict(_files(prepared))


def keep(engine: Engine, files: Mapping[str, bytes], run: Run, *, now: datetime) -> None:
    """From now on the run's letters are written from these."""
    with database.writing(engine) as connection:
        kept.keep(connection, run.id, files, now)


def _files(prepared: Prepared) -> Iterator[tuple[str, bytes]]:
    project = prepared.project
    config = project.config()
    for path in (path for folder in (".", "campaigns", "cohorts") for path in sorted((config / folder).glob("*.yaml"))):
        if (name := path.relative_to(config).as_posix()) != _OF_TODAY:
            yield f"{_CONFIG}/{name}", path.read_bytes()
    templates = _plain(project.templates)  # which may be written as ../../templates
    for path in _below_templates(prepared):
        yield f"{_TEMPLATES}/{_plain(path).relative_to(templates).as_posix()}", path.read_bytes()


def _below_templates(prepared: Prepared) -> Iterator[Path]:
    """The letters' own folders; the layouts, parts and pictures that they use; the catalogues."""
    templates = prepared.project.templates
    for channel, name in sorted(set().union(*prepared.campaign.letters().values())):
        yield from (path for path in sorted((templates / library.FOLDERS[channel] / name).iterdir()) if path.is_file())
    for shown, _ in contents.letters(prepared):
        yield prepared.project.root / shown
    yield from (path for language in prepared.library.languages() if (path := catalogue.path(templates, language)).exists())


def _plain(path: Path) -> Path:
    return Path(os.path.normpath(path))


def at(connection: Connection, project: Project, run_id: int, moment: datetime) -> Project | None:
    """The project as it was when a letter of a run was written at that moment. None: that wasn't kept.

    Its files lie in .winback/editions, which may be emptied at any time: they come from the store.
    """
    files = kept.at(connection, run_id, moment)
    if files is None:
        return None
    root = project.root / ".winback" / "editions" / hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:32]
    if not root.exists():
        _put(root, files, kept.contents(connection, files.values()))
    settings = project.settings.model_copy(update={"templates": _TEMPLATES})
    environment = {**project.environment, "WINBACK_SECRET": project.key.decode()}  # else it would make a key of its own
    return replace(project, root=root, document=replace(project.document, value=settings), environment=environment)


def _put(root: Path, files: Mapping[str, str], said: Mapping[str, bytes]) -> None:
    """All of them or none, whoever else does so at the same moment."""
    root.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=root.parent))
    for name, content in files.items():
        (draft / name).parent.mkdir(parents=True, exist_ok=True)
        (draft / name).write_bytes(said[content])
    try:
        draft.rename(root)
    except OSError:
        shutil.rmtree(draft)
        if not root.exists():
            raise
