"""What each table holds of a person: what it tells them when they ask for it, and what becomes of it when they are forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """What becomes of a person's rows when they are forgotten."""

    DELETED = "deleted"  # they go
    EMPTIED = "emptied"  # they stay for statistics, with the columns of `keeps` only
    STAYS = "stays"  # they say nothing of a person by themselves
    NOBODYS = "nobody's"  # the table holds nothing of single customers


@dataclass(frozen=True, slots=True)
class Holding:
    """One table. `keeps`: what of an emptied row stays; a column that nobody thought of doesn't."""

    fate: Fate
    says: str  # to the person who asks; of a table that is nobody's, why it isn't theirs
    whose: str = "customer_id"  # the column that leads to the customer: by their row, by an event or a thread of theirs, by an address's hash
    keeps: tuple[str, ...] = ()


def _deleted(says: str) -> Holding:
    return Holding(Fate.DELETED, says)


def _emptied(says: str, *keeps: str, whose: str = "customer_id") -> Holding:
    return Holding(Fate.EMPTIED, says, whose, keeps)


def _nobodys(says: str) -> Holding:
    return Holding(Fate.NOBODYS, says)


HOLDINGS: Mapping[str, Holding] = {
    "customers": _emptied("Who you are, as the shop told us.", "id", "merged_into", "updated_at", "forgotten_at", whose="id"),
    "contacts": _deleted("Addresses at which you can be reached."),
    "consents": _deleted("What you agreed to, and what you took back."),
    "consent_proofs": _deleted("When, where and with what words you agreed."),
    "consent_requests": _deleted("Letters that asked you to confirm."),
    "preferences": _deleted("What you said about the letters that you want."),
    "suppressions": Holding(Fate.STAYS, "Addresses that are never written to again; kept as a code that can't be turned back.", "address_hash"),
    "orders": _emptied(
        "What you bought.", "id", "customer_id", "ordered_at", "ordered_on", "amount_minor", "currency", "quantity", "status"
    ),  # only those that a campaign's result counts; all others are deleted
    "inquiries": _deleted("What you asked the shop."),
    "touches": _deleted("Calls, visits and letters of the shop outside this system."),
    "feedback": _deleted("Complaints and answers that the shop told us of."),
    "answers": _emptied(
        "What you answered in our surveys.",
        *("id", "customer_id", "delivery_id", "turn", "question", "kind", "asked", "score", "reason", "answered_at"),
    ),
    "leaving_reasons": _emptied("Why you left, as you or the staff told it.", "id", "customer_id", "reason", "recorded_at", "source"),
    "facts": _deleted("What is counted from that: how often and how much you bought."),
    "facts_due": _deleted("A note that this has to be counted anew."),
    "scores": _deleted("How you compare with other customers, and how likely you are to come back."),
    "stage_changes": Holding(Fate.STAYS, "Since when you count as new, regular or lost."),
    "recipients": _emptied(
        "Campaigns that thought of you, what each decided, and on what grounds.",
        *("run_id", "customer_id", "status", "reason", "arm", "locale", "assigned_at", "ended_at", "next_stage"),
        *("value_class", "sign", "silence", "country", "domain", "manager", "level_minor", "wave", "stratum", "place"),
    ),
    "back_fill": _deleted("Campaigns in which you wait for a place."),
    "deliveries": _emptied(
        "Letters to you, and what became of each.",
        *("id", "run_id", "stage", "customer_id", "tactic", "channel", "letter", "locale", "status", "reason", "due_at", "attempts"),
        *("handed_over_at", "first_tried_at", "relay", "sent_at", "cost_micros"),
    ),
    "events": _emptied(
        "What came back: opened and clicked letters, replies, bounces, requests to stop.",
        *("id", "kind", "customer_id", "delivery_id", "link_id", "happened_at", "verdict"),
    ),
    "owed_answers": _deleted("Answers of our bot to you that haven't left yet."),
    "forwards": Holding(Fate.DELETED, "Replies of yours that a person of the shop was told of.", "event_id"),
    "outcomes": Holding(Fate.STAYS, "Whether you ordered again after a campaign, and for how much."),
    "came_back": Holding(Fate.STAYS, "Whether you opened, clicked or answered the letters of a campaign."),
    "left_alone": Holding(Fate.STAYS, "That no campaign wrote to you for a while, so that what campaigns do can be measured."),
    "outcomes_due": _deleted("A note that a campaign's result has to be counted anew for you."),
    "codes": _emptied(
        "Discount codes that were yours.",
        *("id", "source", "campaign", "offer", "status", "run_id", "customer_id", "reserved_at", "expires_at", "delivery_id", "redeemed_at"),
        *("promised_minor", "fixed_minor", "discount", "cost_minor", "code", "matched"),  # a code of their own is emptied all the same
    ),
    "tasks": _emptied(
        "Calls, visits and cards that somebody was asked to make to you.",
        *("delivery_id", "customer_id", "kind", "manager", "status", "asked_at", "due_at", "done_at", "done_by"),
    ),
    "talks": _deleted("Which of our questions you were asked last by our bot."),
    "threads": _emptied(
        "When you wrote to us, and how soon a person answered.",
        *("id", "customer_id", "channel", "status", "why", "assignee", "opened_at", "first_due_at", "first_answer_at", "first_answer_by"),
        *("closed_at", "closed_by", "topic", "topic_status"),  # the topic is taken out of the staff's group by its number
    ),
    "thread_words": Holding(Fate.DELETED, "What you and our people said to each other.", "thread_id"),
    "webhook_messages": _deleted("That another program of the shop was told of what you did: that you came back, left, answered."),
    "campaign_runs": _nobodys("It describes campaigns, not people."),
    "measurings": _nobodys("When the results of campaigns were counted last."),
    "waves": _nobodys("By which shares the arms of a campaign were drawn."),
    "stops_looked": _nobodys("It says when orders were looked through last."),
    "links": _nobodys("Addresses of the shop's pages, the same for everybody."),
    "approvals": _nobodys("Counts and files that a campaign was approved by."),
    "editions": _nobodys("Which of the shop's files a campaign's letters were written from."),
    "edition_files": _nobodys("What those files said: texts of the shop, the same for everybody."),
    "run_changes": _nobodys("Files of a campaign that were changed."),
    "reminders": _nobodys("How many tasks managers were reminded of."),
    "paces": _nobodys("How fast letters may leave."),
    "sent_pictures": _nobodys("Pictures of the shop that a messenger has."),
    "turn_seats": _nobodys("How many messages may leave in a second."),
    "turn_chats": _nobodys("Codes that can't be turned back, of chats that were written to within the last seconds."),
    "lane_counts": _nobodys("How many letters were taken or refused."),
    "fuses": _nobodys("When letters were stopped, and what a mail server said; addresses in it are taken out when somebody is forgotten."),
    "facts_state": _nobodys("Until when things are counted."),
    "scores_state": _nobodys("Figures of all customers together."),
    "source_states": _nobodys("How far the shop's data was read."),
    "consent_wordings": _nobodys("Words that consents were asked with, the same for everybody."),
    "mailboxes": _nobodys("How far the shop's mailboxes are read."),
    "mails": _nobodys("Codes of mails that were read, so that none is read twice; no words, no addresses."),
    "heard_updates": _nobodys("Numbers of messages that our bot took in, so that none is taken in twice; no words, no chats."),
    "forgotten": _nobodys("Codes that can't be turned back, of those who asked to be forgotten."),
    "accounts": _nobodys("Our own people who work with the studio."),
    "sign_ins": _nobodys("Which of our own people are signed in to the studio."),
    "failed_sign_ins": _nobodys("Codes that can't be turned back, of tries to sign in to the studio."),
    "api_tokens": _nobodys("Programs that may use this system."),
    "api_requests": _nobodys("Codes that can't be turned back, of requests of programs, and how many rows they brought."),
    "webhook_marks": _nobodys("How far other programs were told of what happened."),
    "audit": _nobodys("What our staff did; a customer is only the number of a row in it."),
}
"""Every table. A new one needs its line here, or a test fails."""

