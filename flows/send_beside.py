"""More hands for campaigns that are too large for one process: send what is queued, beside whoever else does so."""

from __future__ import annotations

from prefect import flow

from flows import opened
from flows.enrol_and_send import is_over, send_queued, started
from flows.options import Helping
from winback.errors import Problem, Refused
from winback.store import database

_USUAL = Helping()


@flow(name="send-beside", flow_run_name="send beside others")
def send_beside(options: Helping = _USUAL) -> dict[str, int]:
    """Send what is queued and due of one campaign, or of every one that was started, and nothing else. Returns letters by status.

    It decides on nobody and queues nothing: that is enrol-and-send's, which never overlaps with itself. Of this one as many may run at
    once as there are machines; each takes other letters from the database.
    """
    project, now = options.project, options.now
    totals: dict[str, int] = {}
    problems: list[Problem] = []
    for name in started(project):
        if options.campaign not in {"", name} or is_over(project, name):
            continue
        try:
            problems += send_queued(project, name, now, totals)
        except Refused as refused:
            problems += refused.problems
        except database.Failure as failure:
            problems.append(opened.failed(name, failure))
    if problems:
        raise Refused(problems)
    return totals
