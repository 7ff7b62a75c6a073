"""kill -9 of a real worker process at any moment: the receiving server's own log is the judge of "twice"."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from tests import projects
from tests.operations.lost import populate
from winback.channels.email import DEPTH
from winback.demo.mailbox import MailServer
from winback.model import DeliveryStatus
from winback.store import database
from winback.store.tables import codes as table
from winback.store.tables import customers, deliveries

START = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
CUSTOMERS, KILLS = 240, 8
CODE = re.compile(r"WB-[0-9A-Z]{4}-[0-9A-Z]{4}")
WORKER = """
import asyncio, sys
from datetime import datetime
from pathlib import Path
from winback import settings
from winback.operations import running
from winback.sending import prepared
from winback.store import database
now = datetime.fromisoformat(sys.argv[2])
project = settings.open_project(Path(sys.argv[1]), {"WINBACK_SECRET": "k" * 32, "WINBACK_DATABASE_URL": sys.argv[3]})
engine = database.open_engine(project.database_url)
ready = prepared.prepare(project, "winter-tea")
print("working", flush=True)
asyncio.run(running.go(ready, engine, now=lambda: now, worker=sys.argv[2]))
"""


def test_whatever_moment_a_worker_is_killed_at_nobody_is_written_to_twice_and_nobody_is_lost(engine, database_url, tmp_path):
    dice = random.Random(20261124)
    with MailServer(tmp_path / "mail") as server:
        project = projects.make(
            tmp_path / "shop",
            *projects.through(server.host, server.port),
            ("config/campaigns/winter-tea.yaml", "holdout: 0.25", "holdout: 0"),
            ("config/settings.yaml", "approve_above: 200", "approve_above: never"),
        )
        populate(engine, CUSTOMERS)
        for attempt in range(KILLS + 1):
            now = START + timedelta(minutes=11 * attempt)
            worker = subprocess.Popen(
                [sys.executable, "-c", WORKER, str(project.root), now.isoformat(), database_url], stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"working\n", worker.communicate()[1].decode()
            if attempt < KILLS:
                time.sleep(dice.uniform(0.02, 0.5))
                worker.kill()
            _, errors = worker.communicate(timeout=60)
            assert attempt < KILLS or worker.returncode == 0, errors.decode()
        received = Counter(each.recipient for each in server.received)
        told = {each.recipient: found[0] for each in server.received if (found := CODE.search(each.path.read_text(encoding="utf-8")))}

    with database.reading(engine) as connection:
        rows = connection.execute(select(deliveries.c.status, customers.c.key).join(customers, customers.c.id == deliveries.c.customer_id)).all()
        status = {f"c{number + 1}@post.example": DeliveryStatus(row.status) for number, row in enumerate(sorted(rows, key=lambda row: row.key))}
        held = connection.execute(select(table.c.code, customers.c.key).join(customers, customers.c.id == table.c.customer_id)).all()
    assert len(rows) == CUSTOMERS
    assert max(received.values()) == 1, "somebody was written to twice"
    assert len({row.code for row in held}) == len({row.key for row in held}) == len(held) == CUSTOMERS, "a code for each"
    assert set(told.values()) <= {row.code for row in held}
    assert len(set(told.values())) == len(told) > 0, "two were told one code"
    assert {who for who, word in status.items() if word is DeliveryStatus.SENT} <= set(received)
    doubtful = {who for who, word in status.items() if word is DeliveryStatus.UNCERTAIN}
    assert set(status.values()) <= {DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN}
    assert set(received) <= set(status)
    assert len(doubtful) <= KILLS * project.settings.email.connections * DEPTH
