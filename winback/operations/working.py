"""Work of a campaign that takes minutes: its plan, its rehearsal. Done in a process of its own, seen by everybody who looks, one at a time.

Files lie in .winback/works/<campaign>/: `state.json` says how far the last work is, `plan.json` and `rehearsal.json` what came of the last of
each kind. Who works holds a lock on `lock`, which ends with the process, however it ends: a page may be closed and opened again meanwhile.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Engine

from winback import clock, logs, settings, speech
from winback.errors import ConfigError, Problem, Refused
from winback.operations import approving, planned_page, planning, rehearsing
from winback.sending import prepared
from winback.sending.prepared import Prepared
from winback.settings import Project
from winback.speech import N_, said
from winback.store import database

log = logging.getLogger(__name__)

_SEEN_EVERY = 0.5  # seconds between two notes of how far it is
_STOP = "stop.json"
"""Lies beside the state as soon as somebody wants the work to end."""
_BEGINS_WITHIN = timedelta(seconds=30)
"""So long another process may need until it holds the lock."""


class Kind(StrEnum):
    """What is worked at."""

    PLAN = "plan"  # who would get what, when, why not
    REHEARSAL = "rehearsal"  # the whole campaign, played with a simulated clock
    QUESTION = "question"  # what somebody is asked to approve, with sample letters


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done, with all that another process needs for it."""

    root: Path
    environment: Mapping[str, str] = field(repr=False)
    url: str = field(repr=False)  # of the store
    campaign: str
    kind: Kind
    by: str
    now: datetime
    first: date | None = None  # of a rehearsal: its days, and whether letters are written
    until: date | None = None
    letters: bool = True


@dataclass(frozen=True, slots=True)
class Work:
    """How far the last work of a campaign is."""

    kind: Kind
    by: str
    began_at: datetime
    step: str = ""  # the day that a rehearsal has reached, or how many customers are decided on
    part: float | None = None  # done so far, of 1; None: nobody knows of how much
    is_over: bool = False
    problems: tuple[str, ...] = ()  # why nothing came of it
    is_running: bool = False

    @property
    def broke_off(self) -> bool:
        """Its process is gone, and said nothing."""
        return not self.is_over and not self.is_running


@dataclass(frozen=True, slots=True)
class Result:
    """What came of the last work of a kind."""

    by: str
    made_at: datetime
    told: Mapping[str, Any]


_UNDER_WAY = {
    Kind.PLAN: N_("a plan of `%(campaign)s` is under way, begun by %(who)s."),
    Kind.REHEARSAL: N_("a rehearsal of `%(campaign)s` is under way, begun by %(who)s."),
    Kind.QUESTION: N_("a question of `%(campaign)s` is under way, begun by %(who)s."),
}
_BROKE_OFF = {
    Kind.PLAN: N_("The plan broke off by a fault of the program: its log says which."),
    Kind.REHEARSAL: N_("The rehearsal broke off by a fault of the program: its log says which."),
    Kind.QUESTION: N_("The question broke off by a fault of the program: its log says which."),
}


class _Stopped(Exception):
    """Somebody wants it to end. The text is who, empty where nobody knows."""


Launch: TypeAlias = Callable[[Order], BaseProcess | None]


