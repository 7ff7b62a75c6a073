"""Why somebody isn't written to, how journeys end, and by what arms are looked at in parts: the words of pages for the words of the store."""

from __future__ import annotations

from winback.journey.ends import EndState
from winback.model import HOLDOUT, Reason
from winback.outcomes.figures import Dimension
from winback.outcomes.questions import MAILBOX
from winback.speech import called
from winback.studio.words import NP_

REASON = {
    Reason.BLACK_LISTED: NP_("reason", "black listed"),
    Reason.NO_CHANNEL: NP_("reason", "no channel"),
    Reason.NO_CONSENT: NP_("reason", "no consent"),
    Reason.CONSENT_WITHOUT_PROOF: NP_("reason", "consent without proof"),
    Reason.CONSENT_NOT_CONFIRMED: NP_("reason", "consent not confirmed"),
    Reason.CONSENT_LAPSED: NP_("reason", "consent lapsed"),
    Reason.CONSENT_WITHDRAWN: NP_("reason", "consent withdrawn"),
    Reason.SOFT_OPT_IN_OVER: NP_("reason", "soft opt in over"),
    Reason.CHANNEL_NOT_ALLOWED: NP_("reason", "channel not allowed"),
    Reason.SUPPRESSED: NP_("reason", "suppressed"),
    Reason.CHANNEL_OFF: NP_("reason", "channel off"),
    Reason.TOPIC_OFF: NP_("reason", "topic off"),
    Reason.PAUSED: NP_("reason", "paused"),
    Reason.NOT_ALLOWED_HERE: NP_("reason", "not allowed here"),
    Reason.NO_LANGUAGE: NP_("reason", "no language"),
    Reason.IN_OTHER_CAMPAIGN: NP_("reason", "in other campaign"),
    Reason.NOT_FOR_TACTIC: NP_("reason", "not for tactic"),
    Reason.NOT_WORTH_IT: NP_("reason", "not worth it"),
    Reason.LETTER_BROKEN: NP_("reason", "letter broken"),
    Reason.OFFER_OVER: NP_("reason", "offer over"),
    Reason.OTHER_CURRENCY: NP_("reason", "other currency"),
    Reason.NOTHING_TO_TELL: NP_("reason", "nothing to tell"),
    Reason.SAME_ADDRESS: NP_("reason", "same address"),
    Reason.MERGED: NP_("reason", "merged"),
    Reason.ORDERED: NP_("reason", "ordered"),
    Reason.REPLIED: NP_("reason", "replied"),
    Reason.CLICKED: NP_("reason", "clicked"),
    Reason.UNSUBSCRIBED: NP_("reason", "unsubscribed"),
    Reason.COMPLAINED: NP_("reason", "complained"),
    Reason.BOUNCED: NP_("reason", "bounced"),
    Reason.SOFT_BOUNCED: NP_("reason", "soft bounced"),
    Reason.BLOCKED: NP_("reason", "blocked"),
    Reason.CANCELLED: NP_("reason", "cancelled"),
    Reason.TRIES_RAN_OUT: NP_("reason", "tries ran out"),
    Reason.NO_ANSWER: NP_("reason", "no answer"),
    Reason.RESOLVED_NOT_SENT: NP_("reason", "resolved not sent"),
    Reason.EXPIRED: NP_("reason", "expired"),
    Reason.CONDITION: NP_("reason", "condition"),
    Reason.CAPPED: NP_("reason", "capped"),
    Reason.TOO_SOON: NP_("reason", "too soon"),
    Reason.DAY_OF_SILENCE: NP_("reason", "day of silence"),
    Reason.PACE: NP_("reason", "pace"),
    Reason.OTHER_FIRST: NP_("reason", "other first"),
    Reason.HAS_CODE: NP_("reason", "has code"),
    Reason.NO_CODE_LEFT: NP_("reason", "no code left"),
    Reason.BUDGET_PROMISED: NP_("reason", "budget promised"),
    Reason.DECLINED: NP_("reason", "declined"),
    Reason.ANSWERED: NP_("reason", "answered"),
    Reason.EXHAUSTED: NP_("reason", "exhausted"),
    Reason.WRITTEN_LATELY: NP_("reason", "written lately"),
    Reason.GLOBAL_HOLDOUT: NP_("reason", "global holdout"),
    Reason.OTHER_LAYER: NP_("reason", "other layer"),
    Reason.DAY_PASSED: NP_("reason", "day passed"),
    Reason.FORGOTTEN: NP_("reason", "forgotten"),
    Reason.NO_OCCASION: NP_("reason", "no occasion"),
    Reason.LANE_STOPPED: NP_("reason", "lane stopped"),
    Reason.LANE_CLOSED: NP_("reason", "lane closed"),
}
END = {
    EndState.RETURNED: NP_("end", "returned"),
    EndState.ANSWERED: NP_("end", "answered"),
    EndState.CLICKED: NP_("end", "clicked"),
    EndState.COMPLETED: NP_("end", "completed"),
    EndState.EXHAUSTED: NP_("end", "exhausted"),
    EndState.DECLINED: NP_("end", "declined"),
    EndState.UNSUBSCRIBED: NP_("end", "unsubscribed"),
    EndState.COMPLAINED: NP_("end", "complained"),
    EndState.UNREACHABLE: NP_("end", "unreachable"),
    EndState.EXPIRED: NP_("end", "expired"),
    EndState.WITHDRAWN: NP_("end", "withdrawn"),
    EndState.MERGED: NP_("end", "merged"),
    EndState.OTHER: NP_("end", "other"),
    EndState.UNDER_WAY: NP_("end", "under way"),
    EndState.HELD_OUT: NP_("end", "held out"),
    EndState.SKIPPED: NP_("end", "skipped"),
}
PART = {
    Dimension.VALUE_CLASS: NP_("part", "value"),
    Dimension.SIGN: NP_("part", "sign"),
    Dimension.RECENCY: NP_("part", "silence"),
    Dimension.LANGUAGE: NP_("part", "language"),
    Dimension.COUNTRY: NP_("part", "country"),
    Dimension.DOMAIN: NP_("part", "domain"),
    Dimension.MANAGER: NP_("part", "manager"),
    Dimension.WAVE: NP_("part", "wave"),
    MAILBOX: NP_("part", "mailbox"),
}


def why(word: str) -> str:
    """A reason for the page to translate; what is no reason of ours (a server's words, a shop's) stands as it came."""
    return _REASONS.get(word) or (called(word, "reason").sentence if word else "")


def arm(name: str) -> str:
    """An arm in a word: tactics have names of the shop's own."""
    return called(name, "arm") if name == HOLDOUT else name


def end(word: str) -> str:
    """How a journey ended, for the page to translate."""
    return _ENDS.get(word, word.replace("-", " "))


def part(word: str) -> str:
    """By what an arm was looked at, for the page to translate."""
    return _PARTS.get(word, word.replace("_", " "))


_REASONS, _ENDS, _PARTS = ({str(word): said for word, said in words.items()} for words in (REASON, END, PART))
