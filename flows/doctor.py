"""Look whether everything is in place before letters leave: files, secrets, database, lanes, mail server, bot, pages, DNS."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows import alarms, artifacts, opened
from flows.options import Examining
from winback.channels.dns_lookup import Lookup
from winback.errors import Problem, Refused
from winback.operations import doctor as operation

_USUAL = Examining()


@flow(name="doctor", flow_run_name="doctor")
def doctor(options: Examining = _USUAL) -> list[dict[str, Any]]:
    """Every finding, as `winback doctor` tells them. Where something is to mend, the event `winback.doctor.found` says what, and the run fails."""
    project, now = opened.project(options.project), opened.moment(options.now)
    findings = list(operation.examine(project, Lookup(options.dns), now=now, leaves_from=options.from_ip))
    bad = [finding for finding in findings if finding.is_bad]
    told = [finding.as_json() for finding in findings]
    about = f"{len(bad)} to mend" if bad else "Nothing stands in the way"
    artifacts.tabulate("doctor", [{name: str(value or "") for name, value in row.items()} for row in told], about=about)
    said = "\n".join(f"- **{each.area}: {each.subject}** {each.message} {each.how}".rstrip() for each in bad)
    create_markdown_artifact(f"# {about}\n\n{said}\n", key="report-doctor", description=about)
    if bad:
        alarms.found(bad)
        if options.fail:
            raise Refused([Problem("", None, f"{each.subject}: {each.message}", each.how) for each in bad])
    return told
