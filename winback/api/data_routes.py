"""What programs bring in: customers, and what they did and said."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from winback.api.desk import Desk, Text, Word, asker_of
from winback.api.problems import Refusal
from winback.operations import receiving
from winback.operations.api_tokens import Scope

KINDS = {
    "customers": Scope.CUSTOMERS_WRITE,
    "orders": Scope.ORDERS_WRITE,
    "inquiries": Scope.EVENTS_WRITE,
    "touches": Scope.EVENTS_WRITE,
    "feedback": Scope.EVENTS_WRITE,
    "reasons": Scope.EVENTS_WRITE,
}


class Rows(BaseModel):
    """A batch."""

    model_config = ConfigDict(extra="forbid")

    rows: list[dict[Word, Any]] = Field(
        min_length=1, max_length=receiving.MOST, description="Each by our words, or by the shop's columns where `source` is named."
    )
    source: Word = Field(default="", description="A source of config/sources.yaml, by whose mapping the rows are read.")


class Rejected(BaseModel):
    """A row that wasn't taken, or a cell of it."""

    row: int = Field(description="Its place in the request, from 1.")
    reason: str


class Received(BaseModel):
    """What became of the rows."""

    inserted: int
    updated: int
    unchanged: int
    rejected: int
    forgotten: int = Field(description="Of people who asked to be forgotten: left out.")
    rejects: list[Rejected]


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()
    for kind, scope in KINDS.items():
        _add(router, desk, kind, scope)
    return router


def _add(router: APIRouter, desk: Desk, kind: str, scope: Scope) -> None:
    def bring(
        batch: Rows,
        request: Request,
        idempotency_key: Annotated[Text | None, Header(description="The same key with the same request again is done once.")] = None,
    ) -> JSONResponse:
        once = None
        if idempotency_key:
            body = json.dumps(batch.model_dump(), sort_keys=True).encode()
            once = receiving.Once(f"{asker_of(request).token.id} {kind} {idempotency_key}", body)
        try:
            done = receiving.take_in(
                desk.project, desk.engine, kind, batch.rows, source=batch.source, by=asker_of(request).name, once=once, now=desk.clock()
            )
        except (receiving.Unreadable, receiving.Clash) as error:
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, *error.problems) from error
        headers = {"Idempotency-Replayed": "true"} if done.is_replay else {}
        return JSONResponse(done.as_json(), headers=headers)

    summary = f"Bring {kind} in: the same twice changes nothing, rows that can't be read are told one by one."
    router.post(f"/{kind}", summary=summary, operation_id=f"bring_{kind}", response_model=Received, **desk.scoped(scope))(bring)
