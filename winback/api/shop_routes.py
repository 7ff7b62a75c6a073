"""Webhooks of shops: no token comes with them, but a signature that only the shop can make."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers

from winback.api.desk import Desk, Word
from winback.api.problems import Refusal, refusal
from winback.errors import ConfigError
from winback.operations import shop_orders, webhook_file
from winback.operations.shop_orders import SIGNATURES, TOPICS, Delivery

_PING = b"webhook_id="
"""WooCommerce tries an address out so when it is entered, without a signature."""


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.post("/shops/{name}", summary="An order of WooCommerce or Shopify, signed by the shop.", openapi_extra={"x-scope": "signature"})
    async def hear(name: Word, request: Request) -> JSONResponse:
        return await run_in_threadpool(_hear, desk, name, request.headers, await request.body())

    return router


def _hear(desk: Desk, name: str, headers: Headers, body: bytes) -> JSONResponse:
    shop = webhook_file.read(desk.project).shops.get(name)
    if shop is None:
        raise refusal(HTTPStatus.NOT_FOUND, f"there is no shop `{name[:80]}`.", "Name it in config/webhooks.yaml.")
    if shop.kind == "woocommerce" and body.startswith(_PING) and len(body) < 40:
        return JSONResponse({"heard": "ping"})
    delivery = Delivery(body, headers.get(SIGNATURES[shop.kind], ""), headers.get(TOPICS[shop.kind], ""))
    if not shop_orders.is_theirs(delivery, webhook_file.secrets_of(desk.project, name, shop=True)):
        raise refusal(HTTPStatus.UNAUTHORIZED, f"the signature isn't that of `{name}`.", "Look whether both sides have the same secret.")
    if not shop_orders.is_of_orders(delivery):
        return JSONResponse({"heard": "nothing of orders"})
    try:
        done = shop_orders.take_in(desk.project, desk.engine, name, shop, delivery, now=desk.clock())
    except ConfigError as error:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, *error.problems) from error
    # 200 whatever became of the row: both shops switch a webhook off that is refused time and again
    return JSONResponse(done.as_json(), headers={"Idempotency-Replayed": "true"} if done.is_replay else {})
