"""How the arms of a run are drawn: by whose shares, in which strata, and what is noted of a customer when they are."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from winback import clock
from winback.audience.signs import URGENCY
from winback.journey import assignment
from winback.journey.drawing import Stratum
from winback.journey.eligibility import Candidate
from winback.model import HOLDOUT, ChannelName
from winback.outcomes import level, proofs, shares
from winback.outcomes.guardrails import Standing
from winback.sending import domain_groups
from winback.sending.prepared import Prepared
from winback.speech import N_, said
from winback.store import database, outcomes, strata, waves
from winback.store.evidence import Evidence
from winback.store.measured import Measured
from winback.store.runs import Run
from winback.store.waves import Wave

log = logging.getLogger(__name__)

OTHER = "other"
"""A mail domain that isn't one of the providers where many people have their address: it would name a company, or one person."""


@dataclass(frozen=True, slots=True)
class Lot:
    """What was drawn for one customer."""

    arm: str
    bucket: float  # the place in [0, 1) in which the arm lies
    stratum: str = ""
    place: int | None = None  # in the stratum, the first is 0
    wave: int = 0


@dataclass
class Lots:
    """Draws one customer after the other. With strata the order matters, and it is always the same: a plan and a run come to the same."""

    salt: str
    shares: Mapping[str, float]  # of every arm, the holdout among them
    strata: tuple[Stratum, ...] = ()
    wave: int = 0
    following: Counter[str] = field(default_factory=Counter)  # by stratum, the place of who comes next
    placed: dict[int, tuple[str, int]] = field(default_factory=dict)  # of a run that was broken off, those who have a place already

    @classmethod
    def of(cls, prepared: Prepared, salt: str) -> Lots:
        """Of a run that nobody is in yet."""
        return cls(salt, prepared.campaign.shares(), prepared.campaign.strata)

    @classmethod
    def going_on(cls, connection: Connection, prepared: Prepared, run_id: int, salt: str) -> Lots:
        """Of a run that goes on: with the shares of its wave, after those who are in its strata already."""
        last = max(waves.of(connection, run_id), key=lambda wave: wave.number, default=None)
        given = cls.of(prepared, salt) if last is None else cls(salt, last.shares, prepared.campaign.strata, last.number)
        if given.strata:
            given.following.update(strata.next_places(connection, run_id))
        return given

    def know(self, connection: Connection, run_id: int | None, ids: Sequence[int]) -> None:
        """Whoever of these has a place in the run keeps it."""
        if self.strata and run_id is not None:
            self.placed = strata.placed(connection, run_id, ids)

    def draw(self, candidate: Candidate, noted: Mapping[str, Any]) -> Lot:
        """The arm of somebody who may be written to. `noted`: what is kept of them."""
        holdout = self.shares.get(HOLDOUT, 0.0)
        tactics = {arm: share / (1 - holdout) for arm, share in self.shares.items() if arm != HOLDOUT and share}
        stratum, place = "", None
        key = candidate.person.key
        at = assignment.bucket(self.salt, key)
        if self.strata:
            stratum = " ".join(f"{name}={noted[_COLUMNS[name]] or '-'}" for name in self.strata)[:200]
            if candidate.customer_id in self.placed:
                stratum, place = self.placed[candidate.customer_id]
            else:
                place = self.following[stratum]
                self.following[stratum] += 1
            at = assignment.within(self.salt, key, stratum, place)
        return Lot(assignment.arm_at(at, holdout, tactics), at, stratum, place, self.wave)


_COLUMNS = {
    Stratum.VALUE_CLASS: "value_class",
    Stratum.SIGN: "sign",
    Stratum.SILENCE: "silence",
    Stratum.LANGUAGE: "locale",
    Stratum.COUNTRY: "country",
    Stratum.MANAGER: "manager",
}
"""Where each is noted."""


def noted(prepared: Prepared, candidate: Candidate, locale: str, signs: Evidence, now: datetime) -> dict[str, Any]:
    """What reports look at parts by, as it is now: columns of the recipient."""
    email = candidate.reach.get(ChannelName.EMAIL)
    group = domain_groups.group_of(email.address) if email is not None and email.address else ""
    revenue = candidate.average_order_minor * candidate.orders
    window = prepared.campaign.window(prepared.project)
    return {
        "locale": locale,
        "value_class": candidate.value_class,
        "sign": next((str(sign) for sign in URGENCY if sign in signs), ""),
        "silence": level.silence(candidate.last_order_at, now),
        "country": candidate.person.country,
        "domain": group if group in domain_groups.GROUPS or not group else OTHER,
        "manager": candidate.person.manager,
        "level_minor": level.before(revenue, candidate.orders, candidate.first_order_at, candidate.last_order_at, window),
    }


