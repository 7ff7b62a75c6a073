"""The quarterly report as one page that needs nothing else."""

from __future__ import annotations

from winback.outcomes import quarterly
from winback.outcomes.quarterly import Quarterly
from winback.studio import pages


def render(quarter: Quarterly) -> str:
    """HTML with its style sheet inside, like a campaign's report."""
    return pages.render(
        "quarter.html",
        words=quarter.words,
        title=quarter.title,
        as_of=quarterly.as_of(quarter),
        sentences=list(quarter.sentences()),
        sections=[(table, "", table.note) for table in quarterly.tables(quarter)],
        small_print=[],
        colours={},
    )
