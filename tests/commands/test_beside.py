"""What runs beside the public pages is begun again when it ends, and ends with them."""

from __future__ import annotations

import os
import sys
import time

from winback.commands import beside

WRITES = "import os, sys, time; open(sys.argv[2], 'a').write(f'{os.getpid()}\\n'); time.sleep(60)"


def _begun(path, count: int) -> list[int]:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if path.exists() and len(found := path.read_text().split()) >= count:
            return [int(number) for number in found]
        time.sleep(0.05)
    raise AssertionError(f"{count} never began")


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_one_that_dies_is_begun_again_and_none_is_left(tmp_path, caplog):
    path = tmp_path / "begun"
    with beside.kept([sys.executable, "-c", WRITES, "studio", str(path)], again_after=0.0):
        (first,) = _begun(path, 1)
        os.kill(first, 9)
        _, second = _begun(path, 2)
        assert "`winback studio` has ended; another one begins" in caplog.text
        assert _lives(second)
    assert not _lives(second)
    assert len(_begun(path, 2)) == 2
