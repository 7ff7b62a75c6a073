"""Workers that are told to stop, or whose channel closes in the middle: all that is known is written down, and nothing is held."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading

import pytest
from sqlalchemy import text

from tests import projects
from tests.operations.lost import CAMPAIGN, START, ledger, populate
from tests.sending import command, crowd, judge, receiver
from winback.channels.memory import MemoryChannel
from winback.errors import LaneError, Refused
from winback.model import DeliveryStatus
from winback.operations import beginning, enrolment, running
from winback.sending import line, prepared
from winback.store import database, lane_counts

CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}


@pytest.mark.parametrize("told", CODES)
def test_a_run_that_is_told_to_stop_leaves_nothing_in_doubt_and_nothing_held(engine, database_url, tmp_path, told):
    command.populate(engine)
    with receiver.Apart(tmp_path / "log", pause=0.02) as server:
        project = command.shop(tmp_path / "shop", server.port)
        process = command.run(project, database_url)
        command.until(server, 20)
        process.send_signal(told)
        _, errors = process.communicate(timeout=60)
        then = judge.gather(engine, server.log)
        assert process.returncode == CODES[told], errors
        assert errors.startswith("Stopped."), errors
        assert set(then.statuses) == {DeliveryStatus.SENT, DeliveryStatus.PLANNED}
        assert then.statuses[DeliveryStatus.SENT] == len(then.taken) < command.LETTERS
        again = command.run(project, database_url)
        _, errors = again.communicate(timeout=120)
        assert again.returncode == 0, errors
        evidence = judge.gather(engine, server.log)
    assert judge.faults(evidence, letters=command.LETTERS, in_flight=crowd.IN_FLIGHT, is_over=False) == []
    assert evidence.twice == 0


def test_letters_that_were_not_begun_when_we_were_stopped_are_no_tries_and_no_errors(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(line, "_GRACE", 0.1)
    with receiver.Receiver(tmp_path / "log") as server:
        ready = prepared.prepare(crowd.shop(tmp_path / "shop", server.port, connections=1), crowd.CAMPAIGN)
        crowd.populate(engine, 4, now=START)
        enrolment.enrol(engine, ready, beginning.begin(engine, ready, now=START), now=START)
        server.follow(receiver.Fault("MAIL", "silence"))

        async def stopped():
            running_ = asyncio.ensure_future(running.go(ready, engine, now=lambda: START, worker="w"))
            while not server._came["MAIL"]:  # noqa: ASYNC110  the server runs in a thread of its own
                await asyncio.sleep(0.01)
            running_.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running_

        asyncio.run(asyncio.wait_for(stopped(), 60))
        then = judge.gather(engine, server.log)
    assert sorted((row.status, row.reason, row.attempts) for row in then.rows) == [("handed_over", "", 0), *[("planned", "interrupted", 0)] * 3]
    with database.reading(engine) as connection:
        assert lane_counts.newest(connection, ["email"], START, 100).get("email", []) == []


class Closing(MemoryChannel):
    """At its fifth letter nobody can read orders any more, which only the last check does; a moment later the channel is closed."""

    in_flight = 2

    def __init__(self, engine):
        super().__init__()
        self._engine, self.is_read_again = engine, threading.Event()

    async def send(self, letter):
        if len(self.letters) == 4 and not self.is_read_again.is_set():
            held = self._engine.connect()
            held.execute(text("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE"))

            def read_again():
                held.close()
                self.is_read_again.set()

            threading.Timer(1.2, read_again).start()
            await asyncio.sleep(0.6)
            raise LaneError("unreachable", "it went away")
        return await super().send(letter)


def test_a_channel_that_closes_while_the_next_batch_is_looked_at_says_so_and_gives_everything_back(engine, tmp_path):
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite is asked where we are: no batch is looked at beside the letters")
    file = "config/settings.yaml"
    project = projects.make(tmp_path / "shop", (file, "approve_above: 200", "batch: 2\napprove_above: never"))
    populate(engine, 60)
    channel = Closing(engine)
    with pytest.raises(Refused, match="nobody answers|no mail server answers"):
        asyncio.run(running.go(prepared.prepare(project, CAMPAIGN), engine, now=lambda: START, worker="w", open_channel=lambda *_: channel))
    assert channel.is_read_again.is_set(), "the batch was waited for"
    counts = ledger(engine)
    assert {status for _, status in counts} <= {DeliveryStatus.SENT, DeliveryStatus.PLANNED, DeliveryStatus.HELD_OUT}
    assert counts["first-letter", DeliveryStatus.SENT] == len(channel.letters) > 0
