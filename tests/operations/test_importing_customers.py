"""What an import does with people: their addresses, their words, their consent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select, update

from tests.operations.shopdata import HEADER, NOW, PEOPLE, columns, rejects, run, shop, stored
from winback.store import consents as consent_log
from winback.store import database
from winback.store.contacts import address_hash
from winback.store.tables import consents, contacts, customers

ONE = HEADER + "1,A,2026-11-01,100,1\n"


def test_a_customer_with_a_broken_address_is_kept_without_it_and_told(tmp_path, engine):
    project = shop(tmp_path, people="id,email,name\nA,anna(at)zerno.example,Анна\nB,,Богдан\n", orders=ONE)
    assert run(project, engine) == {"people": (2, 0, 0, 1), "orders": (1, 0, 0, 0)}
    assert stored(engine)["contacts"] == []
    assert rejects(project)[0]["reason"].startswith("Broken address: `anna(at)zerno.example` is no e-mail address.")


def test_an_address_is_kept_with_its_keyed_hash(tmp_path, engine):
    project = shop(tmp_path, people="id,email,name\nA,Anna@ZERNO.example,Анна\n", orders=HEADER)
    run(project, engine)
    with database.reading(engine) as connection:
        found = connection.execute(select(contacts)).one()
    assert found.address == "Anna@zerno.example"
    assert found.address_hash == address_hash(project.key, "email", "Anna@zerno.example")


def test_an_import_unblocks_an_address_only_when_it_is_another(tmp_path, engine):
    project = shop(tmp_path, orders=HEADER)
    run(project, engine)
    with database.writing(engine) as connection:
        connection.execute(update(contacts).values(blocked_at=NOW, blocked_reason="bounced"))
    assert run(project, engine)["people"] == (0, 0, 2, 0)
    assert columns(engine, contacts, "blocked_reason") == [("bounced",), ("bounced",)]
    assert run(shop(tmp_path, people=PEOPLE.replace("anna@", "hanna@"), orders=HEADER), engine)["people"] == (0, 1, 1, 0)
    assert columns(engine, contacts, "blocked_at", "blocked_reason") == [(None, ""), (NOW, "bounced")]


def test_an_address_that_the_shop_has_no_more_goes_but_a_chat_stays(tmp_path, engine):
    sources = "people: {file: people.csv, customers: {id: id, email: email, telegram: chat}}\n"
    run(shop(tmp_path, sources, people="id,email,chat\nA,anna@zerno.example,5551\n"), engine)
    assert [row[1:3] for row in stored(engine)["contacts"]] == [("email", "anna@zerno.example"), ("telegram", "5551")]
    assert run(shop(tmp_path, sources, people="id,email,chat\nA,,\n"), engine)["people"] == (0, 1, 0, 0)
    assert [row[1:3] for row in stored(engine)["contacts"]] == [("telegram", "5551")]


def test_what_a_source_has_no_column_for_is_left_as_it_is(tmp_path, engine):
    run(shop(tmp_path, orders=HEADER), engine)
    cities = "people: {file: people.csv, customers: {id: id, city: city}}\n"
    assert run(shop(tmp_path, cities, people="id,city\nA,Львів\n"), engine)["people"] == (0, 1, 0, 0)
    with database.reading(engine) as connection:
        anna = connection.execute(select(customers).where(customers.c.key == "A")).one()
    assert (anna.given_name, anna.city) == ("Анна", "Львів")
    assert len(stored(engine)["contacts"]) == 2


def test_the_shops_words_for_sex_language_and_black_list_are_taken_by_the_mapping(tmp_path, engine):
    sources = """
        people:
          file: people.csv
          dates: [DD.MM.YYYY]
          customers:
            id: id
            sex: {column: sex, words: {ж: f, ч: m}}
            locale: {column: lang, words: {Українська: uk}}
            country: country
            time_zone: zone
            birthday: born
            favourite_day: day
            black_list: {column: bad, words: {"0": "", "1": debtor}}
        """
    rows = "id,sex,lang,country,zone,born,day,bad\nA,Ж,українська,ua,Europe/Kyiv,19.05.1987,07-28,1\nB,?,Klingon,Ukraine,Kyiv,31.02.1987,5,0\n"
    project = shop(tmp_path, sources, people=rows)
    assert run(project, engine)["people"] == (2, 0, 0, 1)
    known, unknown = columns(engine, customers, "key", "sex", "locale", "country", "time_zone", "birthday", "favourite_day", "black_list")
    assert known == ("A", "f", "uk", "UA", "Europe/Kyiv", datetime(1987, 5, 19).date(), "07-28", "debtor")
    assert unknown == ("B", "", "", "", "", None, "", "")
    assert "The birthday `31.02.1987` can't be read" in rejects(project)[0]["reason"]
    assert "The favourite day `5` can't be read" in rejects(project)[0]["reason"]
    assert "There is no time zone `Kyiv`; write it as Europe/Kyiv. The customer is kept without it." in rejects(project)[0]["reason"]


CONSENT = """
people:
  file: people.csv
  customers:
    id: id
    consent: {column: agrees, agreed: ["yes"], declined: ["no"], given_at: since, source: where}
