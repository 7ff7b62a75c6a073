"""Letters that come back, or are called spam, speak against the lane that they left by."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests import projects
from tests.letterbox import NOW, SENT_AT
from tests.tracking.test_incoming import arrives, bounces, read
from winback.demo import mailbox
from winback.journey.lane_rates import Answers
from winback.limits import BounceLimit, FuseCause, FuseSettings
from winback.operations import collecting
from winback.sending.fuse import Watch
from winback.store import database, fuses, lane_counts


@pytest.fixture
def inbox(tmp_path):
    mailbox.make_maildir(tmp_path / "inbox")
    return tmp_path / "inbox"


def counted(shop, lane) -> Answers:
    total = Answers()
    with database.reading(shop.engine) as connection:
        for each in lane_counts.newest(connection, [lane], NOW, 10_000)[lane]:
            total = each.then(total)
    return total


def spam(inbox, letter: str, recipient: str) -> None:
    text = (
        "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x\nVersion: 1\n"
        f"Original-Rcpt-To: {recipient}\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {letter}\n--b--\n"
    )
    arrives(inbox, text, sender="fbl@mx.example", Content_Type="multipart/report; boundary=b; report-type=feedback-report")


def test_a_bounce_and_a_complaint_are_counted_for_their_lanes_once(shop, inbox):
    shop.written_to("olena", email="olena@gmail.com", message_id="<1@zerno.example>")
    shop.written_to("ivan", email="ivan@firm.example", message_id="<2@zerno.example>")
    for _ in range(2):
        bounces(inbox, "5.1.1", recipient="olena@gmail.com", letter="<1@zerno.example>")
        spam(inbox, "<2@zerno.example>", "ivan@firm.example")
        read(shop, inbox)
    assert counted(shop, "email") == Answers(bounced=1, complained=1)
    assert counted(shop, "group:gmail") == Answers(bounced=1)


def test_a_report_that_blames_us_is_an_error_of_the_lane_and_a_full_mailbox_is_nothing(shop, inbox):
    shop.written_to("olena", email="olena@ukr.net", message_id="<1@zerno.example>")
    shop.written_to("ivan", email="ivan@ukr.net", message_id="<2@zerno.example>")
    bounces(inbox, "5.7.26", recipient="olena@ukr.net", letter="<1@zerno.example>")
    bounces(inbox, "5.2.2", recipient="ivan@ukr.net", letter="<2@zerno.example>")
    assert read(shop, inbox) == {"lane": 1, "soft": 1}
    assert counted(shop, "group:ukr-net") == Answers(errors=1)


def test_letters_that_come_back_later_stop_the_lane_they_left_by(shop, inbox, tmp_path, caplog):
    limits = FuseSettings(bounces=BounceLimit(at_least=20, of=100))
    for number in range(20):
        shop.written_to(f"c{number}", email=f"c{number}@gmail.com", message_id=f"<{number}@zerno.example>")
        if number < 8:
            bounces(inbox, "5.1.1", recipient=f"c{number}@gmail.com", letter=f"<{number}@zerno.example>")
    watch = Watch(limits, "w")
    with database.writing(shop.engine) as connection:
        from tests.channels.test_email import letter
        from winback.model import Receipt

        watch.watch(connection, [(letter(to=f"c{number}@gmail.com"), Receipt("")) for number in range(20)], SENT_AT)
        watch.write(connection, SENT_AT)
        assert fuses.stopped(connection) == frozenset()
    project = projects.make(tmp_path / "shop", ("config/settings.yaml", "telegram:\n", "fuse: {bounces: {at_least: 20, of: 100}}\n\ntelegram:\n"))
    heard = []
    collected = collecting.collect(_with_key(project, shop.key), shop.engine, now=NOW, replies=inbox, tell=heard.append)
    assert collected.as_json() == {"hard": 8}
    assert {alarm.lane: alarm.cause for alarm in heard} == {"email": FuseCause.BOUNCES, "group:gmail": FuseCause.BOUNCES}
    assert "8 of the last 20 letters" in caplog.text
    assert json.dumps([alarm.as_json() for alarm in heard])
    with database.reading(shop.engine) as connection:
        assert fuses.stopped(connection) == {"email", "group:gmail"}


def test_what_comes_back_of_letters_before_a_resumption_blows_nothing(shop, inbox):
    shop.written_to("olena", email="olena@gmail.com", message_id="<1@zerno.example>")
    with database.writing(shop.engine) as connection:
        fuses.blow(connection, "email", FuseCause.BOUNCES, SENT_AT, counts={})
        fuses.resume(connection, "email", SENT_AT + timedelta(minutes=1), by="Olena", note="mended")
    bounces(inbox, "5.1.1", recipient="olena@gmail.com", letter="<1@zerno.example>")
    read(shop, inbox)
    assert counted(shop, "email") == Answers()
    assert counted(shop, "group:gmail") == Answers(bounced=1)


def _with_key(project, key):
    from dataclasses import replace

    return replace(project, environment={"WINBACK_SECRET": key.decode()})
