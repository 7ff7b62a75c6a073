"""A process that sends is left to it: Python looks for garbage less often, and a thread keeps its turn longer.

A batch is tens of thousands of objects that all live until its last letter has left; to look through them every 700 new ones costs an eighth
of a letter's time. Where the database is asked in threads of its own, these and the letters take turns; 5 ms each wastes a tenth on turning.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_NEW_OBJECTS = 10_000  # of which the youngest are looked through; what nobody holds goes at once, as ever: only circles wait
_TURN = 0.02  # seconds

_lock = threading.Lock()
_before: list[tuple[tuple[int, int, int], float]] = []  # as it was, once for each who is sending


@contextmanager
def undisturbed() -> Iterator[None]:
    """As long as anybody in this process is inside; then as it was before the first one."""
    with _lock:
        _before.append((gc.get_threshold(), sys.getswitchinterval()))
        youngest, *older = gc.get_threshold()
        if youngest:  # 0: somebody has switched it off
            gc.set_threshold(max(youngest, _NEW_OBJECTS), *older)
        sys.setswitchinterval(max(sys.getswitchinterval(), _TURN))
    try:
        yield
    finally:
        with _lock:
            thresholds, turn = _before[0]
            _before.pop()
            if not _before:
                gc.set_threshold(*thresholds)
                sys.setswitchinterval(turn)
