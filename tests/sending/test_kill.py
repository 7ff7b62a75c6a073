"""kill -9 of real worker processes, two at a time, at any moment of one campaign: the receiving server's own log is the judge of "twice".

The same at full size: make faults (200 kills, 20,000 letters, on SQLite and on PostgreSQL).
"""

from __future__ import annotations

from tests.sending import crowd, faults
from winback.model import DeliveryStatus

LETTERS, KILLS = 2_000, 25


def test_whatever_moment_workers_are_killed_at_nobody_is_written_to_twice_and_nobody_is_lost(engine, database_url, tmp_path):
    evidence, wrong = faults.play(tmp_path / "play", engine, database_url, letters=LETTERS, kills=KILLS)
    assert wrong == []
    assert len(set(evidence.codes.values())) == len(evidence.codes) == LETTERS, "a code for each"
    assert sum(each.code != "" for each in evidence.taken) > LETTERS * 0.2, "and some were told it"
    assert evidence.statuses[DeliveryStatus.SENT] > LETTERS * 0.8
    assert evidence.statuses[DeliveryStatus.FAILED] > 0
    assert evidence.statuses[DeliveryStatus.UNCERTAIN] <= KILLS * crowd.IN_FLIGHT
