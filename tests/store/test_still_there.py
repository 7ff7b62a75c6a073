"""Connections in the pool: taken as they are while their server surely lives, made anew when it doesn't."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select, text

from winback.store import database, still_there

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def backend(engine) -> int:
    with database.reading(engine) as connection:
        return connection.execute(text("SELECT pg_backend_pid()")).scalar_one()


def end(engine, number: int) -> None:
    """End a server's process, as a server that stops does with all of them."""
    other = database.open_engine(engine.url.render_as_string(hide_password=False))
    with database.reading(other) as connection:
        assert connection.execute(select(text(f"pg_terminate_backend({number}, 60000)"))).scalar_one()  # waits until it is gone
    other.dispose()


@pytest.fixture
def pings(engine, monkeypatch) -> list[object]:
    asked, ask = [], engine.dialect.do_ping

    def do_ping(connection):
        asked.append(connection)
        return ask(connection)

    monkeypatch.setattr(engine.dialect, "do_ping", do_ping)
    return asked


def test_one_that_was_used_a_moment_ago_costs_no_round_trip(engine, pings):
    assert backend(engine) == backend(engine)
    assert pings == []


def test_one_that_its_server_ended_is_never_handed_out(engine, pings):
    first = backend(engine)
    end(engine, first)
    assert backend(engine) != first
    assert len(pings) == 1


def test_one_that_lay_long_is_asked_first(engine, pings, monkeypatch):
    first = backend(engine)
    monkeypatch.setattr(still_there, "_SURELY", 0.0)
    assert backend(engine) == first
    assert len(pings) == 1


def test_all_of_its_age_go_with_it(engine):
    made = []
    event.listen(engine, "connect", lambda connection, record: made.append(record))
    with engine.connect() as one, engine.connect() as other:
        numbers = [each.execute(text("SELECT pg_backend_pid()")).scalar_one() for each in (one, other)]
    for number in numbers:
        end(engine, number)
    before = len(made)
    with engine.connect() as one, engine.connect() as other:
        again = [each.execute(text("SELECT pg_backend_pid()")).scalar_one() for each in (one, other)]
    assert not set(numbers) & set(again)
    assert len(made) - before == 2


def test_one_that_was_closed_is_made_anew(engine):
    with engine.connect() as connection:
        connection.connection.driver_connection.close()
    assert backend(engine) > 0
