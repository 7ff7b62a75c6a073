"""A letter that was sent, looked at in a browser: through a real run and a real socket, on both databases."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta

import httpx
import pytest
from lxml import html
from sqlalchemy import delete, func, select, update

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate
from winback.channels.memory import MemoryChannel
from winback.demo.serving import Serving
from winback.operations import forgetting
from winback.sending import prepared
from winback.store import database, merging
from winback.store.tables import customers, deliveries, edition_files, editions, events
from winback.tracking import addresses, tokens
from winback.tracking.app import create_app
from winback.tracking.tokens import Purpose

FILE = "config/campaigns/winter-tea.yaml"
CHANGES = (
    (FILE, "holdout: 0.25", "holdout: 0"),
    ("config/policy.yaml", "  GB:\n", "  GB:\n    open_tracking: true\n"),
    ("config/settings.yaml", '  bot: ""', "  bot: zerno_bot"),
)


@pytest.fixture
def ready(tmp_path):
    return prepared.prepare(projects.make(tmp_path / "shop", *CHANGES), CAMPAIGN)


@pytest.fixture
def sent(engine, ready):
    """The letters of two customers: (delivery, e-mail)."""
    populate(engine, 2)
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    return [(letter.delivery_id, letter) for letter in sorted(channel.letters, key=lambda each: each.delivery_id)]


@pytest.fixture
def web(engine, ready):
    with Serving(create_app(ready.project, engine, clock=lambda: START)) as serving, httpx.Client(base_url=serving.url, timeout=30) as client:
        yield client


def page(ready, letter):
    return addresses.view("", ready.project.key, letter)


def texts(document: str) -> list[str]:
    return [text.strip() for text in html.document_fromstring(document).xpath("//body//text()") if text.strip()]


def test_it_says_what_was_sent_without_pixel_or_counted_links_and_changes_nothing(engine, ready, sent, web):
    for letter, email in sent:
        assert f"/v/{tokens.sign(ready.project.key, Purpose.VIEW, letter)}" in email.html
        assert f"/v/{tokens.sign(ready.project.key, Purpose.VIEW, letter)}" in email.text
        answer = web.get(page(ready, letter))
        assert answer.status_code == 200
        shown, was = texts(answer.text), texts(email.html)
        assert shown == [text for text in was if text in shown]
        assert {text for text in was if text not in shown} <= {"Hear from us in Telegram"}
        for counted in ("/o/", "/c/", "t.me/"):
            assert counted in email.html
            assert counted not in answer.text
        assert email.to not in answer.text
    assert web.head(page(ready, sent[0][0])).status_code == 200
    with database.reading(engine) as connection:
        assert connection.execute(select(events)).all() == []


def test_it_is_shut_up_in_itself(ready, sent, web):
    answer = web.get(page(ready, sent[0][0]))
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert (policy["default-src"], policy["form-action"], policy["frame-ancestors"]) == ("'none'", "'none'", "'none'")
    assert "sandbox" in policy
    assert "allow-scripts" not in policy["sandbox"]
    assert (answer.headers["referrer-policy"], answer.headers["x-robots-tag"]) == ("no-referrer", "noindex")
    document = html.document_fromstring(answer.text)
    assert not document.xpath("//script | //form | //iframe | //*[starts-with(name(@*), 'on')]")
    assert not [src for src in document.xpath("//img/@src") if src.startswith("cid:")]


def test_what_changed_since_doesnt_change_it_but_a_name_is_the_persons_own(engine, ready, sent, web):
    (letter, email), _ = sent
    before = web.get(page(ready, letter)).text
    with database.writing(engine) as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == letter).values(status="uncertain", sent_at=None))
        connection.execute(update(customers).values(given_name="Emily"))
    after = web.get(page(ready, letter)).text
    assert after == before.replace("Emma", "Emily")
    assert re.search("Emma", email.html)


def test_a_letter_to_a_record_that_was_merged_since_is_still_there(engine, ready, sent, web):
    (letter, email), (other, _) = sent
    before = web.get(page(ready, letter)).text
    with database.writing(engine) as connection:
        ids = dict(connection.execute(select(deliveries.c.id, deliveries.c.customer_id).where(deliveries.c.id.in_([letter, other]))).all())
        assert not isinstance(merging.merge(connection, ids[letter], ids[other], START + timedelta(days=1)), merging.Busy)
    with database.reading(engine) as connection:
        stays = connection.execute(select(deliveries.c.customer_id).where(deliveries.c.id == letter)).scalar_one()
        assert connection.execute(select(customers.c.merged_into).where(customers.c.id == stays)).scalar_one() == ids[other]
    answer = web.get(page(ready, letter))
    assert answer.status_code == 200
    assert [text for text in texts(answer.text) if text in texts(before)], "it is the letter that they had"
    assert len(texts(answer.text)) == len(texts(before))
    assert email.to not in answer.text


@pytest.mark.parametrize("status", ["planned", "claimed", "failed", "skipped", "held_out", "stopped"])
def test_what_never_left_cannot_be_looked_at(engine, ready, sent, web, status):
    letter = sent[0][0]
    with database.writing(engine) as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == letter).values(status=status))
    assert web.get(page(ready, letter)).status_code == 404


def test_every_wrong_link_gets_the_same_answer_and_so_does_a_letter_that_cannot_be_written_any_more(engine, ready, sent, web):
    letter = sent[0][0]
    key = ready.project.key
    wrong = [
        "nonsense",
        tokens.sign(b"another key" * 3, Purpose.VIEW, letter),
        tokens.sign(key, Purpose.OPEN, letter),
        tokens.sign(key, Purpose.VIEW, 9_999),
    ]
    found = {(answer.status_code, answer.text) for token in wrong for answer in [web.get(f"/v/{token}")]}
    assert len(found) == 1
    with database.writing(engine) as connection:  # as if it had left before editions were kept
        connection.execute(delete(editions))
    (ready.project.root / FILE).unlink()
    gone = web.get(page(ready, letter))
    assert found == {(gone.status_code, gone.text)}
    assert gone.status_code == 404


def test_it_stays_as_it_left_whatever_becomes_of_its_files(engine, ready, sent, web):
    (first, email), _ = sent
    before = web.get(page(ready, first))
    assert before.status_code == 200
    root = ready.project.root
    projects.edit(root / "config" / "brand.yaml", "Val Street, Kyiv", "Val Street, Lviv")
    projects.edit(root / "templates" / "emails" / "_base" / "letter.html", "<body", '<body id="another"')
    again, channel = prepared.prepare(ready.project, CAMPAIGN), MemoryChannel()
    go(again, engine, START + timedelta(days=8), channel)
    later = next(letter.delivery_id for letter in channel.letters if letter.to == email.to)
    assert web.get(page(ready, first)).text == before.text
    new = web.get(page(ready, later)).text
    assert 'id="another"' in new
    assert ("Street, Lviv" in before.text, "Street, Lviv" in new) == (False, True)
    (root / FILE).unlink()
    shutil.rmtree(root / "templates" / "emails")
    assert web.get(page(ready, first)).text == before.text
    with Serving(create_app(ready.project, engine, clock=lambda: START)) as anew:  # which has nothing ready
        shutil.rmtree(root / ".winback" / "editions")
        assert httpx.get(f"{anew.url}{page(ready, first)}", timeout=30).text == before.text
        assert httpx.get(f"{anew.url}{page(ready, later)}", timeout=30).text == new


def test_who_was_forgotten_has_no_letters(engine, ready, sent, web):
    (letter, _), (other, _) = sent
    with database.reading(engine) as connection:
        key = connection.execute(
            select(customers.c.key).join(deliveries, deliveries.c.customer_id == customers.c.id).where(deliveries.c.id == letter)
        ).scalar_one()
    assert web.get(page(ready, letter)).status_code == 200
    forgetting.forget(ready.project, engine, key, by="olha", now=START + timedelta(hours=1))
    assert [web.get(page(ready, each)).status_code for each in (letter, other)] == [404, 200]


def test_a_run_keeps_each_content_once_no_list_of_customers_and_no_code(engine, ready, sent):
    def kept():
        with database.reading(engine) as connection:
            files = connection.execute(select(editions.c.files).order_by(editions.c.id)).scalars().all()
            return files, connection.execute(select(func.count()).select_from(edition_files)).scalar_one()

    (files,), contents = kept()
    assert {"config/brand.yaml", FILE, "templates/emails/_base/letter.html", "templates/locales/uk/LC_MESSAGES/letters.po"} <= files.keys()
    assert not [name for name in files if name.startswith(("config/lists/", "config/codes/", "config/settings"))]
    assert contents == len(set(files.values()))
    go(ready, engine, START + timedelta(hours=1), MemoryChannel())
    assert kept() == ([files], contents)
    projects.edit(ready.project.root / "config" / "brand.yaml", "Val Street, Kyiv", "Val Street, Lviv")
    go(prepared.prepare(ready.project, CAMPAIGN), engine, START + timedelta(hours=2), MemoryChannel())
    (_, changed), more = kept()
    assert [name for name in files if files[name] != changed[name]] == ["config/brand.yaml"]
    assert more == contents + 1
