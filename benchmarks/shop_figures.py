"""Facts and cohorts of a made-up shop, on both databases: against the best SQL written by hand, and how they grow with the shop.

Results are compared too: where ours and those by hand differ, nothing was measured.
"""

from __future__ import annotations

import csv
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, func, select

from benchmarks.figure import Figure, alone, compared
from benchmarks.shop import by_hand, in_duckdb, places
from benchmarks.shop.law import NOW, TODAY
from winback.operations import importing, knowing, scoring, selecting
from winback.settings import Project
from winback.store import database
from winback.store.tables import customers as people
from winback.store.tables import orders

COHORT = "silent-1-2-years-3-orders"
NEIGHBOUR = "dear-and-silent"
"""What it is compared with: a new project has more cohorts, and the time goes to them."""
BY_HAND_BAR = 1.5
SHOW_BAR_SECONDS = 2.0  # on PostgreSQL, for the command as a whole
LINEAR = 1.0
DELTA_BAR = 0.01
SIZES = (100, 10, 1)  # parts of the whole
DAYS = 3  # deltas imported
DELTA = "data/delta.csv"
WINBACK = Path(sys.executable).with_name("winback")


FULL = 1_000_000
"""Customers. Bars are for a shop of this size or more; smaller ones are for a look, since there what is the same for all sizes counts most."""


class Differs(Exception):
    """Ours and the one by hand don't tell the same."""


