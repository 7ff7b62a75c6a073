"""A campaign whose first stage goes by SMS: phones as addresses, consent and country's rules, the gateway's answers, and what it reports later."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from sqlalchemy import select

from tests import projects
from tests.channels.gateway_server import SILENT, Provider
from tests.sending import lane_shop
from tests.store import world
from winback.demo.serving import Serving
from winback.model import ChannelName, DeliveryStatus, Reason
from winback.operations import running, suppressing
from winback.store import database
from winback.store.tables import contacts, deliveries, events, recipients, suppressions
from winback.tracking import tokens
from winback.tracking.app import create_app
from winback.tracking.tokens import Purpose

START = lane_shop.START
REPORTS = "a-secret-of-the-reports"
CAMPAIGN = "config/campaigns/winter-tea.yaml"
GATEWAY = """\
gateways:
  sms:
    via: http
    url: {url}/send
    headers: {{Authorization: "Bearer {{secret}}"}}
    body: {{to: "{{digits}}", text: "{{text}}", ref: "{{reference}}", report: "{{callback}}"}}
    answer:
      where: {{code: [0]}}
      id: messages.0.message-id
      code: code
      refusals: [{{codes: [11], means: no-such-number}}]
    reports: {{each: results, id: id, status: state, delivered: [DELIVRD], failed: [UNDELIV], no_such_number: [ABSENT], sender: from, text: text}}
    cost: 0.90

