"""The marketer's ten minutes in Chromium: sign in, look at the lost, read a letter, plan, ask, have it approved by somebody else, and see who came back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate
from tests.referees import browser, tools
from tests.store import world
from tests.studio import staff
from winback.channels.memory import MemoryChannel
from winback.demo.serving import Serving
from winback.operations import knowing, scoring
from winback.operations.people import Role
from winback.sending import prepared
from winback.store import database
from winback.store.tables import facts_due
from winback.studio.app import create_app

pytestmark = [pytest.mark.referee, pytest.mark.xdist_group("looks")]

COHORT = "silent-1-2-years-3-orders"
FAR = 90_000
"""Milliseconds: works are processes of their own, and the machine may be busy."""


class Late:
    """An application that is made when its port is known."""

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


class Shop:
    """A studio with sixty lost customers, a marketer and an approver, on a day that the test turns."""

    def __init__(self, folder) -> None:
        self.now = START
        self.project = projects.make(folder / "shop", ("config/settings.yaml", "approve_above: 200", "approve_above: 20"))
        self.engine = database.open_engine(f"sqlite:///{folder / 'studio.db'}")
        self.ids = populate(self.engine, 60)
        knowing.refresh(self.project, self.engine, now=START)
        scoring.update(self.project, self.engine, now=START)
        self.marketer = staff.add(self.engine, Role.MARKETER, name="Olena Savchenko", email="olena@zerno.example", now=START)
        self.approver = staff.add(self.engine, Role.APPROVER, name="Ivan Koval", email="ivan@zerno.example", now=START)

    def runs(self, days: int) -> None:
        """The schedule's turn, so many days after the beginning."""
        self.now = START + timedelta(days=days, hours=1)
        with ThreadPoolExecutor(1) as beside:  # the browser's driver has this thread's event loop
            beside.submit(go, prepared.prepare(self.project, CAMPAIGN), self.engine, self.now, MemoryChannel()).result()

    def somebody_orders(self, count: int) -> None:
        with database.writing(self.engine) as connection:
            for who in self.ids[:count]:
                world.order(connection, who, self.now, 90_000)
            connection.execute(insert(facts_due), [{"customer_id": who} for who in self.ids[:count]])  # as an import notes them
        self.now += timedelta(hours=1)


@pytest.fixture
def shop(tmp_path) -> Iterator[tuple[str, Shop]]:
    shop, late = Shop(tmp_path), Late()
    serving = Serving(late)
    late.app = create_app(shop.project, shop.engine, port=int(serving.url.rsplit(":", 1)[1]), clock=lambda: shop.now)
    with serving:
        yield serving.url, shop
    shop.engine.dispose()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Page]:
    with browser.opened(tools.program(*browser.PROGRAMS, package="chromium")) as opened:
        yield opened


def sign_in(chromium: Page, url: str, email: str) -> Page:
    """A browser of their own, at the first page."""
    page = chromium.context.browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB").new_page()
    page.goto(f"{url}/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(staff.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Today", timeout=FAR)
    return page


def test_from_the_first_look_to_who_came_back(chromium, shop):
    url, house = shop
    olena = sign_in(chromium, url, house.marketer)

    olena.get_by_role("link", name="Cohorts").click()
    olena.locator(f"a[href='/cohorts/{COHORT}']").first.click()
    expect(olena.locator("#said")).to_have_text("60 of 60 customers", timeout=FAR)
    olena.locator("#text").focus()
    olena.keyboard.press("Control+End")
    olena.keyboard.type("  - average_order: {at_least: 104}\n")
    expect(olena.locator("#said")).to_have_text("56 of 60 customers", timeout=FAR)
    olena.get_by_role("button", name="Save", exact=True).click()
    expect(olena.locator(".told")).to_be_visible(timeout=FAR)
    assert "104" in house.project.config("cohorts", f"{COHORT}.yaml").read_text(encoding="utf-8")

    olena.get_by_role("link", name="Letters").first.click()
    olena.locator("a[href='/letters/email/we-miss-you']").first.click()
    expect(olena.frame_locator("iframe.letter").first.locator("body")).to_contain_text("Zerno", timeout=FAR)
    olena.get_by_label("Language", exact=True).select_option("uk")
    expect(olena.frame_locator("iframe.letter").first.locator("html[lang=uk]")).to_be_attached(timeout=FAR)

    olena.goto(f"{url}/campaigns/{CAMPAIGN}")
    olena.get_by_role("button", name="Ask for approval").click()
    olena.get_by_role("link", name="Look at what it would do, and answer").click(timeout=FAR)
    expect(olena.get_by_role("heading", level=1)).to_have_text(f"Approval of {CAMPAIGN}", timeout=FAR)
    assert olena.get_by_role("button", name="Approve").count() == 0, "who writes doesn't approve"

    ivan = sign_in(chromium, url, house.approver)
    ivan.locator(f"main a[href^='/campaigns/{CAMPAIGN}']").first.click()
    if "/approval" not in ivan.url:
        ivan.get_by_role("link", name="Look at what it would do, and answer").click()
    ivan.get_by_role("button", name="Approve").click()
    expect(ivan.locator(".told")).to_contain_text("Approved.", timeout=FAR)

    house.runs(0)
    house.runs(1)
    house.somebody_orders(12)
    olena.context.close()
    olena = sign_in(chromium, url, house.marketer)  # a day later nobody is signed in any more
    olena.get_by_role("link", name="Results").click()
    olena.locator(f"main a[href^='/results/{CAMPAIGN}']").first.click()
    olena.get_by_role("button", name="Measure now").click()
    expect(olena.get_by_role("heading", level=1)).to_have_text(f"Did {CAMPAIGN} bring people back?", timeout=FAR)
    returned = olena.locator(f"main a[href*='/results/{CAMPAIGN}/customers'][href*='what=returned']").first
    expect(returned).not_to_have_text("0", timeout=FAR)  # the run had measured itself, before anybody ordered
    returned.click()
    olena.locator("main th a[href^='/customers/']").first.click()
    expect(olena.get_by_role("heading", level=1)).to_contain_text("Emma", timeout=FAR)
    for page in (olena, ivan):
        page.context.close()
