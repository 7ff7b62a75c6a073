"""A person's hand on a campaign: pause, resume, cancel; look at its letters; settle an uncertain one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from winback.errors import ConfigError, Problem
from winback.model import UNFINISHED, DeliveryStatus, RunStatus
from winback.speech import N_, called, said
from winback.store import approvals, audit, codes, database, deliveries, delivery_stories, runs
from winback.store.runs import Run
from winback.strictyaml import nearest

_VERBS = {
    "pause": ({RunStatus.ACTIVE}, RunStatus.PAUSED, audit.Deed.PAUSED, "is paused: nothing leaves until `winback resume`"),
    "resume": ({RunStatus.PAUSED}, RunStatus.ACTIVE, audit.Deed.RESUMED, "goes on with the next `winback run`"),
    "cancel": (UNFINISHED, RunStatus.CANCELLED, audit.Deed.CANCELLED, "is cancelled: nothing of it leaves any more"),
}

_CANT = N_("run %(run)s of `%(campaign)s` is %(status)s; it can't %(verb)s.")


def steer(engine: Engine, campaign: str, verb: str, *, now: datetime, by: str = "", took_nobody_in: bool = False) -> str:
    """Pause, resume or cancel the campaign's newest run, and an older one that goes on beside it; returns a sentence.

    `took_nobody_in`: a person vouches that it took nobody in between the backup and its being restored.
    Raises ConfigError when the newest isn't in a state for that.
    """
    allowed, status, deed, sentence = _VERBS[verb]
    with database.writing(engine) as connection:
        run = runs.latest(connection, campaign)
        if run is None:
            raise ConfigError(Problem("", None, f"the campaign `{campaign}` has no run.", "Look at its name, or start it with `winback run`."))
        if took_nobody_in:
            _vouch(connection, run, by=by, now=now)
            if run.status is RunStatus.WAITING:
                return f"{campaign}, run {run.number}, takes people in again once it is approved: winback approve {campaign}"
        elif verb == "resume" and (problem := not_vouched_for(connection, campaign)):
            raise ConfigError(problem)
        if verb == "resume" and (problem := _not_approved(connection, run)):
            raise ConfigError(problem)
        if run.status not in allowed:
            raise ConfigError(
                Problem(
                    "",
                    None,
                    said(_CANT, run=run.number, campaign=campaign, status=called(run.status, "run"), verb=called(verb, "verb")),
                    "Look at `winback deliveries`.",
                )
            )
        for each in [*(other for other in runs.unfinished_of(connection, campaign) if other.id != run.id and other.status in allowed), run]:
            runs.change_status(connection, each.id, status, now)
            if status is RunStatus.CANCELLED:
                codes.release_those_of_ended(connection, campaign, each.id)
        audit.record(connection, who=by, deed=deed, about=f"campaign {campaign}", detail={"run": run.number}, now=now)
    return f"{campaign}, run {run.number}, {sentence}."


def not_vouched_for(connection: Connection, campaign: str) -> Problem | None:
    """A restored run that took people in would take in anew, and write to, whom it took in since the backup."""
    run = next((each for each in runs.unfinished_of(connection, campaign) if each.restored_at is not None), None)
    if run is None:
        return None
    what = said(
        N_(
            "run %(run)s of `%(campaign)s` took people in when the backup was made that was restored on %(day)s: "
            "it would write again to everybody whom it took in since."
        ),
        run=run.number,
        campaign=campaign,
        day=f"{run.restored_at:%Y-%m-%d}",
    )
    how = N_("End it (winback cancel %(campaign)s); only if it took in nobody since: winback resume %(campaign)s --took-nobody-in")
    return Problem("", None, what, said(how, campaign=campaign))


def _vouch(connection: Connection, run: Run, *, by: str, now: datetime) -> None:
    runs.vouch(connection, run.campaign)
    detail = {"run": run.number, "took_nobody_in_since_the_backup": True}
    audit.record(connection, who=by, deed=audit.Deed.VOUCHED, about=f"campaign {run.campaign}", detail=detail, now=now)


def _not_approved(connection: Connection, run: Run) -> Problem | None:
    """A run that waits for approval, or whose approval was taken back while it was paused, isn't set going by `resume`."""
    known = approvals.get(connection, run.campaign, run.fingerprint)
    withdrawn = run.status is RunStatus.PAUSED and known is not None and known.withdrawn_at is not None
    if run.status is not RunStatus.WAITING and not withdrawn:
        return None
    what = said(N_("run %(run)s of `%(campaign)s` waits for approval."), run=run.number, campaign=run.campaign)
    return Problem("", None, what, f"Look at it and say yes: winback approve {run.campaign}")


