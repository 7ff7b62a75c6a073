"""The public pages as Chromium shows them, as axe-core judges them, by keyboard alone and without scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests import projects
from tests.letterbox import NOW, Letterbox
from tests.referees import browser, public, tools
from winback.demo.serving import Serving
from winback.store.tables import preferences
from winback.tracking import addresses
from winback.tracking.app import create_app

pytestmark = [pytest.mark.referee, pytest.mark.xdist_group("looks")]

_AXE = "() => axe.run(document, {resultTypes: ['violations', 'incomplete']})"
"""With its usual rules: WCAG 2.2 AA and the best practices."""
MISTAKES = {
    "a field without a label": '<main><h1>x</h1><input name="a"></main>',
    "faint words": '<main><h1>x</h1><p style="color: #aaa">Words</p></main>',
    "no heading": "<main><p>Words</p></main>",
}


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browser.opened(tools.program(*browser.PROGRAMS, package="chromium")) as opened:
        yield opened


def violations(page: Page, html: str, scheme: str, width: int) -> list[str]:
    """What axe-core finds wrong, or couldn't tell."""
    script = tools.axe().read_text(encoding="utf-8")
    browser.show(page, html, scheme, width)
    page.evaluate(script)
    found = page.evaluate(_AXE)
    return [f"{each['id']}: {node['html'][:120]}" for each in (*found["violations"], *found["incomplete"]) for node in each["nodes"]]


def test_axe_finds_nothing_on_any_page_in_any_language_by_day_and_by_night(page):
    wrong = []
    for name, html in public.pictures().items():
        views = browser.VIEWS if name.endswith((".en", ".uk")) else (("light", browser.PHONE), ("dark", browser.PHONE))
        wrong += [f"{name}, {scheme}, {width} px: {each}" for scheme, width in views for each in violations(page, html, scheme, width)]
    assert wrong == []


@pytest.mark.parametrize("body", MISTAKES.values(), ids=MISTAKES)
def test_axe_is_shown_something_wrong_and_finds_it(page, body):
    assert violations(page, f'<!DOCTYPE html><html lang="en"><head><title>x</title></head><body>{body}</body></html>', "light", browser.DESK)


def test_no_page_is_too_wide_for_a_phone_or_too_faint_to_read(page):
    wrong = []
    for name, html in public.pictures().items():
        for (scheme, width), found in browser.looks(page, html).items():
            where = f"{name}, {scheme}, {width} px"
            wrong += [f"{where}: {found.width} px wide"] * (found.width > width) + [f"{where}: nothing to read"] * (not found.texts)
            wrong += [f"{where}: cut: {text}" for text in found.cut] + [f"{where}: faint: {text}" for text in found.faint]
            wrong += [f"{where}: not dark"] * (scheme == "dark" and found.paper > 0.2)
    assert wrong == []


@pytest.mark.parametrize("name", ["preferences.fresh.uk", "survey.pressed.uk", "unsubscribe.asks.uk"])
def test_every_control_is_reached_by_the_keyboard_and_shows_that_it_is(page, name):
    browser.show(page, public.pictures()[name], "light", browser.DESK)
    controls = page.evaluate(
        "() => [...new Set([...document.querySelectorAll('main a, main button, main select, main textarea, main input:not([type=hidden])')]"
        ".map(e => e.type === 'radio' ? 'radio ' + e.name : e.tagName + ' ' + (e.name || '') + ' ' + (e.value || '')))]"
    )
    reached, unseen = [], []
    for _ in range(len(controls) + 2):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "() => { const e = document.activeElement, s = getComputedStyle(e), n = e.nextElementSibling && getComputedStyle(e.nextElementSibling);"
            " return [e.type === 'radio' ? 'radio ' + e.name : e.tagName + ' ' + (e.name || '') + ' ' + (e.value || ''),"
            " s.outlineStyle !== 'none' || !!(n && n.outlineStyle !== 'none'), e.tagName]; }"
        )
        if at[2] != "BODY":
            reached.append(at[0])
            unseen += [at[0]] * (not at[1])
    assert sorted(set(reached)) == sorted(controls)
    assert unseen == []


def test_a_form_is_filled_in_and_sent_by_keyboard_without_scripts_and_cookies(page, engine, tmp_path):
    project = projects.make(tmp_path / "shop")
    shop = Letterbox(engine, project.key)
    who, _ = shop.written_to("olena", email="olena@mail.example", locale="uk")
    opened = page.context.browser
    assert opened is not None
    context = opened.new_context(java_script_enabled=False)
    with Serving(create_app(project, engine, clock=lambda: NOW)) as serving:
        form = context.new_page()
        form.goto(serving.url + addresses.preferences("", project.key, who))
        form.locator("input[value=offers]").focus()
        form.keyboard.press("Space")
        form.locator("input[name=most][value='0']").focus()
        form.keyboard.press("ArrowDown")
        form.locator("form").last.locator("button").first.focus()
        form.keyboard.press("Enter")
        form.wait_for_selector("[role=status]")
        assert context.cookies() == []
        context.close()
    assert [(row.topics_off, row.most_letters) for row in shop.rows(preferences)] == [("|offers|", 2)]
