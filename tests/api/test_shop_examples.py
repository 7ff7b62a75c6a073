"""Webhooks of a shop beside an import of the same shop, as its example describes it: both mean the same customers and orders."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.asking import Shop
from tests.api.test_shops import SHOPIFY, WOO, key, tell
from tests.moving.examples import brought
from tests.operations import shopdata
from winback.operations import importing
from winback.store.tables import orders


def imported(tmp_path, engine, kind: str, name: str) -> Shop:
    project = brought(tmp_path / "shop", kind, {f"WINBACK_SHOP_SECRET_{name.upper()}": key(name)})
    (project.root / "config" / "webhooks.yaml").write_text(f"shops:\n  {name}: {{kind: {kind}}}\n")
    importing.run(project, engine, now=shopdata.NOW)
    return Shop(project, engine)


def told(shop: Shop, key: str) -> list[tuple[Any, ...]]:
    """Of the orders with this key whose they are, the amount and the status."""
    rows = shopdata.columns(shop.engine, orders, "key", "customer", "amount_minor", "status")
    return [row[1:] for row in rows if row[0] == key]


@pytest.mark.parametrize(
    ("customer", "email", "whose"),
    [
        (11, "olena@work.example", "11"),  # whatever address was typed for this order
        (0, "Ivan@Zerno.example", "ivan@zerno.example"),  # a guest
    ],
)
async def test_a_webhook_of_woocommerce_means_the_customer_that_was_imported(tmp_path, engine, customer, email, whose):
    shop = imported(tmp_path, engine, "woocommerce", "tea")
    order = WOO | {"id": 108, "customer_id": customer, "billing": {"email": email}}
    assert (await tell(shop, "tea", json.dumps(order).encode())).json()["inserted"] == 1
    assert told(shop, "108") == [(whose, 12940, "placed")]


async def test_nobody_else_has_a_users_number_in_woocommerce(tmp_path, engine):
    shop = imported(tmp_path, engine, "woocommerce", "tea")
    order = WOO | {"id": 108, "customer_id": 2}  # a user who was not imported; 2 is the number of a guest in the lookup table
    assert (await tell(shop, "tea", json.dumps(order).encode())).json()["rejected"] == 1
    assert told(shop, "108") == []


async def test_an_order_that_was_imported_from_woocommerce_is_the_same_by_webhook(tmp_path, engine):
    shop = imported(tmp_path, engine, "woocommerce", "tea")
    order = WOO | {"id": 107, "customer_id": 0, "billing": {"email": "ivan@zerno.example"}, "status": "cancelled"}
    assert (await tell(shop, "tea", json.dumps(order).encode())).json()["updated"] == 1
    assert [status for *_, status in told(shop, "107")] == ["cancelled"]


BOUGHT = SHOPIFY | {"name": "#1006", "email": "jan@tea.example", "customer": {"id": 7410991464002, "email": "jan@tea.example"}}


async def test_a_webhook_of_shopify_means_the_customer_that_was_imported(tmp_path, engine):
    shop = imported(tmp_path, engine, "shopify", "mugs")
    assert (await tell(shop, "mugs", json.dumps(BOUGHT).encode())).json()["inserted"] == 1
    assert told(shop, "#1006") == [("jan@tea.example", 5000, "placed")]


async def test_an_order_that_was_imported_from_shopify_is_the_same_by_webhook(tmp_path, engine):
    shop = imported(tmp_path, engine, "shopify", "mugs")
    before = shopdata.columns(shop.engine, orders, "key", "customer", "amount_minor", "status")
    again = BOUGHT | {"id": 6002, "name": "#1002", "email": "sofia@tea.example", "created_at": "2025-11-01T09:59:00+01:00"}
    again |= {"financial_status": "partially_refunded", "total_price": "50.00", "current_total_price": "30.00", "line_items": [{"quantity": 5}]}
    assert (await tell(shop, "mugs", json.dumps(again).encode())).json()["unchanged"] == 1
    assert shopdata.columns(shop.engine, orders, "key", "customer", "amount_minor", "status") == before
    assert (await tell(shop, "mugs", json.dumps(again | {"cancelled_at": "2025-11-05T09:59:00+01:00"}).encode())).json()["updated"] == 1
    assert [status for *_, status in told(shop, "#1002")] == ["cancelled"]
