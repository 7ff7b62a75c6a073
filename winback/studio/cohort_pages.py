"""The pages on cohorts: every one of them, and one to edit with what its rules come to while they are written."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from winback.operations import cohort_vocabulary, completing
from winback.operations.cohort_list import Shelf
from winback.operations.people import Right
from winback.studio import past_drawing
from winback.studio.cohort_file import CohortFile
from winback.studio.cohort_parts import PARTS, CohortParts
from winback.studio.desk import Desk, number


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()
    file = CohortFile(desk, Shelf(desk.project))
    _add_files(router, desk, file)
    _add_parts(router, desk, file)
    return router


def _add_files(router: APIRouter, desk: Desk, file: CohortFile) -> None:
    @router.get("/cohorts")
    def every(request: Request, told: str = "") -> Response:
        return file.every(request, told=told)

    @router.get("/cohorts/new")
    def begin(request: Request, like: str = "") -> Response:
        return file.begin(request, like=like)

    @router.post("/cohorts/new")
    async def create(request: Request) -> Response:
        fields = await desk.form(request, Right.EDIT)
        return await run_in_threadpool(file.create, request, fields)

    @router.get("/cohorts/{name}")
    def one(request: Request, name: str, told: str = "") -> Response:
        return file.open(request, name, told=told)

    @router.post("/cohorts/{name}")
    async def save(request: Request, name: str) -> Response:
        fields = await desk.form(request, Right.EDIT)
        return await run_in_threadpool(file.do, request, name, fields)


def _add_parts(router: APIRouter, desk: Desk, file: CohortFile) -> None:
    parts = CohortParts(desk)

    @router.post("/cohorts/{name}/words")
    async def words(request: Request, name: str) -> Response:
        fields = await desk.form(request, Right.EDIT)
        file.there(name)
        return await run_in_threadpool(_completion, desk, fields)

    for part in PARTS:
        _add_part(router, desk, file, parts, part)


def _add_part(router: APIRouter, desk: Desk, file: CohortFile, parts: CohortParts, part: str) -> None:
    """What the page tells beside the file: of the saved one to whoever looks, of a text that isn't saved to who may edit."""

    @router.get(f"/cohorts/{{name}}/{part}")
    async def of_file(request: Request, name: str) -> Response:
        text = await run_in_threadpool(file.saved, name)
        return await told(request, name, text, dict(request.query_params))

    @router.post(f"/cohorts/{{name}}/{part}")
    async def of_text(request: Request, name: str) -> Response:
        fields = await desk.form(request, Right.EDIT)
        file.there(name)
        return await told(request, name, fields.get("text", ""), fields)

    async def told(request: Request, name: str, text: str, fields: dict[str, str]) -> Response:
        found = await parts.ask(request, name, part, text, fields)
        if isinstance(found, Response):
            return found
        if fields.get("part") == "1":  # a script wants nothing else
            return desk.page(request, f"cohort_{part}.html", told=found, past_chart=past_drawing.draw, past_names=past_drawing.NAMES)
        return await run_in_threadpool(file.page, request, name, text, fields.get("version", ""), parts={part: found}, status=found.status)


def _completion(desk: Desk, fields: dict[str, str]) -> Response:
    vocabulary = cohort_vocabulary.vocabulary(desk.project, desk.engine)
    found = completing.complete(vocabulary, fields.get("text", ""), number(fields.get("offset", "")))
    return JSONResponse(found.as_json())
