"""Look after conversations between customers and the shop's people."""

from __future__ import annotations

import asyncio
from datetime import datetime

from prefect import flow

from flows import opened
from winback.operations import tending


@flow(name="tend-threads", flow_run_name="tend threads")
def tend_threads(project: str = ".", now: datetime | None = None) -> dict[str, int]:
    """Replies come into the queue, answers leave, the staff's group sees what is new, who is late is reminded; counts by word."""
    winback = opened.project(project)
    return dict(asyncio.run(tending.tend(winback, opened.store(winback), now=opened.moment(now))))
