"""Alarms as Prefect events: an automation may answer to `winback.lane.stopped`."""

from __future__ import annotations

from prefect.events import Event, emit_event

from winback.operations.alarming import Alarm


def emit(alarm: Alarm) -> Event | None:
    """Send it to Prefect's server; None: it takes no events."""
    return emit_event(
        event=f"winback.lane.{'broke-off' if alarm.cause == 'closed' else 'stopped'}",
        resource={"prefect.resource.id": f"winback.lane.{alarm.lane}", "prefect.resource.name": alarm.lane},
        payload=alarm.as_json(),
    )
