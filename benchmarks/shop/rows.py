"""The shop as rows of our tables, a block of a million after the other, in Arrow: every store takes them from there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmarks.shop.law import NOW, TODAY, Columns, Shop

STATUSES = ("placed", "cancelled", "returned")
KINDS = ("open", "click", "reply")
LOCALES = ("uk", "en", "ru", "", "pl", "de")
COUNTRIES = ("UA", "PL", "DE", "MD", "")
GIVEN = ("Олена", "Ірина", "Наталія", "Оксана", "Андрій", "Сергій", "Марія", "Тарас")
FAMILY = ("Коваленко", "Шевченко", "Бойко", "Мельник", "Ткаченко", "Мороз", "Лисенко")
CITIES = ("Київ", "Львів", "Одеса", "Харків", "Дніпро", "")
AT_ONCE = 1_000_000
MOMENT = pa.timestamp("us", tz="UTC")


def blocks(shop: Shop) -> Iterator[tuple[str, pa.Table]]:
    """(table, rows), tables in the order in which they refer to each other. Ids count from 1."""
    for name, make, columns in (
        ("customers", _customers, shop.people),
        ("contacts", _contacts, shop.people),
        ("consents", _consents, shop.people),
        ("orders", _orders, shop.orders),
        ("inquiries", _inquiries, shop.inquiries),
        ("touches", _touches, shop.touches),
        ("feedback", _feedback, shop.feedback),
        ("campaign_runs", _runs, {"number": np.array([1])}),
        ("deliveries", _deliveries, shop.deliveries),
        ("events", _events, shop.events),
    ):
        size = len(next(iter(columns.values())))
        for first in range(0, size, AT_ONCE):
            part = {column: values[first : first + AT_ONCE] for column, values in columns.items()}
            yield name, make(np.arange(first + 1, min(first + AT_ONCE, size) + 1), part)


def keys(prefix: str, ids: NDArray) -> pa.Array:
    """Ids as shops write them: c00000001."""
    return pc.binary_join_element_wise(prefix, pc.utf8_lpad(pa.array(ids).cast(pa.string()), 8, "0"), "")


def _moments(values: NDArray) -> pa.Array:
    return pa.array(values.astype("datetime64[us]"), MOMENT)


def _words(words: tuple[str, ...], places: NDArray) -> pa.Array:
    return pa.array(words).take(pa.array(places))


def _word(word: str, like: NDArray) -> pa.Array:
    return pa.repeat(word, len(like))


def _customers(ids: NDArray, people: Columns) -> pa.Table:
    name = people["name"]
    return pa.table(
        {
            "id": ids,
            "key": keys("c", ids),
            "given_name": _words(GIVEN, name % len(GIVEN)),
            "family_name": _words(FAMILY, name // 8 % len(FAMILY)),
            "sex": _words(("f", "m"), (name % len(GIVEN) >= 4).astype(int)),
            "locale": _words(LOCALES, people["locale"]),
            "country": _words(COUNTRIES, people["country"]),
            "city": _words(CITIES, name // 64 % len(CITIES)),
            "time_zone": _word("", ids),
            "updated_at": _moments(np.full(ids.size, np.datetime64(NOW.replace(tzinfo=None), "us"))),
        }
    )


def _contacts(ids: NDArray, people: Columns) -> pa.Table:
    ids = ids[people["has_email"]]
    hashes = np.zeros((ids.size, 4), ">u8")  # no address has this hash; 32 bytes are as many as a real one
    hashes[:, 0] = hashes[:, 3] = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    addresses = pc.binary_join_element_wise(keys("c", ids), "example.com", "@")
    return pa.table(
        {
            "customer_id": ids,
            "channel": _word("email", ids),
            "address": addresses,
            "address_hash": pa.FixedSizeBinaryArray.from_buffers(pa.binary(32), ids.size, [None, pa.py_buffer(hashes.tobytes())]),
        }
    )


def _consents(ids: NDArray, people: Columns) -> pa.Table:
    agreed = people["agreed"]
    ids = ids[agreed]
    return pa.table(
        {
            "customer_id": ids,
            "channel": _word("email", ids),
            "purpose": _word("marketing", ids),
            "given_at": _moments(people["agreed_at"][agreed]),
            "source": _word("order form", ids),
        }
    )


def _orders(ids: NDArray, orders: Columns) -> pa.Table:
    margin = orders["margin_minor"]
    code = pc.binary_join_element_wise("SPRING", pa.array(ids % 97).cast(pa.string()), "-")
    return pa.table(
        {
            "id": ids,
            "key": keys("o", ids),
            "customer_id": orders["customer_id"],
            "ordered_at": _moments(orders["ordered_at"]),
            "ordered_on": orders["ordered_on"],
            "amount_minor": orders["amount_minor"],
            "margin_minor": pa.array(margin, mask=margin == np.iinfo(np.int64).min),
            "currency": _word("UAH", ids),
            "quantity": orders["quantity"],
            "status": _words(STATUSES, orders["status"]),
            "code": pc.if_else(pa.array(orders["has_code"]), code, ""),
        }
    )


def _inquiries(ids: NDArray, inquiries: Columns) -> pa.Table:
    moments = _moments(inquiries["inquired_at"])
    return pa.table(
        {"id": ids, "key": keys("i", ids), "customer_id": inquiries["customer_id"], "inquired_at": moments, "subject": _word("ціна", ids)}
    )


def _touches(ids: NDArray, touches: Columns) -> pa.Table:
    return pa.table(
        {
            "id": ids,
            "key": keys("t", ids),
            "customer_id": touches["customer_id"],
            "touched_at": _moments(touches["touched_at"]),
            "channel": _word("phone", ids),
            "reacted_at": _moments(touches["reacted_at"]),
        }
    )


def _feedback(ids: NDArray, feedback: Columns) -> pa.Table:
    return pa.table(
        {
            "id": ids,
            "key": keys("f", ids),
            "customer_id": feedback["customer_id"],
            "kind": _words(("complaint", "survey"), feedback["is_survey"].astype(int)),
            "said_at": _moments(feedback["said_at"]),
            "score": pa.array(feedback["score"], mask=feedback["score"] < 0),
            "mended_at": _moments(feedback["mended_at"]),
        }
    )


def _runs(ids: NDArray, runs: Columns) -> pa.Table:
    begun = np.datetime64(TODAY, "us") - np.timedelta64(701, "D")
    return pa.table(
        {
            "id": ids,
            "campaign": _word("two-years-ago", ids),
            "number": runs["number"],
            "status": _word("finished", ids),
            "salt": _word("two-years-ago:1", ids),
            "started_at": _moments(np.full(ids.size, begun)),
            "plan": _word("{}", ids),
        }
    )


def _deliveries(ids: NDArray, deliveries: Columns) -> pa.Table:
    sent = _moments(deliveries["sent_at"])
    return pa.table(
        {
            "id": ids,
            "run_id": np.ones(ids.size, np.int64),
            "stage": _word("first", ids),
            "customer_id": deliveries["customer_id"],
            "tactic": _word("plain", ids),
            "channel": _word("email", ids),
            "status": _word("sent", ids),
            "due_at": sent,
            "sent_at": sent,
        }
    )


def _events(ids: NDArray, events: Columns) -> pa.Table:
    return pa.table(
        {
            "id": ids,
            "dedupe_key": keys("e", ids),
            "kind": _words(KINDS, events["kind"]),
            "customer_id": events["customer_id"],
            "delivery_id": events["delivery_id"],
            "happened_at": _moments(events["happened_at"]),
            "verdict": _words(("human", "machine"), events["by_machine"].astype(int)),
            "signals": _word("{}", ids),
        }
    )
