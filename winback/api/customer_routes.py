"""Customers: what is known of them and why they are written to or not, their letters, addresses that are closed, and their rights."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from winback.api.desk import Desk, Text, Word, asker_of, plain
from winback.api.problems import Refusal, refusal
from winback.errors import ConfigError, Problem
from winback.model import Reason
from winback.operations import describing, explaining, forgetting, held, looking_up, showing, suppressing
from winback.operations.api_tokens import Scope
from winback.operations.looking_up import Wanted
from winback.sending import prepared


class Closing(BaseModel):
    """An address that is never to be written to again."""

    model_config = ConfigDict(extra="forbid")

    address: Text = Field(description="An e-mail address, a phone with its country's code, or a chat's number.")
    everywhere: bool = Field(default=False, description="Close every other address of its owner too.")


class Whom(BaseModel):
    """A customer."""

    model_config = ConfigDict(extra="forbid")

    customer: Text = Field(description="The shop's id of the customer.")


def routes(desk: Desk) -> APIRouter:  # noqa: C901  # one route after another, each of them simple
    router = APIRouter()

    @router.get("/customer", summary="Everything that is known of a customer.", **desk.scoped(Scope.CUSTOMERS_READ))
    def card(customer: Text) -> JSONResponse:
        _know(desk, customer)
        return plain(showing.show(desk.project, desk.engine, customer, now=desk.clock()).as_json())

    @router.get("/customer/facts", summary="Facts, signs of being lost, scores and stages.", **desk.scoped(Scope.CUSTOMERS_READ))
    def facts(customer: Text) -> JSONResponse:
        _know(desk, customer)
        now = desk.clock()
        return plain(describing.portrait_of(desk.project, desk.engine, customer, now=now, present=now).as_json())

    @router.get("/customer/explain", summary="Why a cohort or a campaign takes a customer in, or not.", **desk.scoped(Scope.CUSTOMERS_READ))
    def explain(
        customer: Text,
        cohort: Word = "",
        campaign: Word = "",
    ) -> JSONResponse:
        if bool(cohort) == bool(campaign):
            raise refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "name a cohort or a campaign.", "Write for example ?customer=K-1&cohort=dear-and-silent.")
        _know(desk, customer)
        if cohort:
            return plain(explaining.by_cohort(desk.project, desk.engine, desk.cohort(cohort), customer, now=desk.clock()).as_json())
        ready = prepared.prepare(desk.project, desk.campaign(campaign))
        return plain(explaining.by_campaign(ready, desk.engine, customer, now=desk.clock()).as_json())

    @router.get("/customer/export", summary="Everything that is held of a customer, to hand over to them.", **desk.scoped(Scope.RIGHTS_WRITE))
    def export(customer: Text, request: Request) -> JSONResponse:
        _know(desk, customer)
        return plain(held.gather(desk.project, desk.engine, customer, by=asker_of(request).name, now=desk.clock()).as_json())

    @router.post("/customer/forget", summary="Erase a customer for good.", **desk.scoped(Scope.RIGHTS_WRITE))
    def forget(whom: Whom, request: Request) -> JSONResponse:
        _know(desk, whom.customer)
        return plain(forgetting.forget(desk.project, desk.engine, whom.customer, by=asker_of(request).name, now=desk.clock()).as_json())

    @router.post("/suppressions", summary="Close an address, as if its owner had asked.", **desk.scoped(Scope.SUPPRESSIONS_WRITE))
    def close(closing: Closing, request: Request) -> JSONResponse:
        how = {"reason": Reason.UNSUBSCRIBED, "everywhere": closing.everywhere}
        try:
            is_new = suppressing.add(desk.project, desk.engine, closing.address, by=asker_of(request).name, now=desk.clock(), **how)  # type: ignore[arg-type]
        except ConfigError as error:
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, *error.problems) from error
        return JSONResponse({"closed": True, "was_open": is_new})

    @router.get("/deliveries", summary="Letters, the latest due first, a page after another.", **desk.scoped(Scope.DELIVERIES_READ))
    def deliveries(  # noqa: PLR0917  # FastAPI calls it by names
        customer: Word = "",
        campaign: Word = "",
        stage: Word = "",
        status: Word = "",
        channel: Word = "",
        day: Annotated[Word, Query(description="By the shop's calendar, as 2026-03-09.")] = "",
        after: Annotated[Word, Query(description="`next` of the page before.")] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> JSONResponse:
        if after and looking_up.key(after) is None:
            raise refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "`after` is no key of a page.", "Send `next` as the page before gave it.")
        wanted = Wanted(customer, campaign, stage, status, channel, day)
        found = looking_up.search(desk.project, desk.engine, wanted, after=after, limit=limit)
        if found.faults:
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, *(Problem("", None, f"`{name}`: {said}") for name, said in found.faults.items()))
        rows = [{**{name: getattr(each, name) for name in _SHOWN}, "status": str(each.status), "at": each.at.isoformat()} for each in found.lines]
        return JSONResponse({"deliveries": rows, "next": found.after or None})

    return router


_SHOWN = ("id", "customer", "campaign", "run", "stage", "tactic", "channel", "letter", "why")


def _know(desk: Desk, key: str) -> None:
    try:
        explaining.customer_id(desk.engine, key)
    except ConfigError as error:
        raise Refusal(HTTPStatus.NOT_FOUND, *error.problems) from error
