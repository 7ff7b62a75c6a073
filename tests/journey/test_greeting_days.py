"""Which occasions a customer is greeted on: one a week, their own first, the same however far one looks ahead."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.projects import ROOT
from winback import settings
from winback.journey import greeting_days, occasions, policy
from winback.journey.greet import Greet
from winback.journey.greeting_days import APART, Circumstances
from winback.journey.greetings import Calendar, Celebrant
from winback.journey.last_check import Postpone, Send, SkipStage, Stop
from winback.model import ChannelName, Reason

PROJECT = settings.open_project(ROOT, {"WINBACK_SECRET": "k" * 32})
CALENDAR = Calendar(occasions.read(PROJECT).value)
POLICY = policy.read(PROJECT)
EVERYTHING = ("birthday", "favourite-day", "anniversary", "teachers-day", "holidays", "invented-days")
GREET = Greet.model_validate({"occasions": EVERYTHING, "letter": "greeting"})
SEND = Send(ChannelName.EMAIL, "greeting")


def who(country="UA", **card):
    last_on, greeted = card.pop("last_on", None), card.pop("greeted", frozenset())
    celebrant = Celebrant(country=country, professional_days=frozenset(EVERYTHING), **card)
    return Circumstances(celebrant, "Europe/Kyiv", POLICY.for_country(country), last_on=last_on, greeted=greeted)


def words(customer, first, last):
    return {each.coming.occasion: each.leaves_on for each in greeting_days.between(CALENDAR, GREET, customer, first, last)}


@pytest.mark.parametrize(
    ("card", "first", "last", "greeted"),
    [
        ({"birthday": date(1990, 10, 15)}, date(2027, 9, 25), date(2027, 10, 5), {"birthday": date(2027, 10, 1)}),  # before Coffee and Teachers' Day
        ({"favourite_day": "10-01"}, date(2027, 9, 25), date(2027, 10, 9), {"favourite-day": date(2027, 10, 1)}),
        ({}, date(2027, 9, 27), date(2027, 10, 1), {"teachers-day": date(2027, 9, 30)}),  # a professional day before an invented one
        ({"first_order_on": date(2025, 12, 20)}, date(2027, 12, 15), date(2027, 12, 31), {"anniversary": date(2027, 12, 20)}),
        ({"last_on": date(2027, 9, 28)}, date(2027, 9, 27), date(2027, 10, 1), {}),
        ({"greeted": frozenset({"teachers-day-2027"})}, date(2027, 9, 20), date(2027, 9, 30), {"coffee-day": date(2027, 9, 24)}),
        ({"birthday": date(2027, 12, 1)}, date(2027, 11, 10), date(2027, 11, 20), {}),  # nobody is greeted on the day of their birth
    ],
)
def test_of_two_occasions_within_a_week_the_more_personal_one_is_greeted(card, first, last, greeted):
    assert words(who(**card), first, last) == greeted


@pytest.mark.parametrize(
    ("verdict", "now", "customer", "occasion", "becomes"),
    [
        (SEND, "2027-09-30", {}, "teachers-day@2027-10-03", SEND),
        (SEND, "2027-10-04", {}, "teachers-day@2027-10-03", Reason.EXPIRED),
        (SEND, "2027-10-01", {}, "teachers-day@2027-10-04", Reason.NO_OCCASION),
        (SEND, "2027-05-01", {}, "mothers-day@2027-05-09", Reason.DAY_OF_SILENCE),
        (SEND, "2027-09-30", {"last_on": date(2027, 9, 24)}, "teachers-day@2027-10-03", Reason.TOO_SOON),
        (SEND, "2027-09-30", {"last_on": date(2027, 9, 23)}, "teachers-day@2027-10-03", SEND),
        (SEND, "2027-09-30", {"greeted": frozenset({"teachers-day-2027"})}, "teachers-day@2027-10-03", Reason.WRITTEN_LATELY),
        (SEND, "2027-01-29", {"favourite_day": "02-03"}, "favourite-day@2027-02-03", "waits until 2027-01-30"),  # Kruty: a day of silence
        (SEND, "2027-01-29", {"favourite_day": "01-30"}, "favourite-day@2027-01-30", "waits until 2027-01-30"),
        (Postpone(datetime(2027, 10, 4, 9, tzinfo=UTC)), "2027-10-03", {}, "teachers-day@2027-10-03", Reason.EXPIRED),
        (Stop(Reason.UNSUBSCRIBED), "2027-10-04", {}, "teachers-day@2027-10-03", Stop(Reason.UNSUBSCRIBED)),
        (SkipStage(Reason.NO_CHANNEL), "2027-10-04", {}, "teachers-day@2027-10-03", SkipStage(Reason.NO_CHANNEL)),
    ],
)
def test_a_greeting_is_held_against_card_calendar_and_day_when_it_is_taken_up(verdict, now, customer, occasion, becomes):
    moment = datetime.fromisoformat(f"{now}T10:00:00+00:00")
    found = greeting_days.check(verdict, CALENDAR, GREET, who(**customer), occasion, now=moment)
    if isinstance(becomes, Reason):
        assert isinstance(found, SkipStage)
        assert found.reason is becomes
    elif isinstance(becomes, str):
        assert isinstance(found, Postpone)
        assert f"waits until {found.due_at:%Y-%m-%d}" == becomes
        assert found.reason is Reason.DAY_OF_SILENCE
    else:
        assert found == becomes


days = st.dates(date(2026, 6, 1), date(2028, 6, 1))
people = st.builds(
    lambda country, birthday, favourite, ordered, sex: who(country, birthday=birthday, favourite_day=favourite, first_order_on=ordered, sex=sex),
    st.sampled_from(["UA", "RO", "MD", "UZ", "MN", "US", ""]),
    days.map(lambda day: day.replace(year=1988)) | st.none(),
    days.map(lambda day: f"{day:%m-%d}") | st.just(""),
    days.map(lambda day: day - timedelta(days=900)) | st.none(),
    st.sampled_from(["f", "m", ""]),
)


@given(people, days)
def test_what_comes_next_is_the_first_of_the_whole_year(customer, today):
    now = datetime(today.year, today.month, today.day, 9, tzinfo=UTC)
    found = greeting_days.upcoming(CALENDAR, GREET, customer, now, ends_on=today + timedelta(days=366))
    year = greeting_days.between(CALENDAR, GREET, customer, today, today + timedelta(days=366))
    feasible = [each for each in year if each.leaves_on > today]
    assert (found is None) <= (not feasible)
    if found is not None and found[0].leaves_on > today:
        assert found[0] == feasible[0]
        assert found[1] > now


@given(people, days)
def test_a_year_of_greetings_is_a_week_apart_and_none_is_late_or_silent(customer, first):
    year = greeting_days.between(CALENDAR, GREET, customer, first, first + timedelta(days=366))
    assert all(later.leaves_on - sooner.leaves_on >= APART for sooner, later in pairwise(year))
    assert len({each.stage for each in year}) == len(year)
    for each in year:
        assert first <= each.leaves_on <= each.coming.day
        assert CALENDAR.may_greet(each.leaves_on, customer.celebrant.country, each.coming.kind)
        assert each.coming.may_be_written
    said = list(greeting_days.told(CALENDAR, GREET, customer, first, first + timedelta(days=366)))
    assert {(each.coming.occasion, each.coming.day) for each in year if each.coming.day <= first + timedelta(days=366)} == {
        (coming.occasion, coming.day) for coming, _, is_greeted in said if is_greeted
    }
