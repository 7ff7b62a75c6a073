"""May we write to this customer, over which channels, in which language. A refusal is a reason, kept with the facts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from winback.journey.ends import CAME_BACK
from winback.journey.policy import Policy, Rules
from winback.journey.wishes import NO_WISHES, Topic, Wishes
from winback.model import Benefits, ChannelName, Person, ProblemOrder, Reason, TaskKind


class Tracking(StrEnum):
    """What a customer said about our seeing whether they open letters."""

    UNSAID = ""  # nothing
    SAID = "said"  # yes, but not when and where
    GIVEN = "given"  # yes, on a day, at a place
    WITHDRAWN = "withdrawn"  # no


class Basis(StrEnum):
    """By what right a customer is written to."""

    CONSENT = "consent"  # they agreed, as the country's rules ask for it
    SOFT_OPT_IN = "soft-opt-in"  # they bought, and didn't object


@dataclass(frozen=True, slots=True)
class Reach:
    """What is known of one customer on one channel at one moment."""

    address: str
    blocked: str = ""  # why the address can't be reached; empty: it can
    suppressed: str = ""  # why it must not be written to; empty: it may
    consent_given_at: datetime | None = None
    consent_source: str = ""
    consented: bool = False  # said yes, with or without proof, and didn't take it back
    confirmed: bool = False  # and once more, from the address itself
    withdrawn: bool = False  # took it back, or objected without ever having said yes
    quiet_for: timedelta | None = None  # since they agreed, or last showed life; None: nobody knows
    bought_for: timedelta | None = None  # since their last purchase; None: there was none
    tracking: Tracking = Tracking.UNSAID
    off: bool = False  # by their preferences they want no letters here


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member of the cohort, with what the decision asks about."""

    customer_id: int
    person: Person
    black_list: str = ""
    orders: int = 0
    first_order_at: datetime | None = None
    last_order_at: datetime | None = None
    problem_order: ProblemOrder | None = None  # the last one they complained of
    benefits: Benefits | None = None
    shares_address: bool = False  # an earlier customer has the same address
    other_campaign: str = ""  # an active campaign that is writing to them already
    expected_value_minor: int | None = None  # of a return; None: nobody can say
    average_order_minor: int = 0  # of what they bought
    favourite_day: str = ""  # MM-DD
    phone: str = ""  # +380671234567
    reach: Mapping[ChannelName, Reach] = field(default_factory=dict)
    wishes: Wishes = NO_WISHES
    value_class: str = ""  # when everybody was scored last; empty: never bought, or never scored


