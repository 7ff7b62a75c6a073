"""Why: each condition of a cohort with the value found, and each decision of a campaign with the facts it was made on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import isnan
from typing import Any

from sqlalchemy import Engine

from winback import clock
from winback.audience import cohort, rhythm
from winback.audience.cohort import Cohort
from winback.errors import ConfigError, Problem
from winback.journey import assignment
from winback.model import RecipientStatus
from winback.sending.prepared import Prepared
from winback.settings import Project
from winback.store import candidates, cohorts, database, histories, persons, purchases, runs
from winback.store.cohorts import AsOf
from winback.strictyaml import Document


@dataclass(frozen=True, slots=True)
class Step:
    """One decision: what was asked, what was found, and how it came out (None: nothing to decide)."""

    question: str
    found: str
    holds: bool | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole answer for one customer."""

    customer: str
    about: str
    verdict: str
    steps: tuple[Step, ...]

    def as_json(self) -> dict[str, Any]:
        steps = [{"question": step.question, "found": step.found, "holds": step.holds} for step in self.steps]
        return {"customer": self.customer, "about": self.about, "verdict": self.verdict, "steps": steps}


def customer_id(engine: Engine, key: str) -> int:
    """The customer's id. Raises ConfigError when the shop never had one."""
    with database.reading(engine) as connection:
        found = runs.customer_id(connection, key)
    if found is None:
        raise ConfigError(Problem("", None, f"there is no customer `{key}`.", "Give the shop's own id, as `winback cohort members` prints it."))
    return found


def by_cohort(project: Project, engine: Engine, name: str, key: str, *, now: datetime) -> Explanation:
    """Each rule of a cohort for one customer, with the value found."""
    document = cohort.read(project, name)
    who = customer_id(engine, key)
    excluded = cohort.excluded(project, document)
    steps = _rules(project, engine, document, who, now)
    if document.value.exclude.lists:
        with database.reading(engine) as connection:
            listed = not excluded.isdisjoint(persons.keys(connection, who))
        steps.append(Step("not on an exclude list", "listed" if listed else "not listed", not listed))
    inside = all(step.holds for step in steps)
    steps += _rhythm(project, engine, who, now)
    told = (*_merged(engine, key), *steps)
    return Explanation(key, f"cohort {name}", "in the cohort" if inside else "not in the cohort", told)


def _merged(engine: Engine, key: str) -> list[Step]:
    """Of a record that was merged into another one, that the other one is spoken of."""
    with database.reading(engine) as connection:
        record = persons.find(connection, key)
    return [] if record is None or record.stays is None else [Step("merged", f"into {record.stays}, who is spoken of here")]


def _rules(project: Project, engine: Engine, document: Document[Cohort], who: int, now: datetime) -> list[Step]:
    settings = project.settings
    as_of = AsOf(now, settings.time_zone, settings.currency)
    with database.reading(engine) as connection:
        holding = cohorts.holds(connection, document.value, as_of, who)
        candidate = candidates.find(connection, [who], as_of, run_id=None)[who]
        average = cohorts.average_order(connection, who, as_of)
    last = candidate.last_order_at
    today = clock.local_day(now, project.zone)
    values = {
        "days_since_last_order": "never ordered"
        if last is None
        else f"{(today - clock.local_day(last, project.zone)).days} days, on {clock.local_day(last, project.zone)}",
        "orders": str(candidate.orders),
        "average_order": "no order" if average is None else f"{average.amount:f} {average.currency}",
        "country": candidate.person.country or "unknown",
        "locale": candidate.person.locale or "unknown",
        "reachable_by": ", ".join(str(channel) for channel in candidate.reach) or "no address",
        "not_bought_since": "never ordered" if last is None else str(clock.local_day(last, project.zone)),
    }
    return [Step(cohort.describe(rule), values.get(rule.said[0], ""), holds) for rule, holds in zip(document.value.rules, holding, strict=True)]


def _rhythm(project: Project, engine: Engine, who: int, now: datetime) -> list[Step]:
    """The customer's own rhythm, for people to look at: no rule asks for it."""
    with database.reading(engine) as connection:
        days = purchases.days(connection, AsOf(now, project.settings.time_zone, project.settings.currency), ids=[who])
    found = rhythm.rhythms(days, clock.local_day(now, project.zone).toordinal())
    if not found.customers.size:
        return []
    median, silent = found.median[0], int(found.silent[0])
    usual = f"on fewer than {rhythm.FEWEST_DAYS} days so far: no rhythm yet" if isnan(median) else f"every {_days(round(median))}"
    return [Step("own rhythm: usually buys", usual), Step("own rhythm: silent for", _days(silent))]


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def by_campaign(prepared: Prepared, engine: Engine, key: str, *, now: datetime) -> Explanation:
    """Every decision of the campaign's newest run on one customer: cohort, eligibility, assignment, stages, what came back."""
    who = customer_id(engine, key)
    about = f"campaign {prepared.name}"
    with database.reading(engine) as connection:
        run = runs.latest(connection, prepared.name)
        if run is None:
            return Explanation(key, about, "the campaign has not run yet; see --cohort", ())
        recipient = runs.get_recipients(connection, run.id, [who]).get(who)
        history = histories.of_recipient(connection, run.id, who, now)
        own_key = persons.own_key(connection, who)
    steps = _merged(engine, key) + _rules(prepared.project, engine, prepared.cohort, who, run.started_at)
    if recipient is None:
        return Explanation(key, about, f"not in the cohort when run {run.number} began on {run.started_at:%Y-%m-%d}", tuple(steps))
    steps += [Step(f"fact: {name}", str(value)) for name, value in recipient.facts.items() if name != "channels" and value not in {"", None}]
    steps += [Step(f"fact: {channel}", _told(reach)) for channel, reach in recipient.facts.get("channels", {}).items()]
    if recipient.status == RecipientStatus.SKIPPED:
        return Explanation(key, about, f"skipped: {recipient.reason}", (*steps, Step("may be written to", recipient.reason, holds=False)))
    steps.append(Step("may be written to", f"in {recipient.locale}, zone {recipient.time_zone}", holds=True))
    drawn_by = recipient.facts.get("assigned_as", own_key)  # of a record merged into theirs
    steps.append(Step("assigned to", f"{recipient.arm}: sha256 of {run.salt}:{drawn_by} is at {assignment.bucket(run.salt, drawn_by):.12f} of 1"))
    steps += [Step(f"{moment:%Y-%m-%d %H:%M} UTC", sentence) for moment, sentence in history]
    verdict = f"{recipient.status}: {recipient.reason}" if recipient.reason else str(recipient.status)
    return Explanation(key, about, f"{recipient.arm}, {verdict}", tuple(steps))


def _told(reach: dict[str, Any]) -> str:
    if not reach["address"]:
        return "no address"
    consent = "no consent"
    if reach["consent"]:
        proof = f"on {reach['consent_on']} at {reach['consent_source']}" if reach["consent_on"] and reach["consent_source"] else "without proof"
        consent = f"consent given {proof}"
    return "; ".join(
        part
        for part in (consent, reach["blocked"] and f"blocked: {reach['blocked']}", reach["suppressed"] and f"suppressed: {reach['suppressed']}")
        if part
    )
