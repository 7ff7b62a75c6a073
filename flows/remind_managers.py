"""Tell each manager what they are to do today."""

from __future__ import annotations

import asyncio
from datetime import datetime

from prefect import flow

from flows import opened
from winback.operations import reminding


@flow(name="remind-managers", flow_run_name="remind managers")
def remind_managers(project: str = ".", now: datetime | None = None) -> dict[str, str]:
    """What became of each manager's reminder; once a day at the most, however often it runs."""
    winback = opened.project(project)
    told = asyncio.run(reminding.remind(winback, opened.store(winback), now=opened.moment(now)))
    return {each.manager: each.status for each in told}
