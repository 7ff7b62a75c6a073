"""What must hold of greetings whatever the cards, the calendar, the clock and the downtimes: over two campaigns that greet at once."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from tests import projects
from tests.operations import lost
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.journey import greeting_days
from winback.journey.occasions import Kind
from winback.operations import campaign_run
from winback.sending import prepared
from winback.store import database
from winback.store.tables import customers, deliveries, metadata

pytestmark = pytest.mark.one_database("a calendar's promises, drawn by hypothesis; its statements are tested on both in tests/store")

FILE = "config/campaigns/greetings.yaml"
DAYS = "occasions: [birthday, favourite-day, anniversary, holidays]"
BEGIN = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
LIVES = (("UA", "uk", "Europe/Kyiv"), ("UZ", "uz", "Asia/Tashkent"), ("GB", "en", "Europe/London"), ("US", "en", "America/New_York"))


@pytest.fixture(scope="module")
def shops(tmp_path_factory):
    """Two campaigns that greet the same customers on the same days, one of them at any hour and at once wherever the policy lets it."""
    changes = [
        (FILE, DAYS, "occasions: [birthday, favourite-day, anniversary, holidays, invented-days]"),
        (FILE, '  hours: "09:00-12:00"', '  hours: "09:00-20:00"'),
        ("config/policy.yaml", "  gap: 3 days", "  gap: 60 minutes"),
    ]
    project = projects.make(tmp_path_factory.mktemp("greetings") / "shop", *changes)
    second = project.root / "config/campaigns/second.yaml"
    second.write_text((project.root / FILE).read_text(encoding="utf-8").replace("title: ", "title: Second, "), encoding="utf-8")
    projects.edit(second, '  hours: "09:00-20:00"', '  hours: "10:00-18:00"')
    projects.edit(second, "priority: 1", "priority: 0")
    return [prepared.prepare(project, name) for name in ("greetings", "second")]


@dataclass(frozen=True)
class Card:
    """A customer."""

    life: int
    birthday: date | None
    favourite_day: str
    ordered_on: date
    sex: str


@dataclass(frozen=True)
class Step:
    """What happens after so many hours: one of the campaigns goes on, or a card changes before."""

    hours: int
    campaign: int
    changed: int | None
    birthday: date | None


near = st.dates(date(2026, 12, 3), date(2027, 1, 20))
cards = st.builds(
    Card,
    life=st.integers(0, 3),
    birthday=near.map(lambda day: day.replace(year=1988)) | st.none(),
    favourite_day=near.map(lambda day: f"{day:%m-%d}") | st.just(""),
    ordered_on=near.map(lambda day: day.replace(year=day.year - 1)),
    sex=st.sampled_from(["f", "m", ""]),
)
steps = st.builds(
    Step,
    hours=st.sampled_from([1, 5, 23, *[24] * 8, 48, 72, 24 * 13]),
    campaign=st.integers(0, 1),
    changed=st.integers(0, 2) | st.none(),
    birthday=near.map(lambda day: day.replace(year=1988)) | st.none(),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(cards, min_size=3, max_size=3), st.lists(steps, min_size=15, max_size=30))
def test_nobody_is_greeted_twice_within_a_week_or_late_or_on_a_day_of_silence(engine, shops, people, happening):
    ids = _people(engine, people)
    now = BEGIN
    for ready in shops:
        lost.go(ready, engine, now, MemoryChannel())
    for step in happening:
        now += timedelta(hours=step.hours)
        if step.changed is not None:
            with database.writing(engine) as connection:
                values = {"birthday": step.birthday, "updated_at": now}
                connection.execute(update(customers).where(customers.c.id == ids[step.changed]).values(values))
        ready = shops[step.campaign]
        if not campaign_run.is_over(engine, ready.name):
            lost.go(ready, engine, now, MemoryChannel())
    with database.reading(engine) as connection:
        rows = connection.execute(select(deliveries).where(deliveries.c.sent_at.is_not(None)).order_by(deliveries.c.sent_at)).all()
    by_customer = defaultdict(list)
    for row in rows:
        life = LIVES[people[ids.index(row.customer_id)].life]
        left_on = row.sent_at.astimezone(ZoneInfo(life[2])).date()
        word, day = greeting_days.parse(row.occasion)
        kind = Kind(word) if word in set(Kind) else Kind.HOLIDAY
        assert left_on <= day, "a greeting is late"
        for silent in (left_on, day):
            assert shops[0].calendar.may_greet(silent, life[0], kind), "a day of silence"
        by_customer[row.customer_id].append((left_on, row.stage))
    for greetings in by_customer.values():
        left = [day for day, _ in greetings]
        assert all(later - sooner >= timedelta(days=7) for sooner, later in itertools.pairwise(left)), "two within a week"
        assert len({stage for _, stage in greetings}) == len(greetings), "one occasion twice"


def _people(engine, people):
    with database.writing(engine) as connection:
        for table in reversed(metadata.sorted_tables):
            if table.name != "audit":  # nobody may delete there
                connection.execute(delete(table))
        return [_person(connection, number, card) for number, card in enumerate(people)]


def _person(connection, number, card):
    country, locale, zone = LIVES[card.life]
    known = {"birthday": card.birthday, "favourite_day": card.favourite_day, "sex": card.sex}
    who = world.customer(connection, f"k{number}", given_name="Emma", country=country, locale=locale, time_zone=zone, **known)
    world.order(connection, who, datetime.combine(card.ordered_on, datetime.min.time(), UTC) + timedelta(hours=10))
    world.reach(connection, who)
    return who
