"""The development mailbox in a real browser: nothing is asked for elsewhere, every text can be read, and the Nu HTML checker is content."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import uvicorn

from tests import projects
from tests.referees import browser, tools
from tests.referees.test_html import judged
from tests.studio.test_mailbox_page import EMAIL, NOW, TEXT, lay, put
from winback.channels import mime
from winback.operations import trying_out
from winback.operations.scenes import Wanted
from winback.store import database
from winback.studio import app

pytestmark = pytest.mark.referee

PAGES = ("/mailbox", "/mailbox?to=nobody", "/mailbox/email/1.eml", "/mailbox/test-email/1.eml", "/mailbox/telegram/2.json", "/mailbox/email/odd.eml")


@contextmanager
def counting() -> Iterator[tuple[str, list[str]]]:
    """A server that stands for the shop's own: its address, and what was asked of it."""
    asked: list[str] = []

    class Count(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Count)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def studio(project) -> Iterator[str]:
    """The studio on this machine, as `winback studio` opens it."""
    import socket

    engine = database.open_engine(project.database_url)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app.create_app(project, engine, port=port, clock=lambda: NOW), log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
        engine.dispose()


@pytest.fixture
def project(tmp_path):
    project = projects.make(tmp_path / "shop")
    put(project, EMAIL)
    put(project, TEXT, box="telegram")
    lay(project, "odd.eml", bytes(range(256)))
    asyncio.run(trying_out.send(project, None, Wanted("gift-with-code", "uk"), "olena@zerno.example", now=NOW))
    return project


SKIP = "Skip to the page"
"""A link that comes into sight for who goes through the page by keyboard."""


def test_a_letter_that_is_looked_at_asks_for_nothing(project):
    """Pixels, pictures, styles, frames, a redirect, a form: and the link that somebody presses in the frame."""
    with counting() as (elsewhere, asked), studio(project) as home, browser.opened(tools.program(*browser.PROGRAMS, package="chromium")) as page:
        greedy = f"""<!doctype html><html lang="en"><head><title>x</title><meta http-equiv="refresh" content="0;url={elsewhere}/refresh">
        <link rel="stylesheet" href="{elsewhere}/style.css"><link rel="prefetch" href="{elsewhere}/prefetch"><style>@import url({elsewhere}/import.css);
        p {{ background: url({elsewhere}/background.png) }}</style><script src="{elsewhere}/script.js"></script></head>
        <body background="{elsewhere}/body.png"><p>Tea</p><img src="{elsewhere}/o/1.gif" alt=""><img src="cid:tea@zerno.example" alt="Tea" srcset="{elsewhere}/set.png 2x">
        <picture><source srcset="{elsewhere}/source.png"><img src="{elsewhere}/fallback.png" alt=""></picture><video poster="{elsewhere}/poster.png" src="{elsewhere}/video.mp4"></video>
        <iframe src="{elsewhere}/frame" title="x"></iframe><object data="{elsewhere}/object"></object><a id="press" href="{elsewhere}/c/1" ping="{elsewhere}/ping">Press</a>
        <script>fetch("{elsewhere}/fetch")</script></body></html>"""
        lay(project, "greedy.eml", mime.build(replace(EMAIL, html=greedy, delivery_id=9)))
        page.context.set_offline(False)
        page.goto(f"{home}/mailbox/email/greedy.eml")
        (frame,) = [frame for frame in page.frames if frame != page.main_frame and frame.url.endswith("/html")]
        frame.click("#press")
        page.wait_for_timeout(500)
        assert asked == []
        assert (page.url, frame.url, len(page.context.pages)) == (f"{home}/mailbox/email/greedy.eml", f"{home}/mailbox/email/greedy.eml/html", 1)
        page.goto(f"{home}/mailbox/email/greedy.eml/html")
        page.wait_for_timeout(500)
        assert asked == []
        page.goto(f"{elsewhere}/o/1.gif")
        assert "/o/1.gif" in asked, "the server counts"


def test_every_text_of_the_pages_can_be_read_on_a_desk_and_on_a_phone(project):
    with studio(project) as home, browser.opened(tools.program(*browser.PROGRAMS, package="chromium")) as page:
        page.context.set_offline(False)
        for path in PAGES:
            for scheme, width in (("light", 1200), ("dark", 1200), ("light", 360), ("dark", 360)):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": 800})
                page.goto(f"{home}{path}")
                looks = browser.Looks(**page.evaluate(browser._LOOKS))
                assert looks.texts > 5
                cut = [each for each in looks.cut if each != SKIP]
                assert (looks.faint, cut, looks.width) == ([], [], width), (path, scheme)


def test_pictures_inside_of_a_letter_are_shown(project):
    with studio(project) as home, browser.opened(tools.program(*browser.PROGRAMS, package="chromium")) as page:
        page.context.set_offline(False)
        page.goto(f"{home}/mailbox/email/1.eml")
        sizes = [frame.evaluate("[...document.images].map(each => each.naturalWidth)") for frame in page.frames]
        assert sizes[0] == [sizes[1][0]]
        assert sizes[1][0] > 0
        assert sizes[1][1] == 0, "the counting pixel isn't"


def test_the_pages_are_html(project, tmp_path):
    tools.html_checker()
    with studio(project) as home, browser.opened(tools.program(*browser.PROGRAMS, package="chromium")) as page:
        page.context.set_offline(False)
        files = {f"{number}.html": page.request.get(f"{home}{path}").text() for number, path in enumerate(PAGES)}
    said = judged(tmp_path, files)
    assert [sentence for name in files for sentence in said[name]] == []
    assert len(files) == len(PAGES)
