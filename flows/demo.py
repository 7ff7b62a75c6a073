"""`make demo`: the whole story through the flows, on Prefect's temporary server."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

FOLDER = Path("out/demo")


def main() -> None:
    """Tell the story, and how long each part of it took. Prefect keeps its files in out/, away from the person's own."""
    home = (FOLDER.parent / ".prefect").resolve()
    home.mkdir(parents=True, exist_ok=True)
    os.environ["PREFECT_HOME"] = str(home)
    os.environ.pop("PREFECT_API_URL", None)  # the temporary server, even where a real one is set up
    from winback.demo.phases import Phases

    phases = Phases()
    phases.begin("Prefect is loaded")
    print("Starting Prefect's temporary server...", flush=True)  # noqa: T201  the first sign of life of a command in a terminal
    from flows.collect_events import collect_events
    from flows.enrol_and_send import enrol_and_send
    from flows.import_orders import import_orders
    from flows.measure_and_report import measure_and_report
    from flows.options import Collecting, Importing, Measuring, Sending
    from winback.demo import shop, story
    from winback.operations.importing import ImportReport
    from winback.outcomes.report import Report

    class Flows:
        """The four deeds as Prefect flows."""

        def import_(self, folder: Path, now: datetime) -> ImportReport:
            return import_orders(Importing(project=str(folder), now=now))

        def enrol_and_send(self, folder: Path, now: datetime) -> None:
            enrol_and_send(Sending(project=str(folder), campaign=story.CAMPAIGN, now=now))

        def collect(self, folder: Path, now: datetime, replies: Path) -> None:
            collect_events(Collecting(project=str(folder), replies=str(replies), now=now))

        def measure_and_report(self, folder: Path, now: datetime, page: Path) -> Report:
            asked = Measuring(project=str(folder), campaign=story.CAMPAIGN, now=now, page=str(page), truth=shop.true_effects())
            return measure_and_report(asked)[0]

    story.tell(FOLDER, Flows(), seed=7, phases=phases)


if __name__ == "__main__":
    main()
