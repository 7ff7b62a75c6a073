"""The development mailbox in the studio: whatever lies in the folder can be read there, and nothing else."""

from __future__ import annotations

import asyncio
import html
import json
import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from urllib.parse import quote, unquote

import httpx
import pytest
from fastapi import FastAPI, Request
from httpx import ASGITransport

from tests import projects
from tests.letters.test_pictures import png
from tests.operations.lost import CAMPAIGN, START, populate
from tests.store import world
from winback.channels import mime
from winback.channels.file import FileChannel
from winback.letters import locales
from winback.model import Button, ChannelName, Email, Message, Picture
from winback.operations import mailbox, running, trying_out
from winback.operations.mailbox import AT_ONCE, Reading
from winback.operations.scenes import Wanted
from winback.sending import prepared
from winback.store import database
from winback.studio.app import create_app
from winback.studio.desk import Desk
from winback.studio.gate import Tickets
from winback.studio.mailbox_page import MailboxPage

PORT = 8010
HOME = f"http://127.0.0.1:{PORT}"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
EMAIL = Email(
    delivery_id=1,
    to="olena@zerno.example",
    sender_name="Олена",
    sender_address="hello@zerno.example",
    reply_to="care@zerno.example",
    mail_from="bounce@zerno.example",
    message_id="<wb.winter-tea.1.x@zerno.example>",
    subject="Чай",
    html='<!doctype html><html lang="uk"><head><title>Чай</title></head><body><p>Вітаємо</p><a href="https://u.zerno.example/c/1">До чаю</a>'
    '<img src="cid:tea@zerno.example" alt="Чай"><img src="https://u.zerno.example/o/1.gif" alt=""></body></html>',
    text="Вітаємо",
    language="uk",
    sent_at=NOW,
    feedback_id="winter-tea:uk:warm-word:winback",
    unsubscribe_url="https://u.zerno.example/u/1",
    unsubscribe_mailto="mailto:care+1@zerno.example",
    pictures=(Picture("tea.png", "image/png", "tea@zerno.example", png()),),
)
TEXT = Message(2, "777", "<b>Вітаємо</b> &amp; <a href='https://zerno.example/tea'>чай</a>\n<script>alert(1)</script>", "uk", (Button("До чаю", "https://zerno.example/gift"),))  # fmt: skip


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
def app(project, engine):
    return create_app(project, engine, port=PORT, clock=lambda: NOW)


@pytest.fixture
async def browser(app):
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=HOME, timeout=60) as client:
        yield client


def put(project, *letters, box="email") -> list[str]:
    """Letters as the file channel writes them, one second apart; returns their names."""
    folder, names = project.out / "mailbox" / box, []
    for letter in letters:
        folder.mkdir(parents=True, exist_ok=True)
        names.append(asyncio.run(FileChannel(folder).send(letter)).remote_id)
        moment = 1_790_000_000 + len(list(folder.iterdir()))
        os.utime(folder / names[-1], (moment, moment))
    return names


async def placed(project, *letters, box="email") -> list[str]:
    return await asyncio.to_thread(put, project, *letters, box=box)


def lay(project, name: str, content: bytes, box="email"):
    path = project.out / "mailbox" / box / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def rows(page: httpx.Response) -> list[str]:
    return re.findall(r'href="(/mailbox/[^"?]+)"', page.text)


async def test_while_nothing_lies_there_the_page_says_how_letters_get_there(browser, project):
    page = (await browser.get("/mailbox")).text
    assert "winback run CAMPAIGN writes its letters here instead of sending them" in page
    assert "This project sends" not in page
    assert '<a href="/mailbox">' in (await browser.get("/customers")).text
    assert '<a href="/mailbox">' in (await browser.get("/campaigns")).text


async def test_where_letters_leave_the_page_says_so(tmp_path, engine):
    there = ("config/settings.yaml", "via: file                           # file, or", "via: bot-api                        # file, or")
    project = projects.make(tmp_path / "shop", *projects.through("127.0.0.1", 25), there, ("config/settings.yaml", "http://localhost:8000", "https://u.zerno.example"))  # fmt: skip
    app = create_app(project, engine, port=PORT, clock=lambda: NOW)
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url=HOME) as client:
        assert "This project sends: e-mail by via: smtp" in (await client.get("/mailbox")).text


