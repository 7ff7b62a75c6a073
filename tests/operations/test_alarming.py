"""Alarms: to a real HTTP server on this machine, once for each time that a lane stopped."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests import projects
from winback.limits import FuseCause
from winback.model import ChannelName
from winback.operations import alarming
from winback.store import database, fuses

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Bell:
    """What was told at `url`."""

    def __init__(self) -> None:
        self.told: list[dict] = []
        bell = self

        class Hears(BaseHTTPRequestHandler):
            def do_POST(self):
                bell.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Hears)
        self.url = f"json://127.0.0.1:{self.server.server_port}/token-of-ours"


@pytest.fixture
def bell():
    bell = Bell()
    thread = threading.Thread(target=bell.server.serve_forever, daemon=True)
    thread.start()
    yield bell
    bell.server.shutdown()
    bell.server.server_close()
    thread.join()


def blow(engine, lane="email", now=NOW, said="550 5.1.1 No such user", **more):
    with database.writing(engine) as connection:
        counts = {"bad": 37, "of": 412, "above": 0.05}
        return fuses.blow(connection, lane, FuseCause.BOUNCES, now, counts=counts, detail=said, **more)


@pytest.mark.filterwarnings("default")  # of what apprise imports
def test_an_alarm_says_what_happened_and_what_to_do_and_comes_once(engine, tmp_path, bell, caplog):
    project = projects.make(tmp_path / "shop", environment={"WINBACK_ALARM_URLS": bell.url})
    blow(engine)
    heard = []
    (alarm,) = alarming.raise_due(project, engine, NOW, heard.append)
    assert heard == [alarm]
    assert alarming.raise_due(project, engine, NOW) == []
    (told,) = bell.told
    assert told["title"] == "winback: email stopped"
    assert "37 of the last 412 letters (9.0%, the limit is 5.0%) were refused for good or came back" in told["message"]
    assert "winback addresses check" in told["message"]
    assert "winback lanes resume email" in told["message"]
    assert told["message"] in caplog.text


@pytest.mark.filterwarnings("default")
def test_an_alarm_names_no_address_that_a_mail_server_named(engine, tmp_path, bell, caplog):
    project = projects.make(tmp_path / "shop", environment={"WINBACK_ALARM_URLS": bell.url})
    blow(engine, said='550 5.1.1 <anna@post.example>: "anna.b"@post.example, +=anna@пошта.укр unknown')
    (alarm,) = alarming.raise_due(project, engine, NOW)
    assert '550 5.1.1 <...>: ..., ... unknown"' in caplog.text
    for told in (caplog.text, str(alarm.as_json()), str(bell.told)):
        assert "550 5.1.1" in told
        assert "anna" not in told


@pytest.mark.filterwarnings("default")
def test_of_several_who_see_it_at_once_one_raises_it(engine, tmp_path, bell):
    project = projects.make(tmp_path / "shop", environment={"WINBACK_ALARM_URLS": bell.url})
    for lane in ("email", "telegram"):
        blow(engine, lane)
    with ThreadPoolExecutor(4) as pool:
        raised = [alarm.lane for found in pool.map(lambda _: alarming.raise_due(project, engine, NOW), range(4)) for alarm in found]
    assert sorted(raised) == ["email", "telegram"]
    assert sorted(told["title"] for told in bell.told) == ["winback: email stopped", "winback: telegram stopped"]


@pytest.mark.filterwarnings("default")
def test_an_address_that_nobody_answers_at_is_told_of_without_its_secret(engine, tmp_path, bell, caplog):
    bell.server.server_close()
    urls = f"{bell.url} nonsense"
    project = projects.make(tmp_path / "shop", environment={"WINBACK_ALARM_URLS": urls})
    blow(engine)
    assert len(alarming.raise_due(project, engine, NOW)) == 1
    assert "didn't reach everybody: look at WINBACK_ALARM_URLS (json, (no address))" in caplog.text
    assert "token-of-ours" not in caplog.text


def test_a_person_who_stops_a_lane_needs_no_alarm(engine, tmp_path):
    project = projects.make(tmp_path / "shop")
    blow(engine, stopped_by="Olena")
    assert alarming.raise_due(project, engine, NOW) == []


def test_every_cause_is_told_in_words(engine, tmp_path):
    project = projects.make(tmp_path / "shop")
    for hour, cause in enumerate(FuseCause):
        with database.writing(engine) as connection:
            at = NOW + timedelta(hours=hour)
            if cause is FuseCause.CLOSED:
                fuses.note_closed(connection, "email", at, "config/settings.yaml:30: nobody answers.", again_after=timedelta(hours=6))
            else:
                assert fuses.blow(connection, "group:gmail", cause, at, counts={"bad": 3, "of": 3, "above": 0.0})
                assert fuses.resume(connection, "group:gmail", at, by="Olena", note="looked")
    told = {alarm.cause: alarm.text for alarm in alarming.raise_due(project, engine, NOW)}
    assert set(told) == set(FuseCause)
    assert told[FuseCause.CLOSED].startswith("E-mail broke off: config/settings.yaml:30: nobody answers. Nothing is lost")
    assert "3 letters in a row were refused because of us" in told[FuseCause.REFUSED]
    assert "winback doctor" in told[FuseCause.REFUSED]
    assert all("e-mail to gmail" in text for cause, text in told.items() if cause is not FuseCause.CLOSED)


def test_a_lane_that_broke_off_is_noted_for_its_channel(engine, tmp_path, caplog):
    project = projects.make(tmp_path / "shop")
    alarming.closed(project, engine, ChannelName.TELEGRAM, "config/settings.yaml:9: the token was refused.", now=NOW)
    assert "Telegram broke off: config/settings.yaml:9" in caplog.text
    with database.reading(engine) as connection:
        assert fuses.stopped(connection) == frozenset()