def figures(customers: int, keep: Path | None) -> list[Figure]:
    made: list[Figure] = []
    with places.folder(keep) as root, places.server(root) as server:
        project = places.project(root / "project", COHORT, NEIGHBOUR)
        whole = places.project(root / "whole")
        for kind in places.KINDS:
            shows = []
            for size in (customers // part for part in SIZES):
                _say(f"a shop of {size:,} customers on {kind}")
                with places.store(kind, root, size, server) as engine:
                    if size == customers:
                        rebuilds = _rebuilds(project, engine, kind, root, size)
                        made += [*rebuilds, *_shows(project, whole, engine, kind), *_deltas(project, engine, kind, rebuilds[0].figure)]
                    else:
                        knowing.rebuild(project, engine, now=NOW)
                    shows.append(statistics.median(_show(project, engine) for _ in range(5)))
            made.append(_growth(kind, [customers // part for part in SIZES], shows))
    return made if customers >= FULL else [replace(figure, bar=None) for figure in made]


def _rebuilds(project: Project, engine: Engine, kind: str, root: Path, customers: int) -> list[Figure]:
    """Everybody's facts counted anew; DuckDB's time, where it is installed, is the limit to come nearer to."""
    references: list[tuple[str, Callable[[], float], float | None]] = [("by hand", lambda: _seconds(lambda: by_hand.rebuild(engine)), BY_HAND_BAR)]
    if find_spec("duckdb"):
        parquet = places.parquet(root, customers)
        references.append(("DuckDB over Parquet", lambda: _seconds(lambda: in_duckdb.rebuild(parquet)), None))
    name = f"rebuild of facts, {customers:,} customers, {kind}"
    found = compared("audience", name, lambda: _seconds(lambda: knowing.rebuild(project, engine, now=NOW)), *references, rounds=2)
    _compare_facts(engine)
    return [*found, *_peaks(project, engine, kind, "rebuild")]


def _shows(project: Project, whole: Project, engine: Engine, kind: str) -> list[Figure]:
    scores = _seconds(lambda: scoring.update(project, engine, now=NOW))
    compare_shown(project, engine)

    def read_by_hand() -> float:
        with database.reading(engine) as connection:
            return _seconds(lambda: by_hand.show(connection))

    found = compared("audience", f"cohort show, {kind}", lambda: _show(project, engine), ("by hand", read_by_hand, BY_HAND_BAR))
    command = alone(
        "audience",
        f"winback cohort show, the command in a new project, {kind}",
        lambda: _command(whole, engine),
        bar=SHOW_BAR_SECONDS if kind == "PostgreSQL" else None,
        rounds=3,
    )
    kept = Figure("audience", f"scores of everybody, from the database into it, {kind}", scores, "s", 1, 0.0)
    return [kept, *found, command, *_peaks(project, engine, kind, "show")]


def _show(project: Project, engine: Engine) -> float:
    return _seconds(lambda: selecting.show(project, engine, COHORT, now=NOW, sample=5))


def _command(project: Project, engine: Engine) -> float:
    environment = {**os.environ, "WINBACK_DATABASE_URL": engine.url.render_as_string(hide_password=False)}
    words = [WINBACK, "--project", project.root, "cohort", "show", COHORT, "--as-of", TODAY.isoformat(), "--json"]
    return _seconds(lambda: subprocess.run(words, env=environment, check=True, stdout=subprocess.DEVNULL))


def compare_shown(project: Project, engine: Engine) -> None:
    told = selecting.show(project, engine, COHORT, now=NOW, sample=5).as_json()
    told["funnel"] = [row["left"] for row in told["funnel"]]
    with database.reading(engine) as connection:
        hand = by_hand.show(connection)
    if different := [name for name, value in hand.items() if told[name] != value]:
        raise Differs(f"cohort show on {engine.dialect.name}: {', '.join(f'{name}: {told[name]}, by hand {hand[name]}' for name in different)}")


def _compare_facts(engine: Engine) -> None:
    if differing := by_hand.differing(engine):
        raise Differs(f"facts on {engine.dialect.name}: {differing:,} rows differ from those counted by hand")


def _deltas(project: Project, engine: Engine, kind: str, rebuild_seconds: float) -> list[Figure]:
    """Imports of a thousandth of the orders anew, as the shop's active customers make them, until facts are true again.

    Beside a rebuild, as a whole and in its two parts, and beside the same rows put into the table of orders by hand, which nobody gets below.
    """
    plain, stored, kept = list[float](), list[float](), list[float]()
    for _ in range(DAYS):
        count = write_delta(project, engine)
        plain.append(_seconds(lambda: by_hand.try_orders(engine, project.root / DELTA)))
        stored.append(_seconds(lambda: importing.take_in(project, engine, now=NOW, only="orders")))
        kept.append(_seconds(lambda: knowing.refresh(project, engine, now=NOW)))
    by_hand.rebuild(engine)
    _compare_facts(engine)
    whole = [sum(parts) for parts in zip(stored, kept, strict=True)]
    name = f"import of {count:,} orders with facts, {kind}"
    return [
        _part(f"{name} / rebuild", whole, rebuild_seconds, DELTA_BAR),
        _part(f"{name}, of it the rows / rebuild", stored, rebuild_seconds),
        _part(f"{name}, of it the facts / rebuild", kept, rebuild_seconds),
        _part(f"{name} / the rows alone, by hand", whole, statistics.median(plain)),
    ]


def _part(name: str, seconds: list[float], reference: float, bar: float | None = None) -> Figure:
    median = statistics.median(seconds)
    return Figure("audience", name, median, "s", len(seconds), (max(seconds) - min(seconds)) / median, reference, bar)


def write_delta(project: Project, engine: Engine) -> int:
    """A thousandth of the orders, of customers drawn by what they ordered in the last three months."""
    with database.reading(engine) as connection:
        known = connection.execute(select(func.max(orders.c.id))).scalar_one()
        active = select(people.c.key).join(orders, orders.c.customer_id == people.c.id).where(orders.c.ordered_on >= TODAY - timedelta(days=90))
        keys = connection.execute(active.order_by(orders.c.id)).scalars().all()
    dice = np.random.default_rng(known)
    count = known // 1000
    begin = datetime(TODAY.year, TODAY.month, TODAY.day, 6)  # noqa: DTZ001  # the file says elsewhere that it means UTC
    with (project.root / DELTA).open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["order", "customer", "placed", "items", "total"])
        for number, place in enumerate(dice.integers(0, len(keys), count)):
            placed = begin + timedelta(seconds=int(dice.integers(0, 14 * 3600)))
            rows.writerow([f"n{known + number}", keys[place], placed, 1, f"{dice.lognormal(6, 0.8):.2f}"])
    return count


def _growth(kind: str, sizes: list[int], seconds: list[float]) -> Figure:
    """The exponent of a power of the number of customers: 1 is linear."""
    exponent, _ = np.polyfit(np.log(sizes), np.log(seconds), 1)
    told = ", ".join(f"{each:.3f}" for each in seconds)
    return Figure("audience", f"cohort show, exponent of growth to {sizes[-1]:,}, {kind} ({told} s)", float(exponent), "", 5, 0.0, bar=LINEAR)


def _peaks(project: Project, engine: Engine, kind: str, what: str) -> list[Figure]:
    """Peak memory of one run in a process of its own, and of the server's process that worked for it."""
    url = engine.url.render_as_string(hide_password=False)
    words = [sys.executable, "-m", "benchmarks.shop.peak", str(project.root), url, what]
    done = subprocess.run(words, cwd=places.REPOSITORY, check=True, stdout=subprocess.PIPE, text=True)
    names = {"process": f"{what}, peak memory, {kind}", "server": f"{what}, peak memory of the server's process, {kind}"}
    return [Figure("audience", names[name], float(megabytes), "MB", 1, 0.0) for name, megabytes in map(str.split, done.stdout.splitlines())]


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _say(sentence: str) -> None:
    print(f"audience: {sentence}", file=sys.stderr, flush=True)