async def test_the_list_shows_the_newest_first_a_page_at_a_time(browser, project):
    names = await placed(project, *(replace(EMAIL, delivery_id=number, subject=f"Лист {number}") for number in range(1, AT_ONCE + 11)))
    first = await browser.get("/mailbox")
    assert rows(first) == [f"/mailbox/email/{name}" for name in names[::-1][:AT_ONCE]]
    assert f"1–{AT_ONCE} of {AT_ONCE + 10}" in first.text
    for text in ("Лист 60", "olena@zerno.example", "2026-11-24 14:00", "e-mails · winter-tea · warm-word · uk"):
        assert text in first.text, "the hour is the shop's"
    older = await browser.get(re.search(r'href="([^"]+)" rel="next"', first.text)[1])
    assert rows(older) == [f"/mailbox/email/{name}" for name in names[:10][::-1]]
    assert 'rel="prev"' in older.text
    assert 'rel="next"' not in older.text
    assert "There is none so far back" in (await browser.get("/mailbox?page=9")).text
    assert (await browser.get("/mailbox?page=x")).text == first.text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"to": "OLENA@"}, {"1.eml", "3.eml"}),
        ({"to": "777"}, {"2.json"}),
        ({"language": "uz-Latn"}, {"3.eml"}),
        ({"campaign": "winter-tea"}, {"1.eml"}),
        ({"campaign": "spring", "language": "uk"}, {"4.eml"}),
        ({"box": "telegram"}, {"2.json"}),
        ({"box": "email", "to": "77"}, set()),
        ({"box": "../config"}, {"1.eml", "2.json", "3.eml", "4.eml", "broken.eml"}),
        ({"to": "<script>"}, set()),
    ],
)
async def test_letters_are_found_by_recipient_language_campaign_and_kind(browser, project, asked, found):
    await placed(
        project,
        EMAIL,
        replace(EMAIL, delivery_id=3, language="uz-Latn", feedback_id=""),
        replace(EMAIL, delivery_id=4, to="ivan@post.example", feedback_id="spring:uk:word:winback"),
    )
    await placed(project, TEXT, box="telegram")
    lay(project, "broken.eml", b"\x00\xff")
    page = await browser.get("/mailbox", params=asked)
    assert {each.rpartition("/")[2] for each in rows(page)} == found
    assert "<script" not in page.text


async def test_with_a_filter_there_are_pages_too(browser, project):
    await placed(project, *(replace(EMAIL, delivery_id=number, to=f"c{number % 2}@post.example") for number in range(2 * AT_ONCE + 4)))
    first = await browser.get("/mailbox", params={"to": "c1@"})
    assert len(rows(first)) == AT_ONCE
    second = await browser.get(html.unescape(re.search(r'href="([^"]+)" rel="next"', first.text)[1]))
    assert len(rows(second)) == 2
    assert 'rel="next"' not in second.text


async def test_a_letter_is_shown_as_html_as_text_and_with_all_it_holds(browser, project):
    await placed(project, EMAIL)
    page = await browser.get("/mailbox/email/1.eml")
    shown = html.unescape(page.text)
    for text in (
        '<h1 lang="uk">Чай</h1>',
        "Олена <hello@zerno.example>",
        "<dd>winter-tea, tactic warm-word</dd>",
        'src="/mailbox/email/1.eml/html" sandbox',
        "and one click is enough (RFC 8058)",
        "<https://u.zerno.example/u/1>, <mailto:care+1@zerno.example>",
        'До чаю<br><a href="https://u.zerno.example/c/1"',
        "<code>https://u.zerno.example/o/1.gif</code>",
        "tea.png, image/png",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ):
        assert text in shown
    assert 'href="https://u.zerno.example/o/1.gif"' not in page.text, "a press would count as an opening"
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    assert (await browser.get("/mailbox/email/1.eml/source")).content == mime.build(EMAIL)
    assert (await browser.get("/mailbox/email/1.eml/source")).headers["content-type"].startswith("text/plain")


