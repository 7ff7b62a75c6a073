"""Messages to other programs: seen, and sent again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from winback.api.desk import Desk, Word
from winback.operations import webhooks
from winback.operations.api_tokens import Scope

_LARGEST = 2**63 - 1


class Again(BaseModel):
    """Messages that were given up."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Annotated[int, Field(ge=1, le=_LARGEST)]] = Field(min_length=1, max_length=1_000)


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/webhooks", summary="Messages to other programs, the newest first.", **desk.scoped(Scope.WEBHOOKS_READ))
    def messages(
        status: Word = "",
        endpoint: Word = "",
        before: Annotated[int | None, Query(ge=1, le=_LARGEST, description="`next` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> JSONResponse:
        found = webhooks.listed(desk.engine, status=status, endpoint=endpoint, before=before, limit=limit)
        return JSONResponse({"messages": found, "next": found[-1]["id"] if len(found) == limit else None})

    @router.post("/webhooks/again", summary="Have messages sent again that were given up.", **desk.scoped(Scope.WEBHOOKS_WRITE))
    def again(which: Again) -> JSONResponse:
        return JSONResponse({"messages": webhooks.again(desk.engine, ids=which.ids, now=desk.clock())})

    return router
