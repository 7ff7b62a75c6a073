"""A process of its own that sends a campaign when it is told to, and tells how long it took and how much memory: one worker of benchmarks/end_to_end.py."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from pathlib import Path

from benchmarks import mailing
from winback import settings
from winback.model import DeliveryStatus
from winback.operations import campaign_run, running
from winback.sending.compose import Writer
from winback.sending.loop import Worker
from winback.store import database


def main(root: str, worker: str) -> None:
    """The environment names the database and the keys."""
    project = settings.open_project(Path(root), os.environ)
    ready = mailing.prepare(project)
    engine = database.open_engine(project.database_url)
    run = campaign_run.current(engine, ready, now=mailing.NOW)
    gc.freeze()
    print("ready", flush=True)
    sys.stdin.readline()

    async def send() -> int:
        async with running.open_lanes(ready, worker=worker) as lanes:
            sent = await Worker(engine, run, Writer(ready, engine), lanes, lambda: mailing.NOW).send_due()
        return sent[DeliveryStatus.SENT]

    began, used = time.perf_counter(), time.process_time()
    sent = asyncio.run(send())
    took = time.perf_counter() - began
    print(json.dumps({"seconds": took, "cpu": time.process_time() - used, "megabytes": _peak(), "sent": sent}), flush=True)


def _peak() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
