"""Every page of the studio as axe-core and a phone see it, by day and by night: found by walking the application's own routes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Browser

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate
from tests.referees import browser, tools
from winback.channels.memory import MemoryChannel
from winback.demo.serving import Serving
from winback.operations import knowing, mailbox, measuring, scoring, working
from winback.operations.working import Kind, Works
from winback.sending import prepared
from winback.store import cohorts, database, runs
from winback.store.tables import customers
from winback.studio.app import create_app

pytestmark = [pytest.mark.referee, pytest.mark.xdist_group("looks")]

NOW = START + timedelta(hours=1)
COHORT = "silent-1-2-years-3-orders"
HOSTILE = "<img src=x onerror=alert(1)>"
_AXE = "() => axe.run(document, {resultTypes: ['violations']})"
_NO_PAGES = re.compile(
    r"/style\.css|/static/|.*\.(css|csv)$|.*/(html|source|frame|work|look|readers)$|/sign-in/|/invitation/|/letters/shown/|.*/letters/\{file\}$"
)
"""What no browser shows as a page of its own."""
_FILLED = {
    "/cohorts/{name}": COHORT,
    "/letters/{kind}/{name}": "tips",
    "/settings/files/{name}": "brand",
    "/results/{name}": CAMPAIGN,
    "/campaigns/{name}": CAMPAIGN,
}
_QUERIES = {
    "/results/{name}/customers": "?what=assigned",
    "/cohorts/{name}/why": "?customer=c001",
    "/cohorts/{name}/past": "?cut=2026-05-01&days=100",
}


class Late:
    """An application that is made when its port is known."""

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def studio(tmp_path_factory) -> Iterator[tuple[str, list[str]]]:
    """Where a studio is that has a campaign under way, customers with hostile names, a measured run, a rehearsal; and all of its pages."""
    root = tmp_path_factory.mktemp("studio")
    project = projects.make(root / "shop")
    engine = database.open_engine(f"sqlite:///{root / 'studio.db'}")
    populate(engine, 40)
    with database.writing(engine) as connection:
        connection.execute(customers.update().where(customers.c.id < 6).values(given_name=HOSTILE, family_name=HOSTILE))
    knowing.refresh(project, engine, now=START)
    scoring.update(project, engine, now=START)
    go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())
    with database.reading(engine) as connection:
        run = runs.latest(connection, CAMPAIGN)
        key = cohorts.keys(connection, customers.select().with_only_columns(customers.c.id).where(customers.c.id == 1), limit=1)[0]
    measuring.measure(engine, run.id, run.window, NOW)
    Works(project, engine, working.work).begin(CAMPAIGN, Kind.PLAN, by=HOSTILE, now=START)
    Works(project, engine, working.work).begin(CAMPAIGN, Kind.REHEARSAL, by=HOSTILE, now=START)
    letters = mailbox.rehearsals(project, CAMPAIGN) / "email"
    letters.mkdir(parents=True, exist_ok=True)
    (letters / "1.eml").write_bytes(f"Subject: {HOSTILE}\nTo: somebody@post.example\n\nText\n".encode())
    late = Late()
    serving = Serving(late)
    late.app = create_app(project, engine, port=int(serving.url.rsplit(":", 1)[1]), clock=lambda: NOW)
    with serving:
        yield serving.url, [*_pages(late.app._app._app, key), "/nowhere", f"/campaigns/{CAMPAIGN}/rehearsal/letters/email/1.eml"]
    engine.dispose()


def _pages(app, key: str) -> list[str]:
    paths = dict.fromkeys(route.path for route in app.routes if isinstance(route, APIRoute) and "GET" in route.methods)
    values = {"campaign": CAMPAIGN, "key:path": key, "key": key, "kind": "email", "number": "1", "box": "email"}
    found = []
    for path in paths:
        if _NO_PAGES.fullmatch(path) or path.startswith("/static"):
            continue
        name = next((filled for begin, filled in _FILLED.items() if path.startswith(begin)), "")
        if path.endswith("/{name}") and not name:
            continue  # a letter of the mailbox, of which there is one below
        address = re.sub(r"\{([^}]+)\}", lambda each, name=name: {**values, "name": name}.get(each[1], ""), path)
        found.append(address + _QUERIES.get(path, ""))
    return found


@pytest.fixture(scope="module")
def chromium(studio) -> Iterator[Browser]:  # Playwright has a loop of its own: what needs one comes first
    with browser.opened(tools.program(*browser.PROGRAMS, package="chromium")) as opened:
        yield opened.context.browser


@pytest.mark.parametrize(("scheme", "width"), browser.VIEWS)
def test_axe_finds_nothing_nothing_is_too_wide_and_no_name_is_run(chromium, studio, scheme, width):
    home, pages = studio
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    script, wrong, alerts = tools.axe().read_text(encoding="utf-8"), [], []
    page = context.new_page()
    page.on("dialog", lambda dialog: (alerts.append(page.url), dialog.dismiss()))
    for address in pages:
        page.goto(home + address)
        page.evaluate(script)
        wrong += [f"{address}: {each['id']}: {node['html'][:140]}" for each in page.evaluate(_AXE)["violations"] for node in each["nodes"]]
        wrong += [f"{address}: wider than {width}"] * page.evaluate("document.documentElement.scrollWidth > innerWidth")
        wrong += [f"{address}: a name became an element"] * bool(page.locator("img[src=x]").count())
        if folder := os.environ.get("WINBACK_PICTURES"):
            page.screenshot(path=Path(folder) / f"{scheme}-{width}-{re.sub(r'[^a-z0-9]+', '-', address)[:60]}.png", full_page=True)
    context.close()
    assert len(pages) > 35
    assert wrong == []
    assert alerts == []
