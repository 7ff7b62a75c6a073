"""Codes of the store and of config/ have words on pages: a new one needs its word too."""

from __future__ import annotations

import pytest

from tests import catalogues
from winback.audience.consents import ConsentDeed, ConsentWay
from winback.audience.lifecycle import Stage
from winback.audience.signs import Sign
from winback.audience.value import Regularity, ValueClass
from winback.channels import smtp_replies
from winback.journey import condition
from winback.journey.ends import EndState
from winback.journey.threads import ThreadStatus, Why
from winback.journey.wishes import Topic
from winback.journey.zones import KnownBy
from winback.letters.sample import Kind
from winback.model import (
    AddressFault,
    ChannelName,
    CodeStatus,
    DeliveryStatus,
    EventKind,
    FeedbackKind,
    OrderStatus,
    Reason,
    RecipientStatus,
    RunStatus,
    TaskKind,
    TaskStatus,
    Verdict,
)
from winback.operations import describing, merging, showing
from winback.speech import BETWEEN, called
from winback.store import audit, evidence

CODES = {
    "arm": ["holdout"],
    "attention": Why,
    "audit": audit.Deed,
    "channel": [*ChannelName, "task"],
    "code": CodeStatus,
    "consent": [*merging.WORDS.values(), *ConsentDeed],
    "deed": condition.Deed,
    "delivery": DeliveryStatus,
    "end": EndState,
    "event": EventKind,
    "evidence": [evidence._called(name) for columns in evidence._COLUMNS.values() for name in columns] + [*evidence._VOLUMES],
    "fault": AddressFault,
    "feedback": FeedbackKind,
    "field": [name for name in showing._FIELDS if name != "favourite_day"],
    "journey": RecipientStatus,
    "known by": [each for each in KnownBy if each not in {KnownBy.STORED, KnownBy.SHOP}],
    "letter": Kind,
    "order": OrderStatus,
    "reason": [*Reason, *(value for name, value in vars(smtp_replies).items() if name.isupper() and not name.startswith("_"))],
    "regularity": Regularity,
    "run": RunStatus,
    "sign": Sign,
    "stage": Stage,
    "task": TaskKind,
    "task status": TaskStatus,
    "thread": ThreadStatus,
    "topic": Topic,
    "value": ValueClass,
    "verdict": Verdict,
    "way": ConsentWay,
}


@pytest.fixture(scope="module")
def known() -> set[tuple[str | None, str]]:
    return {(sentence.context, sentence.text) for sentence in catalogues.sentences()}


@pytest.mark.parametrize("context", CODES)
def test_every_code_has_a_word_on_pages(context, known):
    """Give it one in winback/studio/code_words.py, then `make words`."""
    wanted = {tuple(called(str(code), context).sentence.split(BETWEEN)) for code in CODES[context]}
    assert wanted - known == set()


def test_every_fact_and_score_has_a_name_on_pages(known):
    assert {(None, name) for name in (*describing.FACTS.values(), *describing.SCORES.values())} - known == set()
