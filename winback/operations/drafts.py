"""What somebody has written and not saved: kept beside the project's files, where nothing reads it but the editors."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from winback.settings import Project


@dataclass(frozen=True, slots=True)
class Draft:
    """The texts of one person's unfinished work on something."""

    of: str  # what is edited: a file, or a letter's folder
    by: str
    at: datetime
    texts: Mapping[str, str]  # by path
    versions: Mapping[str, str]  # of the files that the texts began from
    more: Mapping[str, str] = field(default_factory=dict)  # what an editor keeps beside them
    key: str = ""  # of the person, as addresses name it


def key_of(who: str) -> str:
    """A person (their sign-in name) as addresses and files name them."""
    return hashlib.sha256(who.encode()).hexdigest()[:16]


def keep(project: Project, who: str, draft: Draft) -> Draft:
    """Keep the person's draft of this; an older one goes."""
    kept = Draft(draft.of, draft.by, draft.at, draft.texts, draft.versions, draft.more, key_of(who))
    path = _path(project, kept.key, kept.of)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    told = {
        "of": kept.of,
        "by": kept.by,
        "at": kept.at.isoformat(),
        "texts": dict(kept.texts),
        "versions": dict(kept.versions),
        "more": dict(kept.more),
    }
    fresh.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    fresh.replace(path)
    return kept


def drop(project: Project, who: str, of: str) -> None:
    """The person's draft goes, if there is one."""
    _path(project, key_of(who), of).unlink(missing_ok=True)


def find(project: Project, who: str, of: str) -> Draft | None:
    """The person's own draft of this."""
    return find_by_key(project, key_of(who), of)


def find_by_key(project: Project, key: str, of: str) -> Draft | None:
    """The draft of this by whoever has that key."""
    return _read(_path(project, key, of)) if key.isalnum() else None


def of(project: Project, what: str) -> list[Draft]:
    """Everybody's drafts of this, the newest first."""
    return sorted(_all(project, f"*/{_name(what)}"), key=lambda draft: draft.at, reverse=True)


def every(project: Project) -> list[Draft]:
    """All drafts, the newest first."""
    return sorted(_all(project, "*/*.json"), key=lambda draft: draft.at, reverse=True)


def _all(project: Project, pattern: str) -> Iterator[Draft]:
    return (draft for path in _root(project).glob(pattern) if (draft := _read(path)))


def _root(project: Project) -> Path:
    return project.root / ".winback" / "drafts"


def _path(project: Project, key: str, of: str) -> Path:
    return _root(project) / key / _name(of)


def _name(of: str) -> str:
    return f"{hashlib.sha256(of.encode()).hexdigest()[:32]}.json"


def _read(path: Path) -> Draft | None:
    """None where there is none, or what is there is no draft of ours."""
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Draft(told["of"], told["by"], datetime.fromisoformat(told["at"]), told["texts"], told["versions"], told["more"], path.parent.name)
    except (OSError, ValueError, KeyError, TypeError):
        return None
