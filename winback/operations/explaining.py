"""Why: each condition of a cohort with the value found, and each decision of a campaign with the facts it was made on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isnan
from typing import Any

from sqlalchemy import Engine, Row

from winback import clock
from winback.audience import cohort, conditions, rhythm, signs
from winback.audience.cohort import Cohort, Selection
from winback.errors import ConfigError, Problem
from winback.journey import ends, promises, zones
from winback.model import HOLDOUT, RecipientStatus
from winback.operations import code_lives, contacting, findings, greeting_told, knowing, lots, overseeing, reach_told, selecting, stage_conditions
from winback.operations.stage_conditions import Standing
from winback.sending.prepared import Prepared
from winback.settings import Project
from winback.speech import N_, called, joined, numbered, said, worded
from winback.store import candidates, code_figures, cohorts, database, enrolling, histories, persons, purchases, runs, stage_changes, waves
from winback.store.as_of import AsOf
from winback.store.runs import Run
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


def by_cohort(
    project: Project,
    engine: Engine,
    name: str,
    key: str,
    *,
    now: datetime,
    present: datetime | None = None,
    document: Document[Cohort] | None = None,
) -> Explanation:
    """Each rule of a cohort for one customer, with the value found, the signs they show, their own rhythm, and their stage.

    `document`: what its file would say, where that isn't saved yet.
    """
    document = document or cohort.read(project, name)
    who = customer_id(engine, key)
    selection = cohort.selection(project, document)
    knowing.prepare(project, engine, document.value, now=now, present=present)
    steps, inside = _conditions(project, engine, selection, who, now)
    if document.value.limit is not None and inside:
        inside = key in selecting.members(project, engine, name, now=now, present=present, document=document)
        steps.append(Step(selecting.words(selection)[-1], said(N_("among them")) if inside else said(N_("not among them")), inside))
    steps += _signs(project, engine, selection, who, now)
    steps += _rhythm(project, engine, who, now)
    steps += _stage(project, engine, who, now)
    told = (*_merged(engine, key), *steps)
    return Explanation(key, f"cohort {name}", said(N_("in the cohort")) if inside else said(N_("not in the cohort")), told)


def _merged(engine: Engine, key: str) -> list[Step]:
    """Of a record that was merged into another one, that the other one is spoken of."""
    with database.reading(engine) as connection:
        record = persons.find(connection, key)
    return (
        []
        if record is None or record.stays is None
        else [Step(said(N_("merged")), said(N_("into %(key)s, who is spoken of here"), key=record.stays))]
    )


def _conditions(project: Project, engine: Engine, selection: Selection, who: int, now: datetime) -> tuple[list[Step], bool]:
    """Every condition with the value found, those nested in it below; and whether all hold."""
    with database.reading(engine) as connection:
        stand = knowing.ground(connection, project, selection, AsOf.of(project, now), whose=[who])
        found = cohorts.found(connection, stand, who)
        stays = cohorts.stays(connection, stand, who)
        reach = candidates.find(connection, [who], stand.as_of, run_id=None)[who].reach
    told = findings.Findings(project, stand.today, tuple(reach))
    steps = [Step(_nested(each.depth, conditions.describe(each.rule, selection)), told.of(each), each.holds) for each in found]
    excludes = dict(conditions.describe_excludes(selection.cohort.exclude))
    steps += [Step(excludes[word], "" if holds else said(N_("left out")), holds) for word, holds in stays.items()]
    return steps, all(each.holds for each in found if not each.depth) and all(stays.values())


def _signs(project: Project, engine: Engine, selection: Selection, who: int, now: datetime) -> list[Step]:
    """The signs of being lost that the customer shows, what shows them, and which letters help."""
    with database.reading(engine) as connection:
        shown = knowing.signs_of(connection, selection, AsOf.of(project, now), [who]).get(who, {})
    return [
        Step(
            said(N_("sign: %(sign)s (%(what)s)"), sign=called(str(sign), "sign"), what=signs.describe(sign, selection.signs)),
            said(N_("%(sign)s; try %(letters)s"), sign=_evidence(found), letters=", ".join(selection.signs.methods(sign))),
        )
        for sign, found in shown.items()
    ]


def _evidence(found: Mapping[str, object]) -> str:
    return joined(said("%(name)s %(value)s", name=worded(name, "evidence"), value=value) for name, value in found.items())


def _nested(depth: int, condition: str) -> str:
    return said(f"{'  ' * depth}%(condition)s", condition=condition) if depth else condition


def _rhythm(project: Project, engine: Engine, who: int, now: datetime) -> list[Step]:
    """The customer's own rhythm, for people to look at: no rule asks for it."""
    with database.reading(engine) as connection:
        days = purchases.days(connection, AsOf.of(project, now), ids=[who])
    found = rhythm.rhythms(days, clock.local_day(now, project.zone).toordinal())
    if not found.customers.size:
        return []
    median, silent = found.median[0], int(found.silent[0])
    if isnan(median):
        usual = said(N_("on fewer than %(days)s days so far: no rhythm yet"), days=rhythm.FEWEST_DAYS)
    else:
        usual = numbered("every %(num)s day", "every %(num)s days", round(median))
    silence = numbered("%(num)s day", "%(num)s days", silent)
    return [Step(said(N_("own rhythm: usually buys")), usual), Step(said(N_("own rhythm: silent for")), silence)]


