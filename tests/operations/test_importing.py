from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.operations.shopdata import CUSTOMERS, HEADER, NOW, ORDERS, PEOPLE, rejects, run, shop, stored
from winback.errors import ConfigError
from winback.operations import importing, knowing
from winback.store import database
from winback.store.tables import facts, orders

pytestmark = pytest.mark.both_databases

ONE = HEADER + "1,A,2026-11-01,100,1\n"


def order(engine, key: str = "1"):
    with database.reading(engine) as connection:
        return connection.execute(select(orders).where(orders.c.key == key)).one()


def test_the_same_files_twice_change_nothing(tmp_path, engine):
    project = shop(tmp_path, orders=HEADER + "1,A,2026-11-01,100.50,2\n2,B,2026-11-02,7,1\n")
    assert run(project, engine) == {"people": (2, 0, 0, 0), "orders": (2, 0, 0, 0)}
    before = stored(engine)
    assert run(project, engine, NOW + timedelta(days=1)) == {"people": (0, 0, 2, 0), "orders": (0, 0, 2, 0)}
    assert stored(engine) == before


def test_the_report_has_the_shape_that_others_rely_on(tmp_path, engine):
    project = shop(tmp_path, orders=HEADER + "1,A,2026-11-01,100,1\n2,B,someday,7,1\n")
    report = importing.run(project, engine, now=NOW)
    assert report.as_json() == {
        "sources": [
            {"name": "people", "inserted": 2, "updated": 0, "unchanged": 0, "rejected": 0, "rejects_file": None},
            {
                "name": "orders",
                "inserted": 1,
                "updated": 0,
                "unchanged": 0,
                "rejected": 1,
                "rejects_file": "out/rejects/orders-2026-11-23T120000Z.csv",
            },
        ]
    }


def test_progress_is_told_by_source(tmp_path, engine):
    heard: list[tuple[str, int]] = []
    project = shop(tmp_path, orders=ONE)
    importing.run(project, engine, now=NOW, progress=lambda name, rows: heard.append((name, rows)))
    assert heard == [("people", 2), ("orders", 1)]


def test_only_the_named_source_is_read(tmp_path, engine):
    project = shop(tmp_path)  # orders.csv isn't there
    assert run(project, engine, only="people") == {"people": (2, 0, 0, 0)}
    with pytest.raises(ConfigError, match="there is no source `persons`"):
        run(project, engine, only="persons")


def test_a_row_with_other_content_is_an_update(tmp_path, engine):
    run(shop(tmp_path, orders=ONE), engine)
    changed = shop(tmp_path, people=PEOPLE.replace("Анна", "Ганна"), orders=HEADER + "1,B,2026-11-03,90,2\n")
    assert run(changed, engine) == {"people": (0, 1, 1, 0), "orders": (0, 1, 0, 0)}
    assert (order(engine).amount_minor, order(engine).quantity) == (9000, 2)
    assert ("B" in {row[1] for row in stored(engine)["orders"]}) is True


def test_a_day_is_its_first_moment_in_the_sources_zone(tmp_path, engine):
    run(shop(tmp_path, orders=HEADER + "1,A,2026-07-01,1,1\n"), engine)
    assert order(engine).ordered_at == datetime(2026, 6, 30, 21, 0, tzinfo=UTC)
    zoned = ORDERS.replace("orders.csv,", "orders.csv, time_zone: America/New_York,")
    run(shop(tmp_path, CUSTOMERS + zoned, orders=HEADER + "1,A,2026-07-01,1,1\n"), engine)
    assert order(engine).ordered_at == datetime(2026, 7, 1, 4, 0, tzinfo=UTC)


BAD = [
    ("1,A,31.02.2026,1,1", "The date `31.02.2026` can't be read as iso."),
    ("1,A,0001-01-01,1,1", "The date `0001-01-01` is before 1900"),
    ("1,A,2026-11-25,1,1", "The date `2026-11-25` lies in the future."),
    ("1,A,2026-11-01,1,-2", "The quantity is below zero, but the row is no return."),
    ("1,A,2026-11-01,-1,2", "The amount is below zero, but the row is no return."),
    ("1,A,2026-11-01,abc,1", "The amount `abc` can't be read as a number with a decimal point."),
    ("1,A,2026-11-01,99999999999999999999,1", "is larger than can be."),
    ("1,A,2026-11-01,1,0.5", "The quantity `0.5` is no whole number; leave `quantity:` out if you sell by weight."),
    ("1,Z,2026-11-01,1,1", "The customer `Z` is not known"),
    ("1,,2026-11-01,1,1", "`who` is empty; every row needs an id."),
    (",A,2026-11-01,1,1", "`nr` is empty; every row needs an id."),
    (f"{'9' * 201},A,2026-11-01,1,1", "`nr` is longer than 200 characters"),
    ("1,A,2026-11-01,1", "The row has 4 columns, the header 5."),
    ("1,A,2026-11-01,1,1,1", "The row has 6 columns, the header 5."),
    ("0,A,2026-11-02,1,1", "The id `0` stands in an earlier row too, with other content"),
    ('1,A,2026-11-01,"1,5",1', "The amount `1,5` can't be read"),
    ('1,A,2026-11-01,1,"1" x', "The quotes don't match in lines 20 to 20"),
]


