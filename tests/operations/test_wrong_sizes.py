"""Arms that haven't the sizes that were planned: whoever reads no report hears of it too."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate
from winback.channels.memory import MemoryChannel
from winback.operations import reporting
from winback.sending import prepared
from winback.store import database
from winback.store.tables import recipients


def test_arms_of_other_sizes_than_planned_are_an_error_in_the_log(engine, tmp_path, caplog):
    ready = prepared.prepare(projects.make(tmp_path / "shop"), CAMPAIGN)
    populate(engine, 40)
    go(ready, engine, START, MemoryChannel())

    def measured():
        caplog.clear()
        told = reporting.measure_and_report(ready.project, engine, CAMPAIGN, now=START + timedelta(days=1))
        return told.sample_ratio, [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]

    right, said = measured()
    assert (right.alarm, said) == (False, [])
    with database.writing(engine) as connection:  # as if the shares had been changed on the way
        connection.execute(update(recipients).where(recipients.c.arm == "gift-first").values(arm="warm-word"))
    wrong, said = measured()
    assert wrong.alarm
    assert said == [f"winter-tea, run 1: {wrong.sentence}"]
    assert "gift-first 0" in said[0]
