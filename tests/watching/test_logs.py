"""Logs name no customer; spans are there when somebody collects them."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go
from tests.projects import ROOT
from tests.store import world
from winback import logs
from winback.channels.memory import MemoryChannel
from winback.errors import ConfigError, PermanentError, TemporaryError
from winback.operations import measuring
from winback.sending import prepared
from winback.store import database
from winback.store.tables import campaign_runs, contacts

NAMES = ("Zebedia", "Quillington", "Ambrosius", "Featherstonehaugh")


@pytest.fixture
def written(monkeypatch):
    """Everything that is logged from `info` up, as lines of JSON."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    root, own = logging.getLogger(), logging.getLogger("winback")
    before = root.handlers[:], root.level, own.level
    logs.configure({"WINBACK_LOG": "json"})
    root.setLevel(logging.INFO)  # of libraries too
    yield stream
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    own.setLevel(before[2])


class Moody(MemoryChannel):
    """Takes most letters; refuses some for good, and some for now, with words that name the address."""

    async def send(self, letter):
        number = len(self.letters)
        if number % 5 == 1:
            self.letters.append(letter)
            raise PermanentError("no-mailbox", f"550 {letter.to} is unknown")
        if number % 5 == 2:
            self.letters.append(letter)
            raise TemporaryError("greylisted", f"451 {letter.to} later")
        return await super().send(letter)


def test_a_whole_campaign_is_logged_without_any_customer(engine, tmp_path, written):
    project = projects.make(tmp_path / "shop")
    with database.writing(engine) as connection:
        for number in range(20):
            who = world.customer(
                connection,
                f"shopkey{number:03d}",
                given_name=NAMES[number % 2],
                family_name=NAMES[2 + number % 2],
                country="GB",
                locale="en",
                time_zone="Europe/London",
            )
            for month in (1, 3, 5):
                world.order(connection, who, f"2025-0{month}-11 12:00:00", 100 + number)
            world.reach(connection, who, address=f"{NAMES[number % 2].lower()}{number}@post.example")
    ready, channel = prepared.prepare(project, CAMPAIGN), Moody()
    for day in (0, 1, 8, 15, 22):
        go(ready, engine, START + timedelta(days=day), channel)
    with database.reading(engine) as connection:
        run = connection.execute(select(campaign_runs.c.id)).scalar_one()
        private = [*NAMES, *connection.execute(select(contacts.c.address)).scalars(), "shopkey"]
    measuring.measure(engine, run, timedelta(days=60), START + timedelta(days=30))
    logging.getLogger("winback.x").error("the end")
    said = written.getvalue()
    lines = [json.loads(line) for line in said.splitlines()]
    assert {"sent", "measured", "the end"} <= {line["message"] for line in lines}
    assert sum(line.get("sent", 0) for line in lines) > 5
    assert not [word for word in private if word.lower() in said.lower()]


def test_an_error_is_logged_by_its_kind_and_place_without_its_words(written):
    try:
        int("Zebedia Quillington")
    except ValueError:
        logging.getLogger("winback.x").exception("it broke")
    (line,) = (json.loads(each) for each in written.getvalue().splitlines())
    assert line["error"] == "ValueError"
    assert "test_logs.py" in line["raised_at"][0]
    assert "Zebedia" not in str(line)


BREAKS = """
import logging, sys
from winback import logs
logs.configure(dict([("WINBACK_LOG", sys.argv[1])]))
try:
    int("Zebedia Quillington")
except ValueError:
    logging.getLogger("winback.x").exception("it broke")
"""


@pytest.mark.parametrize("form", ["text", ""])
def test_as_sentences_an_error_is_logged_without_its_words_too(form):
    said = subprocess.run([sys.executable, "-c", BREAKS, form], capture_output=True, text=True, check=True, cwd=ROOT).stderr
    assert "it broke\n  ValueError\n  <string>:6 <module>\n" in said
    assert "Zebedia" not in said


def test_what_broke_has_no_words_for_any_handler_to_print(caplog):
    try:
        int("Zebedia Quillington")
    except ValueError:
        logs.broke(logging.getLogger("winback.x"), "update %d", 7)
    (record,) = caplog.records
    assert (record.getMessage(), record.error, record.exc_info) == ("update 7", "ValueError", None)
    assert "test_logs.py" in record.raised_at[0]
    assert "Zebedia" not in caplog.text + logs.AsText("%(message)s").format(record) + logs.AsJson().format(record)


def test_other_words_for_the_form_of_logs_are_refused():
    with pytest.raises(ConfigError, match="WINBACK_LOG is `xml`. Set it to one of json, text"):
        logs.configure({"WINBACK_LOG": "xml"})
    with pytest.raises(ConfigError, match="WINBACK_LOG_LEVEL is `loud`"):
        logs.configure({"WINBACK_LOG_LEVEL": "loud"})


def test_spans_are_collected_by_whoever_sets_up_opentelemetry(engine, tmp_path):
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from tests.operations.lost import populate

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    before = trace._TRACER_PROVIDER
    trace._TRACER_PROVIDER = provider
    try:
        populate(engine, 5)
        go(prepared.prepare(projects.make(tmp_path / "shop"), CAMPAIGN), engine, START, MemoryChannel())
    finally:
        trace._TRACER_PROVIDER = before
    spans = exporter.get_finished_spans()
    assert {"winback.batch", "winback.claim", "winback.send"} <= {span.name for span in spans}
    (batch,) = {dict(span.attributes)["winback.campaign"] for span in spans if span.name == "winback.batch"}
    assert batch == CAMPAIGN
    assert "@" not in str([dict(span.attributes) for span in spans])


def test_where_nobody_set_it_up_nothing_of_opentelemetry_is_imported():
    program = "import sys\nfrom winback import tracing\nwith tracing.span('batch', campaign='x'): pass\nprint([m for m in sys.modules if m.startswith('opentelemetry')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"
