"""winback report, winback serve, winback rejudge."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import AsOfDay, Folder, Json
from winback.errors import ConfigError, Problem

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from winback.bot.duty import Voice
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
    run: Annotated[int | None, typer.Option(metavar="NUMBER", help="Of this run instead of the newest.")] = None,
    as_of: AsOfDay = None,
    from_csv: Annotated[
        Path | None, typer.Option("--from-csv", metavar="FILE", help="Analyse any table of customers with an arm and outcomes instead.")
    ] = None,
    arm: Annotated[str | None, typer.Option(metavar="COLUMN", help="With --from-csv: the column that names the arm.")] = None,
    control: Annotated[str | None, typer.Option(metavar="VALUE", help="With --from-csv: the arm that was left alone.")] = None,
    outcome: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="With --from-csv: a yes/no column; may be repeated.")] = None,
    money: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="With --from-csv: an amount column; may be repeated.")] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Show who returned, against the customers left alone."""
    if from_csv is not None:
        from winback.operations import experiment

        if arm is None or control is None:
            raise ConfigError(Problem("", None, "--from-csv needs to know the arms.", "Add --arm COLUMN and --control VALUE."))
        analysed = experiment.analyse(from_csv, arm=arm, control=control, outcomes=outcome or [], money=money or [])
        if json:
            frame.print_json(analysed.as_json())
        else:
            from rich.console import Console

            from winback.outcomes import terminal

            Console().print(terminal.render_analysis(analysed))
        return
    if campaign is None:
        raise ConfigError(Problem("", None, "the report needs a campaign.", "Write winback report CAMPAIGN, or --from-csv FILE."))
    from winback.operations import reporting

    project = frame.open_project(context, folder)
    measured = reporting.measure_and_report(project, frame.open_store(project), campaign, now=frame.moment(project, as_of), number=run)
    if json:
        frame.print_json(measured.as_json())
    else:
        print_report(measured)
    if html is not None:
        write_page(measured, html)
        typer.echo(str(html), err=json)


_UNKNOWN_WIDTH = 80
"""What rich takes for a width when there is no terminal and COLUMNS says nothing."""


def print_report(measured: Report) -> None:
    """The report in the terminal."""
    from rich.console import Console

    from winback.outcomes import terminal

    console = Console()
    if not console.is_terminal and console.width == _UNKNOWN_WIDTH:
        console = Console(width=100)  # a file or a pipe has no width of its own
    console.print(terminal.render(measured))


def write_page(measured: Report, path: Path) -> None:
    """The report as one self-contained page."""
    from winback.studio import report_page

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report_page.render(measured), encoding="utf-8")


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    folder: Folder = None,
) -> None:
    """Serve the public pages: pixel, clicks, unsubscribing; and the bot's webhook, where settings.yaml has one."""
    from winback.tracking import serving

    project = frame.open_project(context, folder)

    def ready(found: int) -> None:
        typer.echo(f"Serving at http://{host}:{found}; stop it with Ctrl-C.", err=True)

    engine = frame.open_store(project)
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
    from winback.tracking import rejudging

    engine = frame.open_store(frame.open_project(context, folder))
    found = rejudging.rejudge(engine, since=since and since.replace(tzinfo=UTC), dry_run=dry_run)
    changes = [{"before": before, "after": after, "hits": count} for (before, after), count in sorted(found.changes.items())]
    if json:
        frame.print_json({"hits": found.hits, "changes": changes, "reasons": found.reasons})
        return
    verb = "would change" if dry_run else "changed"
    typer.echo(f"{found.hits} opens and clicks; {found.changes.total()} verdicts {verb}, {found.reasons} more rest on another signal now.")
    for change in changes:
        typer.echo(f"  {change['before']} -> {change['after']}: {change['hits']}")
