"""What an import keeps of customers beside their names and addresses: phone, standing, who brought them, tags, the shop's own columns."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.operations.shopdata import NOW, columns, rejects, run, shop, stored
from winback.audience import delimited
from winback.store import database
from winback.store.tables import customers


def kept(tmp_path, engine, mapping: str, rows: str, *names: str):
    """Import customers by this mapping; the count, and these columns of theirs."""
    sources = f"people: {{file: people.csv, customers: {{id: id, {mapping}}}}}\n"
    count = run(shop(tmp_path, sources, people=rows), engine)["people"]
    return count, columns(engine, customers, *names)


def test_a_phone_is_completed_by_the_customers_country_and_a_doubtful_one_costs_the_cell(tmp_path, engine):
    rows = "id,tel,land\nA,067 123-45-67,UA\nB,0721 234 567,ro\nC,067 123-45-67,\nD,+1 415 555 2671,\nE,,UA\nF,067 12,UA\n"
    count, phones = kept(tmp_path, engine, "phone: tel, country: land", rows, "phone")
    assert count == (6, 0, 0, 2)
    assert [phone for (phone,) in phones] == ["+380671234567", "+40721234567", "", "+14155552671", "", ""]
    found = [reject["reason"] for reject in rejects(shop(tmp_path))]
    assert found[0] == (
        "The phone number `067 123-45-67` leaves a doubt. Write it as +380671234567, or name the country. The customer is kept without it."
    )
    assert found[1] == "The phone number `067 12` leaves a doubt. Write it as +380671234567. The customer is kept without it."


def test_a_phone_without_any_country_is_of_the_one_that_the_mapping_names(tmp_path, engine):
    rows = "id,tel,land\nA,067 123-45-67,\nB,0721 234 567,RO\n"
    assert kept(tmp_path, engine, "phone: {column: tel, country: UA}, country: land", rows, "phone")[1] == [("+380671234567",), ("+40721234567",)]


def test_a_standing_is_what_the_staff_know_and_any_other_word_is_none(tmp_path, engine):
    rows = "id,level\nA,Gold\nB,VIP\nC,лише у нас\nD,silver\nE,\n"
    mapping = "standing: {column: level, words: {gold: vip, лише у нас: adherent}}"
    assert kept(tmp_path, engine, mapping, rows, "standing") == ((5, 0, 0, 0), [("vip",), ("vip",), ("adherent",), ("",), ("",)])


def test_who_brought_a_customer_is_kept_unless_it_is_they_themselves(tmp_path, engine):
    rows = f"id,by\nA,\nB,A\nC,C\nD,{'9' * 201}\n"
    count, brought = kept(tmp_path, engine, "recommended_by: by", rows, "recommended_by")
    assert (count, brought) == ((4, 0, 0, 2), [("",), ("A",), ("",), ("",)])
    assert "The customer `C` is said to have recommended themselves." in rejects(shop(tmp_path))[0]["reason"]


def test_tags_stand_between_bars_in_order_each_once(tmp_path, engine):
    rows = "id,tags\nA,winter; b2b;winter;; \nB,\nC,a|b;c\nD,one\n"
    assert kept(tmp_path, engine, "tags: tags", rows, "tags")[1] == [("|b2b|winter|",), ("",), ("|a|b|c|",), ("|one|",)]
    assert kept(tmp_path, engine, 'tags: {column: tags, separator: ", "}', 'id,tags\nA,"x, y"\n', "tags")[1][0] == ("|x|y|",)


OWN = "custom: {points: points, card: card, level: level}"
HEADER = "id,points,card,level\n"


def test_columns_of_the_shops_own_are_numbers_where_the_whole_column_is(tmp_path, engine):
    rows = HEADER + "A,5,007,gold\nB,7.50,008,12\nC,,,\n"
    assert kept(tmp_path, engine, OWN, rows, "custom") == (
        (3, 0, 0, 0),
        [({"points": 5, "card": "007", "level": "gold"},), ({"points": 7.5, "card": "008", "level": "12"},), ({},)],
    )
    before = stored(engine)
    sources = f"people: {{file: people.csv, customers: {{id: id, {OWN}}}}}\n"
    assert run(shop(tmp_path, sources, people=rows), engine, NOW + timedelta(days=1))["people"] == (0, 0, 3, 0)
    assert stored(engine) == before


def test_what_another_source_said_stays_and_an_emptied_cell_takes_its_name_out(tmp_path, engine):
    kept(tmp_path, engine, "custom: {points: points, level: level}", "id,points,level\nA,5,gold\nB,1,\n", "custom")
    assert kept(tmp_path, engine, "custom: {shoe: size}", "id,size\nA,38\nB,\nC,41\n", "custom") == (
        (1, 1, 1, 0),
        [({"points": 5, "level": "gold", "shoe": 38},), ({"points": 1},), ({"shoe": 41},)],
    )
    assert kept(tmp_path, engine, "custom: {points: points, level: level}", "id,points,level\nA,,silver\n", "custom") == (
        (0, 1, 0, 0),
        [({"level": "silver", "shoe": 38},), ({"points": 1},), ({"shoe": 41},)],
    )


def test_the_same_object_written_otherwise_is_no_change(tmp_path, engine):
    kept(tmp_path, engine, OWN, HEADER + "A,5,007,золото\n", "custom")
    with database.writing(engine) as connection:
        written = json.dumps({"card": "007", "points": 5, "level": "золото"}, indent=1, ensure_ascii=False)
        connection.execute(text("UPDATE customers SET custom = :written"), {"written": written})
    assert kept(tmp_path, engine, OWN, HEADER + "A,5,007,золото\n", "custom")[0] == (0, 0, 1, 0)


def test_a_customer_twice_with_other_content_of_their_own_column_is_a_clash(tmp_path, engine):
    assert kept(tmp_path, engine, OWN, HEADER + "A,5,007,gold\nA,5,007,gold\nA,6,007,gold\n", "custom")[0] == (1, 0, 1, 1)


def test_a_column_keeps_its_kind_to_the_end_of_the_file(tmp_path, engine):
    filling = "x" * (delimited.CHUNK // 1000)
    rows = "".join(f"c{number},5,007,g,{filling}\n" for number in range(1001))
    project = shop(tmp_path, f"people: {{file: people.csv, customers: {{id: id, {OWN}}}}}\n", people=f"id,points,card,level,x\n{rows}z,five,7,9,\n")
    assert run(project, engine)["people"] == (1002, 0, 0, 1)
    assert columns(engine, customers, "key", "custom")[-1] == ("z", {"card": "7", "level": "9"})
    reason = rejects(project)[0]["reason"]
    assert reason.startswith("`five` in `points` is no number with a decimal point. It is left out; write `points: {column: points, kind: text}`")


@pytest.mark.parametrize(
    ("mapping", "cell", "value"),
    [
        ("custom: {points: {column: points, kind: text}}", "5", "5"),
        ("custom: {points: {column: points, words: {five: 5}}}", "Five", 5),
        ("custom: {points: points}", "+380671234567", "+380671234567"),
        ("custom: {points: points}", "4111111111111111", "4111111111111111"),
        ("custom: {points: points}", "-0.5", -0.5),
        ("custom: {points: points}", "0", 0),
        ("custom: {points: points}", "1 234", 1234),
        ("custom: {points: points}", 'a "quoted" \\ word'.replace('"', '""'), 'a "quoted" \\ word'),
    ],
)
def test_a_number_is_a_quantity_and_a_code_is_text(tmp_path, engine, mapping, cell, value):
    mapping = mapping.replace("five: 5", 'five: "5"')
    assert kept(tmp_path, engine, mapping, f'id,points\nA,"{cell}"\n', "custom")[1] == [({"points": value},)]


def test_numbers_follow_the_decimal_sign_of_the_source(tmp_path, engine):
    sources = 'people: {file: people.csv, decimal: comma, delimiter: ";", customers: {id: id, custom: {points: points, rate: rate}}}\n'
    run(shop(tmp_path, sources, people="id;points;rate\nA;1 234,50;1.5\n"), engine)
    assert columns(engine, customers, "custom") == [({"points": 1234.5, "rate": "1.5"},)]