email:
"""


@pytest.fixture
def provider():
    with Provider() as provider:
        yield provider


@pytest.fixture
def ready(tmp_path, provider, database_url):
    return lane_shop.make(
        tmp_path / "shop",
        ("config/settings.yaml", "email:\n", GATEWAY.format(url=provider.url)),
        (CAMPAIGN, "  - name: first-letter\n    channels: [email]", "  - name: first-letter\n    channels: [sms, email]\n    message: we-miss-you"),
        ("config/policy.yaml", "  GB:\n    channels: [email, telegram]", "  GB:\n    channels: [email, telegram, sms]"),
        environment={"WINBACK_SMS_SECRET": "s3cret", "WINBACK_SMS_REPORTS": REPORTS, "WINBACK_DATABASE_URL": database_url},
    )


@pytest.fixture
def shop(engine):
    """Customers with a phone, an e-mail address, and consents to what is said of each."""
    said = {"both": ("sms", "email"), "phone": ("sms",), "post": ("email",), "nothing": (), "gone": ("sms", "email"), "lost": ("sms",)}
    with database.writing(engine) as connection:
        for number, (key, channels) in enumerate(said.items()):
            who = world.customer(
                connection, key, given_name="Emma", country="GB", locale="en", time_zone="Europe/London", phone=f"+44770090010{number}"
            )
            for month in (1, 3, 5):
                world.order(connection, who, f"2025-0{month}-11 12:00:00", 100)
            world.reach(connection, who, ChannelName.EMAIL, f"{key}@post.example", consent="email" in channels)
            if "sms" in channels:
                world.agree(connection, who, ChannelName.SMS)
    return engine


def go(ready, engine):
    return asyncio.run(running.go(ready, engine, now=lambda: START, worker="w", again=False))


def rows(engine, table, *columns):
    with database.reading(engine) as connection:
        return connection.execute(select(*columns or (table,))).all()


def sent(engine) -> dict[str, tuple[str, str, str]]:
    with database.reading(engine) as connection:
        found = connection.execute(
            select(contacts.c.address, deliveries.c.channel, deliveries.c.status, deliveries.c.reason).join(
                contacts, (contacts.c.customer_id == deliveries.c.customer_id) & (contacts.c.channel == ChannelName.EMAIL)
            )
        )
        return {row.address.partition("@")[0]: (row.channel, row.status, row.reason) for row in found}


def test_customers_get_an_sms_where_they_agreed_to_it_and_an_e_mail_otherwise(ready, shop, provider):
    provider.answers["447700900104"] = (200, {"code": 11}, {})
    provider.answers["447700900105"] = SILENT
    go(ready, shop)
    outcome = sent(shop)
    assert outcome["both"] == outcome["phone"] == ("sms", DeliveryStatus.SENT, "")
    assert outcome["post"] == ("email", DeliveryStatus.SENT, "")
    assert outcome["gone"] == ("email", DeliveryStatus.SENT, ""), "the number doesn't exist: the stage's next channel"
    assert outcome["lost"] == ("sms", DeliveryStatus.UNCERTAIN, "no-answer")
    assert "nothing" not in outcome
    blocked = {row.address: row.blocked_reason for row in rows(shop, contacts) if row.channel == "sms" and row.blocked_reason}
    assert blocked == {"+447700900104": "no-such-number"}
    assert [row.cost_micros for row in rows(shop, deliveries) if row.channel == "sms"] == [900_000] * 3
    (asked,) = [each for each in provider.asked if each["body"]["to"] == "447700900100"]
    text = asked["body"]["text"]
    assert "<" not in text
    assert "See what is new: http://localhost:8000/c/" in text
    assert "To hear from us no more: http://localhost:8000/u/" in text
    assert "/stop" not in text
    before = len(provider.asked)
    go(ready, shop)
    assert len(provider.asked) == before, "what is in doubt is never repeated"


def test_a_country_that_does_not_allow_the_channel_gets_none(ready, shop, provider):
    projects.edit(ready.project.config("policy.yaml"), "channels: [email, telegram, sms]", "channels: [email, telegram]")
    again = lane_shop.prepared.prepare(ready.project, "winter-tea")
    go(again, shop)
    assert provider.asked == []
    assert {channel for channel, *_ in sent(shop).values()} == {"email"}
    skipped = [row.reason for row in rows(shop, recipients) if row.status == "skipped"]
    assert skipped == [Reason.NO_CONSENT] * 3


def test_a_phone_that_is_closed_is_not_written_to_on_any_channel_of_its_own(ready, shop, provider):
    assert suppressing.add(ready.project, shop, "+447700900100", reason=Reason.UNSUBSCRIBED, everywhere=False, by="olena", now=START)
    assert {row.channel for row in rows(shop, suppressions)} == {"sms", "viber", "whatsapp"}
    go(ready, shop)
    assert sent(shop)["both"] == ("email", DeliveryStatus.SENT, "")
    assert suppressing.lift(ready.project, shop, "+447700900100", now=START) is Reason.UNSUBSCRIBED
    assert rows(shop, suppressions) == []


@pytest.fixture
def reported(ready, shop, provider):
    """The campaign has written; the address of its web side."""
    provider.answers["447700900105"] = SILENT
    go(ready, shop)
    with Serving(create_app(ready.project, shop, clock=lambda: START)) as serving:
        yield serving.url


def own_url(provider, number: str, base: str) -> str:
    """Where the report about a message goes, as the gateway was told."""
    told = next(each["body"]["report"] for each in provider.asked if each["body"]["to"] == number)
    return told.replace("http://localhost:8000", base)


def test_reports_settle_what_was_in_doubt_and_what_failed(ready, shop, provider, reported):
    fixed = f"{reported}/gateway/sms/{REPORTS}"
    reference = next(each["body"]["ref"] for each in provider.asked if each["body"]["to"] == "447700900105")
    told = {"results": [{"id": reference, "state": "DELIVRD"}, {"id": "nobody's", "state": "UNDELIV"}]}
    assert httpx.post(fixed, json=told).status_code == 200
    assert sent(shop)["lost"] == ("sms", DeliveryStatus.SENT, "")
    for _ in range(2):  # told twice
        assert httpx.post(own_url(provider, "447700900100", reported), json={"results": [{"id": "x", "state": "ABSENT"}]}).status_code == 200
    assert [(row.kind, row.verdict) for row in rows(shop, events)] == [("bounce", "hard")]
    assert [row.address for row in rows(shop, contacts) if row.blocked_reason == "no-such-number"] == ["+447700900100"]


def test_reports_find_a_message_by_the_gateways_own_id(ready, shop, provider, reported):
    provider.answers.clear()
    assert httpx.post(f"{reported}/gateway/sms/{REPORTS}", json={"results": [{"id": "m-1", "state": "UNDELIV"}]}).status_code == 200
    assert [(row.kind, row.verdict) for row in rows(shop, events)] == [("bounce", "soft")]


@pytest.mark.parametrize("key", ["", "wrong", "a" * 40, REPORTS + "x"])
def test_whoever_does_not_know_the_secret_reports_nothing(ready, shop, reported, key):
    assert httpx.post(f"{reported}/gateway/sms/{key}", json={"results": [{"id": "m-1", "state": "ABSENT"}]}).status_code == 404
    for purpose in set(Purpose) - {Purpose.REPORT}:
        token = tokens.sign(ready.project.link_keys[0], purpose, 1, 0)
        assert httpx.post(f"{reported}/gateway/sms/{token}", json={"results": [{"id": "m-1", "state": "ABSENT"}]}).status_code == 404, purpose
    assert httpx.post(f"{reported}/gateway/viber/{REPORTS}", json={}).status_code == 404
    assert httpx.post(f"{reported}/gateway/fax/{REPORTS}", json={}).status_code == 404
    assert rows(shop, events) == []


@pytest.mark.parametrize("body", [b"", b"[", b"[" * 100_000, b'{"results": 7}', b'{"results": [null, 7, {"id": {}}]}', b"\xff\xfe"])
def test_nonsense_from_the_gateway_is_nothing(ready, shop, reported, body):
    answer = httpx.post(f"{reported}/gateway/sms/{REPORTS}", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200
    assert rows(shop, events) == []


def test_answers_end_the_journey_and_words_that_ask_to_stop_are_obeyed(ready, shop, reported):
    said = [{"id": "in-1", "from": "447700900100", "text": "Thank you, I'll come by"}, {"id": "in-2", "from": "+447700900101", "text": "STOP"}]
    for _ in range(2):
        assert httpx.post(f"{reported}/gateway/sms/{REPORTS}", json={"results": said}).status_code == 200
    assert sorted((row.kind, row.text) for row in rows(shop, events)) == [("reply", "Thank you, I'll come by"), ("unsubscribe", "")]
    ended = {row.reason for row in rows(shop, recipients) if row.status == "stopped"}
    assert ended == {Reason.REPLIED, Reason.UNSUBSCRIBED}
    assert [(row.channel, row.reason) for row in rows(shop, suppressions)] == [("sms", Reason.UNSUBSCRIBED)]


def test_a_gateway_without_its_secret_says_which(ready, provider, shop):
    bare = lane_shop.prepared.prepare(projects.settings.open_project(ready.project.root, {"WINBACK_SECRET": "k" * 32}), "winter-tea")
    with pytest.raises(projects.settings.ConfigError, match=r"config/settings\.yaml:\d+: .*no secret.* Set WINBACK_SMS_SECRET\."):
        go(bare, shop)
    assert json.dumps(provider.asked) == "[]"