async def test_the_frame_fetches_nothing_and_can_do_nothing(browser, project):
    await placed(project, replace(EMAIL, html=EMAIL.html.replace("<body>", "<body onload='x()'><script>x()</script><form action='/'></form>")))
    frame = await browser.get("/mailbox/email/1.eml/html")
    said = frame.headers["content-security-policy"]
    assert {"default-src 'none'", "img-src data:", "sandbox", "form-action 'none'", "frame-ancestors 'self'"} <= {
        each.strip() for each in said.split(";")
    }
    assert "script" not in said
    assert frame.headers["x-frame-options"] == "SAMEORIGIN"
    assert 'src="data:image/png;base64,' in frame.text
    assert "cid:" not in frame.text
    assert '<head><base target="_blank">' in frame.text
    assert frame.headers["content-type"] == "text/html; charset=utf-8"


async def test_every_language_is_shown_right(browser, project):
    for locale in ("en", "mn", "ro", "ru", "uk", "uz"):
        (sent,) = await trying_out.send(project, None, Wanted("we-miss-you", locale), "olena@zerno.example", now=NOW)
        page = (await browser.get(f"/mailbox/test-email/{sent.file.name}")).text
        letter = mime_text(sent.file.read_bytes())
        tag = locales.language_tag(locale)
        assert f'lang="{tag}"' in page
        assert letter.strip()[:200] in html.unescape(page)
        assert "�" not in page
        assert letter.strip().splitlines()[0] in html.unescape((await browser.get(f"/mailbox/test-email/{sent.file.name}/html")).text)
    assert len(rows(await browser.get("/mailbox?box=test-email"))) == 6


def mime_text(content: bytes) -> str:
    return message_from_bytes(content, policy=policy.default).get_body(("plain",)).get_content().replace("\r\n", "\n")


async def test_a_messenger_text_is_a_bubble_with_buttons(browser, project):
    await placed(project, TEXT, box="telegram")
    page = (await browser.get("/mailbox/telegram/2.json")).text
    assert '<div class="bubble"><b>Вітаємо</b> &amp; <u>чай</u>\n&lt;script&gt;alert(1)&lt;/script&gt;</div>' in page
    assert '<div class="key">До чаю</div>' in page
    assert 'href="https://zerno.example/gift"' in page
    assert "<h1>Messenger text to 777</h1>" in page or 'lang="uk">Messenger text to 777</h1>' in page
    assert (await browser.get("/mailbox/telegram/2.json/html")).status_code == 404


async def test_stage_and_customer_are_told_of_deliveries_that_say_so_themselves(browser, project, engine):
    ids = await asyncio.to_thread(populate, engine, 3)
    with database.writing(engine) as connection:
        world.reach(connection, ids[0], ChannelName.TELEGRAM, "777")
    stale = (await placed(project, replace(EMAIL, feedback_id="", delivery_id=1)))[0]
    projects.edit(project.config("campaigns", f"{CAMPAIGN}.yaml"), "holdout: 0.25", "holdout: 0")
    ready = prepared.prepare(project, CAMPAIGN)
    await running.go(ready, engine, now=lambda: START, worker="w")
    page = (await browser.get("/mailbox")).text
    assert page.count("e-mails · winter-tea · first-letter ·") == 3
    written = sorted(path.name for path in (project.out / "mailbox/email").iterdir())
    assert len(written) == 4, "the first delivery found its number taken by a letter of another database"
    assert "stage" not in (await browser.get(f"/mailbox/email/{stale}")).text
    shown = [(await browser.get(f"/mailbox/email/{name}")).text for name in written if name != stale]
    assert all("<dd>winter-tea, stage first-letter, tactic " in each and '<a href="/customers/c00' in each for each in shown)
    assert len(rows(await browser.get("/mailbox", params={"campaign": CAMPAIGN}))) == 3


async def asked_as_it_stands(app, path: str) -> tuple[int, str]:
    """What a server hands over for a path that no browser tidied up: (status, body)."""
    said: list[dict] = []
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": unquote(path), "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"host", f"127.0.0.1:{PORT}".encode())], "server": ("127.0.0.1", PORT), "client": ("127.0.0.1", 1),
    }  # fmt: skip

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        said.append(message)

    await app(scope, receive, send)
    return said[0]["status"], b"".join(message.get("body", b"") for message in said[1:]).decode("utf-8", "replace")