def test_bad_rows_are_written_with_line_and_reason_and_stop_nothing(tmp_path, engine):
    good = "0,A,2026-11-01,1,1\n\n"  # a blank line counts as a line and is no row
    project = shop(tmp_path, orders=f"{HEADER}{good}{chr(10).join(row for row, _ in BAD)}\n3,B,2026-11-01,1,1\n")
    assert run(project, engine)["orders"] == (2, 0, 0, len(BAD))
    assert [row[0] for row in stored(engine)["orders"]] == ["0", "3"]
    found = rejects(project)
    assert [(reject["file"], reject["line"]) for reject in found] == [("orders.csv", str(4 + index)) for index in range(len(BAD))]
    assert [(reason, reject["reason"]) for (_, reason), reject in zip(BAD, found, strict=True) if reason not in reject["reason"]] == []


def test_a_row_with_several_faults_is_one_reject_with_all_of_them(tmp_path, engine):
    project = shop(tmp_path, orders=HEADER + "1,A,someday,much,1\n")
    run(project, engine)
    (reject,) = rejects(project)
    assert "The date `someday`" in reject["reason"]
    assert "The amount `much`" in reject["reason"]
    assert [reject[name] for name in ("nr", "who", "day", "sum", "pieces")] == ["1", "A", "someday", "much", "1"]


def test_a_rejected_cell_is_no_formula_for_a_spreadsheet(tmp_path, engine):
    formulas = ["=1+1", "+1", "-1", "@x", "\tx"]
    project = shop(tmp_path, orders=HEADER + "".join(f'1,A,2026-11-01,"{cell}",x\n' for cell in formulas))
    run(project, engine)
    assert [reject["sum"] for reject in rejects(project)] == [f"'{cell}" for cell in formulas]


def test_the_same_row_twice_in_a_file_counts_once(tmp_path, engine):
    project = shop(tmp_path, people=PEOPLE + PEOPLE.splitlines()[1] + "\n", orders=ONE + "1,A,2026-11-01,100.00,1\n")
    assert run(project, engine) == {"people": (2, 0, 1, 0), "orders": (1, 0, 1, 0)}


def test_an_order_that_comes_again_after_its_first_row_was_rejected_is_not_lost_silently(tmp_path, engine):
    project = shop(tmp_path, orders=HEADER + "1,Z,2026-11-01,1,1\n1,A,2026-11-01,1,1\n")
    assert run(project, engine)["orders"] == (0, 0, 0, 2)
    assert [reject["line"] for reject in rejects(project)] == ["2", "3"]


def test_a_customer_twice_with_another_address_is_a_clash(tmp_path, engine):
    project = shop(tmp_path, people=PEOPLE + "A,other@zerno.example,Анна\n", orders=HEADER)
    assert run(project, engine)["people"] == (2, 0, 0, 1)
    assert stored(engine)["contacts"][0][2] == "anna@zerno.example"


def test_a_header_alone_is_an_empty_export(tmp_path, engine):
    assert run(shop(tmp_path, orders=HEADER), engine)["orders"] == (0, 0, 0, 0)


STATUS = """
people: {file: people.csv, customers: {id: id}}
orders:
  file: orders.csv
  currency: USD
  orders:
    id: nr
    customer: who
    ordered_at: day
    amount: sum
    quantity: pieces
    status: {column: state, placed: [done, Paid], cancelled: ["no"], returned: [back]}
"""


def test_the_shops_words_become_ours_and_goods_brought_back_are_below_zero(tmp_path, engine):
    table = [
        ("100,1,done", (10000, 1, "placed")),
        ("100,1,PAID", (10000, 1, "placed")),
        ("0,1,done", (0, 1, "placed")),
        ("100,1,no", (10000, 1, "cancelled")),
        ("-100,-1,no", (-10000, -1, "cancelled")),
        ("-100,-1,back", (-10000, -1, "returned")),
        ("100,1,back", (-10000, -1, "returned")),
    ]
    rows = "".join(f"{number},A,2026-11-01,{cells}\n" for number, (cells, _) in enumerate(table))
    assert run(shop(tmp_path, STATUS, orders=f"nr,who,day,sum,pieces,state\n{rows}"), engine)["orders"] == (7, 0, 0, 0)
    found = [order(engine, str(number)) for number in range(7)]
    assert [(row.amount_minor, row.quantity, row.status) for row in found] == [kept for _, kept in table]
    assert {row.currency for row in found} == {"USD"}


