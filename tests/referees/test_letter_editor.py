"""The editor of letters in a real browser: what is typed is seen in six languages, nonsense is kept out, two people lose nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests import projects
from tests.operations.lost import populate
from tests.referees import browser, tools
from tests.referees.test_html import judged
from tests.referees.test_mailbox import studio
from winback.operations import drafts, editing
from winback.speech import Language
from winback.store import database
from winback.studio import words

pytestmark = [pytest.mark.referee, pytest.mark.xdist_group("looks")]

TIPS = "/letters/email/tips"
BODY = "templates/emails/tips/body.html"
LANGUAGES = ("en", "mn", "ro", "ru", "uk", "uz")
WORD = "<p>Typed by hand, 7 & 8.</p>"
FAR = 60_000
BROKEN = "What is typed can't be shown yet: the problems say why. This is how it was before."
_AXE = "() => axe.run(document, {resultTypes: ['violations']})"
_SHIFTS = """() => { window.shifted = []; new PerformanceObserver(list => list.getEntries().forEach(entry => window.shifted.push(
  entry.value + ' ' + entry.sources.map(source => source.node && (source.node.className || source.node.nodeName)).join(', '))))
  .observe({type: 'layout-shift', buffered: false}); }"""


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop", environment={"PATH": os.environ["PATH"], "WINBACK_DATABASE_URL": f"sqlite:///{tmp_path / 'shop.db'}"})


@pytest.fixture
def serving(project) -> Iterator[str]:
    with studio(project) as url:
        yield url


@pytest.fixture(scope="module")
def chromium():
    executable = tools.program(*browser.PROGRAMS, package="chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", *browser.QUIET])
        yield opened
        opened.close()


@pytest.fixture
def page(chromium, serving) -> Iterator[Page]:
    context = chromium.new_context(base_url=serving, viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on(
        "console",
        lambda message: wrong.append(message.text) if message.type == "error" and "422" not in message.text and "409" not in message.text else None,
    )
    yield opened
    context.close()
    assert wrong == []


def opened(page: Page, address: str = TIPS) -> Page:
    page.goto(address)
    expect(page.locator(".state")).to_have_text("As it is typed", timeout=FAR)
    return page


def put(page: Page, text: str) -> None:
    page.get_by_label("body.html").fill(text)


def letter(page: Page):
    return page.frame_locator("iframe.letter").first.locator("body")


def with_word(project) -> str:
    return editing.open(project, BODY).text.replace("{% block body %}", f"{{% block body %}}{WORD.replace('&', '&amp;')}", 1)


def test_what_is_typed_is_seen_in_six_languages_without_a_jump(page, project):
    opened(page)
    before = editing.open(project, BODY)
    page.evaluate(_SHIFTS)
    put(page, with_word(project))
    for language in LANGUAGES:
        page.get_by_label("Language", exact=True).select_option(language)
        expect(letter(page)).to_contain_text("Typed by hand, 7 & 8.", timeout=FAR)
        tag = "uz-Latn" if language == "uz" else language
        expect(page.frame_locator("iframe.letter").first.locator(f"html[lang={tag}]")).to_be_attached(timeout=FAR)
        expect(page.locator(".problems")).to_contain_text("No problem is seen", timeout=FAR)
    page.wait_for_timeout(200)
    assert page.evaluate("() => window.shifted") == []
    assert editing.open(project, BODY) == before
    page.evaluate("() => { window.onbeforeunload = null; }")


def test_a_mistake_is_marked_in_its_line_and_a_click_leads_there(page, project):
    opened(page)
    lines = editing.open(project, BODY).text.split("\n")
    put(page, "\n".join([*lines[:3], "{{ nobody_knows }}", *lines[3:]]))
    link = page.locator(".problems .goto").first
    expect(link).to_have_text("body.html:4", timeout=FAR)
    expect(page.locator(".gutter[data-for='body.html'] .bad")).to_have_text("4")
    expect(page.locator(".state")).to_contain_text("This is how it was before.")
    for language in Language:
        gettext, _ = words.sayings(language)
        page.locator(".state").evaluate("(state, told) => { state.textContent = told; }", gettext(BROKEN))
        assert page.evaluate("() => { const s = document.querySelector('.state'); return s.scrollHeight <= s.clientHeight; }"), language
    link.click()
    chosen = "() => { const e = document.activeElement; return e.value.slice(e.selectionStart, e.selectionEnd); }"
    assert page.evaluate(chosen) == "{{ nobody_knows }}"


def test_nonsense_is_not_saved_over_the_good_letter_and_is_found_again_as_a_draft(page, project):
    good = editing.open(project, BODY)
    opened(page)
    put(page, "{% if %} nonsense")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("[role=alert]")).to_contain_text("It isn't saved", timeout=FAR)
    assert editing.open(project, BODY) == good
    page.goto(TIPS)
    expect(page.get_by_label("body.html")).to_have_value(re.compile("nonsense"))
    page.get_by_role("button", name="Throw the draft away").click()
    expect(page.get_by_label("body.html")).to_have_value(good.text)
    assert drafts.every(project) == []


def test_of_two_editors_the_second_is_shown_the_first(page, chromium, serving, project):
    other = chromium.new_context(base_url=serving).new_page()
    opened(page)
    opened(other)
    text = editing.open(project, BODY).text
    put(page, text + "{# the first #}\n")
    put(other, text + "{# the second #}\n")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".told")).to_have_text("Saved.", timeout=FAR)
    other.get_by_role("button", name="Save", exact=True).click()
    expect(other.locator("[role=alert]")).to_contain_text("somebody else saved this letter", timeout=FAR)
    expect(other.locator(".diff .gone")).to_contain_text("the first")
    expect(other.locator(".diff .came")).to_contain_text("the second")
    assert "the first" in editing.open(project, BODY).text
    other.get_by_role("button", name="Save", exact=True).click()
    expect(other.locator(".told").first).to_have_text("Saved.", timeout=FAR)
    assert "the second" in editing.open(project, BODY).text
    other.context.close()


def test_customers_are_leafed_through_and_a_campaign_brings_its_tactics(page, project):
    engine = database.open_engine(project.database_url)
    populate(engine, 3)
    engine.dispose()
    opened(page, "/letters/email/gift-with-code")
    page.get_by_label("Campaign", exact=True).select_option("winter-tea")
    expect(page.locator("#tactic option")).not_to_have_count(1, timeout=FAR)
    expect(page.locator("#customers option")).to_have_count(3, timeout=FAR)
    page.get_by_role("button", name="The next customer").click()
    expect(page.locator("#customer")).to_have_value("c000")
    expect(letter(page)).to_contain_text("Emma", timeout=FAR)
    page.get_by_role("button", name="The customer before").click()
    expect(letter(page)).not_to_contain_text("Emma", timeout=FAR)


def test_a_look_that_was_overtaken_is_given_up(page, project):
    opened(page)
    page.get_by_label("body.html").focus()
    for number in range(5):
        put(page, editing.open(project, BODY).text.replace("{% block body %}", f"{{% block body %}}<p>Number {number}</p>", 1))
        page.wait_for_timeout(350)
    expect(letter(page)).to_contain_text("Number 4", timeout=FAR)
    page.wait_for_timeout(1500)
    expect(letter(page)).to_contain_text("Number 4")


@pytest.mark.parametrize("address", ["/letters", TIPS, "/letters/messages/greeting?language=uk", f"{TIPS}/history"])
def test_axe_and_the_checker_of_html_find_nothing_and_nothing_is_wider_than_a_phone(page, address, tmp_path):
    script = tools.axe().read_text(encoding="utf-8")
    for scheme, width in browser.VIEWS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        opened(page, address) if page.url and "history" not in address and address != "/letters" else page.goto(address)
        page.evaluate(script)
        found = [f"{each['id']}: {node['html'][:150]}" for each in page.evaluate(_AXE)["violations"] for node in each["nodes"]]
        assert found == [], (scheme, width)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    source = page.context.request.get(address).text()
    assert judged(tmp_path, {"page.html": source}) == {"page.html": []}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_can_be_looked_at_by_day_by_night_and_on_a_phone(page, language, tmp_path):
    """The pictures are for eyes: WINBACK_PICTURES=DIR keeps them."""
    folder = os.environ.get("WINBACK_PICTURES", str(tmp_path))
    opened(page, f"{TIPS}?language={language}")
    for look in ("desk", "phone"):
        page.locator(f"[name=look][value={look}]").check()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.locator(".seen").screenshot(path=f"{folder}/tips.{language}.{look}.{scheme}.png")
            assert page.locator("iframe.letter").first.bounding_box()["width"] <= (376 if look == "phone" else 1280)
    page.locator("[name=look][value=text]").check()
    expect(page.locator(".as-text pre")).to_be_visible()
    expect(page.locator(".seen iframe.letter").first).to_be_hidden()
