"""python -m benchmarks.hands ROOT NAME MOMENT: one worker of benchmarks/scaling.py, a process of its own. It says that it is ready, and
once a line comes, goes on with the campaign until nothing is due.

The environment names the database and the keys. Letters are written as they would leave, and accepted by nobody; their deliveries' numbers
are kept in ROOT/taken-NAME, so that somebody can look whether any was written twice.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from array import array
from datetime import datetime
from pathlib import Path

from winback import settings
from winback.channels.accepting import AcceptingChannel
from winback.errors import ConfigError
from winback.model import DeliveryStatus, Email, Message, Receipt
from winback.operations import campaign_run, running
from winback.sending import prepared
from winback.store import database

CAMPAIGN = "to-everybody"


class _CountingChannel(AcceptingChannel):
    """Accepts everything, and remembers which deliveries."""

    def __init__(self, path: Path) -> None:
        self._path, self._taken = path, array("q")

    async def send(self, letter: Email | Message) -> Receipt:
        self._taken.append(letter.delivery_id)
        return await super().send(letter)

    def keep(self) -> None:
        with self._path.open("ab") as file:
            self._taken.tofile(file)


def main(root: str, worker: str, moment: str) -> None:
    folder, now = Path(root), datetime.fromisoformat(moment)
    project = settings.open_project(folder, os.environ)
    ready = prepared.prepare(project, CAMPAIGN)
    engine = database.open_engine(project.database_url)
    channel = _CountingChannel(folder / f"taken-{worker}")
    print("ready", flush=True)
    sys.stdin.readline()
    began, used, sent = time.perf_counter(), time.process_time(), 0
    try:
        ran = asyncio.run(running.go(ready, engine, now=lambda: now, worker=worker, open_channel=lambda *_: channel))
        sent = ran.deliveries.get(DeliveryStatus.SENT, 0)
    except ConfigError:
        if not campaign_run.is_over(engine, CAMPAIGN):  # the others were quicker, and are through with it
            raise
    channel.keep()
    print(json.dumps({"seconds": time.perf_counter() - began, "cpu": time.process_time() - used, "sent": sent}), flush=True)
    engine.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
