"""What comes from listmonk, Mautic and lists of other tools, into both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, select, text

from tests.operations import shopdata
from winback.errors import ConfigError, SourceError
from winback.model import Reason
from winback.operations import forgetting, importing, moving, suppressing
from winback.settings import Project
from winback.store import database
from winback.store.tables import consent_proofs, consents, contacts, customers, suppressions, touches

HERE = Path(__file__).parent
NOW = shopdata.NOW
PEOPLE = (
    "people: {file: people.csv, customers: {id: id, email: email, given_name: name, "
    'consent: {column: agrees, agreed: ["yes"], declined: ["no"], given_at: day, source: place}}}\n'
)
SHOP = "id,email,name,agrees,day,place\nA,anna@zerno.example,Анна,,,\nV,vira@zerno.example,Віра,no,,\nB,bohdan@zerno.example,Богдан,yes,2023-01-01,till\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return shopdata.shop(tmp_path / "shop", PEOPLE, people=SHOP)


@pytest.fixture(scope="module")
def listmonk(postgres_url: str) -> Iterator[str]:
    """URL of a PostgreSQL database with listmonk's tables."""
    admin = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE former_listmonk"))
    url = make_url(postgres_url).set(database="former_listmonk").render_as_string(hide_password=False)
    fill(url, "listmonk.sql")
    yield url
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE former_listmonk WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def mautic(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a database with Mautic's tables, whose names have a prefix there."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('former') / 'mautic.db'}"
        fill(url, "mautic.sql")
        yield url
        return
    server = request.getfixturevalue("postgres_url")
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE former_mautic"))
    url = make_url(server).set(database="former_mautic").render_as_string(hide_password=False)
    fill(url, "mautic.sql")
    yield url
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE former_mautic WITH (FORCE)"))
    admin.dispose()


def fill(url: str, file: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in (HERE / file).read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    engine.dispose()


def move(project: Project, engine: Engine, tool: str, place: str, **more: bool) -> dict[str, tuple[int, int, int, int]]:
    report = moving.run(project, engine, tool, place, now=NOW, **more)
    return {each.name: (each.inserted, each.updated, each.unchanged, each.rejected) for each in report.sources}


def everything(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """All that a former tool's data could change, as it stands."""
    with database.reading(engine) as connection:
        proofs = connection.execute(select(consent_proofs.c.customer_id, consent_proofs.c.deed).order_by(consent_proofs.c.id)).all()
        closed = connection.execute(select(suppressions).order_by(suppressions.c.id)).all()
    return {**shopdata.stored(engine), "proofs": [tuple(row) for row in proofs], "closed": [tuple(row) for row in closed]}


def agreements(engine: Engine) -> dict[str, tuple[bool, bool, str]]:
    """By the shop's key: whether letters may come, whether the address itself said so, and where it was agreed."""
    rows = shopdata.columns(engine, consents, "customer", "given_at", "confirmed_at", "withdrawn_at", "source")
    return {key: (given is not None and withdrawn is None, confirmed is not None, source) for key, given, confirmed, withdrawn, source in rows}


def closed(engine: Engine, project: Project) -> dict[str, tuple[str, str]]:
    """Addresses that are closed and known, with why and since when."""
    with database.reading(engine) as connection:
        on = (suppressions.c.channel == contacts.c.channel) & (suppressions.c.address_hash == contacts.c.address_hash)
        rows = connection.execute(select(contacts.c.address, suppressions.c.reason, suppressions.c.since).join(suppressions, on))
        return {address: (reason, f"{since:%Y-%m-%d}") for address, reason, since in rows}


L = "listmonk:10000000-0000-0000-0000-00000000000"


def test_listmonk_brings_people_agreements_refusals_and_past_letters(project, engine, listmonk):
    importing.run(project, engine, now=NOW)
    assert move(project, engine, "listmonk", listmonk) == {
        "listmonk-known": (0, 1, 2, 0),
        "listmonk": (5, 0, 0, 1),
        "listmonk-sends": (8, 0, 0, 0),
    }
    names = {row[0]: row[1:] for row in shopdata.columns(engine, customers, "key", "given_name", "family_name")}
    assert names["A"] == ("Анна", "")  # as the shop knows her
    assert names[f"{L}4"] == ("Hlib", "")
    assert agreements(engine) == {
        "A": (True, True, "listmonk, list News"),  # the shop had no word of hers; she confirmed there
        "V": (False, False, ""),  # her no to the shop stays, though she is on a public list there
        "B": (True, False, "till"),  # he never confirmed there: that says nothing
        f"{L}4": (False, False, ""),  # blocklisted
        f"{L}5": (False, False, ""),  # left one of two lists
        f"{L}6": (True, False, "listmonk, list Offers"),  # agreed, though the address is closed
    }
    assert closed(engine, project) == {
        "hlib@zerno.example": ("unsubscribed", "2024-06-04"),
        "dana@zerno.example": ("unsubscribed", "2024-07-05"),
        "yuri@zerno.example": ("bounced", "2024-03-01"),
    }
    proofs = shopdata.columns(engine, consent_proofs, "customer", "deed", "happened_at", "evidence")
    assert ("A", "confirmed", datetime(2024, 2, 1, 10, 5, tzinfo=UTC), {"list": "News", "ip": "203.0.113.5"}) in proofs
    letters = shopdata.columns(engine, touches, "customer", "touched_at", "channel", "reacted_at")
    march, april = datetime(2024, 3, 1, 9, tzinfo=UTC), datetime(2024, 4, 1, 9, tzinfo=UTC)
    assert sorted(letters, key=str) == sorted(
        [
            ("A", march, "e-mail", datetime(2024, 3, 1, 11, tzinfo=UTC)),
            ("A", april, "e-mail", None),
            ("V", march, "e-mail", None),
            ("V", april, "e-mail", None),
            (f"{L}4", march, "e-mail", None),
            (f"{L}5", march, "e-mail", None),
            (f"{L}6", march, "e-mail", None),
            (f"{L}7", march, "e-mail", None),  # on no list of that campaign any more, but it was opened
        ],
        key=str,
    )


def test_twice_is_once(project, engine, listmonk):
    move(project, engine, "listmonk", listmonk)
    before = everything(engine)
    assert move(project, engine, "listmonk", listmonk) == {
        "listmonk-known": (0, 0, 0, 0),
        "listmonk": (0, 0, 8, 1),
        "listmonk-sends": (0, 0, 8, 0),
    }
    assert everything(engine) == before


def test_a_dry_run_says_the_same_and_changes_nothing(project, engine, listmonk):
    importing.run(project, engine, now=NOW)
    before = everything(engine)
    told = moving.run(project, engine, "listmonk", listmonk, now=NOW, dry_run=True).as_json()
    assert everything(engine) == before
    done = moving.run(project, engine, "listmonk", listmonk, now=NOW).as_json()
    assert told["dry_run"]
    assert not done["dry_run"]
    assert {**told, "dry_run": False} == done


def test_nobody_is_opened_again_and_a_later_yes_there_takes_no_refusal_here_back(project, engine, tmp_path):
    importing.run(project, engine, now=NOW)
    suppressing.add(project, engine, "anna@zerno.example", reason=Reason.UNSUBSCRIBED, everywhere=False, by="olha", now=NOW)
    path = tmp_path / "list.csv"
    path.write_text("email,optin_time\nanna@zerno.example,2026-11-23 11:00:00\nvira@zerno.example,2026-11-23 11:00:00\n", encoding="utf-8")
    before = everything(engine)
    later = NOW + timedelta(days=1)
    moving.run(project, engine, "csv", str(path), now=later)
    assert everything(engine) == before
    assert not agreements(engine)["A"][0]
    assert not agreements(engine)["V"][0]


def test_who_was_forgotten_stays_forgotten(project, engine, listmonk):
    importing.run(project, engine, now=NOW)
    forgetting.forget(project, engine, "A", by="olha", now=NOW)
    report = moving.run(project, engine, "listmonk", listmonk, now=NOW)
    assert [each.forgotten for each in report.sources] == [1, 1, 2]
    with database.reading(engine) as connection:
        assert not connection.execute(select(contacts.c.address).where(contacts.c.address == "anna@zerno.example")).all()
    for path in (project.out / "rejects").iterdir():
        assert "anna@" not in path.read_text(encoding="utf-8-sig")


def test_mautic_brings_refusals_by_channel_and_reason_but_no_agreement(project, engine, mautic):
    assert move(project, engine, "mautic", mautic) == {"mautic-known": (0, 0, 0, 0), "mautic": (5, 0, 0, 0), "mautic-sends": (3, 0, 0, 0)}
    people = shopdata.columns(engine, customers, "key", "given_name", "family_name", "city", "locale", "time_zone", "phone")
    assert people[0] == ("mautic:1", "Anna", "Koval", "Lviv", "uk", "Europe/Kyiv", "+380671234567")
    assert agreements(engine) == {f"mautic:{each}": (False, False, "") for each in (2, 3, 4)}
    assert closed(engine, project)["bohdan@zerno.example"] == ("unsubscribed", "2024-05-01")
    assert closed(engine, project)["vira@zerno.example"] == ("bounced", "2024-05-02")
    assert closed(engine, project)["hlib@zerno.example"] == ("complained", "2024-05-03")
    assert "anna@zerno.example" not in closed(engine, project)
    with database.reading(engine) as connection:
        by_phone = connection.execute(select(suppressions.c.channel).where(suppressions.c.since == datetime(2024, 5, 4, 10, tzinfo=UTC))).scalars()
        assert "sms" in set(by_phone)
    assert shopdata.columns(engine, touches, "customer", "touched_at", "reacted_at") == [
        ("mautic:1", datetime(2024, 4, 1, 10, tzinfo=UTC), datetime(2024, 4, 1, 12, 30, tzinfo=UTC)),
        ("mautic:2", datetime(2024, 4, 1, 10, tzinfo=UTC), None),  # opened, which is no reaction
        ("mautic:1", datetime(2024, 4, 8, 10, tzinfo=UTC), datetime(2024, 4, 8, 11, tzinfo=UTC)),
    ]
    before = everything(engine)
    assert move(project, engine, "mautic", mautic)["mautic"] == (0, 0, 5, 0)
    assert everything(engine) == before


EXPORTS = {
    "listmonk": (
        (
            "uuid,email,name,attributes,status,created_at,updated_at\n"
            'u1,anna@zerno.example,Anna Koval,"{""city"": ""Lviv""}",enabled,2024-01-01T10:00:00Z,2024-01-01T10:00:00Z\n'
            "u2,hlib@zerno.example,Hlib,{},blocklisted,2024-01-01T10:00:00Z,2024-06-04T10:00:00Z\n"
            "u3,broken@,Nobody,{},enabled,2024-01-01T10:00:00Z,2024-01-01T10:00:00Z\n"
        ),
        {"listmonk:u2": (False, False, "")},
        {"hlib@zerno.example": "unsubscribed"},
    ),
    "mautic": (
        (
            "id,title,firstname,lastname,email,mobile,phone,city,state,country,preferred_locale,timezone\n"
            "7,,Anna,Koval,anna@zerno.example,+380671234567,,Lviv,Lviv oblast,Ukraine,uk_UA,Europe/Kyiv\n"
        ),
        {},
        {},
    ),
    "csv": (
        (
            "Email Address;First Name;Last Name;OPTIN_TIME;OPTIN_IP;CONFIRM_TIME;CONFIRM_IP;Status\n"
            "anna@zerno.example;Anna;Koval;2024-02-01 10:00:00;203.0.113.5;2024-02-01 10:05:00;203.0.113.6;subscribed\n"
            "hlib@zerno.example;Hlib;;2024-02-01 10:00:00;;;;cleaned\n"
            "yuri@zerno.example;Yuri;;;;;;subscribed\n"
            "zoya@zerno.example;Zoya;;2024-02-01 10:00:00;;;;pending\n"
        ),
        None,
        {"hlib@zerno.example": "bounced"},
    ),
}


@pytest.mark.parametrize("tool", EXPORTS)
def test_exports_say_what_they_say(project, engine, tmp_path, tool):
    content, agreed, refused = EXPORTS[tool]
    path = tmp_path / "export.csv"
    path.write_text(content, encoding="utf-8")
    move(project, engine, tool, str(path))
    if agreed is None:
        given = {source: (may, doubly) for may, doubly, source in agreements(engine).values()}
        assert given == {"csv, export.csv": (True, True), "": (False, False)}
    else:
        assert agreements(engine) == agreed
    assert {address: reason for address, (reason, _) in closed(engine, project).items()} == refused
    before = everything(engine)
    move(project, engine, tool, str(path))
    assert everything(engine) == before


PROVEN = SHOP.replace("A,anna@zerno.example,Анна,,,", "A,anna@zerno.example,Анна,yes,2025-01-01,till")
SILENT = {
    "an empty status": "email,firstname,status,optin_time\nanna@zerno.example,Anna,,2025-01-02\n",
    "an empty reason": "email,dnc_reason\nanna@zerno.example,\n",
    "contactable, beside a type": "email,type,dnc_reason\nanna@zerno.example,lead,0\n",
    "never joined": "email,status\nanna@zerno.example,Non-Subscribed\n",
    "never joined, in two words": "email,status\nanna@zerno.example,non_subscribed\n",
    "never confirmed": "email,status\nanna@zerno.example,unconfirmed\n",
}


@pytest.mark.parametrize("rows", SILENT.values(), ids=SILENT)
@pytest.mark.parametrize("tool", ["csv", "mautic"])
def test_a_status_that_says_nothing_closes_nobody(tmp_path, engine, tool, rows):
    project = shopdata.shop(tmp_path / "shop", PEOPLE, people=PROVEN)
    importing.run(project, engine, now=NOW)
    path = tmp_path / "export.csv"
    path.write_text(rows + "hlib@zerno.example" + rows.splitlines()[0].count(",") * ",unsubscribed" + "\n", encoding="utf-8")
    report = moving.run(project, engine, tool, str(path), now=NOW + timedelta(days=1))
    assert (report.closed.new, report.closed.passed_over) == (1, 1)
    assert closed(engine, project).keys() == {"hlib@zerno.example"}
    assert agreements(engine)["A"] == (True, False, "till")


def test_an_export_is_closed_since_it_was_changed_not_since_it_was_made(project, engine, tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(EXPORTS["listmonk"][0].replace("{},blocklisted,2024", "{},blocklisted,2020"), encoding="utf-8")
    report = moving.run(project, engine, "listmonk", str(path), now=NOW)
    assert closed(engine, project) == {"hlib@zerno.example": ("unsubscribed", "2024-06-04")}
    assert "doesn't say who left one of its lists" in " ".join(report.warnings)
    path.write_text("email,status,created_at\nyuri@zerno.example,unsubscribed,2020-01-01\n", encoding="utf-8")
    assert moving.run(project, engine, "csv", str(path), now=NOW).warnings == ()
    assert closed(engine, project)["yuri@zerno.example"] == ("unsubscribed", f"{NOW:%Y-%m-%d}")


@pytest.mark.parametrize("encoding", ["utf-16", "cp1251"])
def test_an_export_in_another_encoding_is_refused_without_a_word_of_sources(project, engine, tmp_path, encoding):
    path = tmp_path / "export.csv"
    path.write_text("email,name\nanna@zerno.example,Анна\n", encoding=encoding)
    for read in (
        lambda: moving.run(project, engine, "csv", str(path), now=NOW),
        lambda: suppressing.import_list(project, engine, path, reason=None, everywhere=False, now=NOW),
    ):
        with pytest.raises(SourceError) as refused:
            read()
        assert "sources.yaml" not in str(refused.value)
        assert "Save it as UTF-8" in str(refused.value)


@pytest.mark.parametrize(
    ("tool", "place", "said"),
    [
        ("mailchump", "a.csv", "--from is mailchump; that tool isn't known."),
        ("csv", "sqlite:///a.db", "--from csv reads a file, not a database."),
        ("listmonk", "postgresql://a:b@host/c", "the URL holds a password"),
        ("listmonk", "no.csv", "there is no such file."),
        ("listmonk", "mysql+pymysql://host/c", "the driver pymysql for this database isn't installed."),
        ("mautic", "sqlite:///winback.db", "the database has no table `lead_donotcontact`: it isn't mautic's."),
    ],
)
def test_what_cant_be_read_is_refused_with_a_sentence(project, engine, tool, place, said):
    (project.root / "winback.db").touch()
    with pytest.raises((ConfigError, SourceError)) as refused:
        moving.run(project, engine, tool, place, now=NOW)
    assert said in str(refused.value)
