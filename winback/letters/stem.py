"""Processes to look at templates in, forked from one that has our modules already: to start Python and import them takes a second each time.

`python -m winback.letters.stem` is the process they come from. It knows nothing of a project: no template, no setting, no word of the
environment. It ends with whoever started it, and so do those that it forked.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import weakref
from collections.abc import Callable
from importlib import import_module
from typing import IO, Any

_MESSAGE = 1 << 20
_PATIENCE = 2.0  # seconds between the end of what a process says and its own


class StemError(Exception):
    """No process could be started: what Python said."""


class Stem:
    """A process of ours to fork from, and its lock: one asks, one is answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ours, theirs = socket.socketpair()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        known = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter with our own module
            [sys.executable, "-P", "-m", __name__],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            env={**known, "PYTHONPATH": os.pathsep.join(_path()), "PYTHONUTF8": "1"},
        )
        theirs.close()
        self.owner = os.getpid()
        self.end = weakref.finalize(self, _end, self._ours, self._process, self._said)

    def fork(self, modules: tuple[str, ...], files: tuple[int, int, int]) -> int:
        """The number of a new process that has these modules and runs the first one's `serve`, its input, output and errors being these.

        Raises StemError.
        """
        return int(self._ask({"do": "fork", "modules": modules, "path": _path()}, files)["pid"])

    def warm(self, *modules: str) -> None:
        """Import modules now, so that nobody waits for them later. Doesn't wait either."""
        self._ask({"do": "import", "modules": modules, "path": _path()})

    def stop(self, pid: int, *, gently: bool = False) -> int:
        """End a process, as `Popen.returncode` tells it: the negative number of the signal. Gently: it has a moment to end by itself."""
        try:
            return int(self._ask({"do": "stop", "pid": pid, "gently": gently})["code"])
        except StemError:
            return -signal.SIGKILL  # they end together

    def _ask(self, message: dict[str, Any], files: tuple[int, ...] = ()) -> dict[str, Any]:
        with self._lock:
            try:
                socket.send_fds(self._ours, [json.dumps(message).encode()], files)
                answer = self._ours.recv(_MESSAGE) if message["do"] != "import" else b"{}"
            except OSError:
                answer = b""
        if not answer:
            raise StemError(self._why())
        told: dict[str, Any] = json.loads(answer)
        return told

    def _why(self) -> str:
        self._said.seek(0)
        return self._said.read()[-4000:].decode(errors="replace") or "the process that looks at templates didn't start"


_KEPT: list[Stem] = []
_LOCK = threading.Lock()


def stem() -> Stem:
    """The one of our own process, started when it is asked for first."""
    with _LOCK:
        if not _KEPT or _KEPT[0].owner != os.getpid() or not _KEPT[0].end.alive:
            _KEPT[:] = [Stem()]
        return _KEPT[0]


def anew(broken: Stem) -> None:
    """It has died: the next who asks gets another."""
    with _LOCK:
        if _KEPT and _KEPT[0] is broken:
            _KEPT.pop().end()


def _end(ours: socket.socket, process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    ours.close()
    process.wait()
    said.close()


def _path() -> list[str]:
    return [path for path in sys.path if path]


def _serve(ours: socket.socket) -> None:
    """The stem: what it is asked for, until nobody is there to ask."""
    children = set[int]()
    while True:
        message, files, *_ = socket.recv_fds(ours, _MESSAGE, 3)
        if not message:
            break
        # `import` isn't answered, so that what follows may have come with it
        for asked in _apart(message.decode()):
            sys.path[:] = asked.get("path", sys.path)
            if asked["do"] == "stop":
                children.discard(asked["pid"])
                ours.sendall(json.dumps({"code": _stopped(asked["pid"], asked["gently"])}).encode())
                continue
            for module in asked["modules"]:
                with contextlib.suppress(Exception):  # whoever needs it hears of that
                    import_module(module)
            if asked["do"] == "fork":
                gc.freeze()
                pid = os.fork()
                if not pid:
                    _become(asked["modules"][0], files, ours)
                children.add(pid)
                for file in files:
                    os.close(file)
                ours.sendall(json.dumps({"pid": pid}).encode())
    for pid in children:
        _stopped(pid, gently=False)


def _apart(text: str) -> list[dict[str, Any]]:
    found, at, decoder = [], 0, json.JSONDecoder()
    while at < len(text):
        one, at = decoder.raw_decode(text, at)
        found.append(one)
    return found


def _become(module: str, files: list[int], ours: socket.socket) -> None:
    """The new process: it ends here."""
    code = 1
    try:
        ours.close()
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        serve: Callable[[], None] = import_module(module).serve
        serve()
        code = 0
    except BaseException:  # noqa: BLE001  # written down, as Python itself would
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _stopped(pid: int, gently: bool) -> int:
    """Nobody else waits for it: until then its number is nobody's."""
    ends_at = time.monotonic() + _PATIENCE
    while gently and time.monotonic() < ends_at:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the keyboard: whoever started this one ends it
    _serve(socket.socket(fileno=os.dup(0)))