def test_a_status_nobody_listed_or_a_minus_in_a_purchase_is_rejected(tmp_path, engine):
    rows = "".join(f"{number},A,2026-11-01,{cells}\n" for number, cells in enumerate(["100,1,lost", "100,1,", "-100,1,done", "100,-1,done"]))
    assert run(shop(tmp_path, STATUS, orders=f"nr,who,day,sum,pieces,state\n{rows}"), engine)["orders"] == (0, 0, 0, 4)


def test_a_minus_is_a_return_where_the_mapping_says_so(tmp_path, engine):
    sources = CUSTOMERS + ORDERS.replace("quantity: pieces", "quantity: pieces, minus_is_return: true")
    run(shop(tmp_path, sources, orders=HEADER + "1,A,2026-11-01,5,-2\n2,A,2026-11-01,5,2\n"), engine)
    assert (order(engine).status, order(engine).amount_minor, order(engine).quantity) == ("returned", -500, -2)
    assert order(engine, "2").status == "placed"


def test_a_currency_column_gives_each_amount_its_decimal_places(tmp_path, engine):
    sources = CUSTOMERS + ORDERS.replace("quantity: pieces", "currency: pieces")
    project = shop(tmp_path, sources, orders=HEADER + "1,A,2026-11-01,5.50,usd\n2,A,2026-11-01,550,JPY\n3,A,2026-11-01,5,грн\n4,A,2026-11-01,5,\n")
    assert run(project, engine)["orders"] == (2, 0, 0, 2)
    assert [(order(engine, key).amount_minor, order(engine, key).currency) for key in "12"] == [(550, "USD"), (550, "JPY")]
    assert order(engine).quantity == 1


def test_inquiries_are_read_like_orders(tmp_path, engine):
    asked = "asked: {file: asked.csv, inquiries: {id: nr, customer: who, inquired_at: day, subject: about}}\n"
    rows = "nr,who,day,about\n1,A,2026-11-01, Чай  улун\n2,Z,2026-11-01,x\n3,A,never,x\n"
    project = shop(tmp_path, CUSTOMERS + asked, asked=rows)
    assert run(project, engine)["asked"] == (1, 0, 0, 2)
    assert run(project, engine)["asked"] == (0, 0, 1, 2)
    assert stored(engine)["inquiries"] == [("1", "A", datetime(2026, 10, 31, 22, 0, tzinfo=UTC), "Чай улун")]


ROW = st.tuples(
    st.sampled_from("ABZ"),
    st.sampled_from(["2026-11-01", "2025-02-28", "someday"]),
    st.sampled_from(["5", "7.25", "0", "-1", "x"]),
    st.sampled_from(["1", "2", "0.5"]),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_however_rows_are_shuffled_and_split_the_store_ends_up_the_same(tmp_path, engine, data):
    rows = [f"{number},{','.join(cells)}" for number, cells in enumerate(data.draw(st.lists(ROW, max_size=8)))]
    with database.writing(engine) as connection:
        connection.execute(orders.delete())
    run(shop(tmp_path, orders="\n".join([HEADER.strip(), *rows, ""])), engine)
    expected = stored(engine)

    with database.writing(engine) as connection:
        connection.execute(orders.delete())
    shuffled = data.draw(st.permutations(rows + rows[: data.draw(st.integers(0, len(rows)))]))
    cut = data.draw(st.integers(0, len(shuffled)))
    for part in (shuffled[:cut], shuffled[cut:]):
        run(shop(tmp_path, orders="\n".join([HEADER.strip(), *part, ""])), engine)
    assert stored(engine) == expected


def test_after_an_import_of_new_late_and_changed_orders_facts_are_those_of_a_rebuild(tmp_path, engine):
    people = "id,email,name\n" + "".join(f"P{number},p{number}@zerno.example,Анна\n" for number in range(20))
    before = "1,P1,2026-01-05,10,1\n2,P1,2026-02-05,20,1\n3,P2,2026-01-05,30,1\n4,P3,2026-03-01,40,1\n"
    after = "2,P1,2026-02-05,25,1\n3,P4,2026-01-05,30,1\n5,P1,2026-11-01,50,1\n6,P3,2025-01-01,60,1\n7,P3,2026-03-01,70,1\n8,P5,2026-11-02,80,1\n"
    project = shop(tmp_path, people=people, orders=HEADER + before)
    run(project, engine)
    project = shop(tmp_path, people=people, orders=HEADER + after)
    assert run(project, engine, only="orders") == {"orders": (4, 2, 0, 0)}
    kept = _facts(engine)
    knowing.rebuild(project, engine, now=NOW)
    assert kept == _facts(engine)
    assert sorted(row.orders for row in kept if row.orders) == [1, 1, 3, 3]


def _facts(engine):
    with database.reading(engine) as connection:
        return connection.execute(select(facts).order_by(facts.c.customer_id)).all()