def in_process(order: Order) -> BaseProcess:
    """Begin in a process of its own, which ends with this one: nobody would see what it does."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=(order,), daemon=True, name=f"winback {order.kind}")
    process.start()
    return process


@dataclass(slots=True)
class Works:
    """The works of one project, begun here or elsewhere."""

    project: Project
    engine: Engine
    launch: Launch = in_process
    _processes: dict[str, BaseProcess | None] = field(default_factory=dict)
    _one_begins: threading.Lock = field(default_factory=threading.Lock)

    def begin(
        self, campaign: str, kind: Kind, *, by: str, now: datetime, first: date | None = None, until: date | None = None, letters: bool = True
    ) -> None:
        """Begin a work. Raises Refused when the campaign's files can't be meant, or something is under way already."""
        ready = prepared.prepare(self.project, campaign)
        if kind is Kind.REHEARSAL:
            rehearsing.between(ready, now=now, first=first, until=until)
        url = self.engine.url.render_as_string(hide_password=False)
        environment = {**self.project.environment, "WINBACK_USER": by or self.project.user}  # whoever the audit is to name
        order = Order(self.project.root, environment, url, campaign, kind, by, now, first, until, letters)
        with self._one_begins:
            if (seen := self.state(campaign, now=now)) is not None and seen.is_running:
                what = said(_UNDER_WAY[seen.kind], campaign=campaign, who=seen.by or said(N_("somebody")))
                raise ConfigError(Problem("", None, what, said(N_("Wait for its end."))))
            (_folder(self.project, campaign) / _STOP).unlink(missing_ok=True)
            _write(_folder(self.project, campaign) / "state.json", _as_json(Work(kind, by, now)))
            self._processes[campaign] = self.launch(order)

    def stop(self, campaign: str, *, by: str, now: datetime) -> None:
        """Have the work that is under way end at its next step, wherever it was begun. Raises Refused when there is none."""
        with self._one_begins:
            if (seen := self.state(campaign, now=now)) is None or not seen.is_running:
                raise ConfigError(
                    Problem("", None, said(N_("nothing of `%(campaign)s` is under way."), campaign=campaign), said(N_("Look at what came of it.")))
                )
            _write(_folder(self.project, campaign) / _STOP, {"by": by})

    def state(self, campaign: str, *, now: datetime) -> Work | None:
        """How far the last work is; None: nothing was ever begun."""
        folder = _folder(self.project, campaign)
        if (told := _read(folder / "state.json")) is None:
            return None
        seen = _work(told)
        if seen.is_over or _is_held(folder) or self._may_begin_yet(seen, campaign, now):
            return replace(seen, is_running=not seen.is_over)
        return _work(_read(folder / "state.json") or told)  # it may have come to its end a moment ago

    def _may_begin_yet(self, seen: Work, campaign: str, now: datetime) -> bool:
        """Whether a process that holds no lock may still be on its way to it: one of ours as long as it lives, another's for a while."""
        process = self._processes.get(campaign)
        return process.is_alive() if process is not None else now - seen.began_at < _BEGINS_WITHIN

    def result(self, campaign: str, kind: Kind) -> Result | None:
        """What came of the last work of a kind; None: there was none."""
        told = _read(_folder(self.project, campaign) / f"{kind}.json")
        return None if told is None else Result(told["by"], datetime.fromisoformat(told["made_at"]), speech.from_json(told["told"]))


def work(order: Order) -> None:
    """Do it, and write down how far it is and what came of it. When somebody else works at the campaign already, do nothing."""
    project = settings.open_project(order.root, order.environment)
    folder = _folder(project, order.campaign)
    with _only_one(folder) as mine:
        if not mine:
            return
        seen = _Seen(folder, Work(order.kind, order.by, order.now))
        try:
            seen.note("", None)
            engine = database.open_engine(order.url)
            try:
                told = _DO[order.kind](order, prepared.prepare(project, order.campaign), engine, seen)
            finally:
                engine.dispose()
        except Refused as refused:
            seen.end(tuple(map(str, refused.problems)))
        except _Stopped as stopped:
            seen.end((said(N_("%(who)s stopped it."), who=str(stopped) or said(N_("Somebody"))),))
        except BaseException:
            logs.broke(log, "the %s of %s broke off", order.kind, order.campaign)
            seen.end((said(_BROKE_OFF[order.kind]),))
            raise
        else:
            _write(folder / f"{order.kind}.json", {"by": order.by, "made_at": order.now.isoformat(), "told": speech.as_json(told)})
            seen.end(())


