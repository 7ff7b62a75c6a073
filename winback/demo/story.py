"""The whole story on a made-up shop: import, cohort, plan, three stages, what comes back, the report beside the truth."""

from __future__ import annotations

import asyncio
import os
import shutil
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Engine

from winback import settings
from winback.commands import approvals, campaign_tables, frame, results
from winback.demo import mailbox, shop
from winback.demo.bot_api import BotApi
from winback.demo.customers import Customers
from winback.demo.mailbox import MailServer
from winback.demo.phases import Phases
from winback.demo.serving import Serving
from winback.letters import pages
from winback.operations import approving, campaign_run, collecting, founding, importing, planning, reporting, running, selecting
from winback.operations.importing import ImportReport
from winback.outcomes.report import Report
from winback.sending import prepared
from winback.settings import Project
from winback.store import database
from winback.tracking import app

CAMPAIGN = "winter-tea"
OPENS_AT = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
"""A Tuesday, half past noon in Kyiv: every customer's window is open."""

TICKS = (0, 1, 2, 7, 8, 14, 21, 22, 35, 61)
"""Days on which the schedule is played; a real one would look every quarter of an hour."""


class Deeds(Protocol):
    """The four deeds of a schedule; flows/demo.py gives the ones that run as Prefect flows."""

    def import_(self, folder: Path, now: datetime) -> ImportReport: ...
    def enrol_and_send(self, folder: Path, now: datetime) -> None: ...
    def collect(self, folder: Path, now: datetime, replies: Path) -> None: ...
    def measure_and_report(self, folder: Path, now: datetime, page: Path) -> Report: ...


class Direct:
    """The deeds without a scheduler."""

    def import_(self, folder: Path, now: datetime) -> ImportReport:
        project, engine = _open(folder)
        return importing.run(project, engine, now=now)

    def enrol_and_send(self, folder: Path, now: datetime) -> None:
        project, engine = _open(folder)
        if campaign_run.is_over(engine, CAMPAIGN):
            return
        asyncio.run(running.go(prepared.prepare(project, CAMPAIGN), engine, now=lambda: now, worker=uuid.uuid4().hex))

    def collect(self, folder: Path, now: datetime, replies: Path) -> None:
        project, engine = _open(folder)
        collecting.collect(project, engine, now=now, replies=replies)

    def measure_and_report(self, folder: Path, now: datetime, page: Path) -> Report:
        project, engine = _open(folder)
        measured = reporting.measure_and_report(project, engine, CAMPAIGN, now=now, truth=shop.true_effects())
        results.write_page(measured, page)
        return measured


@dataclass(slots=True)
class SimulatedClock:
    """A clock that stands until it is moved."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


def tell(folder: Path, deeds: Deeds, *, seed: int, phases: Phases | None = None) -> Path:
    """Play the story in `folder` (emptied first) and print it, and at its end the `phases` that it took. Returns the report's page."""
    console, phases = Console(), phases or Phases()
    phases.begin("the shop is made up")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    time = SimulatedClock(OPENS_AT)
    replies = folder / "mail" / "replies"
    made_up = shop.draw(folder / "data", opens_at=OPENS_AT, seed=seed)
    gone = dict.fromkeys(made_up.dead_mailboxes(), "550 5.1.1 No such user here")
    with MailServer(folder / "mail" / "arrived", replies=gone) as mail, BotApi() as bot:
        founded = _found(folder, mail, bot)
        made_up.open()
        shutil.copytree(folder / "data", folder / "before" / "data")  # for who begins where the story began: docs/tutorial.md
        mailbox.make_maildir(replies)
        customers = Customers(made_up, mail, bot, replies, seed=seed)
        engine = database.open_engine(founded.database_url)
        with Serving(app.create_app(founded, engine, clock=time.now, render_page=pages.render)) as served:
            project = _write_settings(founded, ("public_url: http://localhost:8000", f"public_url: {served.url}"))
            console.rule("[bold]A made-up shop[/]: 6,000 customers, half of them lost for one to two years")
            phases.begin("customers and orders are imported")
            _show_import(deeds.import_(folder, time.now()))
            phases.begin("cohort, plan and approval")
            _show_cohort(project, time.now())
            campaign_tables.print_plan(planning.plan(prepared.prepare(project, CAMPAIGN), engine, now=time.now()))
            _approve(deeds, project, engine, time.now(), console)
            phases.begin("two months: letters, answers, orders")
            _play(deeds, folder, customers, time, console)
            console.rule("[bold]Two months later[/]")
            phases.begin("returns are measured")
            page = folder / "out" / "report.html"
            measured = deeds.measure_and_report(folder, time.now(), page)
            results.print_report(measured)
    console.print("The letters as they arrived:", folder / "mail" / "arrived")
    took = phases.told()
    rows = [(name, f"{seconds:,.0f}") for name, seconds in [*took, ("together", sum(seconds for _, seconds in took))]]
    frame.print_table("How long it took", ("", "seconds"), rows)
    console.print("The report as a page:", highlight=False)
    console.print(str(page.resolve()), highlight=False, soft_wrap=True)
    return page


