"""When a lane must stop: rates among its newest letters, held against limits with the doubt that small numbers leave."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from winback.limits import FuseCause, FuseSettings, Limit
from winback.outcomes.statistics import Counted, wilson

LEVEL = 0.99
"""Of Wilson's interval. A lane is looked at again and again: at 95 % one that keeps the limit would often seem to break it."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What became of letters of one lane, counted. What comes back later is counted with the letters that left at the same time."""

    accepted: int = 0
    refused: int = 0  # for good
    errors: int = 0  # put off (greylisting isn't counted at all), no answer, or refused because of us
    refused_at_end: int = 0  # of the errors: the last of these answers, all of which refuse us
    bounced: int = 0  # accepted, and came back: no such mailbox
    complained: int = 0  # accepted, and called spam

    @property
    def answered(self) -> int:
        return self.accepted + self.refused + self.errors

    def then(self, later: Answers) -> Answers:
        """Both together; `later` came after these."""
        comes_between = later.answered > later.refused_at_end
        return Answers(
            self.accepted + later.accepted,
            self.refused + later.refused,
            self.errors + later.errors,
            later.refused_at_end if comes_between else self.refused_at_end + later.refused_at_end,
            self.bounced + later.bounced,
            self.complained + later.complained,
        )


@dataclass(frozen=True, slots=True)
class Breach:
    """Why a lane must stop, with the figures."""

    cause: FuseCause
    bad: int
    of: int
    above: float  # the limit that was broken


AT_ONCE = frozenset({FuseCause.BOUNCES, FuseCause.ERRORS})
"""What answers of the other side tell; complaints come days later."""
ALL = AT_ONCE | {FuseCause.COMPLAINTS}


def farthest(limits: FuseSettings, causes: Collection[FuseCause] = ALL) -> int:
    """How many letters back must be known to judge a lane."""
    return max(limit.of for cause, limit in _limits(limits).items() if cause in causes)


def breach(newest: Sequence[Answers], limits: FuseSettings, causes: Collection[FuseCause] = ALL) -> Breach | None:
    """The limit that the newest answers of a lane break, if any; `newest` first. Rows of refusals are always looked for.

    A share counts as broken when even the lower end of its interval lies above the limit: 5 of 100 may be chance where 4 % is the truth,
    50 of 1,000 may not.
    """
    row = in_a_row(newest)
    if row >= limits.refused_in_a_row:
        return Breach(FuseCause.REFUSED, row, row, 0.0)
    for cause, limit, counted in rates(newest, limits):
        if cause in causes and counted.n >= limit.at_least and wilson(counted.successes, counted.n, LEVEL).low > limit.above:
            return Breach(cause, counted.successes, counted.n, limit.above)
    return None


def warns(newest: Sequence[Answers], limits: FuseSettings) -> bool:
    """Whether complaints come near their limit: the bare share, for providers count just so."""
    counted = complaints(window(newest, limits.complaints.of))
    return counted.n >= limits.complaints.at_least and counted.successes > limits.complaints.warn_above * counted.n


def rates(newest: Sequence[Answers], limits: FuseSettings) -> Iterator[tuple[FuseCause, Limit, Counted]]:
    """Each rate among as many letters as its limit looks at."""
    shares = {FuseCause.BOUNCES: bounces, FuseCause.COMPLAINTS: complaints, FuseCause.ERRORS: errors}
    for cause, limit in _limits(limits).items():
        yield cause, limit, shares[cause](window(newest, limit.of))


def _limits(limits: FuseSettings) -> dict[FuseCause, Limit]:
    return {FuseCause.BOUNCES: limits.bounces, FuseCause.COMPLAINTS: limits.complaints, FuseCause.ERRORS: limits.errors}


def window(newest: Iterable[Answers], of: int) -> Answers:
    """The sum of the newest answers, up to the first with which there are `of`."""
    accepted = refused = errors = bounced = complained = 0
    for each in newest:
        accepted += each.accepted
        refused += each.refused
        errors += each.errors
        bounced += each.bounced
        complained += each.complained
        if accepted + refused + errors >= of:
            break
    return Answers(accepted, refused, errors, 0, bounced, complained)


def in_a_row(newest: Iterable[Answers]) -> int:
    """How many answers at the end refuse us, one after another."""
    row = 0
    for each in newest:
        row += each.refused_at_end
        if each.answered > each.refused_at_end:
            break
    return row


def bounces(answers: Answers) -> Counted:
    """Of the letters that were taken or refused for good."""
    return _counted(answers.refused + answers.bounced, answers.accepted + answers.refused)


def complaints(answers: Answers) -> Counted:
    """Of the letters that were taken."""
    return _counted(answers.complained, answers.accepted)


def errors(answers: Answers) -> Counted:
    """Of all answers."""
    return _counted(answers.errors, answers.answered)


def _counted(bad: int, of: int) -> Counted:
    """What came back may belong to letters just outside of the window."""
    return Counted(min(bad, of), of)
