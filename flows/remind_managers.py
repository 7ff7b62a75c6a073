"""Tell each manager what they are to do today."""

from __future__ import annotations

import asyncio

from prefect import flow

from flows import opened
from flows.options import Options
from winback.operations import reminding

_USUAL = Options()


@flow(name="remind-managers", flow_run_name="remind managers")
def remind_managers(options: Options = _USUAL) -> dict[str, str]:
    """What became of each manager's reminder; once a day at the most, however often it runs."""
    winback = opened.project(options.project)
    told = asyncio.run(reminding.remind(winback, opened.store(winback), now=opened.moment(options.now)))
    return {each.manager: each.status for each in told}