def letters(
    engine: Engine, campaign: str, *, status: str | None, customer: str | None, limit: int, number: int | None = None
) -> list[dict[str, Any]]:
    """Letters of a campaign's newest run, or of the one of that number, oldest first. Raises ConfigError for a status that doesn't exist."""
    if status is not None and status not in list(DeliveryStatus):
        raise ConfigError(Problem("", None, f"there is no status `{status}`.", nearest(status, list(DeliveryStatus), "Statuses")))
    with database.reading(engine) as connection:
        if runs.latest(connection, campaign) is None:
            names = runs.campaigns(connection)
            raise ConfigError(Problem("", None, f"the campaign `{campaign}` has no run.", nearest(campaign, names, "Campaigns that ran")))
        rows = connection.execute(deliveries.ledger(campaign, status=status, customer=customer, number=number).limit(limit)).mappings()
        return [{name: _plain(row[name]) for name in _SHOWN} for row in rows]


_SHOWN = (
    "id",
    "customer",
    "stage",
    "tactic",
    "channel",
    "letter",
    "locale",
    "status",
    "reason",
    "detail",
    "due_at",
    "sent_at",
    "attempts",
    "message_id",
    "remote_id",
)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def resolve(engine: Engine, delivery_id: int, answer: str, *, now: datetime, by: str = "") -> str:
    """Settle an uncertain letter; returns a sentence. Raises ConfigError when it isn't uncertain or the answer is no answer."""
    _refuse_other_than(answer)
    with database.writing(engine) as connection:
        before = deliveries.resolve(connection, delivery_id, was_sent=answer == "sent", now=now)
        if before == DeliveryStatus.UNCERTAIN:
            audit.record(connection, who=by, deed=audit.Deed.RESOLVED, about=f"delivery {delivery_id}", detail={"answer": answer}, now=now)
    if before != DeliveryStatus.UNCERTAIN:
        found = f"is {before}" if before else "doesn't exist"
        raise ConfigError(
            Problem(
                "",
                None,
                f"delivery {delivery_id} {found}; only an uncertain one can be resolved.",
                "See `winback deliveries CAMPAIGN --status uncertain`.",
            )
        )
    return f"Delivery {delivery_id} is kept as {'sent' if answer == 'sent' else 'not sent; it is not repeated, the next stage follows in its time'}."


def resolve_several(engine: Engine, ids: Collection[int], answer: str, *, now: datetime, by: str = "") -> tuple[int, int]:
    """Settle several uncertain letters with one answer; returns how many, and how many of them somebody had settled meanwhile.

    Raises ConfigError when the answer is no answer.
    """
    _refuse_other_than(answer)
    with database.reading(engine) as connection:
        still = delivery_stories.uncertain(connection, ids)
    done = 0
    for number in still:
        try:
            resolve(engine, number, answer, now=now, by=by)
        except ConfigError:
            continue  # a bounce, an open or somebody else was quicker
        done += 1
    return done, len(set(ids)) - done


def _refuse_other_than(answer: str) -> None:
    if answer not in {"sent", "not-sent"}:
        raise ConfigError(Problem("", None, f"`{answer}` is no answer.", "Write sent or not-sent."))
