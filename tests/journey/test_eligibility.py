from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from winback.journey import eligibility
from winback.journey.eligibility import Candidate, Eligible, Reach, Skip, Tracking
from winback.journey.policy import Policy, Rules
from winback.journey.wishes import Topic, Wishes
from winback.model import ChannelName, Person, Reason

CASES = yaml.safe_load(Path(__file__).with_name("eligibility.yaml").read_text(encoding="utf-8"))
CHANNELS = (ChannelName.TELEGRAM, ChannelName.EMAIL)
POLICY = Policy(
    default=Rules(),
    countries={
        "UA": Rules.model_validate({"channels": ("email", "telegram"), "languages": ("uk",), "languages_on_request": True}),
        "UZ": Rules.model_validate({"languages": ("uz",)}),
        "GB": Rules.model_validate({"consent": "said", "channels": ("email", "telegram")}),
        "DE": Rules.model_validate({"consent": "confirmed", "consent_lapses_after": "700 days", "channels": ("email", "telegram")}),
        "RO": Rules.model_validate({"soft_opt_in": "365 days", "channels": ("email", "telegram"), "open_tracking": "consent"}),
        "XX": Rules.model_validate({"channels": ()}),
    },
)


def reach(said: dict) -> Reach:
    given, source, consented = {
        "confirmed": (datetime(2025, 1, 1, tzinfo=UTC), "checkout", True),
        "proven": (datetime(2025, 1, 1, tzinfo=UTC), "checkout", True),
        "said": (None, "", True),
        "none": (None, "", False),
        "withdrawn": (datetime(2025, 1, 1, tzinfo=UTC), "checkout", False),
        "objected": (None, "", False),
    }[how := said.get("consent", "proven")]
    return Reach(
        said.get("address", "a@b.example"),
        said.get("blocked", ""),
        said.get("suppressed", ""),
        given,
        source,
        consented,
        confirmed=how == "confirmed",
        withdrawn=how in {"withdrawn", "objected"},
        quiet_for=timedelta(days=said["quiet"]) if "quiet" in said else None,
        bought_for=timedelta(days=said["bought"]) if "bought" in said else None,
        tracking=Tracking(said.get("tracking", "")),
    )


def wishes(said: dict) -> Wishes:
    return Wishes(
        channels_off=frozenset(map(ChannelName, said.get("channels_off", ()))),
        topics_off=frozenset(map(Topic, said.get("topics_off", ()))),
        paused_until=said.get("paused_until"),
        locale=said.get("locale", ""),
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["situation"])
def test_who_may_be_written_to(case):
    candidate = Candidate(
        1,
        Person("k", locale=case.get("language", "uk"), country=case.get("country", "UA")),
        black_list=case.get("black_list", ""),
        other_campaign=case.get("other_campaign", ""),
        reach={
            ChannelName(name): replace(reach(said or {}), off=name in case.get("wishes", {}).get("channels_off", ()))
            for name, said in case.get("reach", {"email": {}}).items()
        },
        wishes=wishes(case.get("wishes", {})),
    )
    topics = [topic and Topic(topic) for topic in case.get("topics", ["offers", "news"])]

    def language(demanded):
        chain = demanded or [candidate.person.locale]
        return next((each for each in chain if each in {"uk", "en"}), None)

    decided = eligibility.decide(candidate, CHANNELS, POLICY, language, topics=topics, today=date(2026, 11, 24))
    if "skip" in case:
        assert decided == Skip(Reason(case["skip"]))
    else:
        assert decided == Eligible(tuple(ChannelName(name) for name in case["by"]), case["in"])


def test_a_country_says_only_what_differs_from_the_default():
    policy = Policy(default=Rules.model_validate({"hours": "10:00-18:00"}), countries={"UA": Rules.model_validate({"open_tracking": True})})
    assert policy.for_country("UA").hours == policy.default.hours
    assert policy.for_country("UA").open_tracking
    assert policy.for_country("") == policy.default


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        (False, {}),
        (True, {Tracking.UNSAID, Tracking.SAID, Tracking.GIVEN}),
        ("consent", {Tracking.GIVEN}),
    ],
)
def test_opens_are_seen_where_the_country_and_the_customer_let_us(rule, seen):
    rules = Rules.model_validate({"open_tracking": rule})
    assert {said for said in Tracking if eligibility.may_track_opens(said, rules)} == set(seen)
