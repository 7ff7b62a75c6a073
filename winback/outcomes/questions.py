"""Which customers stand behind a number of a report: each number that counts people is a question that can be asked again, for their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from winback.model import HOLDOUT
from winback.outcomes import wording
from winback.outcomes.figures import Dimension
from winback.outcomes.report import Report
from winback.outcomes.table import Tabulated


class What(StrEnum):
    """What is asked of the customers of an arm. A word means what the column of the report means."""

    ASSIGNED = "assigned"  # everybody, written to or not
    CONTACTED = "contacted"  # at least one letter left, or may have, or a person called
    REACHED = "reached"  # at least one letter was accepted by the other side
    FAILED = "failed"  # at least one letter was refused for good
    UNCERTAIN = "uncertain"  # at least one letter may or may not have left
    OPENED = "opened"  # by people
    OPENED_UNVERIFIED = "opened-unverified"  # by whom no open shows to be a person
    OPENED_MACHINE = "opened-machine"  # by machines only
    CLICKED = "clicked"
    CLICKED_UNVERIFIED = "clicked-unverified"
    CLICKED_MACHINE = "clicked-machine"
    REPLIED = "replied"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    BOUNCED = "bounced"  # a letter came back after it was accepted
    RETURNED = "returned"  # bought again in the return window
    ORDERED_AGAIN = "ordered-again"  # and once more after that
    HAD_CODE = "had-code"
    USED_CODE = "used-code"
    PLANNED = "planned"  # of one stage: its letter is still to leave
    SENT = "sent"  # of one stage
    STOPPED = "stopped"  # of one stage: no longer wanted when its turn came
    LEFT_OUT = "left-out"  # of one stage: it could not be written
    ENDED = "ended"  # with the end that is named
    MOVED_MONEY = "moved-money"  # orders or goods brought back in the return window, in the currency that is named
    SKIPPED = "skipped"  # in the cohort, not to be written to, for the reason that is named
    LEFT_FOR = "left-for"  # the shop knew the reason that is named when the run was measured; NOT_TOLD: it knew none
    BACK_AFTER = "back-after"  # the same, and they bought again in the return window


WRITTEN_TO = "*"
"""In the place of an arm: every arm but those left alone."""
NOT_TOLD = "-"
"""In the place of a reason for leaving: none is known."""
MAILBOX = "mailbox"
"""In the place of a dimension: who keeps the mailbox that the e-mails went to, by sending/domain_groups.py."""
NAMES_A_WORD = frozenset({What.ENDED, What.MOVED_MONEY, What.SKIPPED, What.LEFT_FOR, What.BACK_AFTER})
"""What can only be asked with a word."""
OF_STAGE = frozenset({What.PLANNED, What.SENT, What.STOPPED, What.LEFT_OUT})
"""What can only be asked of one stage."""
OF_MAILBOX = frozenset({What.REACHED, What.FAILED, What.BOUNCED, What.COMPLAINED})
"""What can be asked of one keeper of mailboxes."""
MAY_NAME_STAGE = OF_STAGE | {What.OPENED, What.CLICKED, What.FAILED, What.UNCERTAIN}


@dataclass(frozen=True, slots=True)
class Question:
    """Whose names are wanted. Empty: not narrowed by that."""

    what: What = What.ASSIGNED
    arm: str = ""
    stage: str = ""
    word: str = ""  # the end, the reason for skipping, or for leaving, the currency
    dimension: str = ""  # of figures.Dimension, or MAILBOX
    value: str = ""  # in it; empty: not known

    @property
    def may_be_asked(self) -> bool:
        if self.dimension == MAILBOX:
            return self.what in OF_MAILBOX and not self.stage and not self.word
        if self.dimension and self.dimension not in set(Dimension):
            return False
        if bool(self.word) != (self.what in NAMES_A_WORD):
            return False
        return self.what in MAY_NAME_STAGE if self.stage else self.what not in OF_STAGE

    def fields(self) -> dict[str, str]:
        """As an address has it: only what narrows it."""
        told = {"what": str(self.what), "arm": self.arm, "stage": self.stage, "word": self.word, "by": self.dimension, "value": self.value}
        return {name: value for name, value in told.items() if value}


_COLUMNS: Mapping[str, Mapping[str, What]] = MappingProxyType({
    "who-returned": {"assigned": What.ASSIGNED, "returned": What.RETURNED, "orders": What.RETURNED, "revenue": What.MOVED_MONEY},
    "brought": {"revenue": What.MOVED_MONEY},
    "others": {"orders": What.MOVED_MONEY, "total": What.MOVED_MONEY},
    "mailboxes": {"sent": What.REACHED, "failed": What.FAILED, "bounced": What.BOUNCED, "complained": What.COMPLAINED},
    "letters": {
        "reached": What.REACHED,
        "opened": What.OPENED,
        "opened-unverified": What.OPENED_UNVERIFIED,
        "opened-machine": What.OPENED_MACHINE,
        "clicked": What.CLICKED,
        "clicked-unverified": What.CLICKED_UNVERIFIED,
        "clicked-machine": What.CLICKED_MACHINE,
        "replied": What.REPLIED,
        "unsubscribed": What.UNSUBSCRIBED,
        "failed": What.FAILED,
        "uncertain": What.UNCERTAIN,
    },
    "funnel": {
        "sent": What.SENT,
        "opened": What.OPENED,
        "clicked": What.CLICKED,
        "planned": What.PLANNED,
        "stopped": What.STOPPED,
        "skipped": What.LEFT_OUT,
        "failed": What.FAILED,
        "uncertain": What.UNCERTAIN,
    },
    "ends": {},
    "skips": {"customers": What.SKIPPED},
    "codes": {"had-codes": What.HAD_CODE, "redeemed": What.USED_CODE},
    "guards": {},
    "locales": {"assigned": What.ASSIGNED, "returned": What.RETURNED},
})  # fmt: skip
"""By section of the report and column, of whom the column speaks: how many they are, or their orders, money and letters."""
_GUARDED: Mapping[str, What] = MappingProxyType({"unsubscribed": What.UNSUBSCRIBED, "complained": What.COMPLAINED})
"""What a limit counts, by its name (guardrails.Guarded)."""
_SEGMENTS = "segments"
"""Sections begin so that look at an arm by a dimension."""


def behind(report: Report, table: Tabulated) -> Iterator[tuple[Question | None, ...]]:
    """For each row of a table the questions behind its cells; None where a cell counts no customers that could be named."""
    section, _, dimension = table.section.partition("-")
    for row in table.rows:
        if section == _SEGMENTS:
            yield tuple(_segment(report, dimension, row, key) for key in table.keys)
        elif table.section == "reasons":
            yield _reason(report, row)
        elif table.section in _COLUMNS:
            yield tuple(_cell(report, table, row, key) for key in table.keys)
        else:
            yield tuple(None for _ in row)


def _segment(report: Report, dimension: str, row: tuple[str, ...], key: str) -> Question | None:
    if key not in {"assigned", "left-alone"}:
        return None
    found = next(one.found for one in report.proofs.responding if one.dimension == dimension and one.arm == row[1])
    values = {report.words.get(f"{dimension}-{one.value}", one.value) or report.words["unknown"]: one.value for one in found.rows}
    return Question(What.ASSIGNED, row[1] if key == "assigned" else HOLDOUT, dimension=dimension, value=values[row[0]])


def _reason(report: Report, row: tuple[str, ...]) -> tuple[Question | None, ...]:
    """Of those written to, then of those left alone: everybody, who came back, and the share of these."""
    word = next((one.reason for one in report.reasons if (one.title or report.words["not-told"]) == row[0]), "") or NOT_TOLD
    sides = ((Question(What.LEFT_FOR, arm, word=word), Question(What.BACK_AFTER, arm, word=word), None) for arm in (WRITTEN_TO, HOLDOUT))
    return (None, *(question for side in sides for question in side))


def _cell(report: Report, table: Tabulated, row: tuple[str, ...], key: str) -> Question | None:
    arms = {wording.arm(arm.name, report.words): arm.name for arm in report.arms}
    what = _COLUMNS[table.section].get(key)
    match table.section:
        case "brought":
            return Question(what, arms.get(row[0], WRITTEN_TO), word=report.currency) if what else None
        case "others":
            return Question(what, arms[row[0]], word=row[1]) if what else None
        case "mailboxes":
            names = {one.figures.provider: one.figures.provider for one in report.mailboxes} | {report.words["unknown"]: ""}
            return Question(what, dimension=MAILBOX, value=names[row[0]]) if what and row[0] in names else None
        case "guards":
            guarded = {report.words[f"guarded-{one.name}"]: one.name for _, one in report.proofs.guards}
            counted = {"count": _GUARDED[guarded[row[1]]], "written-to": What.CONTACTED}.get(key)
            return Question(counted, row[0]) if counted else None
        case "skips":
            reasons = {wording.skip(reason, report.words): reason for reason, _ in report.skips}
            return Question(What.SKIPPED, word=reasons[row[0]]) if what else None
        case "ends":
            return Question(What.ENDED, arms[row[0]], word=key.removeprefix("end-")) if key.startswith("end-") else None
        case "funnel":
            return Question(what, arms[row[1]], stage=row[0]) if what else None
        case "locales":
            languages = {report.words.get(f"language-{one.locale}", one.locale) or report.words["unknown"]: one.locale for one in report.locales}
            return Question(what, arms[row[1]], dimension=Dimension.LANGUAGE, value=languages[row[0]]) if what else None
    return Question(what, arms[row[0]], word=report.currency if what is What.MOVED_MONEY else "") if what else None
