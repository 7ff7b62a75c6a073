"""What a report shows beside its verdicts: intervals that hold on every day, chances, guard-rails, and who responds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from winback.model import HOLDOUT
from winback.outcomes import bayes, guardrails, segments, sequence
from winback.outcomes.bayes import Standing
from winback.outcomes.figures import ArmFigures, CellFigures, DayFigures, Dimension
from winback.outcomes.guardrails import Guarded
from winback.outcomes.segments import Segments
from winback.outcomes.statistics import Counted, MeansCompared, round_to_digits
from winback.outcomes.strata import Stratum

UNSUBSCRIBED = "unsubscribed"
COMPLAINED = "complained"


@dataclass(frozen=True, slots=True)
class FollowedDay:
    """How a tactic stood to those left alone at the end of a day, with an interval that holds on all days at once."""

    arm: str
    day: int
    stood: MeansCompared

    def as_json(self) -> dict[str, object]:
        return {
            "arm": self.arm,
            "day": self.day,
            "difference": round_to_digits(self.stood.difference),
            "low": round_to_digits(self.stood.interval.low),
            "high": round_to_digits(self.stood.interval.high),
            "p_value": round_to_digits(self.stood.p_value),
        }


@dataclass(frozen=True, slots=True)
class Responding:
    """A tactic's effect by one dimension."""

    arm: str
    dimension: Dimension
    found: Segments


@dataclass(frozen=True, slots=True)
class Proofs:
    """All of them; empty where nothing was counted, or nobody was left alone."""

    followed: tuple[FollowedDay, ...] = ()  # by tactic and day
    standings: Mapping[str, Standing] = field(default_factory=dict)  # of every arm, the holdout among them
    guards: tuple[tuple[str, Guarded], ...] = ()  # by tactic
    responding: tuple[Responding, ...] = ()

    def followed_by(self, arm: str) -> list[FollowedDay]:
        return [each for each in self.followed if each.arm == arm]

    def guards_of(self, arm: str) -> list[Guarded]:
        return [guard for name, guard in self.guards if name == arm]

    @property
    def latest(self) -> list[FollowedDay]:
        """The last day of each tactic."""
        return list({each.arm: each for each in self.followed}.values())


def of(arms: Sequence[ArmFigures], days: Sequence[DayFigures], strata: Sequence[CellFigures]) -> Proofs:
    """From what was counted of a run."""
    tactics = [arm for arm in arms if arm.arm != HOLDOUT]
    filled = {arm.arm: Counted(arm.returned, arm.assigned) for arm in arms if arm.assigned}
    return Proofs(
        followed=tuple(each for arm in tactics for each in _followed(arm.arm, days)),
        standings=bayes.best(filled) if len(filled) > 1 else {},
        guards=_guarded(arms),
        responding=tuple(_responding(tactics, strata)),
    )


def guarding(arms: Sequence[ArmFigures]) -> Proofs:
    """Only what holds no arm against another: of a run whose shares changed, everything else would put unlike waves into one pot."""
    return Proofs(guards=_guarded(arms))


def _guarded(arms: Sequence[ArmFigures]) -> tuple[tuple[str, Guarded], ...]:
    return tuple(
        (arm.arm, guard) for arm in arms if arm.arm != HOLDOUT and arm.contacted for guard in guards(arm.contacted, arm.unsubscribed, arm.complained)
    )


def _followed(arm: str, days: Sequence[DayFigures]) -> Iterator[FollowedDay]:
    """Day by day on which either arm changed; before both have somebody there is nothing to compare."""
    by_day: dict[int, dict[str, Counted]] = {}
    for row in sorted(days, key=lambda row: row.day):
        if row.arm in {arm, HOLDOUT}:
            by_day.setdefault(row.day, {})[row.arm] = Counted(row.returned, row.assigned)
    stand: dict[str, Counted] = {}
    for day, changed in by_day.items():
        stand |= changed
        if arm in stand and HOLDOUT in stand and (found := sequence.rates(stand[arm], stand[HOLDOUT])) is not None:
            yield FollowedDay(arm, day, found)


def guards(contacted: int, unsubscribed: int, complained: int) -> Iterator[Guarded]:
    """Who may do it is who was written to; a complaint about a letter that nobody counted as sent makes the count no larger than that."""
    yield guardrails.judge(UNSUBSCRIBED, Counted(min(unsubscribed, contacted), contacted), guardrails.UNSUBSCRIBED)
    yield guardrails.judge(COMPLAINED, Counted(min(complained, contacted), contacted), guardrails.COMPLAINTS)


def _responding(tactics: Iterable[ArmFigures], strata: Sequence[CellFigures]) -> Iterator[Responding]:
    """Each tactic in each dimension that tells its customers apart; waves are no kind of customer."""
    for dimension in Dimension:
        if dimension is Dimension.WAVE:
            continue
        cells = {(cell.value, cell.arm): Counted(cell.returned, cell.assigned) for cell in strata if cell.dimension is dimension}
        values = sorted({value for value, _ in cells})
        if len(values) < 2:
            continue
        nobody = Counted(0, 0)
        for arm in tactics:
            found = segments.of_rates([Stratum(value, cells.get((value, arm.arm), nobody), cells.get((value, HOLDOUT), nobody)) for value in values])
            if found is not None:
                yield Responding(arm.arm, dimension, found)