@dataclass(frozen=True, slots=True)
class Eligible:
    """May be written to, over these channels in the campaign's order of preference."""

    channels: tuple[ChannelName, ...]
    locale: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Is not written to, because."""

    reason: Reason


def decide(
    candidate: Candidate,
    channels: Sequence[ChannelName],
    policy: Policy,
    language: Callable[[Sequence[str]], str | None],
    *,
    is_worth_it: bool = True,
    asks: Collection[TaskKind] = (),
    topics: Collection[Topic | None] = (),
    today: date | None = None,
) -> Eligible | Skip:
    """Decide on one candidate of a campaign that uses `channels`, and `asks` people to do such things.

    `topics` are those of all its letters, of every tactic, so that arms are decided on alike; `today` is the customer's day.
    `language` is given the languages that the law demands (none: the customer's own) and says in which the campaign's
    letters exist, or None.
    """
    rules = policy.for_country(candidate.person.country)
    if candidate.black_list:
        return Skip(Reason.BLACK_LISTED)
    if candidate.shares_address:
        return Skip(Reason.SAME_ADDRESS)
    if candidate.other_campaign:
        return Skip(Reason.IN_OTHER_CAMPAIGN)
    if today is not None and candidate.wishes.is_paused(today):
        return Skip(Reason.PAUSED)
    if not asks and candidate.wishes.wants_none_of(topics):
        return Skip(Reason.TOPIC_OFF)
    open_channels = usable(candidate.reach, channels, rules)
    if isinstance(open_channels, Skip):
        refusals = [not_to_be_asked(candidate, kind) for kind in sorted(asks)]
        if all(refusals):
            return open_channels if channels else Skip(next(filter(None, refusals), open_channels.reason))
        open_channels = ()
    locale = language(candidate.wishes.languages(rules))
    if locale is None:
        return Skip(Reason.NO_LANGUAGE)
    return Eligible(open_channels, locale) if is_worth_it else Skip(Reason.NOT_WORTH_IT)


def usable(reach: Mapping[ChannelName, Reach], channels: Sequence[ChannelName], rules: Rules) -> tuple[ChannelName, ...] | Skip:
    """Channels that have an address, the law's leave, the customer's consent, and no suppression; else the reason that came nearest.

    A suppression on one channel does not close the others: the customer asked there, and each channel has its own consent.
    """
    refusals = {channel: _refusal(reach.get(channel), channel, rules) for channel in channels}
    good = tuple(channel for channel, reason in refusals.items() if reason is None)
    if good:
        return good
    # The reason shown is the one of the channel that came furthest: "no consent" tells more than "no address".
    return Skip(max((reason for reason in refusals.values() if reason), key=_DISTANCE.index, default=Reason.NO_CHANNEL))


def not_to_be_asked(candidate: Candidate, kind: TaskKind) -> Reason | None:
    """Why no person may be asked to turn to the customer; None: one may.

    Speaking to somebody is no advertising letter and needs no consent to those. But who wants to be left alone on every channel that
    they have is left alone by people too; an address that only bounced says nothing of that.
    """
    if kind is TaskKind.CALL and not candidate.phone:
        return Reason.NO_CHANNEL
    closed = [reach.off or (bool(reach.suppressed) and reach.suppressed not in CAME_BACK) for reach in candidate.reach.values() if reach.address]
    return Reason.SUPPRESSED if closed and all(closed) else None


_DISTANCE = (
    Reason.NO_CHANNEL,
    Reason.CHANNEL_NOT_ALLOWED,
    Reason.NO_CONSENT,
    Reason.SOFT_OPT_IN_OVER,
    Reason.CONSENT_WITHDRAWN,
    Reason.CONSENT_LAPSED,
    Reason.CONSENT_WITHOUT_PROOF,
    Reason.CONSENT_NOT_CONFIRMED,
    Reason.CHANNEL_OFF,
    Reason.SUPPRESSED,
)


def _refusal(reach: Reach | None, channel: ChannelName, rules: Rules) -> Reason | None:
    if reach is None or not reach.address or reach.blocked:
        return Reason.NO_CHANNEL
    if channel not in rules.channels:
        return Reason.CHANNEL_NOT_ALLOWED
    if reach.suppressed:
        return Reason.SUPPRESSED
    if reach.off:
        return Reason.CHANNEL_OFF
    found = basis(reach, channel, rules)
    return None if isinstance(found, Basis) else found


def basis(reach: Reach, channel: ChannelName, rules: Rules) -> Basis | Reason:
    """By what right the customer may be written to on a channel; else what is missing.

    A soft opt-in is for e-mail alone: the address was given with a purchase, while a chat is joined. Whoever took a consent back, or
    objected, has neither.
    """
    if reach.withdrawn:
        agreed = reach.consent_given_at is not None or reach.consent_source  # else they only said no, which counts where nobody needs a yes
        return Reason.CONSENT_WITHDRAWN if agreed or rules.soft_opt_in is not None else Reason.NO_CONSENT
    lacking = _lacking(reach, rules) if reach.consented else Reason.NO_CONSENT
    if lacking is None:
        return Basis.CONSENT
    if rules.soft_opt_in is None or channel is not ChannelName.EMAIL or reach.bought_for is None:
        return lacking
    if reach.bought_for <= rules.soft_opt_in:
        return Basis.SOFT_OPT_IN
    return Reason.SOFT_OPT_IN_OVER if lacking is Reason.NO_CONSENT else lacking


def _lacking(reach: Reach, rules: Rules) -> Reason | None:
    """What a consent lacks by these rules."""
    if rules.consent != "said" and (reach.consent_given_at is None or not reach.consent_source):
        return Reason.CONSENT_WITHOUT_PROOF
    if rules.consent == "confirmed" and not reach.confirmed:
        return Reason.CONSENT_NOT_CONFIRMED
    if rules.consent_lapses_after is not None and (reach.quiet_for is None or reach.quiet_for > rules.consent_lapses_after):
        return Reason.CONSENT_LAPSED
    return None


def may_track_clicks(tracking: Tracking, rules: Rules) -> bool:
    """Whether links may tell who followed them: the country must allow it, and the customer not have said no to being tracked."""
    return rules.click_tracking and tracking is not Tracking.WITHDRAWN


def may_track_opens(tracking: Tracking, rules: Rules) -> bool:
    """Whether a letter may hold a pixel: the country must allow it, and the customer not have said no; where it asks for a consent, a proven one."""
    if rules.open_tracking == "consent":
        return tracking is Tracking.GIVEN
    return rules.open_tracking is True and tracking is not Tracking.WITHDRAWN