"""


def consent(tmp_path: Path, engine, cells: str, now: datetime = NOW):
    """Import one customer with these cells; the count, and what is stored of their consent: (given on, source, withdrawn)."""
    count = run(shop(tmp_path, CONSENT, people=f"id,agrees,since,where\nA,{cells}\n"), engine, now)["people"]
    with database.reading(engine) as connection:
        found = connection.execute(select(consents.c.given_at, consents.c.source, consents.c.withdrawn_at)).all()
    return count, [(row.given_at and f"{row.given_at:%Y-%m-%d}", row.source, row.withdrawn_at) for row in found]


def test_a_consent_is_kept_with_its_proof_or_its_lack(tmp_path, engine):
    table = [
        ("yes,2026-01-02,checkout", ("2026-01-01", "checkout")),
        ("YES,2026-01-02,", ("2026-01-01", "")),
        ("yes,,checkout", (None, "checkout")),
        ("no,2026-01-02,checkout", (None, "")),  # an objection, which a purchase alone can't outweigh
        (",2026-01-02,checkout", None),
    ]
    rows = "".join(f"{number},{cells}\n" for number, (cells, _) in enumerate(table))
    run(shop(tmp_path, CONSENT, people=f"id,agrees,since,where\n{rows}"), engine)
    found = {row[0]: (row[3] and f"{row[3]:%Y-%m-%d}", row[4]) for row in stored(engine)["consents"]}
    assert found == {str(number): kept for number, (_, kept) in enumerate(table) if kept}


def test_a_consent_with_an_unreadable_day_is_kept_without_proof_and_told(tmp_path, engine):
    assert consent(tmp_path, engine, "yes,soon,checkout") == ((1, 0, 0, 1), [(None, "checkout", None)])


def test_a_word_nobody_listed_neither_gives_nor_withdraws_a_consent(tmp_path, engine):
    given = [("2026-01-01", "checkout", None)]
    assert consent(tmp_path, engine, "yes,2026-01-02,checkout")[1] == given
    assert consent(tmp_path, engine, "maybe,2026-01-02,checkout") == ((0, 0, 1, 1), given)


def test_a_consent_is_withdrawn_once_and_comes_back_only_by_a_later_one(tmp_path, engine):
    day = timedelta(days=1)
    consent(tmp_path, engine, "yes,2026-01-02,checkout")
    assert consent(tmp_path, engine, "no,2026-01-02,checkout") == ((0, 1, 0, 0), [("2026-01-01", "checkout", NOW)])
    assert consent(tmp_path, engine, "no,2026-01-02,checkout", NOW + day) == ((0, 0, 1, 0), [("2026-01-01", "checkout", NOW)])
    assert consent(tmp_path, engine, "yes,2026-01-02,checkout", NOW + day) == ((0, 0, 1, 0), [("2026-01-01", "checkout", NOW)])
    assert consent(tmp_path, engine, "yes,,shop", NOW + day) == ((0, 0, 1, 0), [("2026-01-01", "checkout", NOW)])
    assert consent(tmp_path, engine, "yes,2026-11-26,shop", NOW + 5 * day) == ((0, 1, 0, 0), [("2026-11-25", "shop", None)])


def test_what_a_customer_said_in_the_chat_gives_way_only_to_something_later(tmp_path, engine):
    sources = CONSENT.replace("source: where", "source: where, channels: [telegram]")
    rows = "id,agrees,since,where\nA,yes,2026-01-02,checkout\n"
    run(shop(tmp_path, sources, people=rows), engine)
    with database.writing(engine) as connection:
        connection.execute(update(consents).values(given_at=datetime(2026, 6, 1, tzinfo=UTC), source="telegram /start"))
    assert run(shop(tmp_path, sources, people=rows), engine)["people"] == (0, 0, 1, 0)
    assert run(shop(tmp_path, sources, people=rows.replace("2026-01-02", "2026-07-02")), engine)["people"] == (0, 1, 0, 0)


PROVEN = """
people:
  file: people.csv
  customers:
    id: id
    email: mail
    consent:
      column: agrees
      agreed: ["yes"]
      declined: ["no"]
      given_at: since
      source: where
      confirmed_at: clicked
      withdrawn_at: left
      wording: words
      evidence: {order: order, ip: ip}
    open_tracking: {column: seen, agreed: ["1"], declined: ["0"], given_at: since, source: where, text: You may see what I open.}
