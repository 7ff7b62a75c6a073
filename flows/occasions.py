"""Tell which days to greet on are coming, for how many customers, and by when a letter must leave."""

from __future__ import annotations

from datetime import date
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from flows import artifacts, opened
from flows.options import Foreseeing
from winback import clock
from winback.operations import exporting, foreseeing

_USUAL = Foreseeing()


@task(cache_policy=NO_CACHE, task_run_name="foresee {first}")
def foresee(project: str, first: date, country: str) -> list[dict[str, Any]]:
    """The occasions of the month that begins so."""
    winback = opened.project(project)
    found = foreseeing.foresee(winback, opened.store(winback), first, country or None)
    return [each.as_json() for each in found.occasions]


@flow(name="occasions", flow_run_name="occasions")
def occasions(options: Foreseeing = _USUAL) -> list[dict[str, Any]]:
    """A table in out/reports/occasions/ and as an artifact. Feasts whose day is an estimate lead to no letter until somebody confirms it: they go to the log."""
    winback, now = opened.project(options.project), opened.moment(options.now)
    today = clock.local_day(now, winback.zone)
    coming = [row for first in _firsts(today, options.months) for row in foresee(options.project, first, options.country)]
    coming = [row for row in coming if row["day"] >= today.isoformat()]
    exporting.write({"occasions": coming}, winback.out / "reports" / "occasions")
    artifacts.tabulate("occasions", coming, about=f"Days to greet on from {today}, {options.months} months")
    for row in coming:
        if row["estimated"] and row["greeted"]:
            get_run_logger().warning("%s in %s: %s is an estimate; confirm it in config/occasions.yaml.", row["name"], row["country"], row["day"])
    return coming


def _firsts(today: date, months: int) -> list[date]:
    """First days of so many months, this one among them."""
    numbers = range(today.year * 12 + today.month - 1, today.year * 12 + today.month - 1 + months)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]
