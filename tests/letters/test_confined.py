"""The process that marketers' templates are looked at in: what they can't do to it, and what it can't do to us."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from winback.letters import confined
from winback.letters.confined import ConfinedError, Exceeded, Limits

SMALL = Limits(seconds=1, megabytes=256, output=100_000)
LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}"


def run(task: str, jobs: list[Any], *, setting: Any = None, limits: Limits = SMALL, kin: Any = None, spare: Any = None) -> list[Any]:
    environment = {"PATH": os.environ["PATH"], "WINBACK_SECRET": "s" * 32, "WINBACK_SMTP_PASSWORD": "hunter2"}
    return confined.run(f"tests.letters.gluttons:{task}", setting, jobs, limits=limits, environment=environment, kin=kin, spare=spare)


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
from tests.letters.test_confined import run
run("eating", ["{{ 'a' * 10**9 }}", "{% for a in range(99999) %}{{ 'a' * 10**6 }}{% endfor %}"])
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


def test_a_spare_process_stands_ready_for_the_next_task_is_used_once_and_ends_with_whoever_kept_it():
    spare = confined.Spare("tests.letters.gluttons", {"PATH": os.environ["PATH"]})
    for _ in range(2):
        assert run("misbehaving", ["well", "die", "fine"], spare=spare) == ["well", Exceeded(""), "fine"]
    (last,) = spare._kept
    del spare
    gc.collect()
    assert last.process.returncode is not None


def test_a_spare_process_knows_none_of_our_secrets():
    spare = confined.Spare("json", {"WINBACK_SECRET": "s" * 32, "PATH": os.environ["PATH"]})
    run("misbehaving", ["well"], spare=spare)
    (names,) = run("misbehaving", ["environment"], spare=spare)
    assert not [name for name in names if name.startswith("WINBACK_")]