def _stage(project: Project, engine: Engine, who: int, now: datetime) -> list[Step]:
    """The stage that was noted last by that day, and since when; nothing while stages were never noted."""
    with database.reading(engine) as connection:
        noted = stage_changes.of(connection, who, clock.local_day(now, project.zone))
    return [Step(said(N_("stage")), noted[-1].told)] if noted else []


def by_campaign(prepared: Prepared, engine: Engine, key: str, *, now: datetime) -> Explanation:
    """Every decision of the campaign's newest run on one customer: cohort, eligibility, assignment, stages, what came back."""
    who = customer_id(engine, key)
    about = f"campaign {prepared.name}"
    with database.reading(engine) as connection:
        run = runs.of_customer(connection, prepared.name, who) or runs.latest(connection, prepared.name)
        if run is None:
            return Explanation(key, about, said(N_("the campaign has not run yet; see --cohort")), ())
        place = enrolling.place(connection, run.id, who)
        recipient = runs.get_recipients(connection, run.id, [who]).get(who)
        history = histories.of_recipient(connection, run.id, who, now)
        own_key = persons.own_key(connection, who)
        changed = overseeing.history(connection, run)
        country = candidates.countries(connection, [who])[who]
        policy = [Step(*told) for told in contacting.rules_told(prepared.policy, country)]
        policy += [Step(*told) for told in contacting.wishes_told(connection, who)]
        turn = [Step(*told) for told in contacting.contacts_told(connection, prepared, recipient, country, now)] if recipient else []
        drawn = waves.of(connection, run.id)
        code = code_figures.of_customer(connection, run.id, who, run.campaign, now=now)
    decided_at = recipient.assigned_at if recipient is not None else now if prepared.campaign.is_daily else run.started_at
    steps, inside = _conditions(prepared.project, engine, prepared.selection, who, decided_at)
    steps += [] if place is None else [Step(said(N_("lapsed before the run began")), said(N_("place %(place)s in its back-fill"), place=place))]
    steps = _merged(engine, key) + steps
    if recipient is None and place is not None and inside:
        verdict = said(N_("waits in the back-fill of run %(run)s, place %(place)s"), run=run.number, place=place)
        return Explanation(key, about, verdict, tuple(steps))
    if recipient is None and prepared.campaign.is_daily:
        sentence = (
            N_("run %(run)s has not decided on them: in the cohort now")
            if inside
            else N_("run %(run)s has not decided on them: not in the cohort now")
        )
        return Explanation(key, about, said(sentence, run=run.number), tuple(steps))
    if recipient is None:
        verdict = said(N_("not in the cohort when run %(run)s began on %(day)s"), run=run.number, day=f"{run.started_at:%Y-%m-%d}")
        return Explanation(key, about, verdict, tuple(steps))
    apart = {"channels", "signs", "zone_known_by", "send_hour", promises.FACT}
    steps += [
        Step(said(N_("fact: %(name)s"), name=called(name, "fact")), _value(value))
        for name, value in recipient.facts.items()
        if name not in apart and value not in {"", None}
    ]
    steps += [
        Step(said(N_("sign: %(sign)s"), sign=called(sign, "sign")), _evidence(found)) for sign, found in recipient.facts.get("signs", {}).items()
    ]
    steps += policy
    steps += [Step(*told) for told in lots.left_to_others(prepared, own_key, decided_at)]
    steps += [
        Step(said(N_("fact: %(name)s"), name=called(channel, "channel")), reach_told.of(reach))
        for channel, reach in recipient.facts.get("channels", {}).items()
    ]
    if recipient.status == RecipientStatus.SKIPPED:
        why = called(recipient.reason, "reason")
        not_to = Step(said(N_("may be written to")), why, holds=False)
        return Explanation(key, about, said(N_("skipped: %(reason)s"), reason=why), (*steps, not_to))
    steps.append(Step(said(N_("may be written to")), said(N_("in %(language)s"), language=recipient.locale), holds=True))
    steps += _clock(recipient)
    drawn_by = recipient.facts.get("assigned_as", own_key)  # of a record merged into theirs
    steps.append(Step(said(N_("assigned to")), lots.told(run, recipient, drawn_by, drawn)))
    steps += [Step(asked, found) for asked, found in code_lives.promised(recipient.facts, prepared.currency)]
    steps += [
        Step(asked, found)
        for asked, found in code_lives.life(code, zones.calendar(recipient.time_zone, prepared.policy.for_country(country)), prepared.currency)
    ]
    steps += [Step(f"{moment:%Y-%m-%d %H:%M} UTC", sentence) for moment, sentence in sorted([*history, *changed])]
    steps.append(Step(said(N_("stands at")), called(str(ends.of(recipient.status, recipient.reason)), "end")))
    steps += [
        Step(said(N_("stage %(name)s, %(asks)s"), name=each.stage, asks=each.asks), each.found, each.holds)
        for each in _stage_conditions(prepared, engine, run, who, now)
    ]
    steps += [Step(*told) for told in greeting_told.of(prepared, engine, run, recipient, now)]
    steps += turn
    stands = called(str(recipient.status), "journey")
    if recipient.reason:
        stands = said("%(status)s: %(reason)s", status=stands, reason=called(recipient.reason, "reason"))
    return Explanation(key, about, said("%(arm)s, %(stands)s", arm=_arm(recipient.arm), stands=stands), tuple(steps))


