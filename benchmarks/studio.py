"""The studio's pages over a large shop on PostgreSQL: how long the server takes for each, what they weigh, and the count while somebody types.

Pages are found by walking the application's own routes; what stands in braces in their addresses is filled in below. A page whose address
can't be filled in, or of which the shop has none, is named on the way and not measured.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from httpx import ASGITransport
from sqlalchemy import Engine

from benchmarks import measured_run
from benchmarks.figure import Figure
from benchmarks.shop import places
from benchmarks.shop.law import NOW, TODAY
from winback.operations import approving, knowing, measuring, scoring
from winback.settings import Project
from winback.store import cohorts, database
from winback.store.tables import customers as people
from winback.studio import pages
from winback.studio.app import create_app

FULL = 1_000_000
"""Customers. Bars are for a shop of this size or more."""
PAGE_BAR_MS, WEIGHT_BAR_KB, COUNT_BAR_SECONDS = 300.0, 300.0, 1.0
ROUNDS = 20
COHORT = "silent-1-2-years-3-orders"
_PORT = 8010
_BEHIND = "/results/spring/customers?what="
_RESULTS = (
    "/",
    "/results",
    "/results/spring",
    "/campaigns/spring",
    f"{_BEHIND}assigned&arm=letter",
    f"{_BEHIND}returned&arm=gift",
    f"{_BEHIND}opened&arm=letter",
    f"{_BEHIND}complained&arm=letter",
    "/customers/c77",
    "/deliveries?campaign=spring",
)
"""Of the run that is measured, which is called `spring`."""
_HOME = f"http://127.0.0.1:{_PORT}"

TYPED = {
    "days and orders": "rules:\n  - days_since_last_order: {from: 365, below: 730}\n  - orders: {at_least: 3}\n",
    "amounts, countries, any of": (
        "rules:\n  - days_since_last_order: {from: 183, below: 730}\n  - average_order: {at_least: 600}\n"
        "  - any:\n      - country: [UA, MD, RO]\n      - locale: [uk]\n"
    ),
    "values and chances, the first 200": (
        "rules:\n  - value: [gold, silver]\n  - orders: {at_least: 3}\n  - chance_lost: {at_least: 0.6}\n"
        "exclude:\n  contacted_within: 30 days\n  returned_within: 90 days\norder_by: expected_value\nlimit: 200\n"
    ),
    "signs and addresses": "rules:\n  - sign: [dissatisfied, no-answer]\n  - value: [gold, silver]\nexclude:\n  addresses: [bounced, mistyped]\n",
    "everybody": "rules:\n  - days_since_first_order: {from: 0}\n",
}
"""What somebody may be writing."""
_QUERIES = {"/{name}/why": "?customer={key}", "/{name}/past": f"?cut={TODAY - timedelta(days=183)}&days=182"}
ASKED_FOR = ("/people", "/why", "/past", "/size", "/changes")
"""Ends of addresses that a button asks for: they take what the work takes, while the page stays usable. Shown without a bar."""


def figures(customers: int = FULL, keep: Path | None = None) -> list[Figure]:
    with places.folder(keep) as root, places.server(root) as server:
        project = places.project(root / "studio")
        _say(f"a shop of {customers:,} customers on PostgreSQL")
        with places.store("PostgreSQL", root, customers, server) as engine:
            knowing.refresh(project, engine, now=NOW)
            scoring.update(project, engine, now=NOW)
            pages.compile_all()  # as `winback studio` does when it starts
            made = asyncio.run(_measure(project, engine))
        _say(f"a run of {customers:,} customers, measured")
        made += _of_results(project, places.database_url(server, "measured", anew=True), customers)
    return made if customers >= FULL else [replace(figure, bar=None) for figure in made]


async def _measure(project: Project, engine: Engine) -> list[Figure]:
    app = create_app(project, engine, port=_PORT, clock=lambda: NOW + timedelta(minutes=1))
    made: list[Figure] = []
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=_HOME, timeout=300, follow_redirects=True) as browser:
        for name, seconds in [pair async for pair in _counts(browser)]:
            made.append(_figure(f"live cohort count: {name}", seconds, "s", COUNT_BAR_SECONDS))
        weights = {}
        for address in _addresses(app, _known(project, engine)):
            page = await browser.get(address)
            if page.status_code != httpx.codes.OK or "text/html" not in page.headers["content-type"]:
                _say(f"not measured: {address} answers {page.status_code}")
                continue
            asked_for = address.split("?")[0].endswith(ASKED_FOR)
            seconds = [await _seconds(browser.get(address)) for _ in range(3 if asked_for else ROUNDS)]
            made.append(_figure(f"page {address.split('?')[0]}, p95", [1000 * each for each in seconds], "ms", None if asked_for else PAGE_BAR_MS))
            weights[address] = await _weight(browser, page)
        if weights:
            heaviest = max(weights, key=lambda address: weights[address])
            made.append(
                Figure("studio", f"heaviest page with its styles and scripts, {heaviest}", weights[heaviest], "kB", 1, 0.0, bar=WEIGHT_BAR_KB)
            )
    return made


def _of_results(project: Project, url: str, customers: int) -> list[Figure]:
    """Pages that tell of a large run, each as it is the first time after a measuring, and later."""
    engine, now = database.open_engine(url), measured_run.NOW
    try:
        measured_run.fill(engine, customers)
        knowing.refresh(project, engine, now=now)
        measuring.measure(engine, 1, measured_run.WINDOW, now)
        return asyncio.run(_measure_results(project, engine, now))
    finally:
        engine.dispose()


async def _measure_results(project: Project, engine: Engine, now: datetime) -> list[Figure]:
    app = create_app(project, engine, port=_PORT, clock=lambda: now + timedelta(minutes=1))
    made = []
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=_HOME, timeout=300) as browser:
        for address in _RESULTS:
            first = await _seconds(browser.get(address))
            made.append(_figure(f"page {address}, first after a measuring", [1000 * first], "ms", None))
            while "refresh" in (page := await browser.get(address)).headers:  # noqa: ASYNC110  as a browser asks
                await asyncio.sleep(1)
            page.raise_for_status()
            seconds = [1000 * await _seconds(browser.get(address)) for _ in range(ROUNDS)]
            made.append(_figure(f"page {address} of a measured run, p95", seconds, "ms", PAGE_BAR_MS))
    return made


async def _counts(browser: httpx.AsyncClient) -> Any:
    """(what is typed, seconds of each round)."""
    page = (await browser.get(f"/cohorts/{COHORT}")).text
    found = re.search(r'name="proof" value="(\w+)"', page)
    if found is None:
        _say("the editor of cohorts has no form: no count was measured")
        return
    for name, rules in TYPED.items():
        form = {"proof": found[1], "part": "1", "text": f"title: Somebody\n{rules}"}
        seconds = []
        for _ in range(ROUNDS + 1):
            begin = time.perf_counter()
            answer = await browser.post(f"/cohorts/{COHORT}/size", data=form)
            seconds.append(time.perf_counter() - begin)
            answer.raise_for_status()
        yield name, seconds[1:]


def _addresses(app: Any, known: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Every page that may be asked for by GET, its address filled in."""
    for route in routes(app):
        template = re.sub(r"\{(\w+):\w+\}", r"{\1}", route)
        family = known.get(template.split("/")[1], {})
        values = {name: {**family, **known[""]}.get(name) for name in re.findall(r"\{(\w+)\}", template)}
        if missing := [name for name, value in values.items() if value is None]:
            _say(f"not measured: {route}, whose {', '.join(missing)} isn't known here")
            continue
        yield template.format(**values) + next((query for end, query in _QUERIES.items() if template.endswith(end)), "").format(**known[""])