def begin_wave(engine: Engine, prepared: Prepared, run: Run, moment: datetime) -> None:
    """Begin the first or the next wave of an adaptive campaign, if it is time, from what is known of windows that have closed.

    A tactic with which too many unsubscribe or complain gets no share of it, whatever it brings back.
    """
    plan = prepared.campaign
    if plan.adaptive is None:
        return
    with database.writing(engine) as connection:
        begun = waves.of(connection, run.id)
        if not begun:
            waves.begin(connection, run.id, Wave(1, run.started_at, plan.shares(), {}))
            return
        last = begun[-1]
        if moment - last.began_at < plan.adaptive.wave:
            return
        outcomes.measure(connection, run.id, run.window, moment)
        measured = Measured(run.id, run.window, moment)
        known, harm = waves.closed(connection, measured), _harm(outcomes.responded(connection, measured))
        able = [tactic for tactic in plan.tactics if tactic not in harm]
        if not able:
            log.warning("%s, run %d: too many unsubscribe or complain with every tactic: stop it; no wave begins", run.campaign, run.number)
            return
        if any(tactic not in known for tactic in able):
            return  # of some nothing can be said yet: the wave goes on
        found = shares.thompson({tactic: known[tactic] for tactic in able}, plan.adaptive.floor)
        rest = 1 - plan.holdout
        drawn = {**{tactic: found.get(tactic, 0.0) * rest for tactic in plan.tactics}, HOLDOUT: plan.holdout}
        basis = {
            tactic: {"assigned": one.n, "returned": one.successes, **({"harmful": harm[tactic]} if tactic in harm else {})}
            for tactic, one in known.items()
        }
        begun_now = waves.begin(connection, run.id, Wave(last.number + 1, moment, drawn, basis))
    said_shares = ", ".join(f"{arm} {share:.4f}" for arm, share in begun_now.shares.items())
    log.info("%s, run %d: wave %d begins with the shares %s", run.campaign, run.number, begun_now.number, said_shares)
    for tactic in plan.tactics:
        if tactic in harm:
            log.warning(
                "%s, run %d: %s gets no share of wave %d: too many %s", run.campaign, run.number, tactic, begun_now.number, " and ".join(harm[tactic])
            )


def _harm(reached: Mapping[str, Mapping[str, int]]) -> dict[str, list[str]]:
    """By tactic that a guard-rail says to stop, what too many did."""
    stopped = {}
    for arm, counts in reached.items():
        if arm != HOLDOUT and counts["contacted"]:
            judged = proofs.guards(counts["contacted"], counts["unsubscribed"], counts["complained"])
            stopped[arm] = [guard.name for guard in judged if guard.standing is Standing.STOP]
    return {arm: names for arm, names in stopped.items() if names}


def told(run: Run, recipient: Any, key: str, found: Sequence[Wave]) -> str:
    """How a recipient's arm was drawn, in words by which anybody can redo it."""
    own = assignment.bucket(run.salt, key)
    if recipient.stratum:
        at = assignment.within(run.salt, key, recipient.stratum, recipient.place)
        block, turn = divmod(recipient.place, assignment.BLOCK)
        drawn = {"number": recipient.place, "stratum": recipient.stratum, "turn": turn, "block": block, "part": int(at * assignment.BLOCK)}
        words = said(_IN_STRATUM, arm=recipient.arm, **drawn, key=f"{run.salt}:{key}", own=f"{own:.12f}", place=f"{at:.12f}")
    else:
        words = said(N_("%(arm)s: sha256 of %(key)s is at %(place)s of 1"), arm=recipient.arm, key=f"{run.salt}:{key}", place=f"{own:.12f}")
    wave = next((each for each in found if each.number == recipient.wave), None)
    if wave is None:
        return words
    drawn_by = ", ".join(f"{arm} {share:.4f}" for arm, share in wave.shares.items())
    return said(N_("%(words)s; shares of wave %(number)s: %(shares)s"), words=words, number=wave.number, shares=drawn_by)


_IN_STRATUM = N_(
    "%(arm)s: number %(number)s of the stratum `%(stratum)s`, which is turn %(turn)s of block %(block)s: twentieth %(part)s; "
    "sha256 of %(key)s is at %(own)s of it, which is %(place)s of 1"
)


def left_to_others(prepared: Prepared, key: str, moment: datetime) -> list[tuple[str, str, bool]]:
    """Where a customer lies in the campaign's layer and in the global holdout, and whether that leaves them to the campaign."""
    layer, rule = prepared.campaign.layer, prepared.project.settings.global_holdout
    found: list[tuple[str, str, bool]] = []
    if layer is not None:
        place = assignment.layer_place(layer, key)
        part = {"layer": layer.name, "first": f"{layer.from_:g}", "below": f"{layer.below:g}"}
        asked = said(N_("in its part of the layer %(layer)s, from %(first)s below %(below)s"), **part)
        found.append((asked, _lies(f"layer-{layer.name}:{key}", place), assignment.is_in(layer, key)))
    if rule is not None and prepared.campaign.greet is None:
        day = clock.local_day(moment, prepared.project.zone)
        salt = assignment.holdout_salt(rule, day)
        asked = said(N_("outside of the global holdout, the first %(share)s"), share=f"{rule.share:g}")
        found.append((asked, _lies(f"{salt}:{key}", assignment.bucket(salt, key)), not assignment.is_left_alone(rule, key, day)))
    return found


def _lies(key: str, place: float) -> str:
    return said(N_("sha256 of %(key)s is at %(place)s of 1"), key=key, place=f"{place:.12f}")
