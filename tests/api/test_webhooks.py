"""Other programs are told of what happened: signed, at least once, by an id that stays, and nowhere that they shouldn't be."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from sqlalchemy import insert, select

from tests import letterbox
from tests.api.asking import NOW
from winback.channels import webhook
from winback.errors import ConfigError
from winback.model import EventKind
from winback.operations import webhook_file, webhooks
from winback.store import database, events
from winback.store import tables as t

SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes or so..").decode()


class Receiver:
    """A program that hears, and answers with the statuses that it is given, the last again and again."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.statuses = [204]
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # as the library calls it
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status = receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0]
                self.send_response(status)
                self.send_header("location", "http://127.0.0.1:1/")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/hooks?x=1"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


class Told:
    """A project that tells one program, and a letter that things can happen to."""

    def __init__(self, folder, engine, receiver) -> None:
        self.project, self.engine, self.now = letterbox.project(folder), engine, NOW
        self.project.environment["WINBACK_WEBHOOK_SECRET_CRM"] = SECRET
        self.file = folder / "config" / "webhooks.yaml"
        self.file.write_text(f"out:\n  crm: {{url: '{receiver.url}', private: true}}\n")
        self.box = letterbox.Letterbox(engine, self.project.key)
        self.who, self.letter = self.box.written_to("olena", email="olena@mail.example")

    def send(self) -> dict[str, int]:
        return webhooks.send(self.project, self.engine, clock=lambda: self.now).as_json()

    def happen(self, kind: EventKind, key: str, verdict: str = "human", text: str = "") -> None:
        event = events.Event(key, kind, self.who, self.now, verdict, self.letter, text=text)
        with database.writing(self.engine) as connection:
            events.record(connection, [event])

    def put(self, table, **values) -> None:
        with database.writing(self.engine) as connection:
            connection.execute(insert(table).values(**values))


@pytest.fixture
def told(tmp_path, engine, receiver) -> Told:
    told = Told(tmp_path / "project", engine, receiver)
    told.happen(EventKind.REPLY, "before anybody asked")
    assert told.send()["noted"] == 0
    told.now += timedelta(minutes=5)
    return told


