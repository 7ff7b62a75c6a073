"""winback reason: record why a customer left, count the reasons, show those of one customer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine

from winback import clock
from winback.audience import reasons
from winback.audience.reasons import Reason
from winback.errors import ConfigError, Problem
from winback.model import ReasonSource
from winback.settings import Project
from winback.speech import N_, said
from winback.store import audit, database, leaving_reasons

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Counted:
    """How many customers left for a reason, each by the latest that is known of them."""

    reason: str
    title: str  # empty for one that config/reasons.yaml doesn't have any more
    customers: int
    staff: int  # of them: as the staff said
    survey: int  # of them: as they said themselves


@dataclass(frozen=True, slots=True)
class Shown:
    """A recorded reason with what helps against it."""

    reason: str
    title: str
    method: str
    recorded_on: date  # in the shop's calendar
    source: str
    recorded_by: str
    note: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"recorded_on": self.recorded_on.isoformat()}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a statement."""

    customer: str
    reason: str
    title: str
    method: str
    is_new: bool  # it changed something: new, or with another name or note

    def __str__(self) -> str:
        told = "Recorded" if self.is_new else "Recorded already"
        return f"{told}: {self.customer} left because of `{self.reason}` ({self.title})." + (f" What helps: {self.method}" if self.method else "")


def record(
    project: Project,
    engine: Engine,
    customer: str,
    reason: str,
    *,
    now: datetime,
    day: date | None = None,
    by: str = "",
    note: str = "",
    account: str = "",
) -> Recorded:
    """Record what a member of staff (`by`) knows, as of `day` or now; as text it is a sentence. Raises ConfigError.

    `account` is who writes it down, for the audit: the account of the machine if it isn't said.

    The same reason of the same customer on the same day is one: said again, it only adds the name and the note.
    """
    word, meant = known_word(project, reason)
    today = clock.local_day(now, project.zone)
    if day is not None and day > today:
        raise ConfigError(Problem("", None, f"{day.isoformat()} lies in the future.", "Write the day on which you learned it, or leave --on out."))
    if len(by) > _LONGEST_NAME:
        raise ConfigError(Problem("", None, f"the name after --by is longer than {_LONGEST_NAME} characters.", "Write the manager's key."))
    recorded_on = day or today
    with database.writing(engine) as connection:
        who = leaving_reasons.whose(connection, customer)
        if who is None:
            raise _nobody(customer)
        is_new = leaving_reasons.record(
            connection,
            who,
            word,
            ReasonSource.STAFF,
            key=reasons.key(ReasonSource.STAFF, customer, recorded_on, word),
            recorded_at=now if recorded_on == today else clock.start_of_day(recorded_on, project.zone),
            recorded_by=by,
            note=note,
        )
        if is_new:
            detail = {"reason": word, "by": by}
            audit.record(connection, who=account or project.user, deed=audit.Deed.TOLD_REASON, about=audit.customer(who), detail=detail, now=now)
    return Recorded(customer, word, meant.title, meant.method, is_new)


def known_word(project: Project, reason: str) -> tuple[str, Reason]:
    """The reason of config/reasons.yaml that a word or a title means. Raises ConfigError when it means none."""
    known = reasons.read(project)
    word = known.word(reason)
    if word is None:
        raise ConfigError(Problem("", None, f"there is no reason `{reason}` in config/{reasons.FILE}.", known.hint(reason)))
    return word, known.reasons[word]


def counted(project: Project, engine: Engine) -> list[Counted]:
    """Every reason of config/reasons.yaml and every other that was recorded, the most frequent first. Raises ConfigError."""
    known = reasons.read(project).reasons
    with database.reading(engine) as connection:
        found = leaving_reasons.counts(connection)
    by_source = {(reason, source): count for reason, source, count in found}
    words = [*known, *sorted({reason for reason, _, _ in found} - set(known))]
    rows = [
        Counted(word, known[word].title if word in known else "", staff + survey, staff, survey)
        for word in words
        for staff, survey in [(by_source.get((word, ReasonSource.STAFF), 0), by_source.get((word, ReasonSource.SURVEY), 0))]
    ]
    return sorted(rows, key=lambda row: -row.customers)


def of(project: Project, engine: Engine, customer: str) -> list[Shown]:
    """Everything that was recorded of one customer, the newest first. Raises ConfigError when the shop never had them."""
    known = reasons.read(project).reasons
    with database.reading(engine) as connection:
        who = leaving_reasons.whose(connection, customer)
        if who is None:
            raise _nobody(customer)
        told = leaving_reasons.of(connection, who)
    gone = Reason(title=said(N_("(no longer listed)")))
    return [
        Shown(
            each.reason,
            known.get(each.reason, gone).title,
            known.get(each.reason, gone).method,
            clock.local_day(each.recorded_at, project.zone),
            each.source.value,
            each.recorded_by,
            each.note,
        )
        for each in told
    ]


def _nobody(customer: str) -> ConfigError:
    return ConfigError(
        Problem(
            "",
            None,
            said(N_("there is no customer `%(key)s`."), key=customer),
            said(N_("Give the shop's own id, as `winback cohort members` prints it.")),
        )
    )
