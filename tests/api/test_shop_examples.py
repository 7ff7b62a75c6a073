"""Webhooks of a shop beside an import of the same shop, as its example describes it: both mean the same customers and orders."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.asking import Shop
from tests.api.test_shops import WOO, key, tell
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
