"""Orders as WooCommerce and Shopify tell them by webhook: whether it is theirs, and rows of columns made of what they sent.

Sources: woocommerce/woocommerce, includes/class-wc-webhook.php (signature, ping); shopify.dev, "Verify webhook deliveries".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine

from winback.audience.mapping import Orders
from winback.audience.source import Source
from winback.errors import ConfigError, Problem
from winback.operations import receiving
from winback.operations.receiving import Batch, Once, Received
from winback.operations.webhook_file import Shop
from winback.settings import Project

SIGNATURES = {"woocommerce": "x-wc-webhook-signature", "shopify": "x-shopify-hmac-sha256"}
TOPICS = {"woocommerce": "x-wc-webhook-topic", "shopify": "x-shopify-topic"}
"""Headers, by the kind of shop."""

_DEEPEST = 4

_OWN: Mapping[str, Mapping[str, Any]] = {
    "woocommerce": {
        "id": "id",
        "customer": "buyer",
        "ordered_at": "date_created_gmt",
        "amount": "total",
        "currency": "currency",
        "quantity": "items",
        "code": "coupon_lines.0.code",
        "status": {
            "column": "status",
            "placed": ("processing", "completed", "on-hold"),
            "cancelled": ("cancelled", "refunded", "failed", "pending", "trash", "checkout-draft", "draft", "auto-draft"),
        },
    },
    "shopify": {
        "id": "name",
        "customer": "email",
        "ordered_at": "created_at",
        "amount": "left",
        "currency": "currency",
        "quantity": "items",
        "code": "discount_codes.0.code",
        "status": {
            "column": "state",  # `cancelled` where the order was, else its financial status
            "placed": ("paid", "partially_paid", "partially_refunded", "authorized", "pending"),
            "cancelled": ("cancelled", "voided", "refunded", "expired"),
        },
    },
}
_ZONES = {"woocommerce": "UTC", "shopify": None}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came by a shop's webhook."""

    body: bytes
    signature: str
    topic: str


def is_theirs(delivery: Delivery, secrets: Sequence[str]) -> bool:
    """Whether the body was signed with one of the secrets: base64 of HMAC-SHA256, compared in constant time."""
    given = delivery.signature.encode("utf-8", "surrogatepass")
    made = [base64.b64encode(hmac.digest(each.encode(), delivery.body, "sha256")) for each in secrets]
    return any([hmac.compare_digest(each, given) for each in made])  # noqa: C419  # all are compared, whichever fits


def is_of_orders(delivery: Delivery) -> bool:
    """Whether it tells of an order that is there; deletions take nothing away that a customer bought."""
    return delivery.topic.startswith(("order.", "orders/")) and not delivery.topic.endswith(("delete", "deleted"))


def take_in(project: Project, engine: Engine, name: str, shop: Shop, delivery: Delivery, *, now: datetime) -> Received:
    """Merge the order of a delivery whose signature was looked at. The same body twice is done once: whoever repeats an old one changes nothing.

    Raises ConfigError when the body is no order.
    """
    try:
        order = json.loads(delivery.body, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise ConfigError(Problem("", None, "the body is no JSON.")) from error
    if not isinstance(order, dict) or not isinstance(order.get("id"), str | int):
        raise ConfigError(Problem("", None, "the body is no order: it has no `id`."))
    source = _source(shop)
    row = {name: cell for name, cell in _columns(order) if not isinstance(cell, str) or receiving.is_text(cell)}
    if source.orders and row.get(number := source.orders.id.column) is not None:
        row[number] = f"{shop.id_prefix}{row[number]}"
    once = Once(f"shop {name} {hashlib.sha256(delivery.body).hexdigest()}", delivery.body)
    by = f"shop {name}"
    return receiving.merge(project, engine, f"{by}, orders", [Batch(source, [row], [1])], (), by=by, once=once, now=now)


def _source(shop: Shop) -> Source:
    orders = shop.orders or Orders.model_validate(_OWN[shop.kind])
    return Source.model_validate({"file": "-", "orders": orders, "time_zone": shop.time_zone or _ZONES[shop.kind]})


def _columns(order: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What the order holds, by dotted names, and what has to be reckoned."""
    yield from _flat("", order, 0)
    lines = order.get("line_items")
    quantities = [line.get("quantity") for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []
    yield "items", sum(each for each in quantities if isinstance(each, int) and 0 <= each < 10**6) or 1
    current = order.get("current_total_price")
    yield from _flat("left", order.get("total_price") if current is None else current, 0)
    yield "buyer", _buyer(order)
    yield "state", "cancelled" if order.get("cancelled_at") else order.get("financial_status")


def _buyer(order: Mapping[str, Any]) -> int | str | None:
    """WooCommerce's number of the user; of a guest, who has none, the address, in small letters. examples/shops/woocommerce imports them so."""
    user, billing = order.get("customer_id"), order.get("billing")
    if user and isinstance(user, int | str):
        return user
    email = billing.get("email") if isinstance(billing, dict) else None
    return email.strip().lower() if isinstance(email, str) else None


def _flat(before: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list):
        if depth < _DEEPEST:
            for name, inner in value.items() if isinstance(value, dict) else enumerate(value[:20]):
                yield from _flat(f"{before}.{name}" if before else str(name), inner, depth + 1)
    else:
        yield before, value
