"""Everything out, and in again: the same facts in an empty project, from both databases and in both formats."""

from __future__ import annotations

import csv
import gc
import json
import re
import shutil
import tracemalloc

import pytest
from sqlalchemy import insert, select

from tests.operations import shopdata
from winback import settings
from winback.errors import ConfigError
from winback.model import Reason
from winback.operations import exporting_all, importing, suppressing
from winback.store import database, whole
from winback.store.holdings import HOLDINGS, SECRET_COLUMNS, SECRET_TABLES
from winback.store.tables import consents, customers, facts, metadata, orders, suppressions

NOW = shopdata.NOW
PEOPLE = (
    "id,email,name,phone,agrees,day,place,by,labels,points,card,party\n"
    "-A,anna@zerno.example,=Анна,+380671234567,yes,2024-01-01,till,,winter;b2b,120.5,0012,03-08\n"
    "B,bohdan@zerno.example,Богдан,,no,,,-A,b2b,7,X-1,\nC,,Віра,,,,,,,,,\n"
)
SOURCES = (
    "people: {file: people.csv, customers: {id: id, email: email, given_name: name, phone: phone, recommended_by: by, tags: labels, favourite_day: party, "
    "custom: {points: {column: points, kind: number}, card: {column: card, kind: text}}, "
    'consent: {column: agrees, agreed: ["yes"], declined: ["no"], given_at: day, source: place}}}\n'
    "orders: {file: orders.csv, orders: {id: nr, customer: who, ordered_at: day, amount: sum, quantity: pieces, currency: money, minus_is_return: true}}\n"
)
SOURCES += (
    "asked: {file: asked.csv, inquiries: {id: nr, customer: who, inquired_at: day, subject: about}}\n"
    "said: {file: said.csv, feedback: {id: nr, customer: who, said_at: day, kind: {column: what, complaint: [complaint], survey: [survey]}, score: score, "
    "order: of, text: words}}\n"
    "why: {file: why.csv, reasons: {customer: who, reason: reason, recorded_at: day, note: words}}\n"
)
FILES = {
    "asked": 'nr,who,day,about\ni1,-A,2026-03-01,"tea, again"\n',
    "said": "nr,who,day,what,score,of,words\nf1,-A,2026-03-02,complaint,,1,=late\nf2,B,2026-03-03,survey,3,,\n",
    "why": "who,reason,day,words\nB,price,2026-04-01,too dear\n",
}
ORDERS = "nr,who,day,sum,pieces,money\n1,-A,2026-01-05,100.50,2,UAH\n2,-A,2026-02-05,-20.25,-1,UAH\n3,B,2026-03-05,700,1,JPY\n"


@pytest.fixture
def project(tmp_path, engine):
    project = shopdata.shop(tmp_path / "shop", SOURCES, people=PEOPLE, orders=ORDERS, **FILES)
    importing.run(project, engine, now=NOW)
    suppressing.add(project, engine, "bohdan@zerno.example", reason=Reason.COMPLAINED, everywhere=False, by="olha", now=NOW)
    return project


def known(engine) -> list[tuple[object, ...]]:
    """Everybody's facts as the import left them, and what the shop knows of each, by the shop's ids; without our own numbers."""
    with database.reading(engine) as connection:
        counted = [column for column in facts.c if column.name != "customer_id"]
        person = [customers.c[name] for name in ("recommended_by", "tags", "custom", "favourite_day", "phone", "standing")]
        rows = connection.execute(
            select(customers.c.key, *person, *counted).join(facts, facts.c.customer_id == customers.c.id).order_by(customers.c.key)
        )
        return [tuple(row) for row in rows]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_what_comes_out_goes_in_again(project, engine, tmp_path, empty_file, ending):
    out = tmp_path / "out"
    exporting_all.run(engine, out, ending=ending, by="olha", now=NOW)
    fresh = shopdata.shop(tmp_path / "fresh")
    shutil.copytree(out / "again", fresh.root / "export")
    shutil.copy(out / "again/sources.yaml", fresh.root / "config/sources.yaml")
    shutil.copy(empty_file, tmp_path / "fresh.db")
    other = database.open_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    report = importing.run(settings.open_project(fresh.root, {"WINBACK_SECRET": "k" * 32}), other, now=NOW)
    assert [each.rejected for each in report.sources] == [0] * len(report.sources)
    told = re.findall(
        r"^# Closed addresses: winback suppress import (\S+)( --everywhere)?$", (fresh.root / "config/sources.yaml").read_text(), re.MULTILINE
    )
    assert {file for file, _ in told} == {f"export/{each.name}" for each in (fresh.root / "export").glob("suppressions*")}
    for file, everywhere in told:
        suppressing.import_list(fresh, other, fresh.root / file, reason=None, everywhere=bool(everywhere), now=NOW)
    assert shopdata.columns(other, suppressions, "channel", "address_hash", "reason", "since") == shopdata.columns(
        engine, suppressions, "channel", "address_hash", "reason", "since"
    )
    before, after = shopdata.stored(engine), shopdata.stored(other)
    for table in ("customers", "contacts", "orders", "inquiries", "touches", "feedback", "leaving_reasons"):
        assert after[table] == before[table], table
    assert [len(before[table]) for table in ("inquiries", "feedback", "leaving_reasons")] == [1, 2, 1]
    agreed = {row[0]: (row[3], row[4], row[6]) for row in before["consents"]}
    assert {row[0]: (row[3], row[4], row[6]) for row in after["consents"]} == agreed
    assert known(other) == known(engine)
    assert known(engine)[0][1:5] == ("", "|b2b|winter|", {"points": 120.5, "card": "0012"}, "03-08")
    other.dispose()


