"""Headless Chromium, driven by Playwright: what letters look like, and what is wrong with their looks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync "
    "--disable-default-apps --disable-extensions --hide-scrollbars --mute-audio"
).split()
PHONE, DESK = 360, 600
"""Widths in CSS pixels: a small phone, and the reading pane of a mail program."""
VIEWS = tuple((scheme, width) for width in (DESK, PHONE) for scheme in ("light", "dark"))

_LOOKS = """
() => {
  const light = colour => {
    const channels = colour.match(/[0-9.]+/g).map(Number);
    if (channels.length > 3 && channels[3] === 0) return null;
    const [r, g, b] = channels.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    for (; element; element = element.parentElement) {
      const found = light(getComputedStyle(element).backgroundColor);
      if (found !== null) return found;
    }
    return 1;
  };
  const faint = [], cut = [];
  let texts = 0;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim(), element = walk.currentNode.parentElement, range = document.createRange();
    range.selectNodeContents(walk.currentNode);
    const box = range.getBoundingClientRect(), style = getComputedStyle(element);
    if (!text || !box.width || !box.height || style.visibility === 'hidden') continue;
    texts += 1;
    const size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 700;
    const [low, high] = [light(style.color) ?? 0, behind(element)].sort((a, b) => a - b), contrast = (high + 0.05) / (low + 0.05);
    if (contrast < (size >= 24 || (bold && size >= 18.66) ? 3 : 4.5)) faint.push(`${contrast.toFixed(1)}: ${text.slice(0, 40)}`);
    if (box.left < -0.5 || box.right > innerWidth + 0.5) cut.push(text.slice(0, 40));
  }
  return {texts, faint, cut, width: document.documentElement.scrollWidth, paper: behind(document.body)};
}
"""


@dataclass(frozen=True, slots=True)
class Looks:
    """How a letter comes out in one view."""

    texts: int  # pieces of text that are seen
    faint: list[str]  # texts that stand out too little from what is behind them (WCAG 2.2, 1.4.3): contrast, text
    cut: list[str]  # texts that leave the window sideways
    width: int  # of the whole letter, in CSS pixels
    paper: float  # relative luminance of the background, 0 black to 1 white


@contextlib.contextmanager
def opened(executable: str) -> Iterator[Page]:
    """A page of a browser that asks nobody for anything."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", *QUIET])
        try:
            yield browser.new_context(offline=True, java_script_enabled=True).new_page()
        finally:
            browser.close()


def looks(page: Page, html: str, views: tuple[tuple[str, int], ...] = VIEWS) -> dict[tuple[str, int], Looks]:
    """A letter in several views, by (scheme, width)."""
    _show(page, html)
    found = {}
    for view in views:
        _turn(page, *view)
        found[view] = Looks(**page.evaluate(_LOOKS))
    return found


def photograph(page: Page, html: str, scheme: str, width: int, path: Path) -> None:
    """The whole letter as a PNG."""
    _show(page, html)
    _turn(page, scheme, width)
    page.screenshot(path=path, full_page=True)


def show(page: Page, html: str, scheme: str, width: int) -> None:
    """One page in one view."""
    _show(page, html)
    _turn(page, scheme, width)


def _show(page: Page, html: str) -> None:
    page.goto("about:blank")  # else the colour scheme that the letter before asked for would stay
    page.set_content(html, wait_until="load")


def _turn(page: Page, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