_TILL_FORGOTTEN = "until the person is forgotten"
_THE_SHOP = f"{_TILL_FORGOTTEN}: the shop's data tell it, and an import would bring again what was cleared"
_FIGURES = "for good: results of campaigns are counted from it; a person goes with `winback customer forget`"
_RIGHTS = f"{_TILL_FORGOTTEN}: it proves what they agreed to, or keeps letters from them"
KEPT: Mapping[str, str] = {
    "customers": _THE_SHOP,
    "contacts": _THE_SHOP,
    "consents": _RIGHTS,
    "consent_proofs": f"{_RIGHTS}; `evidence` of what was taken back or said anew",
    "consent_requests": f"{_RIGHTS}; `server_answers`",
    "preferences": _RIGHTS,
    "suppressions": "for good, as codes that can't be turned back: they keep letters from an address",
    "orders": _THE_SHOP,
    "inquiries": _THE_SHOP,
    "touches": _THE_SHOP,
    "feedback": _THE_SHOP,
    "answers": f"{_FIGURES}; `answers`",
    "leaving_reasons": f"{_THE_SHOP}; what was told here, as long",
    "facts": "counted anew from the rest",
    "facts_due": "until it is done",
    "scores": "counted anew from the rest",
    "stage_changes": _FIGURES,
    "recipients": f"{_FIGURES}; `decisions`",
    "back_fill": _TILL_FORGOTTEN,
    "deliveries": f"{_FIGURES}; `server_answers`",
    "events": f"{_FIGURES}; `hits`, `replies`",
    "owed_answers": "until the answer has left",
    "forwards": f"{_TILL_FORGOTTEN}; `server_answers`",
    "outcomes": _FIGURES,
    "came_back": _FIGURES,
    "left_alone": _FIGURES,
    "outcomes_due": "until it is done",
    "codes": _FIGURES,
    "tasks": f"{_FIGURES}; `tasks`",
    "talks": _TILL_FORGOTTEN,
    "threads": f"{_FIGURES}; `strangers`",
    "thread_words": f"{_TILL_FORGOTTEN}; `threads`",
    "webhook_messages": "90 days after the other program took it, or was given up",
}
"""How long rows of persons stay; in backquotes, the period of config/retention.yaml after which their details go."""

INTERNAL = frozenset({"id", "customer_id", "address_hash", "claimed_by", "lease_until", "merged_into", "matched", "next_due_at", "looked_by"})
"""Columns that mean something to this program only: left out of what a person is given."""

SECRET_TABLES = frozenset({"sign_ins", "failed_sign_ins"})
"""Who is signed in, and by what: no export holds it."""

SECRET_COLUMNS = frozenset({"password_hash", "invitation_hash", "token_hash"})
"""What lets somebody in, of tables that are exported otherwise."""
