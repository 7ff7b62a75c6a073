"""The ground goes away under a worker: PostgreSQL is stopped in the middle, the disk is full. It says so in a sentence, and nobody is lost."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sending import command, crowd, judge, receiver
from tests.sending.postgres import Postgres
from tests.sending.warm import SharedClock, Workers
from winback import clock
from winback.model import DeliveryStatus
from winback.operations import beginning, enrolment
from winback.sending import prepared
from winback.store import database

LEASE = timedelta(minutes=1)
MEGABYTE = 1 << 20


def goes_on(project, url: str, log: Path, folder: Path) -> judge.Evidence:
    """A healthy worker, when the lease of whoever was there before is over."""
    later = SharedClock(folder / "clock", start=clock.now() + 2 * LEASE)
    with Workers(project.root, crowd.CAMPAIGN, url, later) as workers:
        assert workers.wait(workers.start("healthy")) == 0, workers.errors.read_text(encoding="utf-8")
    engine = database.open_engine(url)
    evidence = judge.gather(engine, log)
    engine.dispose()
    return evidence


def told(process: subprocess.Popen[str]) -> str:
    """The one sentence that a command ended with, and an alarm's before it, if one was raised."""
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert "Traceback" not in errors
    *alarms, sentence = errors.strip().splitlines()
    assert all("broke off" in alarm for alarm in alarms), errors
    return sentence


def test_postgresql_that_is_stopped_in_the_middle_and_started_again_loses_and_repeats_nothing(tmp_path):
    with Postgres() as postgres, receiver.Apart(tmp_path / "log", pause=0.02) as server:
        engine = database.open_engine(postgres.url)
        command.populate(engine)
        engine.dispose()
        project = command.shop(tmp_path / "shop", server.port)
        for count in (50, 120):
            worker = command.run(project, postgres.url)
            command.until(server, count)
            postgres.stop()
            assert "The database broke off" in told(worker)
            assert "the server runs" in told(command.run(project, postgres.url)), "and while it is away, nothing begins"
            postgres.start()
        evidence = goes_on(project, postgres.url, server.log, tmp_path)
    assert judge.faults(evidence, letters=command.LETTERS, in_flight=crowd.IN_FLIGHT) == []
    assert evidence.statuses[DeliveryStatus.UNCERTAIN] <= 2 * crowd.IN_FLIGHT


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own, of a few megabytes."""
    folder.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", folder], capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(folder: Path) -> Path:
    """Take what is left of a disk, to the last byte."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    return filler


def test_a_full_disk_under_sqlite_stops_the_worker_with_a_sentence_and_loses_nobody(tmp_path):
    with small_disk(tmp_path / "disk") as disk, receiver.Apart(tmp_path / "log", pause=0.02) as server:
        url = f"sqlite:///{disk / 'winback.db'}"
        engine = database.open_engine(url)
        command.populate(engine)
        engine.dispose()
        project = command.shop(tmp_path / "shop", server.port)
        worker = command.run(project, url)
        command.until(server, 60)
        filler = fill(disk)
        assert "The database broke off" in told(worker)
        filler.unlink()
        evidence = goes_on(project, url, server.log, tmp_path)
    assert judge.faults(evidence, letters=command.LETTERS, in_flight=crowd.IN_FLIGHT) == []


def test_a_file_that_may_not_grow_any_more_is_told_the_same_way(tmp_path):
    """As on a disk with a quota: no need to be root."""
    with receiver.Apart(tmp_path / "log", pause=0.02) as server:
        url = f"sqlite:///{tmp_path / 'winback.db'}"
        engine = database.open_engine(url)
        command.populate(engine)
        project = command.shop(tmp_path / "shop", server.port)
        ready = prepared.prepare(project, crowd.CAMPAIGN)
        run = beginning.begin(engine, ready, now=clock.now())
        enrolment.enrol(engine, ready, run, now=clock.now())
        engine.dispose()
        worker = command.run(project, url)
        resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (MEGABYTE, MEGABYTE))
        assert "The database broke off" in told(worker)
        assert 0 < server.count() < command.LETTERS, "it came to an end in the middle"
        evidence = goes_on(project, url, server.log, tmp_path)
    assert judge.faults(evidence, letters=command.LETTERS, in_flight=crowd.IN_FLIGHT) == []


def test_a_full_disk_under_the_folder_of_letters_stops_the_lane_and_loses_nobody(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        url = f"sqlite:///{tmp_path / 'winback.db'}"
        engine = database.open_engine(url)
        command.populate(engine)
        project = command.shop(tmp_path / "shop", 587, ("config/settings.yaml", "  via: smtp", "  via: file"))
        (project.root / "out").symlink_to(disk)
        mailbox = disk / "mailbox" / "email"
        worker = command.run(project, url)
        late = time.monotonic() + command.PATIENCE
        while not (mailbox.exists() and any(mailbox.glob("*.eml"))):
            assert time.monotonic() < late
            time.sleep(0.005)
        filler = fill(disk)
        assert "config/settings.yaml" in (sentence := told(worker))
        assert "No space left on device" in sentence
        filler.unlink()
        clockwork = SharedClock(tmp_path / "clock", start=clock.now() + 2 * LEASE)
        with Workers(project.root, crowd.CAMPAIGN, url, clockwork) as workers:
            assert workers.wait(workers.start("healthy")) == 0, workers.errors.read_text(encoding="utf-8")
        (tmp_path / "log").touch()
        assert judge.gather(engine, tmp_path / "log").statuses == {DeliveryStatus.SENT: command.LETTERS}
        assert len(list(mailbox.glob("*.eml"))) == command.LETTERS
        engine.dispose()
