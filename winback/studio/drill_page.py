"""The page of the customers behind a number of a report, and the same as a table for a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from starlette.exceptions import HTTPException

from winback.errors import ConfigError
from winback.operations import drilling
from winback.operations.people import Right
from winback.outcomes.questions import Question, What
from winback.studio import customers_page, results_page, status_words, written
from winback.studio import desk as desks
from winback.studio.care_page import attachment
from winback.studio.desk import Desk
from winback.studio.words import N_

_MEANS = {
    What.ASSIGNED: N_("Everybody who was assigned, written to or not"),
    What.CONTACTED: N_("Whom a letter left for, or may have, or whom a person called"),
    What.REACHED: N_("Whom at least one letter reached"),
    What.FAILED: N_("Of whom a letter was refused for good"),
    What.UNCERTAIN: N_("Of whom nobody knows whether a letter left"),
    What.OPENED: N_("Who opened a letter"),
    What.OPENED_UNVERIFIED: N_("Who perhaps opened a letter"),
    What.OPENED_MACHINE: N_("Whose letters only machines opened"),
    What.CLICKED: N_("Who followed a link"),
    What.CLICKED_UNVERIFIED: N_("Who perhaps followed a link"),
    What.CLICKED_MACHINE: N_("Whose links only machines followed"),
    What.REPLIED: N_("Who answered"),
    What.UNSUBSCRIBED: N_("Who unsubscribed"),
    What.COMPLAINED: N_("Who complained"),
    What.BOUNCED: N_("Whose letters came back"),
    What.RETURNED: N_("Who ordered again in the return window"),
    What.ORDERED_AGAIN: N_("Who ordered again, and once more after that"),
    What.HAD_CODE: N_("Who had a code"),
    What.USED_CODE: N_("Who used their code"),
    What.PLANNED: N_("To whom the letter of this stage is still to leave"),
    What.SENT: N_("To whom the letter of this stage was sent"),
    What.STOPPED: N_("To whom the letter of this stage wasn't wanted any more when its turn came"),
    What.LEFT_OUT: N_("To whom the letter of this stage could not be written"),
    What.ENDED: N_("Whose journey ended so"),
    What.LEFT_FOR: N_("Who had left for this reason"),
    What.BACK_AFTER: N_("Who had left for this reason, and ordered again in the return window"),
    What.MOVED_MONEY: N_("Whose orders, or goods brought back, moved money in the return window"),
    What.SKIPPED: N_("Who were in the cohort, and not to be written to"),
}


def routes(desk: Desk) -> APIRouter:
    router, page = APIRouter(), DrillPage(desk)

    @router.get("/results/{name}/customers")
    def customers(request: Request, name: str) -> Response:
        return page.customers(request, name, request.query_params)

    @router.get("/results/{name}/customers.csv")
    def table(request: Request, name: str) -> Response:
        desk.need(request, Right.CARE)
        return page.table(name, request.query_params)

    return router


@dataclass(frozen=True, slots=True)
class DrillPage:
    """Answers for one project, as known when the run was measured last."""

    desk: Desk

    def customers(self, request: Request, campaign: str, asked: Mapping[str, str]) -> Response:
        """One page of the list; `after` is where it goes on."""
        question, number = _question(asked), _run(asked)
        after = desks.number(asked["after"]) if asked.get("after") else 0
        try:
            found = drilling.page(self.desk.project, self.desk.engine, campaign, question, number=number, after=after)
        except ConfigError as error:
            raise HTTPException(HTTPStatus.NOT_FOUND) from error
        run, fields = found.run, question.fields()
        return self.desk.page(
            request,
            "drill.html",
            found=found,
            question=question,
            arm=status_words.arm,
            means=_MEANS[question.what],
            rows=[(each, customers_page.address(each.customer)) for each in found.customers],
            report=results_page.address(run.campaign, run.number),
            further=results_page.address(run.campaign, run.number, part="/customers", **fields, after=str(found.after)) if found.after else "",
            first=results_page.behind(run.campaign, run.number, question) if after else "",
            csv=results_page.address(run.campaign, run.number, part="/customers.csv", **fields),
            currency=self.desk.project.settings.currency,
            at=lambda moment: written.at(self.desk.project, moment),
        )

    def table(self, campaign: str, asked: Mapping[str, str]) -> Response:
        """All of them, written as they are read."""
        question, number = _question(asked), _run(asked)
        try:
            parts = drilling.table(self.desk.project, self.desk.engine, campaign, question, number=number)
        except ConfigError as error:
            raise HTTPException(HTTPStatus.NOT_FOUND) from error
        headers = {"Content-Disposition": attachment(f"{campaign}-{question.what}.csv")}
        return StreamingResponse((part.encode() for part in parts), media_type="text/csv; charset=utf-8", headers=headers)


def _question(asked: Mapping[str, str]) -> Question:
    known: dict[str, Any] = {str(what): what for what in What}
    what = known.get(asked.get("what", ""))
    if what is None or any("\0" in value for value in asked.values()):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return Question(what, asked.get("arm", ""), asked.get("stage", ""), asked.get("word", ""), asked.get("by", ""), asked.get("value", ""))


def _run(asked: Mapping[str, str]) -> int | None:
    return desks.number(asked["run"]) if asked.get("run") else None
