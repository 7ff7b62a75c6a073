"""The process that marketers' templates are looked at in: what they can't do to it, and what it can't do to us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from winback.letters import confined, stem
from winback.letters.confined import ConfinedError, Exceeded, Limits
from winback.letters.stem import Stem

SMALL = Limits(seconds=1, megabytes=256, output=100_000)
LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}"


def run(task: str, jobs: list[Any], *, setting: Any = None, limits: Limits = SMALL, kin: Any = None) -> list[Any]:
    environment = {"PATH": os.environ["PATH"], "WINBACK_SECRET": "s" * 32, "WINBACK_SMTP_PASSWORD": "hunter2"}
    return confined.run(f"tests.letters.gluttons:{task}", setting, jobs, limits=limits, environment=environment, kin=kin)


def test_each_job_gets_its_answer_in_order():
    assert run("eating", ["a", "{{ 'a' * 100 }}", ""]) == [1, 100, 0]


def test_no_job_starts_nothing():
    assert run("no-such-task", []) == []


@pytest.mark.parametrize(
    ("template", "of"),
    [
        ("{{ 'a' * 10**9 }}", "memory"),
        ("{% for a in range(99999) %}{{ 'a' * 10**6 }}{% endfor %}", "memory"),
        ("{% set x = namespace(v='a' * 999) %}{% for a in range(99) %}{% set x.v = x.v ~ x.v %}{% endfor %}", "memory"),
        (LOOPS, "time"),
        ("{{ 7 ** (9 ** 8) }}", "time"),  # one operation, which no signal interrupts
    ],
)
def test_what_takes_too_much_is_stopped_and_the_others_are_done(template, of):
    assert run("eating", ["a", template, "ab"]) == [1, Exceeded(of), 2]


def test_after_one_was_stopped_its_kin_are_not_tried():
    jobs = ["{{ 'a' * 10**9 }}", "well", "{{ 'a' * 10**9 }} ", "{{ 'b' }}"]
    assert run("eating", jobs, kin=lambda job: "10**9" in job) == [Exceeded("memory"), 4, Exceeded("memory"), 1]


def test_a_gigabyte_is_never_taken_from_the_machine():
    alone = """
import resource
from winback.letters import stem
from tests.letters.test_confined import run
run("eating", ["{{ 'a' * 10**9 }}", "{% for a in range(99999) %}{{ 'a' * 10**6 }}{% endfor %}"])
stem.stem().end()
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""  # in a process of its own, whose only children these are
    told = subprocess.run([sys.executable, "-c", alone], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert 10_000 < int(told.stdout) < 600_000


def test_an_answer_too_long_for_us_is_not_read():
    assert run("misbehaving", ["shout", "well"]) == [Exceeded("output"), "well"]


def test_one_that_only_waits_is_stopped_by_the_clock():
    assert run("misbehaving", ["sleep", "well"], limits=Limits(seconds=1)) == [Exceeded("time"), "well"]


def test_one_that_kills_its_process_harms_nobody_else():
    assert run("misbehaving", ["well", "die", "fine", "die"]) == ["well", Exceeded(""), "fine", Exceeded("")]


def test_what_a_library_prints_is_no_answer():
    assert run("misbehaving", ["print"]) == ["print"]


def test_a_mistake_of_ours_is_raised_with_its_traceback():
    with pytest.raises(ConfinedError, match="our own mistake"):
        run("misbehaving", ["fail"])


def test_a_process_that_cannot_begin_says_why():
    with pytest.raises(ConfinedError, match="no_such_task"):
        run("no_such_task", ["x"])


def test_it_writes_no_files(tmp_path):
    with pytest.raises(ConfinedError, match="File too large"):
        run("misbehaving", ["write"], setting=str(tmp_path / "file"))
    assert Path(tmp_path / "file").read_bytes() == b""


def test_it_knows_none_of_our_secrets():
    (names,) = run("misbehaving", ["environment"])
    assert "PATH" in names
    assert not [name for name in names if name.startswith("WINBACK_")]


def test_processes_come_from_one_that_has_the_modules_and_knows_nothing_of_the_environment(monkeypatch):
    monkeypatch.setenv("WINBACK_SECRET", "s" * 32)
    monkeypatch.setenv("SOMEBODYS_KEY", "s" * 32)
    ours = Stem()
    ours.warm("tests.letters.gluttons")
    monkeypatch.setattr(stem, "_KEPT", [ours])
    assert run("misbehaving", ["well", "die", "fine"]) == ["well", Exceeded(""), "fine"]
    (born_with,) = run("asked", ["born with"])
    assert [name for name in born_with if "WINBACK" in name or "KEY" in name] == []
    (parent,) = run("asked", ["parent"])
    assert parent == ours._process.pid
    ours.end()
    assert ours._process.returncode == 0
    assert run("asked", ["parent"]) != [parent], "whoever asks next gets another"


def test_where_the_one_they_come_from_has_died_the_next_is_started(monkeypatch):
    ours = Stem()
    monkeypatch.setattr(stem, "_KEPT", [ours])
    run("misbehaving", ["well"])
    ours._process.kill()
    ours._process.wait()
    with pytest.raises(ConfinedError):
        run("misbehaving", ["well"])
    assert run("misbehaving", ["well"]) == ["well"]


def test_nobody_is_left_when_whoever_started_them_is_killed():
    alone = """
import os, signal
from winback.letters import stem
from tests.letters.test_confined import run
print(stem.stem()._process.pid, flush=True)
run("misbehaving", ["well"])
os.kill(os.getpid(), signal.SIGKILL)
"""
    told = subprocess.run([sys.executable, "-c", alone], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert told.returncode == -signal.SIGKILL
    ends_at = time.monotonic() + 30
    while _cmdline(told.stdout.strip()) and time.monotonic() < ends_at:
        time.sleep(0.05)
    assert not _cmdline(told.stdout.strip())


def _cmdline(pid: str) -> bytes:
    """Nothing of a process that has ended, whether or not somebody waited for it."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_many_at_once_get_their_own_answers():
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda number: run("eating", ["a" * number]), range(40)))
    assert told == [[number] for number in range(40)]
