"""A letter that was sent, looked at in a browser: through a real run and a real socket, on both databases."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest
from lxml import html
from sqlalchemy import select, update

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate
from winback.channels.memory import MemoryChannel
from winback.demo.serving import Serving
from winback.sending import prepared
from winback.store import database, merging
from winback.store.tables import customers, deliveries, events
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


def test_every_wrong_link_gets_the_same_answer_and_so_does_a_letter_that_cannot_be_written_any_more(ready, sent, web):
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
    (ready.project.root / FILE).unlink()
    gone = web.get(page(ready, letter))
    assert found == {(gone.status_code, gone.text)}
    assert gone.status_code == 404
