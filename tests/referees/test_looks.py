"""Letters as Chromium shows them: on a small phone and beside a list of letters, by day and by night."""

from __future__ import annotations

import pytest

from tests.referees import browser, finished, tools

pytestmark = [pytest.mark.referee, pytest.mark.xdist_group("looks")]

PAGE = "<!DOCTYPE html><html><head><style>{}</style></head><body><p>The letter's text stands here.</p></body></html>"


@pytest.fixture(scope="module")
def page():
    with browser.opened(tools.program(*browser.PROGRAMS, package="chromium")) as opened:
        yield opened


def test_no_letter_is_too_wide_for_a_phone_or_too_faint_to_read(page):
    wrong, letters = [], finished.shipped()
    for letter in letters:
        for (scheme, width), found in browser.looks(page, letter.page).items():
            where = f"{letter.label}, {scheme}, {width} px"
            wrong += [f"{where}: {found.width} px wide"] * (found.width > width) + [f"{where}: nothing to read"] * (not found.texts)
            wrong += [f"{where}: cut: {text}" for text in found.cut] + [f"{where}: faint: {text}" for text in found.faint]
            wrong += [f"{where}: not dark"] * (scheme == "dark" and found.paper > 0.2)
    assert wrong == []
    assert letters


@pytest.mark.parametrize(
    ("css", "scheme", "fault"),
    [
        ("p { width: 800px }", "light", lambda looks: looks.width > browser.PHONE),
        ("p { white-space: nowrap; font-size: 40px; position: fixed }", "light", lambda looks: looks.cut),
        ("p { color: #999999 }", "light", lambda looks: looks.faint),
        ("@media (prefers-color-scheme: dark) { body { background: #111111 } }", "dark", lambda looks: looks.faint and looks.paper < 0.2),
    ],
)
def test_a_letter_that_looks_wrong_is_found(page, css, scheme, fault):
    view = (scheme, browser.PHONE)
    assert not fault(browser.looks(page, PAGE.format(""), (view,))[view])
    assert fault(browser.looks(page, PAGE.format(css), (view,))[view])
