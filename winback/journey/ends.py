"""How a journey ended, or where it stands, in one word that people use: from a recipient's status and reason."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from winback.model import Reason, RecipientStatus


class EndState(StrEnum):
    """What became of somebody in a campaign. The good ends first."""

    RETURNED = "returned"  # ordered again while letters were still to come
    ANSWERED = "answered"  # replied, or filled in the survey: a person takes over
    CLICKED = "clicked"  # followed a link, in a campaign that stops there
    COMPLETED = "completed"  # every stage is behind, and nothing of this happened
    EXHAUSTED = "exhausted"  # nor after half a year and the farewell: left alone for good
    DECLINED = "declined"  # told a person that they don't want to
    UNSUBSCRIBED = "unsubscribed"  # asked not to be written to
    COMPLAINED = "complained"  # marked a letter as spam
    UNREACHABLE = "unreachable"  # the address is gone, or the bot was blocked
    EXPIRED = "expired"  # the campaign's last day came first
    WITHDRAWN = "withdrawn"  # the shop ended it: cancelled, black-listed
    MERGED = "merged"  # goes on as another record of the same person
    OTHER = "other"  # for a reason that usually stops a single letter only
    UNDER_WAY = "under-way"  # stages are still to come
    HELD_OUT = "held-out"  # left alone, to compare with
    SKIPPED = "skipped"  # in the cohort, and not to be written to


CAME_BACK = frozenset({Reason.BOUNCED, Reason.SOFT_BOUNCED})
"""Why an address is closed though nobody asked for it: letters don't arrive there."""

_STOPPED: Mapping[str, EndState] = {
    Reason.ORDERED: EndState.RETURNED,
    Reason.REPLIED: EndState.ANSWERED,
    Reason.ANSWERED: EndState.ANSWERED,
    Reason.CLICKED: EndState.CLICKED,
    Reason.EXHAUSTED: EndState.EXHAUSTED,
    Reason.DECLINED: EndState.DECLINED,
    Reason.UNSUBSCRIBED: EndState.UNSUBSCRIBED,
    Reason.SUPPRESSED: EndState.UNSUBSCRIBED,
    Reason.FORGOTTEN: EndState.UNSUBSCRIBED,
    Reason.COMPLAINED: EndState.COMPLAINED,
    Reason.BOUNCED: EndState.UNREACHABLE,
    Reason.SOFT_BOUNCED: EndState.UNREACHABLE,
    Reason.BLOCKED: EndState.UNREACHABLE,
    Reason.NO_CHANNEL: EndState.UNREACHABLE,
    Reason.EXPIRED: EndState.EXPIRED,
    Reason.CANCELLED: EndState.WITHDRAWN,
    Reason.BLACK_LISTED: EndState.WITHDRAWN,
    Reason.MERGED: EndState.MERGED,
}
_STANDING: Mapping[RecipientStatus, EndState] = {
    RecipientStatus.ACTIVE: EndState.UNDER_WAY,
    RecipientStatus.HELD_OUT: EndState.HELD_OUT,
    RecipientStatus.SKIPPED: EndState.SKIPPED,
}


def of(status: str, reason: str) -> EndState:
    """The one word for a recipient's status and reason."""
    if (standing := _STANDING.get(RecipientStatus(status))) is not None:
        return standing
    if not reason:
        return EndState.COMPLETED
    return _STOPPED.get(reason, EndState.OTHER)
