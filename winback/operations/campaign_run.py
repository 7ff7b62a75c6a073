"""A campaign's run: which one goes on, whether a new one may begin, which are under way, which are over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from winback import clock
from winback.errors import ConfigError
from winback.journey.fingerprint import Fingerprint
from winback.model import UNFINISHED, Money, RunStatus
from winback.operations import enrolment, knowing, recurring
from winback.operations.rationing import Rations
from winback.sending import offering
from winback.sending.prepared import Prepared
from winback.store import audit, cohorts, database, runs
from winback.store.as_of import AsOf
from winback.store.runs import Run


def current(
    engine: Engine,
    prepared: Prepared,
    *,
    now: datetime,
    again: bool = False,
    made_of: Fingerprint | None = None,
    is_cleared: Callable[[Connection], bool] = lambda _: True,
    expected: Mapping[str, Any] | None = None,
) -> Run:
    """The campaign's newest unfinished run, or a new one: the first, or the next when `again` is asked for or a daily one's season is over.

    `made_of` and `expected` (what the plan says) are kept with a new one, and `is_cleared` asked in the same transaction whether it may begin. Raises ConfigError when it may
    not, the last run is over and no new one was asked for, the campaign is over by its dates, or its file has other arms or stages than
    the run began with.
    """
    knowing.prepare_campaign(prepared, engine, now=now)
    with database.writing(engine) as connection:
        run = runs.latest(connection, prepared.name)
        if run is not None and run.status in UNFINISHED:
            _refuse_another_structure(prepared, run)
            if goes_on(prepared, run, now):
                runs.follow_priority(connection, run.id, prepared.campaign.priority)
                return run
            runs.record_enrolled(connection, run.id, now)
            again = True
        _refuse_to_begin(connection, prepared, run, now=now, again=again)
        if not is_cleared(connection):
            raise ConfigError(prepared.document.problem((), "its approval was withdrawn a moment ago.", f"See: winback campaign {prepared.name}"))
        number = 1 if run is None else run.number + 1
        plan = {
            **prepared.campaign.model_dump(mode="json"),
            "shares": prepared.campaign.shares(),
            "order_of_stages": _order_of_stages(prepared),
            "window_seconds": prepared.campaign.window(prepared.project).total_seconds(),
            "expected": expected and dict(expected),
            "cap_minor": _cap_minor(prepared),
        }
        begun = runs.start(connection, prepared.name, number=number, salt=salt_of(prepared, number), plan=plan, now=now, **_kept(made_of))
        detail = {"run": number, "files": begun.fingerprint[:16]}
        audit.record(connection, who=prepared.project.user, deed=audit.Deed.STARTED, about=f"campaign {prepared.name}", detail=detail, now=now)
        return begun


def goes_on(prepared: Prepared, run: Run, now: datetime) -> bool:
    """Whether a campaign's newest run is the one to go on with; otherwise another one begins, by itself where a daily one's season is over."""
    return run.status in UNFINISHED and not (run.status is RunStatus.ACTIVE and recurring.is_next_due(prepared, run, now))


def _cap_minor(prepared: Prepared) -> int | None:
    """Up to what one customer's revenue counts in the check: declared before anything is seen."""
    settings = prepared.project.settings
    return None if settings.revenue_cap is None else Money(settings.revenue_cap, settings.currency).minor


def _kept(made_of: Fingerprint | None) -> dict[str, Any]:
    return {} if made_of is None else {"fingerprint": made_of.digest, "made_of": made_of.as_json()}


def refuse_to_begin(engine: Engine, prepared: Prepared, *, now: datetime, again: bool) -> None:
    """Raises ConfigError when a new run can't begin now, before anybody is asked about it. One that somebody began a moment ago goes on."""
    knowing.prepare_campaign(prepared, engine, now=now)
    with database.reading(engine) as connection:
        run = runs.latest(connection, prepared.name)
        if run is None or not goes_on(prepared, run, now):
            _refuse_to_begin(connection, prepared, run, now=now, again=again)


def size(engine: Engine, prepared: Prepared, *, now: datetime) -> int:
    """How many are in the campaign's cohort now, whether they may be written to or not."""
    with database.reading(engine) as connection:
        facts = AsOf.of(prepared.project, now)
        return cohorts.count(connection, knowing.ground(connection, prepared.project, prepared.selection, facts))


