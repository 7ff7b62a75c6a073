"""After many letters of a kind the next ones get a template of their own: nobody gets another letter for it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate
from winback.channels.memory import MemoryChannel
from winback.letters import settled
from winback.sending import compose, prepared
from winback.store import database
from winback.store.tables import customers


@pytest.fixture
def ready(tmp_path):
    return prepared.prepare(projects.make(tmp_path / "shop"), CAMPAIGN)


def test_customers_of_several_countries_and_managers_get_the_letters_that_they_would_have_got(ready, tmp_path, monkeypatch):
    made: Counter[tuple[object, ...]] = Counter()

    def counted(template, values):
        made[values["customer"]["country"], values["sender"]["name"], values["today"]] += 1
        return settled_email(template, values)

    settled_email = settled.email
    monkeypatch.setattr(settled, "email", counted)
    letters = []
    for many in (10**9, 2):
        monkeypatch.setattr(compose, "_MANY", many)
        engine = database.open_engine(f"sqlite:///{tmp_path / f'{many}.db'}")
        ids = populate(engine, 60)
        with database.writing(engine) as connection:
            for place, who in enumerate(ids):
                values = {"manager": ("olena", "andriy", "")[place % 3], "country": ("GB", "US")[place % 2], "given_name": f"Emma {place}"}
                connection.execute(update(customers).where(customers.c.id == who).values(values))
        channel = MemoryChannel()
        for days in (0, 7, 21):
            go(ready, engine, START + timedelta(days=days), channel)
        engine.dispose()
        letters.append({(letter.to, letter.message_id): letter for letter in channel.letters})
        assert (not made) == (many > 2)
    assert len(letters[0]) > 100
    assert letters[0] == letters[1]
    assert len({country for country, *_ in made}) == 2
    assert len({name for _, name, _ in made}) == 2
    assert len({day for *_, day in made}) == 3
