"""Alarms as Prefect events: an automation may answer to `winback.lane.stopped`."""

from __future__ import annotations

from prefect.events import emit_event

from winback.operations.alarming import Alarm


def emit(alarm: Alarm) -> None:
    emit_event(
        event=f"winback.lane.{'broke-off' if alarm.cause == 'closed' else 'stopped'}",
        resource={"prefect.resource.id": f"winback.lane.{alarm.lane}", "prefect.resource.name": alarm.lane},
        payload=alarm.as_json(),
    )
