"""What an import says of addresses: whether they look mistyped, and when they last showed life."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from tests.operations.shopdata import NOW, run, shop
from winback.store import database
from winback.store.tables import contacts, customers

SOURCES = """
people:
  file: people.csv
  customers:
    id: id
    email: email
    telegram: chat
    consent: {column: agrees, agreed: ["yes"], declined: ["no"], given_at: since, source: where}
"""
HEADER = "id,email,chat,agrees,since,where\n"
DAY = timedelta(days=1)


def bring(tmp_path, engine, rows: str, now: datetime = NOW) -> tuple[int, int, int, int]:
    return run(shop(tmp_path, SOURCES, people=HEADER + rows), engine, now)["people"]


def addresses(engine) -> dict[str, tuple[str, str, str | None]]:
    """Per address: whose, what was meant, and the day of its last sign of life."""
    with database.reading(engine) as connection:
        statement = select(customers.c.key, contacts.c.address, contacts.c.mistyped, contacts.c.confirmed_at).join(contacts)
        return {row.address: (row.key, row.mistyped, row.confirmed_at and f"{row.confirmed_at:%Y-%m-%d}") for row in connection.execute(statement)}


def test_a_mistyped_address_is_marked_with_what_was_meant(tmp_path, engine):
    bring(tmp_path, engine, "A,Anna@GMAIL.con,,,,\nB,bohdan@zerno.example,77,,,\nC,,,,,\n")
    assert addresses(engine) == {
        "Anna@gmail.con": ("A", "Anna@gmail.com", None),
        "bohdan@zerno.example": ("B", "", None),
        "77": ("B", "", None),
    }


def test_a_mended_address_loses_its_mark_and_was_given_now(tmp_path, engine):
    bring(tmp_path, engine, "A,anna@gmail.con,,yes,2021-03-04,checkout\n")
    assert addresses(engine) == {"anna@gmail.con": ("A", "anna@gmail.com", "2021-03-03")}
    bring(tmp_path, engine, "A,anna@gmail.com,,yes,2021-03-04,checkout\n", NOW + DAY)
    assert addresses(engine) == {"anna@gmail.com": ("A", "", "2026-11-24")}


def test_a_domain_that_the_settings_call_real_is_not_marked(tmp_path, engine):
    project = shop(tmp_path, SOURCES, people=f"{HEADER}A,anna@gmail.ru,,,,\n")
    settings = project.root / "config" / "settings.yaml"
    settings.write_text(settings.read_text() + "addresses: {real_domains: [Gmail.ru]}\n")
    from winback.settings import open_project

    run(open_project(project.root, dict(project.environment)), engine)
    assert addresses(engine) == {"anna@gmail.ru": ("A", "", None)}


@pytest.mark.parametrize(
    ("cells", "day"),
    [
        ("yes,2026-01-02,checkout", "2026-01-01"),
        ("yes,2026-01-02,", "2026-01-01"),
        ("yes,,checkout", None),
        ("no,2026-01-02,checkout", None),
        (",,", None),
    ],
)
def test_a_new_address_showed_life_on_the_day_of_its_consent_and_the_day_of_the_import_says_nothing(tmp_path, engine, cells, day):
    bring(tmp_path, engine, f"A,anna@zerno.example,77,{cells}\n")
    assert addresses(engine) == {"anna@zerno.example": ("A", "", day), "77": ("A", "", None)}, "the consent is for e-mail"


def test_a_consent_given_again_is_a_sign_of_life_and_an_older_one_takes_nothing_back(tmp_path, engine):
    for day, shown in (("2024-05-02", "2024-05-01"), ("2026-05-02", "2026-05-01"), ("2024-05-02", "2026-05-01")):
        bring(tmp_path, engine, f"A,anna@zerno.example,,yes,{day},checkout\n")
        assert addresses(engine)["anna@zerno.example"][2] == shown


def test_an_address_written_with_other_capitals_was_not_given_anew(tmp_path, engine):
    bring(tmp_path, engine, "A,Anna@zerno.example,,yes,2021-03-04,checkout\n")
    bring(tmp_path, engine, "A,anna@zerno.example,,yes,2021-03-04,checkout\n")
    assert addresses(engine) == {"anna@zerno.example": ("A", "", "2021-03-03")}


def test_the_same_rows_again_change_nothing_of_what_is_known_of_an_address(tmp_path, engine):
    rows = "A,anna@gmail.con,77,yes,2021-03-04,checkout\n"
    bring(tmp_path, engine, rows)
    clicked = datetime(2026, 10, 1, tzinfo=UTC)
    with database.writing(engine) as connection:
        connection.execute(update(contacts).values(blocked_at=NOW, blocked_reason="bounced", confirmed_at=clicked))
    assert bring(tmp_path, engine, rows) == (0, 0, 1, 0)
    with database.reading(engine) as connection:
        rows = connection.execute(select(contacts.c.blocked_at, contacts.c.blocked_reason, contacts.c.confirmed_at)).all()
    assert rows == [(NOW, "bounced", clicked)] * 2