def test_an_address_that_letters_failed_to_reach_comes_back_as_that_and_takes_no_consent(project, engine, tmp_path, empty_file):
    suppressing.add(project, engine, "anna@zerno.example", reason=Reason.SOFT_BOUNCED, everywhere=False, by="olha", now=NOW)
    out = tmp_path / "out"
    exporting_all.run(engine, out, ending="csv", by="olha", now=NOW)
    shutil.copy(empty_file, tmp_path / "fresh.db")
    other = database.open_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    importing.run(project, other, now=NOW)
    report = suppressing.import_list(project, other, out / "again/suppressions.csv", reason=None, everywhere=False, now=NOW)
    assert report.reasons == {"complained": 1, "soft-bounced": 1}
    assert ("-A", None) in shopdata.columns(other, consents, "customer", "withdrawn_at")
    other.dispose()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_every_table_is_there_but_the_secret_ones_and_the_manifest_tells_of_it(project, engine, tmp_path, ending):
    out = tmp_path / "out"
    written = exporting_all.run(engine, out, ending=ending, by="olha", now=NOW)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    expected = {table.name for table in metadata.sorted_tables} - SECRET_TABLES
    assert set(manifest["tables"]) == expected == {path.stem for path in (out / "tables").iterdir()}
    assert manifest["schema"]
    assert manifest["tables"]["orders"]["rows"] == written.tables["orders"] == 3
    assert manifest["tables"]["orders"]["personal"] is True
    assert manifest["tables"]["links"]["personal"] is False
    assert {"name": "customer", "type": "text"} in manifest["tables"]["orders"]["columns"]
    names = {column["name"] for table in manifest["tables"].values() for column in table["columns"]}
    assert not names & SECRET_COLUMNS
    assert set(HOLDINGS) >= expected
    assert out.stat().st_mode & 0o077 == 0


def test_no_cell_is_a_formula(project, engine, tmp_path):
    out = tmp_path / "out"
    exporting_all.run(engine, out, ending="csv", by="olha", now=NOW)
    for path in [*(out / "tables").iterdir(), *(out / "again").glob("*.csv")]:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.reader(stream):
                assert not [cell for cell in row if cell[:1] in {"=", "+", "@"} or (cell[:1] == "-" and not cell[1:2].isdigit())], path


def test_a_folder_with_something_in_it_is_left_alone(project, engine, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").touch()
    with pytest.raises(ConfigError, match="there is something already"):
        exporting_all.run(engine, tmp_path / "out", ending="csv", by="olha", now=NOW)
    with pytest.raises(ConfigError, match="--format is xlsx"):
        exporting_all.run(engine, tmp_path / "other", ending="xlsx", by="olha", now=NOW)
    assert not (tmp_path / "other").exists()


def test_rows_are_never_held_all_at_once(project, engine):
    """Ten times the rows, hardly more memory."""
    export = next(each for each in whole.tables() if each.name == "orders")

    def peak() -> int:
        with database.reading(engine) as connection:
            gc.collect()
            tracemalloc.start()
            most = max(len(part) for part in whole.parts(connection, export, 200))
            _, highest = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert most == 200
            return highest

    def least() -> int:
        """Of several times: what waits to be collected lies on top of it, now and then. Rows that are held are there each time."""
        return min(peak() for _ in range(5))

    add(engine, 0, 500)
    small = least()
    add(engine, 500, 5_000)
    assert least() < 1.5 * small


def add(engine, begin: int, end: int) -> None:
    with database.writing(engine) as connection:
        who = connection.execute(select(customers.c.id).limit(1)).scalar_one()
        row = {"customer_id": who, "ordered_at": NOW, "amount_minor": 1, "currency": "UAH", "quantity": 1, "status": "placed"}
        connection.execute(insert(orders), [{**row, "key": f"many-{number}"} for number in range(begin, end)])
