"""Webhooks of shops: only what the shop signed is heard, each body once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import httpx
import pytest
from sqlalchemy import select

from tests import projects
from tests.api.asking import Shop, problem
from tests.store import world
from winback.api.app import PREFIX
from winback.store import database
from winback.store import tables as t

WOO = {
    "id": 727,
    "status": "processing",
    "currency": "UAH",
    "date_created_gmt": "2026-11-20T22:30:00",
    "total": "129.40",
    "customer_id": 26,
    "billing": {"email": "emma@post.example"},
    "line_items": [{"id": 1, "quantity": 2}, {"id": 2, "quantity": 1}],
    "coupon_lines": [{"code": "BACK-10"}],
}
SHOPIFY = {
    "id": 820982911946154508,
    "name": "#1001",
    "email": "26",
    "financial_status": "paid",
    "cancelled_at": None,
    "currency": "EUR",
    "created_at": "2026-11-20T10:00:00+02:00",
    "total_price": "50.00",
    "customer": {"id": 26},
    "line_items": [{"quantity": 1}],
    "discount_codes": [],
}


@pytest.fixture
def heard(tmp_path, engine) -> Shop:
    environment = {f"WINBACK_SHOP_SECRET_{name.upper()}": f"{key(name)} {key('older')}" for name in ("tea", "mugs")}
    project = projects.make(tmp_path / "shop", environment=environment)
    (project.root / "config" / "webhooks.yaml").write_text("shops:\n  tea: {kind: woocommerce}\n  mugs: {kind: shopify, id_prefix: m-}\n")
    with database.writing(engine) as connection:
        world.customer(connection, "26")
    return Shop(project, engine)


def key(name: str) -> str:
    return f"secret-of-the-shop-{name}"


def signed(name: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(key(name).encode(), body, hashlib.sha256).digest()).decode()


async def tell(shop: Shop, name: str, body: bytes, signature: str | None = None, topic: str = "") -> httpx.Response:
    own = "x-wc-webhook" if name == "tea" else "x-shopify"
    headers = {
        "content-type": "application/json",
        f"{own}-topic": topic or ("order.updated" if name == "tea" else "orders/updated"),
        ("x-wc-webhook-signature" if name == "tea" else "x-shopify-hmac-sha256"): (signed(name, body) if signature is None else signature).encode(),
    }
    async with httpx.AsyncClient(transport=httpx.ASGITransport(shop.app), base_url="http://api") as client:
        return await client.post(f"{PREFIX}/shops/{name}", content=body, headers=headers)


def orders(shop: Shop) -> list[tuple]:
    with database.reading(shop.engine) as connection:
        rows = connection.execute(select(t.orders).order_by(t.orders.c.key)).all()
    return [(row.key, row.amount_minor, row.currency, row.quantity, row.status, row.ordered_at.isoformat()) for row in rows]


async def test_an_order_of_each_kind_of_shop_is_taken(heard):
    assert (await tell(heard, "tea", json.dumps(WOO).encode())).json()["inserted"] == 1
    assert (await tell(heard, "mugs", json.dumps(SHOPIFY).encode())).json()["inserted"] == 1
    assert orders(heard) == [
        ("727", 12940, "UAH", 3, "placed", "2026-11-20T22:30:00+00:00"),
        ("m-#1001", 5000, "EUR", 1, "placed", "2026-11-20T08:00:00+00:00"),
    ]


async def test_what_the_shop_did_not_sign_is_not_heard(heard):
    body = json.dumps(WOO).encode()
    for forged in ("", "x", signed("mugs", body), signed("tea", body)[:-1], signed("tea", body + b" "), signed("tea", body).lower(), "é"):
        problem(await tell(heard, "tea", body, forged), 401)
    problem(await tell(heard, "nowhere", body, ""), 404)
    assert orders(heard) == []


async def test_an_old_body_told_again_changes_nothing(heard):
    first = json.dumps(WOO).encode()
    await tell(heard, "tea", first)
    await tell(heard, "tea", json.dumps(WOO | {"status": "cancelled"}).encode())
    again = await tell(heard, "tea", first)
    assert again.headers["idempotency-replayed"] == "true"
    assert [each[4] for each in orders(heard)] == ["cancelled"]


async def test_a_cancelled_order_counts_nowhere(heard):
    await tell(heard, "mugs", json.dumps(SHOPIFY | {"cancelled_at": "2026-11-21T10:00:00Z"}).encode())
    assert [each[4] for each in orders(heard)] == ["cancelled"]


async def test_an_order_of_nobody_is_told_and_the_webhook_stays_switched_on(heard):
    answer = await tell(heard, "tea", json.dumps(WOO | {"customer_id": 0}).encode())
    assert (answer.status_code, answer.json()["rejected"]) == (200, 1)


async def test_pings_and_other_topics_are_answered_and_nothing_more(heard):
    assert (await tell(heard, "tea", b"webhook_id=7", "")).json() == {"heard": "ping"}
    for topic in ("customer.updated", "order.deleted"):
        assert (await tell(heard, "tea", json.dumps(WOO).encode(), topic=topic)).json() == {"heard": "nothing of orders"}
    assert orders(heard) == []


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"{}", b"[" * 5000, b'{"id": {"a": 1}}', b'{"id": "\\ud800", "customer_id": 26}'])
async def test_a_body_that_is_no_order_is_refused_with_a_sentence(heard, body):
    answer = await tell(heard, "tea", body)
    assert answer.status_code in {200, 422}
    assert answer.status_code == 422 or answer.json()["rejected"] == 1
    assert orders(heard) == []