def _approve(deeds: Deeds, project: Project, engine: Engine, now: datetime, console: Console) -> None:
    """The first run only asks, for so many people; somebody looks at the figures and at letters, and lets it go."""
    deeds.enrol_and_send(project.root, now)
    waiting, _ = approving.show(engine, prepared.prepare(project, CAMPAIGN), now=now)
    console.rule("[bold]winback run winter-tea[/]: it asks first")
    approvals.print_waiting(waiting, project)
    console.rule("[bold]winback approve winter-tea[/]")
    approvals.print_asked(waiting.asked, project)
    console.print(approving.approve(engine, project, CAMPAIGN, shown=waiting.fingerprint, by="Olena", now=now))


def _play(deeds: Deeds, folder: Path, customers: Customers, time: SimulatedClock, console: Console) -> None:
    """Day by day: orders are imported, what is due is sent, customers do what customers do, what came back is collected."""
    bars = Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=Console(stderr=True))
    with bars:
        days = bars.add_task("", total=len(TICKS))
        for day in TICKS:
            time.moment = OPENS_AT + timedelta(days=day)
            bars.update(days, description=f"day {day}")
            bought = customers.buy(time.now())
            if bought:
                deeds.import_(folder, time.now())
            deeds.enrol_and_send(folder, time.now())
            time.moment += timedelta(hours=2)
            read = customers.react(time.now())
            deeds.collect(folder, time.now(), customers.replies)
            console.print(f"{time.now():%d %B}: {bought:3} orders came in, {read:5} letters and messages arrived.")
            bars.advance(days)


def _found(folder: Path, mail: MailServer, bot: BotApi) -> Project:
    """A project like any other, whose servers are the ones that the demo started."""
    os.environ["WINBACK_TELEGRAM_TOKEN"] = bot.token
    founded = founding.init(folder)
    _write(founded.config("sources.yaml"), ("\n      amount: total\n", "\n      amount: total\n      code: code\n"))
    return _write_settings(
        founded,
        ("  via: file                           # file: letters", "  via: smtp                           # file: letters"),
        ("  host: localhost", f"  host: {mail.host}"),
        ("  port: 587", f"  port: {mail.port}"),
        ("  security: starttls", "  security: none"),
        ("  via: file                           # file, or", f"  api_url: {bot.url}\n  via: bot-api                        # file, or"),
    )


def _write_settings(project: Project, *changes: tuple[str, str]) -> Project:
    """Change lines of settings.yaml as a person with an editor would, and open the project anew."""
    _write(project.config("settings.yaml"), *changes)
    return settings.open_project(project.root)


def _write(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text(encoding="utf-8")
    for usual, here in changes:
        assert usual in text, usual
        text = text.replace(usual, here)
    file.write_text(text, encoding="utf-8")


def _open(folder: Path) -> tuple[Project, Engine]:
    project = settings.open_project(folder)
    return project, database.open_engine(project.database_url)


def _show_import(report: ImportReport) -> None:
    rows = [(s.name, f"{s.inserted:,}", f"{s.updated:,}", f"{s.unchanged:,}", f"{s.rejected:,}") for s in report.sources]
    frame.print_table("Imported", ("source", "new", "changed", "unchanged", "rejected"), rows, numbers=4)


def _show_cohort(project: Project, now: datetime) -> None:
    engine = database.open_engine(project.database_url)
    shown = selecting.show(project, engine, "silent-1-2-years-3-orders", now=now, sample=0)
    frame.print_table(f"{shown.title}, as of {shown.as_of}", ("condition", "customers left"), [(word, f"{left:,}") for word, left in shown.funnel])
