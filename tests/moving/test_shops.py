"""The shops of examples/shops, each imported as it stands: customers, orders, money, goods brought back, days."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from sqlalchemy import create_engine

from tests.moving.examples import SHOPS, brought
from tests.operations import shopdata
from winback.audience import cells, order_rows
from winback.audience.rows import Chunk
from winback.audience.source import Source
from winback.operations import importing
from winback.store import database
from winback.store.tables import consents, customers, orders

# key, customer, day in Kyiv, amount in minor units, currency, quantity, status
EXPECTED: dict[str, tuple[list[tuple[Any, ...]], int]] = {
    "shopify": (
        [
            ("#1001", "sofia@tea.example", "2025-10-07", 10000, "EUR", 3, "placed"),  # two lines, five pieces of goods; 01:30 in Kyiv
            ("#1002", "sofia@tea.example", "2025-11-01", 3000, "EUR", 5, "placed"),  # 20 of 50 given back
            ("#1003", "jan@tea.example", "2025-11-02", 0, "EUR", 1, "cancelled"),
            ("#1004", "jan@tea.example", "2025-11-03", 2000, "EUR", 1, "placed"),
        ],
        0,
    ),
    "woocommerce": (
        [
            ("101", "11", "2025-03-02", 50000, "UAH", 4, "placed"),  # 22:30 UTC is the next day in Kyiv
            ("102", "11", "2025-03-05", -12000, "UAH", -1, "returned"),
            ("103", "ivan@zerno.example", "2025-03-06", 30000, "UAH", 2, "cancelled"),
            ("104", "ivan@zerno.example", "2025-03-07", -30000, "UAH", -2, "cancelled"),  # with the order that it gave back
            ("105", "11", "2025-03-08", 8000, "UAH", 1, "cancelled"),
            ("107", "ivan@zerno.example", "2025-03-10", 4050, "EUR", 1, "placed"),
        ],
        0,
    ),
    "opencart": (
        [
            ("1", "1", "2025-03-02", 56000, "UAH", 3, "placed"),  # in the shop's currency, though dollars were shown
            ("2", "1", "2025-03-03", 9000, "UAH", 1, "cancelled"),
            ("3", "2", "2025-07-04", 7550, "UAH", 1, "placed"),
        ],
        0,
    ),
    "1c": (
        [
            ("a1f0", "ЦБ-000001", "2025-03-01", 200050, "UAH", 3, "placed"),
            ("a1f1", "ЦБ-000001", "2025-03-05", -80000, "UAH", -1, "returned"),
            ("b2e0", "ЦБ-000002", "2026-01-02", 7550, "UAH", 1, "placed"),  # the number of last year's sale again
        ],
        0,
    ),
    "bitrix24": (
        [
            ("501", "7", "2025-03-01", 150000, "UAH", 1, "placed"),  # 00:30 in Moscow is the day before in Kyiv
            ("503", "8", "2025-03-25", 30000, "UAH", 1, "cancelled"),
            ("504", "8", "2025-03-26", 9990, "EUR", 1, "placed"),
        ],
        0,
    ),
    "sql": (
        [
            ("S1", "1", "2025-03-01", 10010, "UAH", 1, "placed"),
            ("S2", "1", "2025-04-01", -3000, "UAH", 1, "returned"),  # no column of quantities is named
            ("S3", "2", "2025-04-02", 500, "EUR", 1, "cancelled"),
        ],
        0,
    ),
}


def test_every_example_is_tried():
    assert {path.name for path in SHOPS.iterdir() if path.is_dir()} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_shop_comes_in_as_it_stands(tmp_path, empty_file, name):
    project = brought(tmp_path / "shop", name)
    shutil.copy(empty_file, tmp_path / "winback.db")
    engine = database.open_engine(f"sqlite:///{tmp_path / 'winback.db'}")
    rows, rejected = EXPECTED[name]
    report = importing.run(project, engine, now=shopdata.NOW)
    assert [each.rejected for each in report.sources] == [0, rejected]
    found = shopdata.columns(engine, orders, "key", "customer", "ordered_on", "amount_minor", "currency", "quantity", "status")
    assert [(key, who, day.isoformat() if hasattr(day, "isoformat") else day, *rest) for key, who, day, *rest in found] == rows
    again = importing.run(project, engine, now=shopdata.NOW)
    assert [(each.inserted, each.updated) for each in again.sources] == [(0, 0), (0, 0)]
    assert len(shopdata.columns(engine, customers, "key")) == 2
    if name != "bitrix24" and name != "woocommerce":
        agreed = {
            key: (given is not None, withdrawn is not None)
            for key, given, withdrawn in shopdata.columns(engine, consents, "customer", "given_at", "withdrawn_at")
        }
        assert sorted(agreed.values()) == ([(False, False), (False, True)] if name in {"shopify", "opencart"} else [(False, True), (True, False)])
    engine.dispose()


GONE = {
    "thrown away": ["UPDATE wp_wc_orders SET status = 'trash', date_updated_gmt = '2025-04-01 10:00:00' WHERE id = 101"],
    "cancelled": ["UPDATE wp_wc_orders SET status = 'wc-cancelled', date_updated_gmt = '2025-04-01 10:00:00' WHERE id = 101"],
    "given back in two steps": [
        "UPDATE wp_wc_orders SET status = 'wc-refunded', date_updated_gmt = '2025-04-01 10:00:00' WHERE id = 101",
        (
            "INSERT INTO wp_wc_orders (id, status, currency, type, total_amount, customer_id, date_created_gmt, date_updated_gmt, parent_order_id) "
            "VALUES (108, 'wc-completed', 'UAH', 'shop_refund', -380, 0, '2025-04-01 10:00:00', '2025-04-01 10:00:00', 101)"
        ),
        (
            "INSERT INTO wp_wc_order_stats (order_id, parent_id, num_items_sold, total_sales, status, customer_id) "
            "VALUES (108, 101, -3, -380, 'wc-completed', 1)"
        ),
    ],
}


@pytest.mark.parametrize("what", GONE)
def test_of_woocommerces_order_that_is_gone_nothing_counts_any_more(tmp_path, empty_file, what):
    project = brought(tmp_path / "shop", "woocommerce")
    shutil.copy(empty_file, tmp_path / "winback.db")
    engine = database.open_engine(f"sqlite:///{tmp_path / 'winback.db'}")
    importing.run(project, engine, now=shopdata.NOW)
    shop = create_engine(f"sqlite:///{project.root / 'shop.db'}")
    with shop.begin() as connection:
        for statement in GONE[what]:
            connection.exec_driver_sql(statement)
    shop.dispose()
    importing.run(project, engine, now=shopdata.NOW)
    found = {key: status for key, status in shopdata.columns(engine, orders, "key", "status") if key in {"101", "102", "108"}}
    assert set(found.values()) == {"cancelled"}
    assert {"101", "102"} <= set(found)
    engine.dispose()


LINES = {"id": "nr", "customer": "who", "ordered_at": "day", "amount": "sum", "quantity": "pieces", "lines": {"add_up": ("amount", "quantity")}}


def joined(*parts: list[tuple[str, str, str, str]]) -> list[tuple[Any, ...]]:
    source = Source.model_validate({"file": "a.csv", "decimal": "comma", "orders": LINES})
    line = 2
    chunks = []
    for part in parts:
        columns = list(zip(*part, strict=True))
        chunks.append(
            Chunk(dict(zip(("nr", "who", "sum", "pieces"), columns, strict=True)) | {"day": ["d"] * len(part)}, range(line, line + len(part)))
        )
        line += len(part)
    return [
        (at, *(cells.text(chunk.columns[name][place]) for name in ("nr", "who", "sum", "pieces")))
        for chunk in order_rows.read(iter(chunks), source)
        for place, at in enumerate(chunk.lines)
    ]


def test_an_orders_rows_are_one_even_across_chunks():
    first = [("1", "A", "1,50", "1"), ("", "", "2", "1"), ("2", "B", "5", "1")]
    second = [("2", "", "1", "2"), ("3", "C", "4", "1")]
    assert joined(first, second) == [(2, "1", "A", "3.50", "2"), (4, "2", "B", "6", "3"), (6, "3", "C", "4", "1")]
    assert joined(first + second) == joined(first, second) == joined(*([row] for row in first + second))


def test_a_cell_that_is_no_number_stays_so_that_the_order_is_rejected():
    assert joined([("1", "A", "1,50", "1"), ("1", "", "many", "1")]) == [(2, "1", "A", "many", "2")]
