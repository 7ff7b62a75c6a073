"""The table of what mail servers answer, and what it means for us."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from winback.channels import smtp_replies
from winback.channels.email import answer_of, refusal_of
from winback.channels.smtp_dialogue import Reply
from winback.errors import LaneError, PermanentError, TemporaryError, UncertainError

CASES = yaml.safe_load(Path(__file__).with_name("replies.yaml").read_text(encoding="utf-8"))
KINDS = {"temporary": TemporaryError, "permanent": PermanentError, "lane": LaneError}
OK, GO_ON = Reply(250, "2.1.0 OK"), Reply(354, "go on")


def reply(said: str) -> Reply:
    return Reply(int(said[:3]), said[4:])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["said"])
def test_what_a_refusal_means(case):
    for error in (refusal_of([OK, reply(case["said"])]), answer_of(reply(case["said"]))):
        assert (type(error), error.reason) == (KINDS[case["is"]], case["reason"])
        assert error.text.startswith(case["said"][:3])


@pytest.mark.parametrize(
    ("said", "kind", "reason"),
    [
        ("550 Sender rejected", LaneError, "sender-refused"),
        ("530 5.7.0 Authentication required", LaneError, "sender-refused"),
        ("552 5.3.4 Too large", PermanentError, "too-large"),
        ("421 Too many letters, closing", TemporaryError, "busy"),
        ("451 4.7.24 SPF", LaneError, "refused-by-policy"),
        ("452 4.3.1 Insufficient system storage", TemporaryError, "put-off"),
    ],
)
def test_what_is_refused_before_the_recipient_was_named_is_about_us(said, kind, reason):
    error = refusal_of([reply(said)])
    assert (type(error), error.reason) == (kind, reason)


@pytest.mark.parametrize("code", [200, 252, 354, 600])
def test_an_odd_answer_to_the_finished_letter_is_doubt_and_no_reason_to_repeat(code):
    assert type(answer_of(Reply(code, "accepted, sort of"))) is UncertainError


def test_an_odd_answer_before_the_letter_was_given_is_for_later():
    assert type(refusal_of([OK, Reply(600, "what")])) is TemporaryError
    assert refusal_of([OK, OK, GO_ON]) is None


@pytest.mark.parametrize("code", range(400, 600, 3))
def test_any_refusal_has_a_meaning_and_only_a_named_one_closes_an_address(code):
    error = smtp_replies.classify(code, "whatever the server wrote")
    assert isinstance(error, TemporaryError if code < 500 else PermanentError | LaneError)
    assert error.reason != smtp_replies.NO_SUCH_MAILBOX