OUTSIDE = (
    "..", "../settings.eml", "../../config/settings.yaml", "..%2F..%2Fconfig%2Fsettings.yaml", "%2e%2e%2fsecret.eml", "..%252fsecret.eml", "%2e%2e/secret.eml",
    "/etc/passwd", "%2Fetc%2Fpasswd", "//etc/passwd", "..%5Csecret.eml", "secret.eml%00.eml", "%00.eml", ".hidden.eml", "settings.yaml", "", "link.eml", "folder.eml", "pipe.eml",
    "a" * 300 + ".eml",
)  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
async def test_nothing_outside_of_the_folder_is_read(browser, app, project, name):
    secret = project.out / "mailbox" / "secret.eml"
    lay(project, "1.eml", mime.build(EMAIL))
    secret.write_bytes(b"From: a\nTo: b\nSubject: SECRET\n\nSECRET")
    folder = project.out / "mailbox" / "email"
    (folder / "link.eml").symlink_to(secret)
    (folder / "folder.eml").mkdir()
    (folder / ".hidden.eml").write_bytes(secret.read_bytes())
    os.mkfifo(folder / "pipe.eml")
    for box in ("email", "..", "%2e%2e", ".", "email%2F..", "tests"):
        for end in ("", "/html", "/source"):
            status, body = await asked_as_it_stands(app, f"/mailbox/{box}/{name}{end}")
            assert status in {307, 404}, (box, name, end)
            assert not re.search("SECRET|root:|approve_above", body)
    page = await browser.get("/mailbox")
    assert rows(page) == ["/mailbox/email/1.eml"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.eml", b"", "It is empty."),
        ("noise.eml", bytes(range(256)) * 40, "It has no headers: this is no e-mail."),
        ("picture.eml", png(), "It has no headers: this is no e-mail."),
        ("prose.eml", "Це не лист, а просто текст.\n\nІ ще рядок.".encode(), "It has no headers: this is no e-mail."),
        ("stranger.eml", b"Subject: Hi\n\nHello", "It lacks `From` or `To`: this is no letter of ours."),
        ("cut.eml", mime.build(EMAIL)[:1500], "The message is broken:"),
        ("charset.eml", mime.build(EMAIL).replace(b"charset=utf-8", b"charset=klingon"), "is not what it says: klingon."),
        ("lies.eml", b"From: a@b.example\nTo: c@d.example\nContent-Type: text/plain; charset=ascii\n\n\xff\xfe", "is not what it says: ascii."),
        ("odd.eml", b'From: a@b.example\nTo: =?utf-8?b?!!!?=\nSubject: =?x?q?y?=\nDate: never\nContent-Type: ;;;="\n\nHello', "As text"),
        ("mbox.eml", b"From a@b.example Tue Nov 24\nFrom: a@b.example\n\nHello", "It has no headers: this is no e-mail."),
        ("empty.json", b"", "It is empty."),
        ("odd.json", b'{"text": 1}', "It is no messenger text of ours."),
        ("deep.json", b"[" * 100_000, "It is no messenger text of ours."),
    ],
)  # fmt: skip
async def test_a_broken_file_is_shown_as_what_it_is(browser, project, name, content, said):
    lay(project, name, content)
    listed = await browser.get("/mailbox")
    assert rows(listed) == [f"/mailbox/email/{name}"]
    page = await browser.get(f"/mailbox/email/{name}")
    assert page.status_code == 200
    assert said in html.unescape(page.text)
    assert (await browser.get(f"/mailbox/email/{name}/source")).content == content
    assert (await browser.get(f"/mailbox/email/{name}/html")).status_code in {200, 404}


async def test_no_page_holds_characters_that_no_page_may_hold(browser, project):
    lay(project, "odd.eml", bytes(range(256)))
    lay(project, "sound.eml", b"To: c@d.example\nSubject: hel\x01lo\nContent-Type: text/plain; charset=utf-8\n\nwo\x01rld\x00\n")
    for address, held in (("/mailbox", "hel\ufffdlo"), ("/mailbox/email/odd.eml", "!&#34;#$%&amp;"), ("/mailbox/email/sound.eml", "wo\ufffdrld")):
        answer = await browser.get(address)
        assert answer.status_code == 200
        assert held in answer.text
        assert re.findall(r"[^\t\n\r\x20-\x7e\xa0-\U0010ffff]", answer.text) == []


