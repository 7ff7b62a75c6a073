"""Alarms as Prefect events: an automation may answer to `winback.lane.stopped` (automations.yaml does), `winback.sizes.wrong` and `winback.doctor.found`."""

from __future__ import annotations

from collections.abc import Sequence

from prefect.events import Event, emit_event

from winback.operations.alarming import Alarm
from winback.operations.diagnosis import Finding
from winback.outcomes.report import Report


def emit(alarm: Alarm) -> Event | None:
    """Send it to Prefect's server; None: it takes no events."""
    return emit_event(
        event=f"winback.lane.{'broke-off' if alarm.cause == 'closed' else 'stopped'}",
        resource={"prefect.resource.id": f"winback.lane.{alarm.lane}", "prefect.resource.name": alarm.lane, "winback.cause": str(alarm.cause)},
        payload=alarm.as_json(),
    )


def wrong_sizes(report: Report) -> Event | None:
    """Arms that haven't the sizes that were planned."""
    name = report.campaign
    resource = {"prefect.resource.id": f"winback.campaign.{name}", "prefect.resource.name": name}
    return emit_event(event="winback.sizes.wrong", resource=resource, payload=report.sample_ratio.as_json())


def found(findings: Sequence[Finding]) -> Event | None:
    """What the doctor wants mended."""
    subjects = [f"{each.area}: {each.subject}" for each in findings]
    resource = {"prefect.resource.id": "winback.doctor", "prefect.resource.name": "doctor"}
    return emit_event(event="winback.doctor.found", resource=resource, payload={"to_mend": subjects})
