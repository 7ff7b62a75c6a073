"""The pages on what campaigns brought: every run with its verdicts, one report with links behind its numbers, tactics, a quarter."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from winback.operations import measuring, quarter, reporting, tactics
from winback.operations.people import Right
from winback.operations.reporting import Known
from winback.outcomes import quarterly, questions
from winback.outcomes.questions import Question
from winback.outcomes.report import Report
from winback.speech import Language
from winback.studio import desk as desks
from winback.studio import pages, report_page, written
from winback.studio.counts import AGAIN, PATIENCE_SECONDS, Counts
from winback.studio.desk import Desk

AT_ONCE = 20
"""Runs on a page."""


def address(campaign: str, number: int | None = None, *, part: str = "", **asked: str) -> str:
    """The page of a run's results, or a part of it."""
    query = urlencode({**({} if number is None else {"run": number}), **asked})
    return f"/results/{quote(campaign, safe='')}{part}{f'?{query}' if query else ''}"


def behind(campaign: str, number: int, question: Question) -> str:
    """The page of the customers behind a number."""
    return address(campaign, number, part="/customers", **question.fields())


def routes(desk: Desk) -> APIRouter:
    router, page = APIRouter(), ResultsPage(desk)

    @router.get("/results")
    def every(request: Request) -> Response:
        return page.every(request, desks.sheet(request.query_params.get("page", "")))

    @router.get("/results/report.css")
    def style() -> Response:
        return Response(pages.render("report_sheet.css"), media_type="text/css")

    @router.get("/results/tactics")
    def library(request: Request) -> Response:
        return page.tactics(request)

    @router.get("/results/quarter")
    def one_quarter(request: Request, of: str = "") -> Response:
        return page.quarter(request, of.strip())

    @router.post("/results/quarter")
    async def count_quarter(request: Request) -> Response:
        fields = await desk.form(request, Right.EDIT)
        return await asyncio.to_thread(page.count_quarter, request, fields)

    @router.get("/results/{name}")
    def results(request: Request, name: str, run: str = "") -> Response:
        return page.results(request, name, desks.number(run) if run else None)

    @router.post("/results/{name}")
    async def measure(request: Request, name: str, run: str = "") -> Response:
        await desk.form(request, Right.EDIT)
        return await asyncio.to_thread(page.measure, name, desks.number(run) if run else None)

    return router


