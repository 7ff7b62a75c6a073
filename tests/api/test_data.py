"""What programs bring in: by the rules of an import, row by row, once for each key, on both databases."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from tests.api.asking import Program, problem
from winback.api.app import LONGEST_BODY
from winback.store import audit, database
from winback.store import tables as t

EMMA = {"id": "A1", "email": "emma@post.example", "country": "GB", "locale": "en", "given_name": "Emma"}


def order(number, amount="250.00", **more):
    return {"id": f"o-{number}", "customer": "A1", "ordered_at": "2026-11-20T10:00:00Z", "amount": amount, **more}


def rows(shop, table):
    with database.reading(shop.engine) as connection:
        return connection.execute(select(table)).all()


async def test_rows_are_taken_and_what_cannot_be_read_is_told_one_by_one(shop):
    program = shop.program("customers:write", "orders:write")
    assert (await program.post("/customers", json={"rows": [EMMA]})).json()["inserted"] == 1
    given = [order(1), order(2, 12.10), order(3, "much"), order(4, customer="nobody"), order(5, "\ud800"), order(6, [1])]
    told = (await program.post("/orders", content=dumps({"rows": given}), headers={"content-type": "application/json"})).json()
    assert (told["inserted"], told["rejected"]) == (2, 4)
    assert [each["row"] for each in told["rejects"]] == [3, 4, 5, 6]
    assert "The customer `nobody` is not known" in told["rejects"][1]["reason"]
    assert [(each.key, each.amount_minor) for each in rows(shop, t.orders)] == [("o-1", 25000), ("o-2", 1210)]
    again = (await program.post("/orders", json={"rows": [order(1), order(2, "13", status="cancelled")]})).json()
    assert (again["unchanged"], again["updated"]) == (1, 1)
    assert [(each.who, each.deed) for each in rows(shop, t.audit)][-1] == ("token shop", audit.Deed.IMPORTED)


async def test_what_a_row_does_not_say_stays_as_it_is(shop):
    program = shop.program("customers:write")
    consent = {"consent": True, "consent_given_at": "2026-01-02", "consent_source": "till"}
    await program.post("/customers", json={"rows": [EMMA | consent]})
    await program.post("/customers", json={"rows": [{"id": "A1", "city": "Leeds", "black_list": False}]})
    (emma,) = rows(shop, t.customers)
    assert (emma.given_name, emma.city, emma.black_list) == ("Emma", "Leeds", "")
    assert [(each.channel, each.source) for each in rows(shop, t.consents)] == [("email", "till")]


async def test_facts_are_true_for_whoever_asks_next(shop):
    program = shop.program()
    await program.post("/customers", json={"rows": [EMMA]})
    assert (await program.get("/customer/facts", params={"customer": "A1"})).status_code == 200
    await program.post("/orders", json={"rows": [order(1), order(2, ordered_at="2026-11-21T09:00:00Z")]})
    told = (await program.get("/customer", params={"customer": "A1"})).json()
    assert (told["customer"], told["counts"]["orders"]) == ("A1", 2)


async def test_rows_of_a_source_are_read_by_its_mapping(shop):
    program = shop.program()
    await program.post("/customers", json={"rows": [EMMA]})
    row = {"order": 7, "customer": "A1", "placed": "2026-11-20 10:00:00", "items": 3, "total": 99.5}
    assert (await program.post("/orders", json={"source": "orders", "rows": [row]})).json()["inserted"] == 1
    (found,) = rows(shop, t.orders)
    assert (found.key, found.quantity, found.amount_minor) == ("7", 3, 9950)
    for source, sentence in (("ordres", "there is no source `ordres` of orders"), ("customers", "there is no source `customers` of orders")):
        assert sentence in problem(await program.post("/orders", json={"source": source, "rows": [row]}), 422)["detail"]
    del row["total"]
    assert "no row has the column `total`" in problem(await program.post("/orders", json={"source": "orders", "rows": [row]}), 422)["detail"]


async def test_a_key_is_good_for_one_request_which_is_done_once(shop):
    program, other = shop.program(), shop.program(name="other")
    await program.post("/customers", json={"rows": [EMMA]})
    key = {"headers": {"Idempotency-Key": "k-1"}}
    first = await program.post("/orders", json={"rows": [order(1, "10")]}, **key)
    await program.post("/orders", json={"rows": [order(1, "20")]})
    again = await program.post("/orders", json={"rows": [order(1, "10")]}, **key)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["inserted"] == first.json()["inserted"] == 1
    assert [each.amount_minor for each in rows(shop, t.orders)] == [2000]
    assert "with another request" in problem(await program.post("/orders", json={"rows": [order(2)]}, **key), 422)["detail"]
    assert (await other.post("/orders", json={"rows": [order(1, "10")]}, **key)).json()["updated"] == 1
    assert "A1" not in str(rows(shop, t.api_requests))


async def test_somebody_who_was_forgotten_is_left_out(shop):
    program = shop.program()
    await program.post("/customers", json={"rows": [EMMA]})
    export = (await program.get("/customer/export", params={"customer": "A1"})).json()
    assert "emma@post.example" in str(export)
    assert (await program.post("/customer/forget", json={"customer": "A1"})).status_code == 200
    told = (await program.post("/customers", json={"rows": [EMMA]})).json()
    assert (told["forgotten"], told["inserted"]) == (1, 0)
    problem(await program.get("/customer", params={"customer": "A1"}), 404)
    assert {(each.deed, each.who) for each in rows(shop, t.audit)} >= {("exported", "token shop"), ("forgotten", "token shop")}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"rows": [{"id": "x", "custmer": 1}]}, "rows of orders have no `custmer`"),
        ({"rows": [{"id": "x"}]}, "a row of orders lacks `customer`"),
        ({"rows": []}, "`body.rows`"),
        ({"rows": [{}] * 1001}, "`body.rows`"),
        ({"rows": "x"}, "`body.rows`"),
        ({"row": []}, "`body.rows`"),
        ([], "`body`"),
    ],
)
async def test_a_batch_that_cannot_be_meant_changes_nothing(shop, body, sentence):
    assert sentence in problem(await shop.program().post("/orders", json=body), 422)["detail"]
    assert rows(shop, t.orders) == []


async def test_what_is_too_long_or_no_json_is_refused_before_it_is_read(shop):
    program = shop.program()
    big = b'{"rows": [' + b" " * LONGEST_BODY + b"]}"
    problem(await program.post("/orders", content=big, headers={"content-type": "application/json"}), 413)
    problem(await program.post("/orders", data={"rows": "x"}), 415)
    problem(await program.post("/orders", content=b"{", headers={"content-type": "application/json"}), 422)
    problem(await program.post("/nowhere", json={}), 404)
    problem(await program.get("/orders"), 405)


async def test_every_answer_carries_the_headers_that_protect(shop):
    for answer in (await shop.program().get("/campaigns"), await Program(shop.app).get("/customer"), await Program(shop.app).get("/openapi.json")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def dumps(value) -> bytes:
    """Halves of characters written as JSON may write them."""
    return json.dumps(value).encode()
