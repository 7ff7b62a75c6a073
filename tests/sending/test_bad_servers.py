"""A mail server that misbehaves at every stage of the dialogue: what the ledger says after a whole run, beside the server's own log."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from tests.sending import crowd, judge
from tests.sending.judge import Evidence
from tests.sending.receiver import Fault, Receiver
from winback.errors import Refused
from winback.operations import beginning, enrolment, running
from winback.sending import prepared
from winback.sending.prepared import Prepared
from winback.store import database

START = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
LETTERS = 4
MODES = ["pipelining", "step by step"]
CASES = yaml.safe_load(Path(__file__).with_name("dialogue_faults.yaml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Stand:
    """A server and a campaign that writes through it; the database with everybody decided on, to be copied."""

    mode: str
    receiver: Receiver
    ready: Prepared
    database: Path


@pytest.fixture(scope="module")
def stands(tmp_path_factory):
    """One for each mode."""
    with contextlib.ExitStack() as stack:
        yield {mode: stack.enter_context(built(tmp_path_factory.mktemp("stand"), mode)) for mode in MODES}


@contextlib.contextmanager
def built(folder: Path, mode: str) -> Iterator[Stand]:
    with Receiver(folder / "log", pipelining=mode == "pipelining") as receiver:
        project = crowd.shop(folder / "shop", receiver.port, connections=1, timeout=1)
        ready = prepared.prepare(project, crowd.CAMPAIGN)
        path = folder / "ready.db"
        engine = database.open_engine(f"sqlite:///{path}")
        crowd.populate(engine, LETTERS, now=START)
        enrolment.enrol(engine, ready, beginning.begin(engine, ready, now=START), now=START)
        engine.dispose()
        yield Stand(mode, receiver, ready, path)


def script(at: list) -> list[Fault]:
    """Pairs of a stage and what happens there, each perhaps with its number."""
    found, words = [], list(at)
    while words:
        stage, does = words.pop(0), words.pop(0)
        found.append(Fault(stage, does, words.pop(0) if words and isinstance(words[0], int) else 1))
    return found


@pytest.mark.parametrize(
    ("mode", "case"),
    [pytest.param(mode, case, id=f"{mode}: {' '.join(map(str, case['at']))}") for mode in MODES for case in CASES if case.get("in", mode) == mode],
)
def test_whatever_the_server_does_the_ledger_tells_what_is_certain(stands, tmp_path, mode, case):
    stand = stands[mode]
    stand.receiver.log.write_bytes(b"")
    shutil.copy(stand.database, tmp_path / "ledger.db")
    engine = database.open_engine(f"sqlite:///{tmp_path / 'ledger.db'}", lasts=False)

    def go(minutes: int) -> str:
        """What a worker is refused with; nothing when it came to its end."""
        try:
            asyncio.run(running.go(stand.ready, engine, now=lambda: START + timedelta(minutes=minutes), worker=f"w{minutes}"))
        except Refused as refused:
            return str(refused)
        return ""

    stand.receiver.follow(*script(case["at"]))
    refused = go(0)
    then = judge.gather(engine, stand.receiver.log)
    assert bool(refused) is (case["ends"] == "refused"), refused
    assert case.get("says", "") in refused
    assert judge.faults(then, letters=len(then.rows), in_flight=2, is_over=False, may_fail=case.get("finally") == "failed") == []
    if case["first"] == "none":
        assert not then.rows, "a closed lane changes nothing"
    else:
        reason = case.get("reason", "")
        assert first(then) == (case["first"], reason[MODES.index(stand.mode)] if isinstance(reason, list) else reason)
    if "took" in case:
        assert len(then.taken) == case["took"]

    stand.receiver.follow()
    assert go(6) == ""
    finally_ = judge.gather(engine, stand.receiver.log)
    engine.dispose()
    assert judge.faults(finally_, letters=LETTERS, in_flight=2, may_fail=case.get("finally") == "failed") == []
    last = case.get("finally", "sent")
    assert sorted(row.status for row in finally_.rows) == sorted(["sent"] * (LETTERS - 1) + [last])


@pytest.mark.parametrize("mode", MODES)
def test_garbage_is_written_down_beside_the_answers_of_others_in_every_database(stands, engine, mode):
    """It holds a NUL, which SQLite's text can hold, and PostgreSQL's can't."""
    stand = stands[mode]
    stand.receiver.log.write_bytes(b"")
    crowd.populate(engine, LETTERS, now=START)
    enrolment.enrol(engine, stand.ready, beginning.begin(engine, stand.ready, now=START), now=START)
    stand.receiver.follow(Fault("MAIL", "garbage"))
    asyncio.run(running.go(stand.ready, engine, now=lambda: START, worker="w"))
    then = judge.gather(engine, stand.receiver.log)
    assert judge.faults(then, letters=LETTERS, in_flight=0, is_over=False) == []
    assert sorted(row.status for row in then.rows) == ["planned", *["sent"] * (LETTERS - 1)]


def first(evidence: Evidence) -> tuple[str, str]:
    """The letter that was under way when it happened: the first that was claimed."""
    row = evidence.rows[0]
    return row.status, row.reason
