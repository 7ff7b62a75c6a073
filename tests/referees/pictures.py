"""Photograph every letter in every language, by day and by night, wide and narrow: python -m tests.referees.pictures [LETTER...]

Writes out/pictures/<letter>.<language>.<scheme>.<width>.png and contact sheets, contact-<language>-<number>.png, to be looked at.
"""

from __future__ import annotations

import html
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page

from tests import projects
from tests.referees import browser, finished
from tests.referees.finished import Finished

FOLDER = projects.ROOT / "out" / "pictures"
ON_A_SHEET = 4  # letters: more would be too small to read
STYLE = """
body { margin: 24px; background: #8a8f98; font: 15px sans-serif; } h2 { margin: 24px 0 8px; color: #fff; font-size: 18px; }
.row { display: flex; gap: 16px; align-items: flex-start; } img { display: block; box-shadow: 0 1px 6px #0006; }
"""


def main() -> int:
    """0, or 1 with a sentence when there is nothing to photograph with, or nothing to photograph."""
    executable = next((path for name in browser.PROGRAMS if (path := shutil.which(name))), None)
    if executable is None:
        print("There is no Chromium to look with: apt-get install chromium fonts-noto-core", file=sys.stderr)
        return 1
    letters = [letter for letter in finished.shipped() if not sys.argv[1:] or letter.name in sys.argv[1:]]
    if not letters:
        print(f"There is no letter {', '.join(sys.argv[1:])}.", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with browser.opened(executable) as page:
        for letter in letters:
            for scheme, width in browser.VIEWS:
                browser.photograph(page, letter.page, scheme, width, FOLDER / _picture(letter, scheme, width))
        for locale in sorted({letter.locale for letter in letters}):
            here = [letter for letter in letters if letter.locale == locale]
            for start in range(0, len(here), ON_A_SHEET):
                print(_sheet(page, here[start : start + ON_A_SHEET], f"contact-{locale}-{start // ON_A_SHEET + 1}"))
    return 0


def _picture(letter: Finished, scheme: str, width: int) -> str:
    return f"{letter.label}.{scheme}.{width}.png"


def _sheet(page: Page, letters: list[Finished], name: str) -> Path:
    """Letters below each other, their views side by side at three quarters of their size."""
    rows = "".join(
        f'<h2>{letter.label}: {html.escape(letter.email.subject)}</h2><div class="row">'
        + "".join(f'<img src="{_picture(letter, scheme, width)}" width="{width * 3 // 4}">' for scheme, width in browser.VIEWS)
        + "</div>"
        for letter in letters
    )
    sheet = FOLDER / f"{name}.html"
    sheet.write_text(f'<!DOCTYPE html><meta charset="utf-8"><style>{STYLE}</style>{rows}', encoding="utf-8")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": sum(width * 3 // 4 + 16 for _, width in browser.VIEWS) + 48, "height": 800})
    page.goto(sheet.as_uri(), wait_until="load")
    page.screenshot(path=sheet.with_suffix(".png"), full_page=True)
    return sheet.with_suffix(".png")


if __name__ == "__main__":
    sys.exit(main())
