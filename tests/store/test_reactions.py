from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.store import world
from winback.model import EventKind, OrderStatus, Verdict
from winback.store import database, events, reactions
from winback.store.events import Event

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
EVENING = datetime(2026, 11, 1, 18, 30, tzinfo=UTC)


def happened(connection, who: int, *, kind=EventKind.CLICK, at=EVENING, verdict=Verdict.HUMAN) -> None:
    events.record(connection, [Event(f"{who} {kind} {at} {verdict}", kind, who, at, verdict)])


def test_clicks_and_answers_of_people_count_until_now(engine):
    with database.writing(engine) as connection:
        who = world.customer(connection, "a")
        happened(connection, who)
        happened(connection, who, kind=EventKind.REPLY, at=EVENING + timedelta(days=1))
        happened(connection, who, kind=EventKind.OPEN)
        happened(connection, who, kind=EventKind.UNSUBSCRIBE)
        happened(connection, who, verdict=Verdict.MACHINE)
        happened(connection, who, at=NOW + timedelta(hours=1))
        world.order(connection, who, "2026-10-01 12:34:56")
        assert {key: sorted(found) for key, found in reactions.moments(connection, [who], NOW).items()} == {
            who: [EVENING, EVENING + timedelta(days=1)]
        }


def test_orders_count_of_those_who_never_reacted_and_only_with_their_time_of_day(engine):
    with database.writing(engine) as connection:
        buyer, other = world.customer(connection, "a"), world.customer(connection, "b")
        world.order(connection, buyer, "2026-10-01 12:34:56")
        world.order(connection, buyer, "2026-10-02 22:00:00")  # a day without a time, which begins then in Kyiv
        world.order(connection, buyer, "2026-10-03 12:34:56", status=OrderStatus.CANCELLED)
        world.order(connection, other, "2026-10-01 12:34:56")
        assert reactions.moments(connection, [buyer], NOW) == {buyer: [datetime(2026, 10, 1, 12, 34, 56, tzinfo=UTC)]}
        assert reactions.moments(connection, [], NOW) == {}
