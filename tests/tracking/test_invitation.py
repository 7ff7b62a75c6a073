from __future__ import annotations

import re

import httpx
import pytest

from tests import letterbox, projects
from tests.letterbox import NOW, Letterbox
from winback import settings
from winback.demo.serving import Serving
from winback.letters import joining_code
from winback.store import database
from winback.store.tables import customers
from winback.tracking import addresses, tokens
from winback.tracking.app import create_app
from winback.tracking.tokens import Purpose

FORM = {"form": "preferences", "channel": "email", "topic": "offers"}


@pytest.fixture
def project(tmp_path):
    """A project with real pages, in a country where the messenger may be used; in Russia it may not."""
    folder = projects.make(tmp_path / "shop").root
    made = letterbox.project(folder)
    made.config("policy.yaml").write_text("default: {channels: [email, telegram]}\ncountries: {RU: {channels: [email]}}\n", encoding="utf-8")
    return settings.open_project(folder, made.environment)


@pytest.fixture
def saved(project, engine):
    """The page that thanks for preferences, of a customer."""
    shop = Letterbox(engine, project.key)

    def saved(name: str, *, country: str = "", chat: str = "") -> str:
        who = shop.customer(name, email=f"{name}@mail.example", chat=chat, locale="en")
        with database.writing(engine) as connection:
            connection.execute(customers.update().where(customers.c.id == who).values(country=country))
        path = addresses.preferences("", project.key, who)
        now = settings.open_project(project.root, project.environment)
        with Serving(create_app(now, engine, clock=lambda: NOW)) as served:
            assert "t.me" not in httpx.get(served.url + path).text, "before anything is saved nobody is asked for more"
            return httpx.post(served.url + path, data=FORM).text

    return saved


def test_whoever_is_thanked_is_invited_to_the_chat_by_a_link_and_a_code(saved, project):
    page = saved("olena")
    link = re.search(r'href="(https://t\.me/zerno_bot\?start=([\w-]{40}))"', page)
    assert link is not None
    found = tokens.read(project.link_keys, Purpose.JOIN, link[2])
    assert found is not None
    assert addresses.page_day(found[1]) == NOW.date()
    picture = re.search(r'<img src="(data:image/svg\+xml[^"]+)"[^>]*alt="The same link as a QR code', page)
    assert picture is not None


@pytest.mark.parametrize("more", [{"chat": "501"}, {"country": "RU"}])
def test_whoever_has_joined_or_may_not_be_written_to_there_is_not(saved, more):
    assert "t.me" not in saved("olena", **more)


def test_without_a_bot_nobody_is_invited(saved, project):
    projects.edit(project.config("settings.yaml"), "telegram: {bot: zerno_bot}", "telegram: {}")
    assert "t.me" not in saved("olena")


def test_a_camera_reads_from_the_code_what_the_link_says():
    import segno

    url = addresses.join_from_page("zerno_bot", b"k" * 32, 5, NOW.date())
    drawn = segno.make(url, error="m", micro=False)
    assert joining_code.inside_page(url) == drawn.svg_data_uri(scale=4, border=4, dark="#000", light="#fff")
    assert drawn.symbol_size(scale=4, border=4) == (180, 180)
