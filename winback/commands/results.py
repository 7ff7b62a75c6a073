"""winback report, winback serve, winback rejudge."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback import clock
from winback.commands import experiments, frame
from winback.commands.frame import AsOfDay, Folder, Json
from winback.errors import ConfigError, Problem
from winback.speech import Language

if TYPE_CHECKING:
    from rich.console import RenderableType
    from sqlalchemy import Engine

    from winback.bot.duty import Voice
    from winback.outcomes.quarterly import Quarterly
    from winback.outcomes.report import Report
    from winback.settings import Project


def register(app: typer.Typer) -> None:
    app.command()(report)
    app.command()(serve)
    app.command()(rejudge)


def report(
    context: typer.Context,
    campaign: Annotated[str | None, typer.Argument(metavar="CAMPAIGN")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write one self-contained page.")] = None,
    export: Annotated[Path | None, typer.Option(metavar="DIR", help="Also write every table as a CSV file.")] = None,
    parquet: Annotated[bool, typer.Option("--parquet", help="With --export: Parquet files instead.")] = False,
    quarter: Annotated[
        str | None,
        typer.Option(metavar="QUARTER", help="Tell a quarter of the shop instead, as 2026Q3: who left, came back, what it cost and brought."),
    ] = None,
    run: Annotated[int | None, typer.Option(metavar="NUMBER", help="Of this run instead of the newest.")] = None,
    as_of: AsOfDay = None,
    language: Annotated[Language | None, typer.Option(help="The report's language.", show_default="that of settings.yaml")] = None,
    from_csv: experiments.FromCsv = None,
    arm: experiments.Arm = None,
    control: experiments.Control = None,
    outcome: experiments.Outcome = None,
    money: experiments.Money = None,
    ratio: experiments.Ratio = None,
    shares: experiments.Shares = None,
    by: experiments.By = None,
    strata: experiments.Strata = None,
    cap: experiments.Cap = None,
    uplift: experiments.Uplift = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Show who returned, against the customers left alone; what it cost and brought, and what can be believed of it."""
    if from_csv is not None:
        experiments.report(
            from_csv,
            arm=arm,
            control=control,
            outcomes=outcome or [],
            money=money or [],
            ratios=ratio or [],
            shares=shares or [],
            by=by or [],
            strata=strata or [],
            cap=cap,
            uplift=uplift,
            json=json,
        )
        return
    if quarter is not None:
        _tell_quarter(context, quarter, folder, as_of=as_of, language=language, html=html, export=export, parquet=parquet, json=json)
        return
    if campaign is None:
        how = "Write winback report CAMPAIGN, --quarter 2026Q3, or --from-csv FILE."
        raise ConfigError(Problem("", None, "the report needs a campaign.", how))
    from winback.operations import reporting

    project = frame.open_project(context, folder)
    measured = reporting.measure_and_report(
        project, frame.open_store(project), campaign, now=frame.moment(project, as_of), number=run, language=language
    )
    if json:
        frame.print_json(measured.as_json())
    else:
        print_report(measured)
    if html is not None:
        write_page(measured, html)
        typer.echo(str(html), err=json)
    if export is not None:
        write_tables(measured.as_json(), export, parquet=parquet, err=json)


def write_tables(told: Mapping[str, Any], folder: Path, *, parquet: bool, err: bool) -> None:
    """Every table of a report as a file of its own, and say which."""
    from winback.operations import exporting

    for path in exporting.write(told, folder, parquet=parquet):
        typer.echo(str(path), err=err)


_UNKNOWN_WIDTH = 80
"""What rich takes for a width when there is no terminal and COLUMNS says nothing."""


def _tell_quarter(
    context: typer.Context,
    name: str,
    folder: Path | None,
    *,
    as_of: str | None,
    language: Language | None,
    html: Path | None,
    export: Path | None,
    parquet: bool,
    json: bool,
) -> None:
    from winback.operations import quarter
    from winback.outcomes import terminal

    project = frame.open_project(context, folder)
    told = quarter.tell(project, frame.open_store(project), name, now=frame.moment(project, as_of), language=language)
    if json:
        frame.print_json(told.as_json())
    else:
        _print(terminal.render_quarter(told))
    if html is not None:
        write_quarter_page(told, html)
        typer.echo(str(html), err=json)
    if export is not None:
        write_tables(told.as_json(), export, parquet=parquet, err=json)


def print_report(measured: Report) -> None:
    """The report in the terminal."""
    from winback.outcomes import terminal

    _print(terminal.render(measured))


def _print(rendered: RenderableType) -> None:
    from rich.console import Console

    console = Console()
    if not console.is_terminal and console.width == _UNKNOWN_WIDTH:
        console = Console(width=100)  # a file or a pipe has no width of its own
    console.print(rendered)


def write_quarter_page(told: Quarterly, path: Path) -> None:
    """The quarterly report as one self-contained page."""
    from winback.studio import quarter_page

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(quarter_page.render(told), encoding="utf-8")


def write_page(measured: Report, path: Path) -> None:
    """The report as one self-contained page."""
    from winback.studio import report_page

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report_page.render(measured), encoding="utf-8")


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Listen here; 0: any that is free.")] = 8000,
    studio: Annotated[int | None, typer.Option(min=0, max=65535, metavar="PORT", help="Open the studio too, at this port of 127.0.0.1.")] = None,
    api: Annotated[int | None, typer.Option(min=0, max=65535, metavar="PORT", help="Answer programs too, at this port of 127.0.0.1.")] = None,
    folder: Folder = None,
) -> None:
    """Serve the public pages: pixel, clicks, unsubscribing; and the bot's webhook, where settings.yaml has one."""
    from winback.commands import beside
    from winback.tracking import serving

    project = frame.open_project(context, folder)

    def ready(found: int) -> None:
        typer.echo(f"Serving at http://{host}:{found}; stop it with Ctrl-C.", err=True)

    engine = frame.open_store(project)
    with beside.studio(project.root, studio), beside.api(project.root, api):
        serving.serve(project, engine, host, port, ready=ready, voice=_voice(project, engine))


def _voice(project: Project, engine: Engine) -> Voice | None:
    """Who answers what the bot's webhook hears; None where there is no webhook."""
    if not project.settings.telegram.webhook:
        return None
    from winback.bot.duty import Voice

    return Voice(project, engine, clock.now, frame.worker_name())


def rejudge(
    context: typer.Context,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="Only what happened from this day on (UTC).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would change, and change nothing.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Judge past opens and clicks by today's rules: people or machines. What was seen of them stays as it is."""
    from winback.tracking import networks, rejudging

    project = frame.open_project(context, folder)
    engine = frame.open_store(project)
    found = rejudging.rejudge(engine, since=since and since.replace(tzinfo=UTC), dry_run=dry_run, proxies=networks.known_proxies(project))
    changes = [{"before": before, "after": after, "hits": count} for (before, after), count in sorted(found.changes.items())]
    if json:
        frame.print_json({"hits": found.hits, "changes": changes, "reasons": found.reasons})
        return
    verb = "would change" if dry_run else "changed"
    typer.echo(f"{found.hits} opens and clicks; {found.changes.total()} verdicts {verb}, {found.reasons} more rest on another signal now.")
    for change in changes:
        typer.echo(f"  {change['before']} -> {change['after']}: {change['hits']}")
