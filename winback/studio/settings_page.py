"""The pages of how the project is set up: its files as they are read, and what `winback check` says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel

from winback.errors import Refused
from winback.journey import policy
from winback.letters import brand, sender
from winback.operations import checking, setting_files
from winback.sending import pace
from winback.settings import Project, Settings
from winback.studio.counts import AGAIN, Counts
from winback.studio.desk import Desk
from winback.studio.words import N_

_LONGEST = 300
"""Characters of a value that the page shows."""

_FILES: tuple[tuple[str, str, Callable[[Project], BaseModel]], ...] = (
    (N_("Who signs letters"), "senders.yaml", sender.read),
    (N_("The shop, as its letters show it"), "brand.yaml", brand.read),
    (N_("Whom we may write to, by country"), "policy.yaml", policy.read),
    (N_("Channels, and the project itself"), "settings.yaml", lambda project: project.read(Settings, "settings.yaml").value),
    (N_("How fast letters leave"), "pace.yaml", pace.read),
)


@dataclass(frozen=True, slots=True)
class Section:
    """One file. Rows are (where in the file, what stands there)."""

    title: str
    file: str
    said: tuple[tuple[str, str], ...]
    by_default: tuple[tuple[str, str], ...]
    fault: str = ""  # why it can't be read

    @property
    def name(self) -> str:
        return self.file.rpartition("/")[2].removesuffix(".yaml")


def routes(desk: Desk) -> APIRouter:
    router, counts = APIRouter(), Counts()

    @router.get("/settings")
    def every(request: Request) -> Response:
        return desk.page(request, "settings.html", sections=[_section(desk.project, *each) for each in _FILES], others=_others(desk.project))

    @router.get("/settings/check")
    def check(request: Request) -> Response:
        key = frozenset(desk.project.stamps().items())  # the check fills in every letter in every language: once for each state of the files
        counts.begin(key, lambda: tuple(checking.problems(desk.project)))
        found = counts.take(key)
        return desk.page(request, "findings.html", headers=AGAIN if found is None else None, is_checking=found is None, problems=found or ())

    return router


def _others(project: Project) -> list[tuple[str, bool]]:
    """(name, whether it is there) of the files that are edited here and have no part of their own on the page."""
    shown = {file.removesuffix(".yaml") for _, file, _ in _FILES}
    return [(name, project.config(f"{name}.yaml").exists()) for name in setting_files.NAMES if name not in shown]


def _section(project: Project, title: str, file: str, read: Callable[[Project], BaseModel]) -> Section:
    shown = project.shown(project.config(file))
    try:
        value = read(project)
    except Refused as refused:
        return Section(title, shown, (), (), str(refused))
    said = list(_rows(value.model_dump(mode="json", by_alias=True, exclude_unset=True)))
    known = {where for where, _ in said}
    whole = [row for row in _rows(value.model_dump(mode="json", by_alias=True)) if row[0] not in known]
    return Section(title, shown, tuple(said), tuple(whole))


def _rows(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """A tree as lines: keys with dots between them, and lists of plain words in one line."""
    if isinstance(value, dict) and value:
        for key, part in value.items():
            yield from _rows(part, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list) and any(isinstance(part, dict | list) for part in value):
        for number, part in enumerate(value, 1):
            yield from _rows(part, f"{where}.{number}")
    else:
        yield where, _text(value)


def _text(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