def test_what_happened_is_told_once_signed_and_without_personal_data(told, receiver):
    told.happen(EventKind.UNSUBSCRIBE, "u")
    told.happen(EventKind.COMPLAINT, "c", "complaint")
    told.happen(EventKind.REPLY, "r", text="words of hers")
    told.happen(EventKind.ANSWER, "a")
    told.happen(EventKind.BOUNCE, "b", "hard")
    told.happen(EventKind.BOUNCE, "s", "soft")
    told.happen(EventKind.OPEN, "o")
    told.happen(EventKind.UNSUBSCRIBE, "m", "machine")
    run = told.box.rows(t.deliveries)[0].run_id
    returned = {"orders": 1, "revenue_minor": 1, "window_closed": False, "measured_at": told.now, "returned_at": told.now}
    told.put(t.outcomes, run_id=run, customer_id=told.who, currency="UAH", **returned)
    told.put(t.outcomes, run_id=run, customer_id=told.who, currency="EUR", **returned)
    due = {"kind": "call", "status": "open", "asked_at": told.now, "text": "words of ours"}
    told.put(t.tasks, delivery_id=told.letter, customer_id=told.who, due_at=told.now, **due)
    assert told.send() == {"noted": 7, "taken": 7, "put-off": 0, "given-up": 0}
    assert told.send() == {"noted": 0, "taken": 0, "put-off": 0, "given-up": 0}
    said = [json.loads(body) for _, body in receiver.heard]
    assert sorted(each["type"] for each in said) == ["answered", "bounced", "complained", "replied", "returned", "task-due", "unsubscribed"]
    assert {each["data"]["customer"] for each in said} == {"olena"}
    assert {each["data"]["campaign"] for each in said} == {"spring"}
    everything = str(receiver.heard)
    assert not [word for word in ("mail.example", "words of", "Olena") if word in everything]
    for headers, body in receiver.heard:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        wanted = base64.b64encode(hmac.new(b"twenty-four bytes or so..", signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{wanted}"
        assert int(headers["webhook-timestamp"]) == int(told.now.timestamp())
    assert len({headers["webhook-id"] for headers, _ in receiver.heard}) == 7


def test_a_fact_that_was_still_being_written_at_the_last_look_is_told_later(told, receiver):
    """Numbers are given out before transactions end: one below the newest may come to light after it."""
    told.happen(EventKind.REPLY, "later")
    with database.writing(told.engine) as connection:
        connection.execute(t.events.update().where(t.events.c.dedupe_key == "later").values(id=10_000))
    assert told.send()["taken"] == 1
    told.now += timedelta(minutes=5)
    told.happen(EventKind.UNSUBSCRIBE, "slow")
    with database.writing(told.engine) as connection:
        connection.execute(t.events.update().where(t.events.c.dedupe_key == "slow").values(id=9_999))
    assert told.send()["taken"] == 1
    assert [json.loads(body)["type"] for _, body in receiver.heard] == ["replied", "unsubscribed"]


def test_what_is_not_taken_comes_again_with_the_same_id_and_longer_waits(told, receiver):
    receiver.statuses = [500, 302, 429, 204]
    told.happen(EventKind.REPLY, "r")
    assert told.send() == {"noted": 1, "taken": 0, "put-off": 1, "given-up": 0}
    assert told.send()["put-off"] == 0
    waits = []
    for _ in range(3):
        (row,) = webhooks.listed(told.engine)
        waits.append(told.box.rows(t.webhook_messages)[0].next_at - told.now)
        assert row["status"] == "waiting"
        told.now += waits[-1]
        told.send()
    assert waits == sorted(waits)
    assert timedelta(seconds=24) <= waits[0] <= timedelta(seconds=36)
    (row,) = webhooks.listed(told.engine)
    assert (row["status"], row["attempts"], row["answer"]) == ("taken", 4, "204")
    assert len({headers["webhook-id"] for headers, _ in receiver.heard}) == 1
    assert len(receiver.heard) == 4


def test_after_days_it_is_given_up_with_an_alarm_and_sent_again_when_a_person_says_so(told, receiver, caplog):
    receiver.statuses = [500]
    told.happen(EventKind.REPLY, "r")
    told.send()
    told.now += timedelta(days=3)
    assert told.send()["given-up"] == 1
    assert "1 messages to `crm` were given up" in caplog.text
    receiver.statuses = [204]
    told.now += timedelta(days=1)
    assert told.send()["taken"] == 0
    assert webhooks.again(told.engine, endpoint="crm", now=told.now) == 1
    assert told.send()["taken"] == 1


def test_who_says_gone_is_not_asked_again(told, receiver):
    receiver.statuses = [410]
    told.happen(EventKind.REPLY, "r")
    assert told.send()["given-up"] == 1


def test_an_endpoint_that_fails_gets_no_other_message_in_the_same_go(told, receiver):
    receiver.statuses = [500]
    for number in range(45):
        told.happen(EventKind.REPLY, f"r{number}")
    assert told.send() == {"noted": 45, "taken": 0, "put-off": 20, "given-up": 0}


def test_an_endpoint_that_is_taken_out_of_the_file_is_told_nothing(told, receiver):
    receiver.statuses = [500]
    told.happen(EventKind.REPLY, "r")
    told.send()
    told.file.write_text("out: {}\n")
    told.now += timedelta(days=1)
    assert told.send() == {"noted": 0, "taken": 0, "put-off": 0, "given-up": 0}
    assert [each["status"] for each in webhooks.listed(told.engine)] == ["given-up"]


def test_without_a_secret_nothing_is_sent(told):
    del told.project.environment["WINBACK_WEBHOOK_SECRET_CRM"]
    told.happen(EventKind.REPLY, "r")
    with pytest.raises(ConfigError, match="WINBACK_WEBHOOK_SECRET_CRM"):
        told.send()


PRIVATE = (
    *("127.0.0.1", "10.0.0.7", "172.16.3.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "nonsense"),
)


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_inside_are_not_public(address):
    assert not webhook.is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111"])
def test_addresses_of_the_world_are(address):
    assert webhook.is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1"])
def test_nothing_is_sent_to_this_machine_unless_the_file_says_private(receiver, host):
    port = receiver.url.split(":")[2]
    answer = asyncio.run(webhook.post(f"http://{host}:{port}", b"{}", {}))
    assert (answer.status, answer.said) == (0, "a private address")
    assert receiver.heard == []


def test_nobody_is_sent_on_elsewhere(receiver):
    receiver.statuses = [302]
    assert asyncio.run(webhook.post(receiver.url, b"{}", {}, private=True)).status == 302
    assert len(receiver.heard) == 1
    assert receiver.heard[0][0]["host"] == receiver.url.split("/")[2]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("out: {crm: {url: 'http://crm.example/x'}}", "goes by https"),
        ("out: {crm: {url: 'https://me:secret@crm.example/x'}}", "no address without a user"),
        ("out: {crm: {url: 'file:///etc/passwd', private: true}}", "no address without a user"),
        ("out: {crm: {url: 'https://crm.example', events: [bought]}}", "which nobody is told of"),
        ("out: {C R M: {url: 'https://crm.example'}}", "names are small letters"),
        ("shops: {tea: {kind: magento}}", "kind"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_a_sentence(told, text, sentence):
    told.file.write_text(text + "\n")
    with pytest.raises(ConfigError, match=sentence):
        webhook_file.read(told.project)


def test_messages_go_when_their_customer_is_forgotten(told):
    from winback.operations import forgetting

    told.happen(EventKind.REPLY, "r")
    told.send()
    forgetting.forget(told.project, told.engine, "olena", by="olha", now=told.now)
    with database.reading(told.engine) as connection:
        assert connection.execute(select(t.webhook_messages)).all() == []