async def test_names_with_odd_signs_are_found_again(browser, project):
    for name in ("лист 1.eml", "a?b#c.eml", "50%.eml", "<b>.eml"):
        lay(project, name, mime.build(EMAIL))
    for link in rows(await browser.get("/mailbox")):
        assert (await browser.get(link)).status_code == 200
    assert f"/mailbox/email/{quote('лист 1.eml')}" in rows(await browser.get("/mailbox"))


async def test_a_header_that_breaks_out_is_only_text(browser, project):
    wild = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    lay(
        project,
        "1.eml",
        f"From: {wild}\nTo: {wild}\nSubject: {wild}\nContent-Language: {wild}\nFeedback-ID: {wild}:uk:{wild}:winback\n\n{wild}".encode(),
    )
    lay(project, "2.json", json.dumps({"chat_id": wild, "text": wild, "language": wild, "buttons": [{"label": wild, "url": "javascript:alert(1)"}]}).encode(), "telegram")  # fmt: skip
    for path in ("/mailbox", "/mailbox/email/1.eml", "/mailbox/telegram/2.json"):
        page = (await browser.get(path)).text
        assert not re.search(r"<script|<img|\son\w+=\"|href=\"javascript:", page)


async def test_every_field_has_a_label_and_nothing_needs_a_script(browser, project):
    await placed(project, EMAIL)
    for path in ("/mailbox", "/mailbox/email/1.eml"):
        page = (await browser.get(path)).text
        for field in re.findall(r"<(?:select|input type=\"search\")[^>]* id=\"([^\"]+)\"", page):
            assert f'<label for="{field}">' in page
        assert not re.search(r"<script|<style|\son\w+=|\sstyle=|javascript:", page)


def test_of_thousands_of_letters_only_those_of_the_page_are_opened(project, engine):
    content = mime.build(EMAIL)
    for number in range(3_000):
        lay(project, f"{number}.eml", content)
    reading = Reading(project, engine)
    desk = Desk(project, engine, Tickets(project.key, PORT), lambda: NOW)
    request = Request({"type": "http", "method": "GET", "path": "/mailbox", "query_string": b"", "headers": [], "app": FastAPI()})
    page = MailboxPage(desk, reading).every(request, mailbox.Wanted(), 2).body.decode()
    assert "51–100 of 3,000" in page
    assert len(reading.mailbox._heads) == AT_ONCE
    list(reading._letters(reading.mailbox.listed()))
    assert len(reading.mailbox._heads) == 3_000, "and remembered for the next"


async def test_letters_of_a_rehearsal_are_leafed_through_and_are_nobodys_deliveries(project, engine, browser):
    campaign = project.names("campaigns")[0]
    folder = mailbox.rehearsals(project, campaign) / "email"
    folder.mkdir(parents=True)
    for number in (1, 2, 3):
        (folder / f"{number}.eml").write_bytes(f"Subject: Letter {number} <b>\nTo: somebody@post.example\n\nText {number}\n".encode())
        os.utime(folder / f"{number}.eml", (number, number))
    root = f"/campaigns/{campaign}/rehearsal/letters"
    page = (await browser.get(root)).text
    assert page.index("Letter 3 &lt;b&gt;") < page.index("Letter 2 &lt;b&gt;") < page.index("Letter 1 &lt;b&gt;")
    letter = (await browser.get(f"{root}/email/2.eml")).text
    assert "Text 2" in letter
    assert f'href="{root}/email/3.eml" rel="prev"' in letter
    assert f'href="{root}/email/1.eml" rel="next"' in letter
    assert "Text 2" in (await browser.get(f"{root}/email/2.eml/source")).text
    for nowhere in (f"{root}/email/9.eml", f"{root}/email/..%2f2.eml", "/campaigns/nothing/rehearsal/letters"):
        assert (await browser.get(nowhere)).status_code == 404


async def test_the_mailbox_speaks_the_language_of_who_looks(browser, project):
    await placed(project, TEXT, box="telegram")
    spoken = {"Accept-Language": "uk"}
    for path, words, never in (
        ("/mailbox", ("Отримувач", "повідомлення в месенджері"), ("Recipient", "messenger texts")),
        ("/mailbox/telegram/2.json", ("Повідомлення до", "Посилання"), ("Messenger text to", "<h2>Links")),
    ):
        page = (await browser.get(path, headers=spoken)).text
        assert [word for word in words if word not in page] == []
        assert [word for word in never if word in page] == []
