"""The documentation's pictures, taken of a real studio: python -m tests.documentation.screenshots [NAME...] (make screenshots)

The studio shows what `make demo` left in out/demo, two months on. Writes docs/images/*.png.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import text

from tests.projects import ROOT
from tests.referees import browser
from tests.referees.test_cohort_editor import Late
from winback import settings
from winback.demo.serving import Serving
from winback.store import database
from winback.studio import app

DEMO, FOLDER = ROOT / "out/demo", ROOT / "docs/images"
NOW = datetime(2027, 1, 24, 12, 30, tzinfo=UTC)
"""The last day of the demo's story."""

LARGEST = 200_000
"""Bytes of a picture, at most."""

DESK, PHONE = (1200, 800), (390, 780)


def main() -> int:
    """0, or 1 with a sentence when there is nothing to photograph, or nothing to do it with."""
    executable = next((path for name in browser.PROGRAMS if (path := shutil.which(name))), None)
    if executable is None or not (DEMO / "winback.db").exists():
        print("Chromium and what `make demo` leaves in out/demo are needed: apt-get install chromium; make demo", file=sys.stderr)
        return 1
    os.environ["LOGNAME"] = "olena"  # whose account it is, where nobody signs in
    with tempfile.TemporaryDirectory() as kept, _studio(Path(kept) / "shop") as (home, shots), sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", *browser.QUIET])
        for name in sys.argv[1:] or shots:
            address, size = shots[name]
            page = chromium.new_page()
            page.set_default_timeout(120_000)
            print(_photograph(page, home + address, size, FOLDER / f"{name}.png"), flush=True)
            page.close()
        chromium.close()
    return 0


@contextlib.contextmanager
def _studio(folder: Path) -> Iterator[tuple[str, dict[str, tuple[str, tuple[int, int]]]]]:
    """The address of a studio over a copy of the demo's project, and what is to be photographed of it."""
    shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("mail", "out"))
    project = settings.open_project(folder, {"WINBACK_TELEGRAM_TOKEN": "7:demo"})
    engine = database.open_engine(project.database_url)
    with engine.connect() as connection:
        customer, letter = connection.execute(text(_TOLD)).one()
    late = Late()
    serving = Serving(late)
    late.app = app.create_app(project, engine, port=int(serving.url.rpartition(":")[2]), clock=lambda: NOW)
    with serving as served:
        yield (
            served.url,
            {
                "home": ("/", DESK),
                "cohort": ("/cohorts/silent-1-2-years-3-orders", DESK),
                "letter": ("/letters/email/we-miss-you", DESK),
                "campaign": ("/campaigns/winter-tea", DESK),
                "results": ("/results/winter-tea", DESK),
                "customer": (f"/customers/{customer}", DESK),
                "letter-on-a-phone": (f"/sent/{letter}/html", PHONE),
                "telegram": ("/letters/messages/gift-reminder", DESK),
            },
        )
    engine.dispose()


_TOLD = """
SELECT customers.key, deliveries.id FROM deliveries JOIN customers ON customers.id = deliveries.customer_id
WHERE deliveries.letter = 'we-miss-you' AND deliveries.status = 'sent' AND customers.locale = 'en' ORDER BY deliveries.id LIMIT 1
"""


_UNFINISHED = "/being counted|Looking…|Counting/"
"""What pages say as long as something is to come, as a regular expression of the browser's."""


def _photograph(page: Page, address: str, size: tuple[int, int], path: Path) -> str:
    """Raises where the page isn't there, or its picture is too large to be kept."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    answer = page.goto(address, wait_until="load")
    assert answer is not None, address
    assert answer.ok, f"{address}: {answer.status}"
    page.wait_for_load_state("networkidle")
    page.wait_for_function(f"() => !{_UNFINISHED}.test(document.body.innerText)")  # counts and previews come after the page
    page.wait_for_load_state("networkidle")
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
    weight = path.stat().st_size
    assert weight <= LARGEST, f"{path.name} weighs {weight:,} bytes"
    return f"docs/images/{path.name}: {weight / 1000:.0f} kB"


if __name__ == "__main__":
    sys.exit(main())
