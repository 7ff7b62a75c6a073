from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from winback.journey import last_check
from winback.journey.campaign import Campaign
from winback.journey.day_rules import read
from winback.journey.eligibility import Candidate, Reach
from winback.journey.last_check import Postpone, Send, Since, SkipStage, Stop
from winback.journey.policy import Rules
from winback.journey.wishes import NO_WISHES, Topic, Wishes
from winback.model import ChannelName, EventKind, Person, Reason

NOON = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # noon in Kyiv, a Tuesday
RULES = Rules.model_validate({"channels": ("email", "telegram")})
GOOD = Reach("a@b.example", consent_given_at=NOON, consent_source="checkout", consented=True)


def campaign(**values) -> Campaign:
    return Campaign.model_validate(
        {
            "title": "t",
            "cohort": "c",
            "starts_on": datetime(2026, 11, 1).date(),
            "ends_on": datetime(2026, 12, 31).date(),
            "holdout": 0.2,
            "sender": "s",
            "tactics": {"a": {"share": 1}},
            "stages": (
                {"name": "one", "channels": ("telegram", "email"), "letter": {"a": "letter-a"}, "message": {"a": "text-a"}, "hours": "10:00-13:00"},
            ),
            **values,
        }
    )


def decide(plan=None, *, reach=None, since=Since(), now=NOON, tactic="a", black_list="", wishes=NO_WISHES, **more):
    plan = plan or campaign()
    candidate = Candidate(1, Person("k"), black_list=black_list, reach={ChannelName.EMAIL: GOOD} if reach is None else reach, wishes=wishes)
    return last_check.decide(
        campaign=plan, stage=plan.stages[0], tactic=tactic, candidate=candidate, since=since, rules=RULES, zone="Europe/Kyiv", now=now, **more
    )


def test_it_goes_out_over_the_first_channel_that_works():
    assert decide() == Send(ChannelName.EMAIL, "letter-a")
    assert decide(reach={ChannelName.EMAIL: GOOD, ChannelName.TELEGRAM: GOOD}) == Send(ChannelName.TELEGRAM, "text-a")


@pytest.mark.parametrize(
    ("since", "reason"),
    [
        (Since(purchases=1), Reason.ORDERED),
        (Since(events=frozenset({EventKind.REPLY})), Reason.REPLIED),
        (Since(events=frozenset({EventKind.ANSWER})), Reason.ANSWERED),
        (Since(events=frozenset({EventKind.UNSUBSCRIBE})), Reason.UNSUBSCRIBED),
        (Since(events=frozenset({EventKind.COMPLAINT})), Reason.COMPLAINED),
        (Since(purchases=1, events=frozenset({EventKind.UNSUBSCRIBE})), Reason.ORDERED),
    ],
)
def test_what_happened_since_the_plan_stops_it(since, reason):
    assert decide(since=since) == Stop(reason)


def test_opens_and_clicks_stop_nothing_unless_the_campaign_says_so():
    clicked = Since(events=frozenset({EventKind.CLICK, EventKind.OPEN}))
    assert isinstance(decide(since=clicked), Send)
    assert decide(campaign(stop_when=("clicked",)), since=clicked) == Stop(Reason.CLICKED)


def test_a_campaign_that_does_not_stop_at_replies_goes_on_but_obeys_unsubscribing():
    stubborn = campaign(stop_when=())
    assert isinstance(decide(stubborn, since=Since(purchases=1, events=frozenset({EventKind.REPLY}))), Send)
    assert decide(stubborn, since=Since(events=frozenset({EventKind.UNSUBSCRIBE}))) == Stop(Reason.UNSUBSCRIBED)


def test_a_consent_withdrawn_since_the_plan_skips_the_stage():
    assert decide(reach={ChannelName.EMAIL: Reach("a@b.example")}) == SkipStage(Reason.NO_CONSENT)
    assert decide(reach={ChannelName.EMAIL: Reach("a@b.example", suppressed="complained", consented=True)}) == SkipStage(Reason.SUPPRESSED)


def test_somebody_put_on_the_black_list_is_left_alone():
    assert decide(black_list="debtor") == Stop(Reason.BLACK_LISTED)


def test_outside_of_the_hours_it_waits():
    evening = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    assert decide(now=evening) == Postpone(datetime(2026, 11, 25, 8, 0, tzinfo=UTC))


def test_after_the_last_day_nothing_leaves():
    assert decide(now=datetime(2027, 1, 1, 10, 0, tzinfo=UTC)) == Stop(Reason.EXPIRED)


def test_a_stage_without_a_text_for_the_tactic_is_passed_over():
    plan = campaign(tactics={"a": {"share": 0.5}, "b": {"share": 0.5}})
    assert decide(plan, tactic="b") == SkipStage(Reason.NOT_FOR_TACTIC)


