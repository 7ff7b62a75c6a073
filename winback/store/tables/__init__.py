"""The tables, by what they are about."""

from __future__ import annotations

from winback.store.tables.accounts import accounts, failed_sign_ins, sign_ins
from winback.store.tables.api import api_requests, api_tokens, webhook_marks, webhook_messages
from winback.store.tables.audience import facts, facts_due, facts_state, scores, scores_state, stage_changes
from winback.store.tables.audit import audit
from winback.store.tables.bot import heard_updates, owed_answers
from winback.store.tables.campaigns import (
    back_fill,
    came_back,
    campaign_runs,
    deliveries,
    events,
    left_alone,
    links,
    measurings,
    outcomes,
    outcomes_due,
    recipients,
    stops_looked,
    waves,
)
from winback.store.tables.consents import consent_proofs, consent_requests, consent_wordings
from winback.store.tables.journeys import approvals, codes, edition_files, editions, reminders, run_changes, tasks
from winback.store.tables.kinds import Day, Id, Tree, Utc, metadata, sqlite_text
from winback.store.tables.lanes import fuses, lane_counts
from winback.store.tables.mail import forwards, mailboxes, mails
from winback.store.tables.sending import paces, sent_pictures, turn_chats, turn_seats
from winback.store.tables.shop import (
    answers,
    consents,
    contacts,
    customers,
    feedback,
    forgotten,
    inquiries,
    leaving_reasons,
    orders,
    preferences,
    source_states,
    suppressions,
    touches,
)
from winback.store.tables.talks import talks
from winback.store.tables.threads import thread_words, threads

__all__ = [
    "Day",
    "Id",
    "Tree",
    "Utc",
    "accounts",
    "answers",
    "api_requests",
    "api_tokens",
    "approvals",
    "audit",
    "back_fill",
    "came_back",
    "campaign_runs",
    "codes",
    "consent_proofs",
    "consent_requests",
    "consent_wordings",
    "consents",
    "contacts",
    "customers",
    "deliveries",
    "edition_files",
    "editions",
    "events",
    "facts",
    "facts_due",
    "facts_state",
    "failed_sign_ins",
    "feedback",
    "forgotten",
    "forwards",
    "fuses",
    "heard_updates",
    "inquiries",
    "lane_counts",
    "leaving_reasons",
    "left_alone",
    "links",
    "mailboxes",
    "mails",
    "measurings",
    "metadata",
    "orders",
    "outcomes",
    "outcomes_due",
    "owed_answers",
    "paces",
    "preferences",
    "recipients",
    "reminders",
    "run_changes",
    "scores",
    "scores_state",
    "sent_pictures",
    "sign_ins",
    "source_states",
    "sqlite_text",
    "stage_changes",
    "stops_looked",
    "suppressions",
    "talks",
    "tasks",
    "thread_words",
    "threads",
    "touches",
    "turn_chats",
    "turn_seats",
    "waves",
    "webhook_marks",
    "webhook_messages",
]