@dataclass(frozen=True, slots=True)
class ResultsPage:
    """Answers for one project. Figures are those of the last measuring; what they come to is counted beside the requests, and kept."""

    desk: Desk
    counts: Counts = field(default_factory=Counts)

    def every(self, request: Request, number: int) -> Response:
        """Runs with their verdicts, the newest first."""
        found = reporting.known(self.desk.engine, now=self.desk.clock())
        shown = found[(number - 1) * AT_ONCE : number * AT_ONCE]
        patience, rows = PATIENCE_SECONDS, []
        for each in shown:
            report = self._report(request, each, patience=patience)
            patience = patience if report is not None else 0.0
            rows.append((each, address(each.run.campaign, each.run.number), None if report is None else report_page.verdicts(report)))
        waits = any(verdicts is None and each.measured_at is not None for each, _, verdicts in rows)
        return self.desk.page(
            request,
            "results.html",
            headers=AGAIN if waits else None,
            rows=rows,
            newer=f"/results?page={number - 1}" if number > 1 else "",
            older=f"/results?page={number + 1}" if len(found) > number * AT_ONCE else "",
            at=self._at,
        )

    def results(self, request: Request, campaign: str, number: int | None) -> Response:
        """The report on a run; where it was never measured, or is being counted, a page that says so."""
        known = self._known(campaign, number)
        report, run = self._report(request, known), known.run
        is_measuring = self.counts.is_making(_measuring(known))
        told: dict[str, Any] = {} if report is None else report_page.shown(report)
        if report is not None:
            told["sections"] = [(table, chart, note, self._links(known, report, table)) for table, chart, note in told["sections"]]
        return self.desk.page(
            request,
            "result.html",
            headers=AGAIN if is_measuring or (report is None and known.measured_at is not None) else None,
            run=run,
            action=address(run.campaign, run.number),
            measured_at=None if known.measured_at is None else self._at(known.measured_at),
            is_measuring=is_measuring,
            is_told=report is not None,
            **told,
        )

    def measure(self, campaign: str, number: int | None) -> Response:
        """Have a run measured as of now; the page waits for it."""
        known, now = self._known(campaign, number), self.desk.clock()
        run = known.run
        key = _measuring(known)
        self.counts.begin(key, lambda: measuring.measure(self.desk.engine, run.id, run.window, now))
        self.counts.take(key)
        return RedirectResponse(address(run.campaign, run.number), HTTPStatus.SEE_OTHER)

    def tactics(self, request: Request) -> Response:
        """What every tactic brought, over all campaigns whose return windows are over and that were measured since."""
        now = self.desk.clock()
        measured = tuple((each.run.id, each.measured_at) for each in reporting.known(self.desk.engine, now=now))
        found = self._counted(("tactics", measured), lambda: tactics.known(self.desk.engine, now=now))
        return self.desk.page(request, "tactics.html", headers=AGAIN if found is None else None, known=found, address=address)

    def quarter(self, request: Request, name: str) -> Response:
        """A quarter, where somebody had it counted today; else a button that has it counted."""
        now, language = self.desk.clock(), self.desk.language(request)
        name = name or quarter.last_over(self.desk.project, now)
        key = self._quarter_key(name, language, now)
        found = self.counts.take(key)
        return self.desk.page(
            request,
            "quarter_page.html",
            headers=AGAIN if found is None and self.counts.is_making(key) else None,
            named=name,
            is_counting=found is None and self.counts.is_making(key),
            quarter=found,
            sentences=[] if found is None else list(found.sentences()),
            as_of="" if found is None else quarterly.as_of(found),
            tables_shown=[] if found is None else quarterly.tables(found),
            last=quarter.last_over(self.desk.project, now),
        )

    def count_quarter(self, request: Request, fields: Mapping[str, str]) -> Response:
        """Have it counted, and its campaigns measured. Raises ConfigError for what is no quarter."""
        now, language, name = self.desk.clock(), self.desk.language(request), fields.get("of", "").strip()
        quarter.check(self.desk.project, name, now=now)
        key = self._quarter_key(name, language, now)
        self.counts.begin(key, lambda: quarter.tell(self.desk.project, self.desk.engine, name, now=now, language=language))
        self.counts.take(key)
        return RedirectResponse(f"/results/quarter?{urlencode({'of': name})}", HTTPStatus.SEE_OTHER)

    def _known(self, campaign: str, number: int | None) -> Known:
        known = reporting.known_of(self.desk.engine, campaign, number)
        if known is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return known

    def _report(self, request: Request, known: Known, *, patience: float = PATIENCE_SECONDS) -> Report | None:
        """The report on a run as it was measured last; None while it is being counted, or was never measured."""
        if (measured_at := known.measured_at) is None:
            return None
        language, project = self.desk.language(request), self.desk.project
        key = ("report", known.run.id, measured_at, language, frozenset(project.stamps().items()))
        make = lambda: reporting.as_measured(project, self.desk.engine, known.run, now=measured_at, language=language)  # noqa: E731  one use
        found: Report | None = self._counted(key, make, patience=patience)
        return found

    def _counted(self, key: Hashable, make: Any, *, patience: float = PATIENCE_SECONDS) -> Any | None:
        self.counts.begin(key, make)
        return self.counts.take(key, patience=patience)

    def _links(self, known: Known, report: Report, table: Any) -> list[tuple[str, ...]]:
        """For each cell of a table the page of the customers behind it, or nothing."""
        run = known.run
        return [
            tuple("" if question is None else behind(run.campaign, run.number, question) for question in row)
            for row in questions.behind(report, table)
        ]

    def _quarter_key(self, name: str, language: Language, now: datetime) -> Hashable:
        return ("quarter", name, language, self._at(now)[:10])

    def _at(self, moment: datetime) -> str:
        return written.at(self.desk.project, moment)


def _measuring(known: Known) -> Hashable:
    """A measuring is asked for once, until it is done: then it was another moment."""
    return ("measuring", known.run.id, known.measured_at)
