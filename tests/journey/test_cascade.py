"""The first way that works: messenger, e-mail, a person."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from winback.journey import last_check
from winback.journey.campaign import Campaign
from winback.journey.eligibility import Candidate, Reach
from winback.journey.last_check import Ask, Send, Since, SkipStage, Stop
from winback.journey.policy import Rules
from winback.model import ChannelName, Person

CASES = yaml.safe_load(Path(__file__).with_name("cascade.yaml").read_text(encoding="utf-8"))
NOON = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
RULES = Rules.model_validate({"channels": ("email", "telegram")})
KINDS = {"": {"consented": True}, "without-consent": {}, "suppressed": {"suppressed": "unsubscribed"}, "bounced": {"suppressed": "bounced"}}


def reach(has: list[str]) -> dict[ChannelName, Reach]:
    found = {}
    for word in has:
        channel, _, how = word.partition("-")
        if channel in set(ChannelName):
            found[ChannelName(channel)] = Reach("a@b.example", consent_given_at=NOON, consent_source="checkout", **KINDS[how])
    return found


def decide(case):
    stage = {
        "name": "one",
        "channels": tuple(case["ways"]),
        "letter": "a-letter",
        "message": "a-text",
        "task": {"kind": case.get("kind", "call"), "say": {"en": "Offer {{ offer.text }}"}},
        **({"tactics": tuple(case["tactics"])} if "tactics" in case else {}),
    }
    plan = Campaign.model_validate(
        {
            "title": "t",
            "cohort": "c",
            "starts_on": datetime(2026, 11, 1).date(),
            "ends_on": datetime(2026, 12, 31).date(),
            "holdout": 0.2,
            "sender": "s",
            "tactics": {"a": {"share": 1}},
            "stages": (stage,),
        }
    )
    phone = "+380671234567" if "phone" in case["has"] else ""
    return last_check.decide(
        campaign=plan,
        stage=plan.stages[0],
        tactic="a",
        candidate=Candidate(1, Person("k"), black_list=case.get("black_list", ""), phone=phone, reach=reach(case["has"])),
        since=Since(),
        rules=RULES,
        zone="Europe/Kyiv",
        now=NOON,
        offer_is_over=case.get("offer_is_over", False),
        unmet=case.get("unmet", ""),
    )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_first_way_that_works_is_taken(case):
    verdict = decide(case)
    if "takes" not in case:
        assert verdict == (Stop(case["stops"]) if "stops" in case else SkipStage(case["reason"], case.get("unmet", "")))
    elif case["takes"] == "task":
        assert isinstance(verdict, Ask)
    else:
        assert isinstance(verdict, Send)
        assert verdict.channel == case["takes"]
