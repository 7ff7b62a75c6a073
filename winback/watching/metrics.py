"""Figures for Prometheus: those of the store, the same whichever process is asked, and those of the process that answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from prometheus_client import CollectorRegistry, Counter, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Engine

from winback import __version__
from winback.audience import source as sources
from winback.errors import WinbackError
from winback.settings import Project
from winback.store import database, figures
from winback.tracking import spool


@dataclass(frozen=True, slots=True)
class Metric:
    """One name that /metrics tells. `of`: the store's figures are the same everywhere, the process's are its own."""

    name: str
    labels: tuple[str, ...]
    says: str
    of: str = "store"


METRICS = (
    Metric("winback_info", ("version",), "1, with the version that answers.", "process"),
    Metric("winback_database_up", (), "1 while the database answers; 0: all figures of the store are missing."),
    Metric("winback_runs", ("status",), "Runs of campaigns."),
    Metric("winback_letters", ("campaign", "status"), "Letters, messages and tasks of campaigns that aren't over, as they stand."),
    Metric(
        "winback_overdue_seconds",
        ("campaign",),
        "How long the oldest stage or letter of an active campaign has been due; it grows when nobody sends.",
    ),
    Metric("winback_lane_stopped", ("lane",), "1 for each lane that a fuse or a person stopped."),
    Metric("winback_threads_waiting", (), "Customers who wait for a person's answer."),
    Metric("winback_threads_overdue", (), "Of them, those who were promised one by now."),
    Metric("winback_answers_owed", (), "Answers of the bot that haven't left."),
    Metric("winback_imported_timestamp_seconds", ("source",), "When a source that config/sources.yaml has was read last, as Unix time."),
    Metric("winback_measured_timestamp_seconds", ("campaign",), "When a campaign was measured last, as Unix time."),
    Metric("winback_hits_waiting", (), "Opens and clicks in files of this machine that aren't in the store yet.", "machine"),
    Metric("winback_hits_dropped_total", (), "Opens and clicks that are lost: the disk didn't take them.", "process"),
    Metric(
        "winback_pages_total", ("status",), "Pages answered, by the hundred of their HTTP status; pixels and clicks aren't among them.", "process"
    ),
)
"""Everything that is told of winback itself; beside it stand process_* and python_info of the Prometheus client."""

_NAMED = {metric.name: metric for metric in METRICS}


Family: TypeAlias = GaugeMetricFamily | CounterMetricFamily


class Figures(Collector):
    """Asks the store anew each time."""

    def __init__(self, project: Project, engine: Engine, hits: Path, clock: Callable[[], datetime], dropped: Callable[[], int]) -> None:
        self._project, self._engine, self._hits, self._clock, self._dropped = project, engine, hits, clock, dropped

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # or registering would ask the store

    def collect(self) -> Iterator[Family]:
        yield _gauge("winback_info", {(__version__,): 1})
        yield _gauge("winback_hits_waiting", {(): spool.lines(self._hits) if self._hits.is_dir() else 0})
        dropped = _NAMED["winback_hits_dropped_total"]
        yield CounterMetricFamily(dropped.name, dropped.says, value=self._dropped())
        try:
            with database.reading(self._engine) as connection:
                told = list(_of_store(connection, self._clock(), self._project))
        except database.Failure:
            yield _gauge("winback_database_up", {(): 0})
            return
        yield _gauge("winback_database_up", {(): 1})
        yield from told


def _of_store(connection: Connection, now: datetime, project: Project) -> Iterator[GaugeMetricFamily]:
    waiting, overdue = figures.threads_waiting(connection, now)
    yield _gauge("winback_runs", {(status,): count for status, count in figures.runs(connection).items()})
    yield _gauge("winback_letters", figures.letters(connection))
    yield _gauge("winback_overdue_seconds", {(campaign,): seconds for campaign, seconds in figures.overdue(connection, now).items()})
    yield _gauge("winback_lane_stopped", {(lane,): 1 for lane in figures.stopped_lanes(connection)})
    yield _gauge("winback_threads_waiting", {(): waiting})
    yield _gauge("winback_threads_overdue", {(): overdue})
    yield _gauge("winback_answers_owed", {(): figures.answers_owed(connection)})
    yield _gauge("winback_imported_timestamp_seconds", {(source,): at.timestamp() for source, at in _imported(connection, project).items()})
    yield _gauge("winback_measured_timestamp_seconds", {(campaign,): at.timestamp() for campaign, at in figures.measured(connection).items()})


def _imported(connection: Connection, project: Project) -> dict[str, datetime]:
    """Of sources that config/sources.yaml has: one that was renamed or taken out isn't late. Of all, where the file can't be read."""
    told = figures.imported(connection)
    try:
        known = sources.read(project).value.sources
    except WinbackError:
        return told
    return {name: at for name, at in told.items() if name in known}


def _gauge(name: str, values: Mapping[Any, float]) -> GaugeMetricFamily:
    """`values` by the labels' values, in their order."""
    metric = _NAMED[name]
    family = GaugeMetricFamily(name, metric.says, labels=metric.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


class Meter:
    """The figures of one process: what it counts itself, and what it reads."""

    def __init__(self, project: Project, engine: Engine, hits: Path, clock: Callable[[], datetime], dropped: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        pages = _NAMED["winback_pages_total"]
        self._pages = Counter(pages.name, pages.says, pages.labels, registry=self.registry)
        self.registry.register(Figures(project, engine, hits, clock, dropped))

    def count(self, status: int) -> None:
        self._pages.labels(f"{status // 100}xx").inc()

    def text(self) -> bytes:
        """In Prometheus's text format; waits for the database."""
        return generate_latest(self.registry)


def as_markdown() -> str:
    """The table of docs/metrics.md."""
    lines = ["| metric | labels | of | what it says |", "|---|---|---|---|"]
    lines += [f"| `{each.name}` | {', '.join(f'`{label}`' for label in each.labels) or '-'} | {each.of} | {each.says} |" for each in METRICS]
    return "\n".join(lines) + "\n"
