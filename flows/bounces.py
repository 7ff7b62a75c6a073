"""Read bounces, complaints and replies; managers are shown what people wrote, and a lane that does harm stops."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import alarms, opened
from flows.options import Returning
from winback.operations import collecting, forwarding, returning

_USUAL = Returning()


@task(cache_policy=NO_CACHE, task_run_name="read mails")
def read(project: str, place: str, now: datetime) -> dict[str, int]:
    """Verdicts by word, of every mail that is new."""
    winback = opened.project(project)
    store = opened.store(winback)
    if place:
        at = returning.place(place, lambda: winback)
        return dict(Counter(told.verdict for told in returning.take_in(winback, store, at, now=now, tell=alarms.emit)))
    counts = collecting.mail(winback, store, now=now, tell=alarms.emit)
    if winback.config("senders.yaml").exists():
        counts += asyncio.run(forwarding.forward(winback, store, now=now))
    return dict(counts)


@flow(name="bounces", flow_run_name="bounces")
def bounces(options: Returning = _USUAL) -> dict[str, int]:
    """The mailbox of settings.yaml, or another place; no mail is taken in twice."""
    return read(options.project, options.place, opened.moment(options.now))
