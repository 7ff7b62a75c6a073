"""Work on a marketer's templates in a process of its own, with limits of time, memory and output: a template can eat a gigabyte.

`serve` is what that process does, forked from stem.py's. It reads a task and its jobs as JSON from its input, says that it is ready, and
answers job after job, a line of JSON each. What it doesn't survive is the fault of the job it was at; the others are done by the next process.
Nothing of the environment's WINBACK_ secrets goes in.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Self, TypeAlias

from winback.letters import stem
from winback.letters.stem import StemError

Job: TypeAlias = Callable[[Any], Any]
"""What a task makes of its setting: the function that is called with each job."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may take."""

    seconds: float = 10  # of the processor; three times as much on the clock
    megabytes: int = 512  # above what the process has when it is ready
    output: int = 4_000_000  # bytes of an answer


LETTER = Limits()
"""What looking at one letter in all its languages may take."""


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A job that was stopped, and what it had too much of: "time", "memory", "output", or "" when nobody knows what it died of."""

    of: str


_DEATHS: dict[int, str] = {signal.SIGXCPU: "time", signal.SIGKILL: "memory"}  # the limit of the processor; Linux when memory runs out


class ConfinedError(Exception):
    """The process can't do its work at all, or ours made a mistake: its traceback."""


def run(
    task: str,
    setting: Any,
    jobs: Sequence[Any],
    *,
    limits: Limits = LETTER,
    environment: Mapping[str, str],
    kin: Callable[[Any], object] | None = None,
) -> list[Any]:
    """An answer or `Exceeded` for each job, in order.

    `task` is "module:function"; the function takes the setting and returns the one that takes a job and returns its answer, all of them
    values of JSON. Of jobs with the same `kin`, none is tried any more after one had to be stopped. Raises ConfinedError.
    """
    answers: dict[int, Any] = {}
    while waiting := [number for number in range(len(jobs)) if number not in answers]:
        with _Process(task, setting, [jobs[number] for number in waiting], limits, environment) as process:
            for number, answer in zip(waiting, process.answers(), strict=False):
                answers[number] = answer
                if isinstance(answer, Exceeded) and kin is not None:
                    alike = (other for other in waiting if other not in answers and kin(jobs[other]) == kin(jobs[number]))
                    answers.update(dict.fromkeys(alike, answer))
    return [answers[number] for number in range(len(jobs))]


class _Child:
    """A process, its end with whoever asked for it, and what it wrote to its errors."""

    def __init__(self, module: str) -> None:
        """A process that has the module already. Raises ConfinedError."""
        self._stem, self.said = stem.stem(), tempfile.TemporaryFile()  # noqa: SIM115  # closed with the child
        its_input, order = os.pipe()
        self._answers, its_output = os.pipe()
        self.order: IO[bytes] = os.fdopen(order, "wb")
        self.answers = os.fdopen(self._answers, "rb", buffering=0)
        self._code: int | None = None
        try:
            self._pid = self._stem.fork((__name__, module), (its_input, its_output, self.said.fileno()))
        except StemError as error:
            self._code = 1
            self.end()
            stem.anew(self._stem)
            raise ConfinedError(str(error)) from error
        finally:
            os.close(its_input)
            os.close(its_output)

    def wait(self) -> int:
        """How it ended, now that it says nothing any more."""
        if self._code is None:
            self._code = self._stem.stop(self._pid, gently=True)
        return self._code

    def kill(self) -> None:
        if self._code is None:
            self._code = self._stem.stop(self._pid)

    def end(self) -> None:
        self.kill()
        for stream in (self.order, self.answers, self.said):
            with contextlib.suppress(BrokenPipeError):
                stream.close()


class _Process:
    """One child, from its order to its end."""

    def __init__(self, task: str, setting: Any, jobs: Sequence[Any], limits: Limits, environment: Mapping[str, str]) -> None:
        self.limits = limits
        self.jobs = len(jobs)
        self._buffer = b""
        order = {"task": task, "setting": setting, "limits": asdict(limits), "jobs": jobs, "environment": _harmless(environment)}
        self._order = json.dumps(order).encode()
        self._child = _Child(task.partition(":")[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.end()

    def answers(self) -> Iterator[Any]:
        try:
            self._child.order.write(self._order)
            self._child.order.close()
        except BrokenPipeError:
            self._fail()
        if self._line(60) != b"ready":
            self._fail()
        for _ in range(self.jobs):
            line = self._line(3 * self.limits.seconds)
            if isinstance(line, Exceeded):
                yield line
                return
            answer = json.loads(line)
            if "broken" in answer:
                raise ConfinedError(answer["broken"])
            yield Exceeded(answer["exceeded"]) if "exceeded" in answer else answer["answer"]

    def _line(self, seconds: float) -> bytes | Exceeded:
        """The next line, or why there is none."""
        ends_at = time.monotonic() + seconds
        with selectors.DefaultSelector() as ready:
            ready.register(self._child.answers, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if len(self._buffer) > self.limits.output:
                    return Exceeded("output")
                if not ready.select(max(0, ends_at - time.monotonic())):
                    return Exceeded("time")
                chunk = os.read(self._child.answers.fileno(), 1 << 20)
                if not chunk:
                    return Exceeded(_DEATHS.get(-self._child.wait(), ""))
                self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _fail(self) -> None:
        self._child.wait()
        self._child.said.seek(0)
        raise ConfinedError(self._child.said.read()[-4000:].decode(errors="replace") or "the process that looks at templates didn't start")


def _harmless(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without our secrets."""
    return {name: value for name, value in environment.items() if not name.startswith("WINBACK_")}


def serve() -> None:
    """The child, from its input to its output."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints goes where errors go
    with open(0, "rb", closefd=False) as order:
        _serve(json.load(order), answers)


def _serve(order: dict[str, Any], answers: IO[str]) -> None:
    """Each job within its limits."""
    import resource

    limits = Limits(**order["limits"])
    os.environ.clear()
    os.environ.update(order["environment"])
    module, _, function = order["task"].partition(":")
    job: Job = getattr(import_module(module), function)(order["setting"])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    room = _address_space() + limits.megabytes * 1_000_000
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    signal.signal(signal.SIGPROF, _out_of_time)
    answers.write("ready\n")
    answers.flush()
    for one in order["jobs"]:
        used = resource.getrusage(resource.RUSAGE_SELF)
        last = int(used.ru_utime + used.ru_stime + 2 * limits.seconds) + 1  # for what can't be interrupted by a signal of ours
        resource.setrlimit(resource.RLIMIT_CPU, (last, resource.RLIM_INFINITY))
        answers.write(_answer(job, one, limits) + "\n")
        answers.flush()


def _answer(job: Job, one: Any, limits: Limits) -> str:
    signal.setitimer(signal.ITIMER_PROF, limits.seconds, 1)  # again and again, should somebody catch the first
    try:
        answer = job(one)
        line = json.dumps({"answer": answer})
    except MemoryError:
        return json.dumps({"exceeded": "memory"})
    except TimeoutError:
        return json.dumps({"exceeded": "time"})
    except Exception:  # noqa: BLE001  # told to the parent, which raises it
        return json.dumps({"broken": traceback.format_exc()})
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return line if len(line) < limits.output else json.dumps({"exceeded": "output"})


def _out_of_time(_number: int, _frame: object) -> None:
    raise TimeoutError


def _address_space() -> int:
    """Bytes of address space that this process has."""
    import resource

    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except OSError:  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
