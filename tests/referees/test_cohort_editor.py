"""The editor of a cohort in Chromium: the count as one types, suggestions by keyboard, the line that is wrong, what axe-core says."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page
from sqlalchemy import text

from tests import projects
from tests.operations.lost import START, populate
from tests.referees import browser, tools
from winback.demo.serving import Serving
from winback.operations import knowing, scoring
from winback.store import cohorts, database
from winback.studio.app import create_app

pytestmark = [pytest.mark.referee, pytest.mark.xdist_group("looks")]

NAME = "silent-1-2-years-3-orders"
SLOW = "Slow"
_ENDLESS = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT count(*) FROM n")
_AXE = "() => axe.run(document, {resultTypes: ['violations', 'incomplete']})"
_SHIFTED = """
() => { window.shifted = 0;
  new PerformanceObserver(list => { for (const each of list.getEntries()) window.shifted += each.value; }).observe({type: 'layout-shift'}); }
"""


class Late:
    """An application that is made when its port is known."""

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Page]:
    with browser.opened(tools.program(*browser.PROGRAMS, package="chromium")) as opened:
        yield opened


@pytest.fixture
def studio(tmp_path) -> Iterator[tuple[str, object]]:
    """The address of a studio with twelve customers, and its project."""
    project = projects.make(tmp_path / "shop")
    engine = database.open_engine(f"sqlite:///{tmp_path / 'studio.db'}")
    populate(engine, 12)
    knowing.refresh(project, engine, now=START)
    scoring.update(project, engine, now=START)
    late = Late()
    serving = Serving(late)
    late.app = create_app(project, engine, port=int(serving.url.rsplit(":", 1)[1]), clock=lambda: START)
    with serving:
        yield serving.url, project
    engine.dispose()


@pytest.fixture
def page(chromium, studio) -> Iterator[Page]:
    """The editor with its first count."""
    context = chromium.context.browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    opened.goto(f"{studio[0]}/cohorts/{NAME}")
    opened.wait_for_selector("text=12 of 12 customers")
    yield opened
    context.close()
    assert faults == []


def write(page: Page, words: str) -> None:
    """At the end of the file."""
    page.locator("#text").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(words)


def test_the_count_follows_what_is_typed_and_nothing_moves(page, studio):
    page.evaluate(_SHIFTED)
    top = page.evaluate("document.getElementById('people-heading').getBoundingClientRect().top")
    write(page, "  - average_order: {at_least: 110}\n")
    page.wait_for_selector("text=2 of 12 customers")
    page.keyboard.type("  - orders: {at_least: 9}\n")
    page.wait_for_selector("text=0 of 12 customers")
    assert page.evaluate("document.getElementById('people-heading').getBoundingClientRect().top") == top
    assert page.evaluate("window.shifted") < 0.01
    assert page.locator("#said").inner_text() == "0 of 12 customers"
    assert "110" not in (studio[1].root / f"config/cohorts/{NAME}.yaml").read_text(encoding="utf-8"), "nothing was saved"
    page.once("dialog", lambda dialog: dialog.accept())


def test_a_superseded_count_does_not_win_and_ends_in_the_database(page, monkeypatch):
    quick, begun, ended = cohorts.funnel, threading.Event(), threading.Event()

    def funnel(connection, stand):
        if stand.selection.cohort.title != SLOW:
            return quick(connection, stand)
        begun.set()
        try:
            connection.execute(_ENDLESS)
        finally:
            ended.set()
        return []

    monkeypatch.setattr(cohorts, "funnel", funnel)
    field = page.locator("#text")
    rules = "rules:\n  - orders: {at_least: 1}\n"
    field.fill(f"title: {SLOW}\n{rules}")
    assert begun.wait(20)
    field.fill(f"title: Quick\n{rules}  - average_order: {{at_least: 110}}\n")
    page.wait_for_selector("text=2 of 12 customers")
    assert ended.wait(20), "the slow one was cancelled"
    page.wait_for_timeout(500)
    assert page.locator("#size").inner_text().startswith("2 of 12")


def test_words_are_completed_by_keyboard_and_tab_leaves_the_field(page):
    write(page, "  - sig")
    page.wait_for_selector(".offers li")
    page.keyboard.press("ArrowDown")
    active = page.locator("#text").get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    page.keyboard.press("Enter")
    page.wait_for_selector(".offers li >> text=no-inquiries")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator("#text").input_value().endswith("  - sign: [no-inquiries]")
    page.wait_for_selector("text=12 of 12 customers")
    page.keyboard.type(", ")
    page.keyboard.press("Control+Space")
    page.wait_for_selector(".offers li")
    page.keyboard.press("Escape")
    assert page.locator(".offers").is_hidden()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Save"


def test_enter_is_a_new_line_as_long_as_no_suggestion_is_chosen(page):
    write(page, "  - sig")
    page.wait_for_selector(".offers li")
    page.keyboard.press("Enter")
    assert page.locator("#text").input_value().endswith("  - sig\n")


def test_a_broken_rule_names_its_line_and_leads_there(page):
    write(page, "  - sign: [dizzy]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#size button.line")
    assert page.locator("#size button.line").inner_text() == "Line 7"
    assert page.locator(".lines .wrong").all_inner_texts() == ["7"]
    page.click("#size button.line")
    chosen = page.evaluate("() => { const t = document.getElementById('text'); return t.value.slice(t.selectionStart, t.selectionEnd); }")
    assert chosen == "  - sign: [dizzy]"


def test_a_button_looks_at_the_text_as_it_stands(page):
    write(page, "  - average_order: {at_least: 110}\n")
    page.click("text=Look at who they are")
    page.wait_for_selector("text=2 customers are in the cohort")
    page.fill("#customer", "c001")
    page.keyboard.press("Enter")
    page.wait_for_selector("#why >> text=not in the cohort")
    page.click("button >> text=Save")
    page.wait_for_selector("text=Saved. Campaigns go by these rules")


@pytest.mark.parametrize("address", ["/cohorts", "/cohorts/new", f"/cohorts/{NAME}/people", f"/cohorts/{NAME}/why?customer=c001"])
@pytest.mark.parametrize(("scheme", "width"), browser.VIEWS)
def test_axe_finds_nothing_and_nothing_is_too_wide(chromium, studio, address, scheme, width):
    context = chromium.context.browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    opened = context.new_page()
    opened.goto(studio[0] + address)
    if address.count("/") > 2:
        opened.wait_for_selector("text=12 of 12 customers")
    opened.evaluate(tools.axe().read_text(encoding="utf-8"))
    found = opened.evaluate(_AXE)
    wrong = [f"{each['id']}: {node['html'][:160]}" for each in (*found["violations"], *found["incomplete"]) for node in each["nodes"]]
    too_wide = opened.evaluate("document.documentElement.scrollWidth > innerWidth")
    context.close()
    assert wrong == []
    assert not too_wide
