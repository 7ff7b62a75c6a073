"""Campaigns: every one, and one with its stages, figures, calendar and cost; its plan and rehearsal, made here; pause, resume, cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from winback import clock
from winback.errors import ConfigError, Refused
from winback.model import UNFINISHED, RunStatus
from winback.operations import approving, campaign_sight, lane_control, planned_page, steering
from winback.operations.campaign_sight import Everybody, Sight
from winback.operations.kept_counts import KeptCounts
from winback.operations.people import Right
from winback.operations.working import Kind, Launch, Result, Work, Works, in_process
from winback.studio import rehearsal_tables, status_words, timeline, written
from winback.studio.counts import AGAIN, PATIENCE_SECONDS
from winback.studio.desk import Desk
from winback.studio.words import N_

_TOLD = {
    "plan": N_("The plan is being made. This page shows it when it is done; you may close it meanwhile."),
    "rehearsal": N_("The rehearsal is under way. This page shows how far it is; you may close it meanwhile."),
    "question": N_("The figures and sample letters are being made. Then it waits for somebody's approval."),
    "stop": N_("It ends at its next step, and nothing comes of it."),
    "pause": N_("It is paused: nothing leaves until somebody resumes it."),
    "resume": N_("It goes on with the next run."),
    "cancel": N_("It is cancelled: nothing of it leaves any more."),
    "saved": N_("The file is saved."),
}
_NO_DAY = N_("That is not a day. Write it as 2026-03-09.")
_VERBS = {"pause": {RunStatus.ACTIVE}, "resume": {RunStatus.PAUSED}, "cancel": UNFINISHED}


def routes(desk: Desk, *, launch: Launch = in_process) -> APIRouter:
    """GET /campaigns, /campaigns/NAME, its rehearsal and the pages that ask before something is done; POST for each deed."""
    router, pages = APIRouter(), CampaignPages(desk, launch)

    @router.get("/campaigns")
    def every(request: Request) -> Response:
        return pages.every(request)

    @router.get("/campaigns/{name}")
    def campaign(request: Request, name: str, told: str = "") -> Response:
        return pages.one(request, name, told=told)

    @router.get("/campaigns/{name}/work")
    def work(name: str) -> Response:
        return pages.progress(name)

    @router.post("/campaigns/{name}/work")
    async def begin(request: Request, name: str) -> Response:
        fields = await desk.form(request, Right.EDIT)
        return await asyncio.to_thread(pages.begin, request, name, fields)

    @router.get("/campaigns/{name}/rehearsal")
    def rehearsal(request: Request, name: str) -> Response:
        return pages.rehearsal(request, name)

    for verb in _VERBS:
        _add_verb(router, desk, pages, verb)
    return router


def _add_verb(router: APIRouter, desk: Desk, pages: CampaignPages, verb: str) -> None:
    @router.get(f"/campaigns/{{name}}/{verb}")
    def ask(request: Request, name: str) -> Response:
        desk.need(request, Right.SEND)
        return pages.ask(request, name, verb)

    @router.post(f"/campaigns/{{name}}/{verb}")
    async def do(request: Request, name: str) -> Response:
        await desk.form(request, Right.SEND)
        return await asyncio.to_thread(pages.do, request, name, verb)


class CampaignPages:
    """Answers for one project. Files are read anew for each."""

    def __init__(self, desk: Desk, launch: Launch) -> None:
        self._desk = desk
        self._works = Works(desk.project, desk.engine, launch)
        self._kept = KeptCounts[Everybody]()

    def every(self, request: Request) -> Response:
        """Every campaign; above them, the lanes that stand."""
        desk = self._desk
        rows = campaign_sight.listed(desk.project, desk.engine)
        above = desk.project.settings.approve_above
        return desk.page(
            request, "campaigns.html", rows=rows, states=status_words.CAMPAIGN, stops=lane_control.told(desk.engine), above=above, address=address
        )

    def one(
        self, request: Request, name: str, *, told: str = "", fault: str = "", refused: str = "", typed: Mapping[str, str] | None = None
    ) -> Response:
        """One campaign with all that is known of it; `fault` is a sentence of ours, `refused` one of the operation's."""
        again = not fault and not refused  # what a form brought up isn't asked for again by itself
        desk, sight = self._desk, self._sight(name, patience=PATIENCE_SECONDS if again else None)
        today = clock.local_day(desk.clock(), desk.project.zone)
        has_file = name in desk.project.names("campaigns")
        plan = self._works.result(name, Kind.PLAN) if has_file else None
        played = self._works.result(name, Kind.REHEARSAL) if has_file else None
        asked = approving.latest(desk.engine, name)
        return desk.page(
            request,
            "campaign_sight.html",
            status=HTTPStatus.OK if again else HTTPStatus.UNPROCESSABLE_ENTITY,
            headers=AGAIN if sight.is_counting else None,
            campaign=name,
            here_at=address(name),
            sight=sight,
            file=sight.file,
            states=status_words.CAMPAIGN,
            told=_TOLD.get(told, ""),
            fault=fault,
            refused=refused,
            typed={"first": "", "until": "", **(typed or {})},
            verbs=[verb for verb, when in _VERBS.items() if sight.seen.run is not None and sight.seen.run.status in when],
            asked=asked,
            asks=desk.project.settings.approve_above is not None,
            editable=has_file,
            waits=asked is not None and sight.seen.status == "waiting-for-approval",
            drawn=self._timeline(sight, plan, today),
            stages=self._stages(sight, plan),
            arms=campaign_sight.arms(sight),
            arm=status_words.arm,
            statuses=status_words.DELIVERY,
            channels=status_words.CHANNEL,
            recipients=_recipients(sight),
            plan=plan,
            tree=planned_page.tree(plan.told["tree"]) if plan else None,
            played=played,
            calendar=None if played is None else rehearsal_tables.days(played.told),
            work=self._work(name) if has_file else None,
            at=self._at,
        )

    def _sight(self, name: str, *, patience: float | None = None) -> Sight:
        """Raises HTTPException 404 where nobody ever heard of the campaign."""
        sight = None if "\0" in name else campaign_sight.look(self._desk.project, self._desk.engine, name, self._kept, patience=patience)
        if sight is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return sight

    def _timeline(self, sight: Sight, plan: Result | None, today: date) -> timeline.Timeline | None:
        """The plan's days between the campaign's own."""
        if plan is None:
            return None
        first, last = (date.fromisoformat(plan.told[name]) for name in ("starts_on", "ends_on"))
        if sight.file is not None:
            first, last = min(first, sight.file.starts_on), max(last, sight.file.ends_on)
        return timeline.draw(first, last, plan.told["stages"], today)

    def _stages(self, sight: Sight, plan: Result | None) -> list[dict[str, Any]]:
        """Each stage with what the plan and the run say of it."""
        planned = {} if plan is None else {stage["name"]: stage for stage in plan.told["stages"]}
        counted = {} if sight.counted is None else sight.counted.value.counts.letters
        return [{"seen": stage, "planned": planned.get(stage.name), "letters": counted.get(stage.name, {})} for stage in sight.stages]

    def rehearsal(self, request: Request, name: str) -> Response:
        """What the last rehearsal played, as `winback rehearse` tells it."""
        sight = self._sight(name)
        played = self._works.result(name, Kind.REHEARSAL) if name in self._desk.project.names("campaigns") else None
        if played is None:
            return RedirectResponse(address(name), HTTPStatus.SEE_OTHER)
        return self._desk.page(
            request,
            "rehearsal.html",
            campaign=name,
            here_at=address(name),
            sight=sight,
            played=played,
            table=rehearsal_tables.leaving(played.told),
            channels=status_words.CHANNEL,
            recipients=rehearsal_tables.recipients(played.told),
            at=self._at,
        )

    def begin(self, request: Request, name: str, fields: Mapping[str, str]) -> Response:
        """Begin a plan or a rehearsal; what can't be meant is said on the page."""
        self._sight(name)
        desk, kind = self._desk, fields.get("kind", "")
        if kind == "stop":
            return self._stop(request, name)
        if kind not in set(Kind):
            raise HTTPException(HTTPStatus.FORBIDDEN)
        days = {word: _day(fields.get(word, "")) for word in ("first", "until")}
        if any(fields.get(word, "").strip() and day is None for word, day in days.items()):
            return self.one(request, name, fault=_NO_DAY, typed=fields)
        first, until = days.values() if kind == Kind.REHEARSAL else (None, None)
        letters = kind == Kind.REHEARSAL and "letters" in fields
        by, now = desk.person(request).name, desk.clock()
        try:
            self._works.begin(name, Kind(kind), by=by, now=now, first=first, until=until, letters=letters)
        except Refused as refused:
            return self.one(request, name, refused=written.refused(refused), typed=fields)
        return RedirectResponse(f"{address(name)}?{urlencode({'told': kind})}", HTTPStatus.SEE_OTHER)

    def _stop(self, request: Request, name: str) -> Response:
        try:
            self._works.stop(name, by=self._desk.person(request).name, now=self._desk.clock())
        except Refused:  # it came to its end meanwhile: the page shows how
            return RedirectResponse(address(name), HTTPStatus.SEE_OTHER)
        return RedirectResponse(f"{address(name)}?{urlencode({'told': 'stop'})}", HTTPStatus.SEE_OTHER)

    def progress(self, name: str) -> Response:
        """How far the last work is, for the page's script."""
        self._sight(name)
        work = self._work(name) if name in self._desk.project.names("campaigns") else None
        if work is None:
            return JSONResponse({"running": False})
        return JSONResponse({"running": work.is_running, "step": work.step, "part": work.part})

    def _work(self, name: str) -> Work | None:
        return self._works.state(name, now=self._desk.clock())

    def ask(self, request: Request, name: str, verb: str, *, fault: str = "") -> Response:
        """What pausing, resuming or cancelling would do, and the button."""
        sight = self._sight(name)
        run = sight.seen.run
        if run is None or (run.status not in _VERBS[verb] and not fault):
            return RedirectResponse(address(name), HTTPStatus.SEE_OTHER)
        letters = {} if sight.counted is None else sight.counted.value.counts.letters
        return self._desk.page(
            request,
            "campaign_deed.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
            campaign=name,
            here_at=address(name),
            verb=verb,
            run=run,
            planned=sum(stage.get("planned", 0) for stage in letters.values()),
            active=0 if sight.counted is None else sight.counted.value.counts.recipients.get("active", 0),
            file=sight.file,
            fault=fault,
        )

    def do(self, request: Request, name: str, verb: str) -> Response:
        """Do it, and show the campaign again; or say on the page that asks why not."""
        sight, desk = self._sight(name), self._desk
        try:
            steering.steer(desk.engine, name, verb, now=desk.clock(), by=desk.person(request).name)
        except ConfigError as error:
            return self.ask(request, name, verb, fault=written.refused(error, how=False))
        if sight.seen.run is not None:
            self._kept.forget(sight.seen.run.id)
        return RedirectResponse(f"{address(name)}?{urlencode({'told': verb})}", HTTPStatus.SEE_OTHER)

    def _at(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._desk.project.zone):%Y-%m-%d %H:%M}"


def address(name: str) -> str:
    """The page of a campaign."""
    return f"/campaigns/{quote(name, safe='')}"


def _recipients(sight: Sight) -> list[tuple[str, str, int]]:
    """(in words, the reason, how many) of everybody in the cohort of the run."""
    if sight.counted is None:
        return []
    return rehearsal_tables.recipients({"recipients": sight.counted.value.counts.recipients})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