"""
NAMES = "id,mail,agrees,since,where,clicked,left,words,order,ip,seen"


def proofs(engine):
    with database.reading(engine) as connection:
        rows = consent_log.proofs(connection, connection.execute(select(customers.c.id)).scalar_one())
    return [(row.purpose, row.deed, row.way, row.source, row.wording, row.evidence) for row in rows]


def test_consents_come_with_all_that_proves_them(tmp_path, engine):
    row = "1,olena@mail.example,yes,2026-01-02,checkout,2026-01-03,,Write to me.,A-7,192.0.2.7,1"
    root = shop(tmp_path, PROVEN, people=f"{NAMES}\n{row}\n")
    run(root, engine)
    expected = [
        ("marketing", "confirmed", "import", "checkout", "Write to me.", {"order": "A-7", "ip": "192.0.2.7"}),
        ("open-tracking", "given", "import", "checkout", "You may see what I open.", {}),
    ]
    assert proofs(engine) == expected
    assert run(root, engine)["people"] == (0, 0, 1, 0)
    assert proofs(engine) == expected, "the same data proves nothing twice"
    with database.reading(engine) as connection:
        held = {row.purpose: row.confirmed_at for row in connection.execute(select(consents))}
    assert held == {"marketing": datetime(2026, 1, 2, 22, tzinfo=UTC), "open-tracking": None}


def test_what_is_taken_back_is_proved_with_its_day(tmp_path, engine):
    first = "1,olena@mail.example,yes,2026-01-02,checkout,,,,,,1"
    run(shop(tmp_path, PROVEN, people=f"{NAMES}\n{first}\n"), engine)
    second = "1,olena@mail.example,no,,,,2026-05-02,,,,0"
    run(shop(tmp_path, PROVEN, people=f"{NAMES}\n{second}\n"), engine)
    assert [told[:3] for told in proofs(engine)][2:] == [("marketing", "withdrawn", "import"), ("open-tracking", "withdrawn", "import")]
    with database.reading(engine) as connection:
        rows = connection.execute(select(consents.c.withdrawn_at, consents.c.withdrawn_through).order_by(consents.c.purpose)).all()
    assert [tuple(row) for row in rows] == [(datetime(2026, 5, 1, 21, tzinfo=UTC), "import"), (NOW, "import")]


def test_a_no_to_which_there_never_was_a_yes_gives_way_to_any(tmp_path, engine):
    """Shops whose data says yes or no without a day: as if the no had never been written down."""
    consent(tmp_path, engine, "no,,")
    assert consent(tmp_path, engine, "yes,,checkout")[1] == [(None, "checkout", None)]


def test_what_a_customer_confirmed_stands_against_an_older_word_of_the_shop(tmp_path, engine):
    consent(tmp_path, engine, "yes,2026-01-02,checkout")
    confirmed = datetime(2026, 6, 1, tzinfo=UTC)
    with database.writing(engine) as connection:
        connection.execute(update(consents).values(confirmed_at=confirmed))
    consent(tmp_path, engine, "yes,2026-01-02,another form")
    consent(tmp_path, engine, "yes,,checkout")
    with database.reading(engine) as connection:
        (row,) = connection.execute(select(consents))
    assert (row.source, row.confirmed_at) == ("checkout", confirmed)