def test_a_sign_of_being_lost_chooses_the_letter_unless_it_cannot_be_written_for_them():
    by_sign = {"dissatisfied": "apology", "no-answer": "results"}
    stage = {"name": "one", "channels": ("email",), "letter": "usual", "by_sign": by_sign, "hours": "10:00-13:00"}
    plan = campaign(stages=(stage,))
    assert decide(plan) == Send(ChannelName.EMAIL, "usual")
    assert decide(plan, signs={"no-answer"}) == Send(ChannelName.EMAIL, "results")
    assert decide(plan, signs={"no-answer", "dissatisfied"}) == Send(ChannelName.EMAIL, "apology")
    assert decide(plan, signs={"no-answer", "dissatisfied"}, lacks=lambda _, text: text == "apology") == Send(ChannelName.EMAIL, "results")
    assert plan.letters() == {"a": {(ChannelName.EMAIL, name) for name in ("usual", "apology", "results")}}


@pytest.mark.parametrize(("mourning", "day"), [((), "2026-11-25 10:00"), (("11-25",), "2026-11-24 18:00")])
def test_what_is_put_off_waits_for_the_learnt_hour_unless_that_would_bring_it_too_far(mourning, day):
    rules = RULES.model_copy(update={"mourning": tuple(read(each) for each in mourning), "gap": timedelta(hours=5)})
    one = campaign().stages[0].model_copy(update={"hours": (time(9), time(20)), "send_hour": "learnt"})
    kyiv = ZoneInfo("Europe/Kyiv")
    contacts = [datetime(2026, 11, 24, 13, 0, tzinfo=kyiv)]
    late = last_check.turn(date(2026, 11, 30), one, rules, "Europe/Kyiv", NOON + timedelta(hours=2), contacts, hour=10)
    assert isinstance(late, Postpone)
    assert f"{late.due_at.astimezone(kyiv):%Y-%m-%d %H:%M}" == day
    last_day = last_check.turn(date(2026, 11, 24), one, rules, "Europe/Kyiv", NOON + timedelta(hours=2), contacts, hour=10)
    assert isinstance(last_day, Postpone)
    assert last_day.due_at == datetime(2026, 11, 24, 18, 0, tzinfo=kyiv)


def test_a_topic_that_the_customer_turned_off_is_passed_over_for_another_text_or_skips_the_stage():
    no_offers = Wishes(topics_off=frozenset({Topic.OFFERS}))
    everywhere = {ChannelName.EMAIL: GOOD, ChannelName.TELEGRAM: GOOD}

    def topic(_channel, text):
        return Topic.OFFERS if text == "text-a" else Topic.NEWS

    assert decide(wishes=no_offers, reach=everywhere, topic=topic) == Send(ChannelName.EMAIL, "letter-a")
    assert decide(wishes=no_offers, topic=lambda *_: Topic.OFFERS) == SkipStage(Reason.TOPIC_OFF)
    assert isinstance(decide(wishes=no_offers, topic=lambda *_: None), Send)


def test_a_pause_puts_a_stage_off_and_one_beyond_the_campaign_ends_it():
    paused = decide(wishes=Wishes(paused_until=date(2026, 12, 10)))
    assert isinstance(paused, Postpone)
    assert (paused.due_at.date(), paused.reason) == (date(2026, 12, 10), Reason.PAUSED)
    assert decide(wishes=Wishes(paused_until=date(2027, 1, 10))) == Stop(Reason.EXPIRED, "asked for a pause until 2027-01-10")


def test_a_customers_own_cap_is_kept_and_never_loosens_the_laws():
    month = [NOON - timedelta(days=days) for days in (10,)]
    capped = decide(wishes=Wishes(most_letters=1), contacts=month)
    assert isinstance(capped, Postpone)
    assert (capped.reason, capped.detail) == (Reason.CAPPED, "1 of 1 contacts a month, the last on 2026-11-14")
    assert isinstance(decide(wishes=Wishes(most_letters=2), contacts=month), Send)
    assert Wishes(most_letters=9).narrow(RULES).caps.month == RULES.caps.month


def test_a_campaign_may_stop_on_answers_to_its_survey_alone():
    answered = Since(events=frozenset({EventKind.ANSWER}))
    assert decide(campaign(stop_when=("answered",)), since=answered) == Stop(Reason.ANSWERED)
    assert isinstance(decide(campaign(stop_when=("answered",)), since=Since(events=frozenset({EventKind.REPLY}))), Send)
    assert isinstance(decide(campaign(stop_when=("ordered",)), since=answered), Send)