def _refuse_to_begin(connection: Connection, prepared: Prepared, run: Run | None, *, now: datetime, again: bool) -> None:
    if run is not None and not again:
        raise ConfigError(
            prepared.document.problem((), f"run {run.number} of `{prepared.name}` is {run.status}.", "Add --again to write to its cohort anew.")
        )
    today = clock.local_day(now, prepared.project.zone)
    if today > prepared.campaign.ends_on:
        raise ConfigError(prepared.document.problem(("ends_on",), f"the campaign ended on {prepared.campaign.ends_on}.", "Write later dates."))
    if today < prepared.campaign.starts_on:  # everybody counts from their assignment on, which must be the day of the first letters
        message = f"the campaign begins on {prepared.campaign.starts_on}."
        raise ConfigError(prepared.document.problem(("starts_on",), message, "Run it then, or write an earlier day."))
    facts = AsOf.of(prepared.project, now)
    goes_on = prepared.campaign.is_daily and run is not None  # those to come fill it
    if not goes_on and cohorts.is_empty(connection, knowing.ground(connection, prepared.project, prepared.selection, facts)):
        message = f"nobody is in the cohort `{prepared.campaign.cohort}` now."
        how = f"Import first, or see: winback cohort show {prepared.campaign.cohort}"
        raise ConfigError(prepared.document.problem(("cohort",), message, how))
    _refuse_missing_codes(connection, prepared, salt_of(prepared, 1 if run is None else run.number + 1), now)


def _refuse_missing_codes(connection: Connection, prepared: Prepared, salt: str, now: datetime) -> None:
    """Where a file holds fewer codes than customers would get one of, and the campaign doesn't say to stop there."""
    offering.check_pools(connection, prepared)
    if not any(prepared.campaign.offers[name].when_codes_run_out == "refuse" for name in prepared.pools):
        return
    rations = Rations(prepared, salt)
    for batch in enrolment.decisions(connection, prepared, run_id=None, salt=salt, as_of=now, now=now):
        rations.deal(connection, batch, now=now)
    short = [pool for pool in rations.pools(connection, now) if pool.missing]
    if short:
        how = "Add codes to the file, or write `when_codes_run_out: stop`."
        raise ConfigError(prepared.document.problem(("offers", pool.offer, "codes"), pool.sentence, how) for pool in short)


def _refuse_another_structure(prepared: Prepared, run: Run) -> None:
    """Texts, hours and waits may change while a run lasts; who is in which arm, which stage comes after which, and who comes in, may not."""
    plan = prepared.campaign
    arms = [[f"{name} {share:g}" for name, share in shares.items()] for shares in (run.shares, plan.shares())]  # their order counts too
    kept = {"stages": (run.stages, _order_of_stages(prepared)), "tactics": arms, "enrol": ([run.enrol], [plan.enrol])}
    for key, (began_with, now) in kept.items():
        if list(began_with) != now:
            message = f"run {run.number} began with the {key} {', '.join(began_with)}; the file now has {', '.join(now)}."
            how = f"Put them back, or end the run first: winback cancel {prepared.name}"
            raise ConfigError(prepared.document.problem((key,), message, how))


def _order_of_stages(prepared: Prepared) -> list[str]:
    return [stage.name for stage in prepared.campaign.stages]


def under_way(engine: Engine, prepared: Prepared) -> list[Run]:
    """The campaign's runs that may send, the oldest first: the journeys of one that takes nobody in any more go on beside the next.

    Raises ConfigError where its file has other arms or stages than one of them began with.
    """
    with database.reading(engine) as connection:
        found = [run for run in runs.unfinished_of(connection, prepared.name) if run.status is RunStatus.ACTIVE]
    for run in found:
        _refuse_another_structure(prepared, run)
    return found


def is_over(engine: Engine, campaign: str) -> bool:
    """The campaign's newest run is finished or cancelled; a schedule has nothing more to do with it."""
    with database.reading(engine) as connection:
        run = runs.latest(connection, campaign)
    return run is not None and run.status in {RunStatus.FINISHED, RunStatus.CANCELLED}


def salt_of(prepared: Prepared, number: int) -> str:
    """The salt of a run's assignment: the campaign's own, else its name with the run's number."""
    return prepared.campaign.salt or f"{prepared.name}-{number}"