def routes(app: Any) -> list[str]:
    """Addresses that answer GET, behind whatever stands in front of the application."""
    while not hasattr(app, "routes"):
        app = app._app
    left_out = ("/static/", "/style.css", "/sign-out")
    paths = [route.path for route in app.routes if "GET" in (getattr(route, "methods", None) or ())]
    return [path for path in dict.fromkeys(paths) if not path.startswith(left_out)]


def _known(project: Project, engine: Engine) -> dict[str, dict[str, str]]:
    """Values for the braces of addresses, by the first word of the address; those below the empty word hold everywhere."""
    with database.reading(engine) as connection:
        keys = cohorts.keys(connection, people.select().with_only_columns(people.c.id).where(people.c.id < 100), limit=1)
    emails = sorted(path.name for path in (project.templates / "emails").glob("[a-z]*") if path.is_dir())
    campaigns = approving.campaigns_asked(engine) or project.names("campaigns")
    return {
        "": {"key": keys[0]},
        "cohorts": {"name": COHORT},
        "campaigns": {"name": campaigns[0]},
        "letters": {"name": emails[0] if emails else ""},
        "customers": {"name": keys[0]},
        "results": {"name": campaigns[0]},
        "reports": {"name": campaigns[0]},
    }


async def _weight(browser: httpx.AsyncClient, page: httpx.Response) -> float:
    """Kilobytes of a page with the style sheets and scripts that it names, uncompressed."""
    named = re.findall(r'<(?:link rel="stylesheet" href|script src)="(/[^"]+)"', page.text)
    parts = [await browser.get(address) for address in named]
    return sum(len(part.content) for part in (page, *parts)) / 1000


async def _seconds(asking: Any) -> float:
    begin = time.perf_counter()
    await asking
    return time.perf_counter() - begin


def _figure(name: str, measured: list[float], unit: str, bar: float | None) -> Figure:
    """The nineteen-twentieths of what was measured."""
    ordered = sorted(measured)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return Figure("studio", name, p95, unit, len(measured), (ordered[-1] - ordered[0]) / median(ordered), bar=bar)


def _say(sentence: str) -> None:
    print(f"studio: {sentence}", file=sys.stderr, flush=True)
