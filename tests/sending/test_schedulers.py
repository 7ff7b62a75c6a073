"""Two schedulers that start the same campaign at the same moment: `winback run` twice, as it is typed."""

from __future__ import annotations

import json
from collections import Counter

from tests.sending import command, crowd, judge, receiver
from winback.model import DeliveryStatus


def test_two_schedulers_that_start_one_campaign_at_once_share_it(engine, database_url, tmp_path):
    command.populate(engine)
    with receiver.Apart(tmp_path / "log", pause=0.01) as server:
        project = command.shop(tmp_path / "shop", server.port)
        told = Counter()
        for _ in range(2):  # the second time nothing is due
            for process in [command.run(project, database_url) for _ in range(2)]:
                said, errors = process.communicate(timeout=120)
                assert process.returncode == 0, errors
                told.update(json.loads(said)["deliveries"])
        evidence = judge.gather(engine, server.log)
    assert judge.faults(evidence, letters=command.LETTERS, in_flight=crowd.IN_FLIGHT) == []
    assert evidence.statuses == {DeliveryStatus.SENT: command.LETTERS}
    assert told == {"sent": command.LETTERS}, "each counts its own"
