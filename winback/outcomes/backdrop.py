"""What stands behind a run's results: the mailboxes that its letters went to, why its customers had left, and what was planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from winback.outcomes import statistics
from winback.outcomes.statistics import Counted

REFUSED_ABOVE = 0.05
"""Share of letters refused or returned from which a provider is called trouble: where its fuse blows too (limits.BounceLimit)."""
SPAM_ABOVE = 0.001
"""Share of letters called spam from which one is: Gmail's sender guidelines ask for less than 0.1 %, and never 0.3 %."""
UNSEEN_BELOW = 0.5
"""A provider whose readers open less than half as often as the others', beyond chance, puts letters where nobody looks."""
_BEYOND_CHANCE = 0.001
_SHOWN = 12
OTHERS = "others"


class Trouble(StrEnum):
    """What is wrong between us and a provider."""

    REFUSED = "refused"  # too many letters refused for good, or returned
    SPAM = "spam"  # too many called spam
    UNSEEN = "unseen"  # far fewer opened than elsewhere


@dataclass(frozen=True, slots=True)
class MailboxFigures:
    """E-mails to one provider, or to one domain that is no provider's that we know."""

    provider: str  # gmail, outlook, zerno.example; empty: the address isn't known any more
    sent: int  # accepted
    failed: int  # refused for good
    bounced: int  # of the accepted: came back
    complained: int  # of the accepted: called spam
    opened: int  # of the accepted, by people

    @property
    def refused(self) -> Counted:
        """Refused or returned, of all that were given to it."""
        return Counted(self.failed + self.bounced, self.sent + self.failed)

    @property
    def seen(self) -> Counted:
        return Counted(self.opened, self.sent)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One provider, and what is wrong with it."""

    figures: MailboxFigures
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class ReasonFigures:
    """Customers of one side who had left for one reason, by the latest that is known of each."""

    reason: str  # a word of config/reasons.yaml; empty: not known
    title: str
    is_holdout: bool
    customers: int
    returned: int


@dataclass(frozen=True, slots=True)
class Expected:
    """What the plan said when the run began."""

    people: int  # to write to
    held_out: int
    stages: Mapping[str, int]  # letters of each, if nobody ordered or answered before
    cost_of_sending: Decimal
    base_rate: float  # who would return by themselves, as assumed
    detectable: Mapping[str, float | None]  # per tactic: the smallest rise that would show


@dataclass(frozen=True, slots=True)
class Backdrop:
    """All of it; empty where nothing is known."""

    mailboxes: tuple[MailboxFigures, ...] = ()
    reasons: tuple[ReasonFigures, ...] = ()
    expected: Expected | None = None


NOTHING_BEHIND = Backdrop()


def by_provider(rows: Iterable[MailboxFigures]) -> tuple[MailboxFigures, ...]:
    """Rows of the same provider added up, the one with the most letters first."""
    found: dict[str, MailboxFigures] = {}
    for row in rows:
        found[row.provider] = _add(found[row.provider], row) if row.provider in found else row
    return tuple(sorted(found.values(), key=lambda each: (-each.refused.n, each.provider)))


def judge(mailboxes: Sequence[MailboxFigures]) -> tuple[Mailbox, ...]:
    """The largest providers, all those in trouble, and the rest as one row."""
    total = _sum(OTHERS, mailboxes)
    judged = [Mailbox(each, tuple(_troubles(each, total))) for each in mailboxes]
    shown = [each for place, each in enumerate(judged) if place < _SHOWN or each.troubles]
    rest = [each.figures for place, each in enumerate(judged) if place >= _SHOWN and not each.troubles]
    return (*shown, *((Mailbox(_sum(OTHERS, rest), ()),) if rest else ()))


def _troubles(one: MailboxFigures, total: MailboxFigures) -> Iterable[Trouble]:
    if statistics.wilson(one.refused.successes, one.refused.n).low > REFUSED_ABOVE:
        yield Trouble.REFUSED
    if one.sent and statistics.wilson(one.complained, one.sent).low > SPAM_ABOVE:
        yield Trouble.SPAM
    elsewhere = Counted(total.opened - one.opened, total.sent - one.sent)
    if one.seen.rate is None or not elsewhere.rate:
        return
    if one.seen.rate < UNSEEN_BELOW * elsewhere.rate and statistics.rates_differ(one.seen, elsewhere) < _BEYOND_CHANCE:
        yield Trouble.UNSEEN


def _sum(provider: str, rows: Iterable[MailboxFigures]) -> MailboxFigures:
    total = MailboxFigures(provider, 0, 0, 0, 0, 0)
    for row in rows:
        total = _add(total, row)
    return total


def _add(one: MailboxFigures, other: MailboxFigures) -> MailboxFigures:
    return MailboxFigures(
        one.provider,
        one.sent + other.sent,
        one.failed + other.failed,
        one.bounced + other.bounced,
        one.complained + other.complained,
        one.opened + other.opened,
    )
