"""Campaigns: seen, planned, started, paused, resumed, cancelled, reported on. Approving one is a person's: no route does it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from winback.api.desk import Desk, Word, asker_of, plain
from winback.api.problems import refusal
from winback.operations import beginning, campaign_sight, reporting, selecting, steering
from winback.operations.api_tokens import Scope
from winback.operations.approving import Waiting
from winback.operations.working import Kind
from winback.sending import prepared
from winback.store import database, runs
from winback.store.runs import Run


class Start(BaseModel):
    """How a campaign is started."""

    model_config = ConfigDict(extra="forbid")

    again: bool = False  # begin a new run after the last one is over


def routes(desk: Desk) -> APIRouter:  # noqa: C901  # one route after another, each of them simple
    router = APIRouter()

    @router.get("/campaigns", summary="Every campaign, and how it stands.", **desk.scoped(Scope.CAMPAIGNS_READ))
    def campaigns() -> JSONResponse:
        listed = campaign_sight.listed(desk.project, desk.engine)
        return JSONResponse({"campaigns": [_listed(each) for each in listed]})

    @router.get("/campaigns/{name}/runs", summary="The runs of a campaign, the newest first.", **desk.scoped(Scope.CAMPAIGNS_READ))
    def runs_of(name: Word) -> JSONResponse:
        desk.campaign(name)
        with database.reading(desk.engine) as connection:
            found = runs.of_campaign(connection, name)
        return JSONResponse({"campaign": name, "runs": [_run(each) for each in found]})

    @router.post(
        "/campaigns/{name}/start", summary="Begin a run; the schedule sends. Waits where a person must approve.", **desk.scoped(Scope.CAMPAIGNS_RUN)
    )
    def start(name: Word, request: Request, how: Start | None = None) -> JSONResponse:
        ready = prepared.prepare(desk.as_asker(asker_of(request)), desk.campaign(name))
        begun = beginning.begin(desk.engine, ready, now=desk.clock(), again=bool(how and how.again))
        if isinstance(begun, Waiting):
            how_to = f"A person looks at it and says yes: winback approve {name}, or in the studio."
            approval = {"people": begun.asked.people, "run": begun.asked.run, "asked_at": begun.asked_at.isoformat()}
            raise refusal(HTTPStatus.CONFLICT, f"`{name}` waits for approval.", how_to, approval=approval)
        return JSONResponse({"campaign": name, **_run(begun)})

    for verb in ("pause", "resume", "cancel"):
        _add_verb(router, desk, verb)

    @router.post("/campaigns/{name}/plan", status_code=202, summary="Begin to count who would get what.", **desk.scoped(Scope.CAMPAIGNS_READ))
    def plan(name: Word, request: Request) -> JSONResponse:
        desk.works.begin(desk.campaign(name), Kind.PLAN, by=asker_of(request).name, now=desk.clock())
        return JSONResponse({"campaign": name, "status": "under-way"}, HTTPStatus.ACCEPTED)

    @router.get("/campaigns/{name}/plan", summary="The last plan, and how far one is that is under way.", **desk.scoped(Scope.CAMPAIGNS_READ))
    def planned(name: Word) -> JSONResponse:
        work = desk.works.state(desk.campaign(name), now=desk.clock())
        result = desk.works.result(name, Kind.PLAN)
        running = work is not None and work.kind is Kind.PLAN and work.is_running
        problems = list(work.problems) if work is not None and work.kind is Kind.PLAN else []
        told = {"campaign": name, "under_way": running, "problems": problems}
        return JSONResponse({**told, "made_at": result and result.made_at.isoformat(), "plan": result and dict(result.told)})

    @router.get("/campaigns/{name}/report", summary="Returns, lift, tactics, money.", **desk.scoped(Scope.REPORTS_READ))
    def report(
        name: Word,
        run: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
    ) -> JSONResponse:
        with database.reading(desk.engine) as connection:
            found = runs.latest(connection, name) if run is None else runs.numbered(connection, name, run)
        if found is None:
            raise refusal(HTTPStatus.NOT_FOUND, f"`{name[:80]}` has no {'run' if run is None else f'run {run}'}.")
        measured = reporting.measure_and_report(desk.project, desk.engine, name, now=desk.clock(), number=run)
        return plain(measured.as_json())

    @router.get("/cohorts", summary="The names of all cohorts.", **desk.scoped(Scope.CAMPAIGNS_READ))
    def cohorts() -> JSONResponse:
        return JSONResponse({"cohorts": desk.project.names("cohorts")})

    @router.get("/cohorts/{name}", summary="How many customers are in a cohort, rule by rule; nobody is named.", **desk.scoped(Scope.CAMPAIGNS_READ))
    def cohort(name: Word) -> JSONResponse:
        shown = selecting.show(desk.project, desk.engine, desk.cohort(name), now=desk.clock(), sample=0).as_json()
        return plain({key: value for key, value in shown.items() if key != "sample"})

    return router


def _add_verb(router: APIRouter, desk: Desk, verb: str) -> None:
    def steer(name: Word, request: Request) -> JSONResponse:
        sentence = steering.steer(desk.engine, desk.campaign(name), verb, now=desk.clock(), by=asker_of(request).name)
        return JSONResponse({"campaign": name, "told": sentence})

    sentences = {"pause": "Send nothing more until resumed.", "resume": "Go on with a paused campaign.", "cancel": "End its run for good."}
    router.post(f"/campaigns/{{name}}/{verb}", summary=sentences[verb], operation_id=verb, **desk.scoped(Scope.CAMPAIGNS_RUN))(steer)


def _listed(each: campaign_sight.Listed) -> dict[str, Any]:
    days = {"starts_on": each.starts_on and each.starts_on.isoformat(), "ends_on": each.ends_on and each.ends_on.isoformat()}
    return {"campaign": each.name, "status": each.status, "title": each.title, **days, "run": each.run, "problem": each.problem}


def _run(run: Run) -> dict[str, Any]:
    return {"run": run.number, "status": str(run.status), "started_at": run.started_at.isoformat(), "stages": list(run.stages)}