def _value(found: Any) -> str:
    """Text of a shop's stands as it is."""
    return called(str(found), "answer") if isinstance(found, bool) or found == "known" else str(found)


def _arm(name: str) -> str:
    return called(name, "arm") if name == HOLDOUT else name


def _clock(recipient: Row[Any]) -> list[Step]:
    """The zone with how it is known, and the hour of day that was learnt, with what from."""
    found = [Step(said(N_("zone")), zones.told(recipient.time_zone, recipient.facts.get("zone_known_by", "")))]
    if learnt := recipient.facts.get("send_hour"):
        told = numbered(
            "%(hour)s, learnt from %(reactions)s of the %(num)s day on which they reacted",
            "%(hour)s, learnt from %(reactions)s of the %(num)s days on which they reacted",
            learnt["days"],
            hour=f"{learnt['hour']:02}:00",
            reactions=learnt["reactions"],
        )
        found.append(Step(said(N_("usual hour")), told))
    return found


def _stage_conditions(prepared: Prepared, engine: Engine, run: Run, who: int, now: datetime) -> list[Standing]:
    """The conditions of the stages, as they stand now; what they were when a stage was skipped stands with its delivery."""
    if not prepared.asked:
        return []
    knowing.prepare_campaign(prepared, engine, now=now)
    with database.reading(engine) as connection:
        return stage_conditions.of_customer(connection, prepared, run.id, who, AsOf.of(prepared.project, now))