def _plan(order: Order, ready: Prepared, engine: Engine, seen: _Seen) -> dict[str, Any]:
    count = 0

    def progress(more: int) -> None:
        nonlocal count
        count += more
        seen.note(f"{count:,}", None)

    planned = planning.plan(ready, engine, now=order.now, progress=progress, present=order.now)
    return planned_page.as_json(ready, planned)


def _rehearse(order: Order, ready: Prepared, engine: Engine, seen: _Seen) -> dict[str, Any]:
    ready, start, until = rehearsing.between(ready, now=order.now, first=order.first, until=order.until)
    start_at = max(start, clock.start_of_day(ready.campaign.starts_on, ready.project.zone))
    whole = max((until - start_at).total_seconds(), 1.0)

    def progress(now: datetime) -> None:
        seen.note(clock.local_day(now, ready.project.zone).isoformat(), min(max((now - start_at).total_seconds() / whole, 0.0), 1.0))

    worker = f"rehearsal-{os.getpid()}"
    played = asyncio.run(rehearsing.rehearse(ready, engine, start=start, until=until, worker=worker, letters=order.letters, progress=progress))
    folder = None if played.folder is None else ready.project.shown(played.folder)
    return played.as_json() | {"folder": folder, "stages": list(played.calendar.stages)}


def _ask(order: Order, ready: Prepared, engine: Engine, seen: _Seen) -> dict[str, Any]:
    seen.note("", None)
    waiting, known = approving.show(engine, ready, now=order.now)
    return {"people": waiting.asked.people, "approved_before": known is not None}


_DO: dict[Kind, Callable[[Order, Prepared, Engine, _Seen], dict[str, Any]]] = {Kind.PLAN: _plan, Kind.REHEARSAL: _rehearse, Kind.QUESTION: _ask}


@dataclass(slots=True)
class _Seen:
    """Writes down how far a work is, not more often than somebody would look."""

    folder: Path
    work: Work
    at: float = 0.0

    def note(self, step: str, part: float | None) -> None:
        """Raises _Stopped when somebody wants it to end."""
        if (now := time.monotonic()) - self.at >= _SEEN_EVERY:
            self.at = now
            if (wish := _read(self.folder / _STOP)) is not None:
                raise _Stopped(wish["by"] or "")
            _write(self.folder / "state.json", _as_json(replace(self.work, step=step, part=part)))

    def end(self, problems: tuple[str, ...]) -> None:
        _write(self.folder / "state.json", _as_json(replace(self.work, is_over=True, problems=problems)))


def _as_json(seen: Work) -> dict[str, Any]:
    told = {name: value for name, value in asdict(seen).items() if name != "is_running"}
    return told | {"began_at": seen.began_at.isoformat(), "problems": speech.as_json(seen.problems)}


def _work(told: Mapping[str, Any]) -> Work:
    read = {"kind": Kind(told["kind"]), "began_at": datetime.fromisoformat(told["began_at"]), "problems": tuple(speech.from_json(told["problems"]))}
    return Work(**{**told, **read})


def _folder(project: Project, campaign: str) -> Path:
    if campaign not in project.names("campaigns"):
        raise ConfigError(Problem("", None, f"there is no campaign `{campaign}`.", "Look at config/campaigns/."))
    return project.root / ".winback" / "works" / campaign


def _read(path: Path) -> dict[str, Any] | None:
    """What stands there; None where there is nothing, or something that an older winback wrote otherwise."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return told if isinstance(told, dict) else None


def _write(path: Path, told: Mapping[str, Any]) -> None:
    """Whoever reads meanwhile finds it as it was before, or as it is now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    draft.write_text(json.dumps(told, ensure_ascii=False, default=str), encoding="utf-8")
    draft.replace(path)


@contextmanager
def _only_one(folder: Path) -> Iterator[bool]:
    """Whether nobody else works; then nobody else can, until the end."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _is_held(folder: Path) -> bool:
    try:
        with (folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
