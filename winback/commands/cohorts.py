"""winback cohort list | show | members | backtest, winback explain."""

from __future__ import annotations

from typing import Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import AsOfDay, Folder, Json
from winback.errors import ConfigError, Problem

group = typer.Typer(help="Who is lost: the cohorts of config/cohorts/.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="cohort")
    app.command("explain")(explain)


@group.command("list")
def list_(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """All cohorts with their titles."""
    from winback.audience import cohort

    project = frame.open_project(context, folder)
    found = [(name, cohort.read(project, name).value.title) for name in project.names("cohorts")]
    if json:
        frame.print_json({"cohorts": [{"name": name, "title": title} for name, title in found]})
    else:
        frame.print_table("Cohorts", ("name", "title"), found, numbers=0)


@group.command()
def show(
    context: typer.Context,
    name: str,
    as_of: AsOfDay = None,
    sample: Annotated[int, typer.Option(min=0, max=100, help="How many members to name.")] = 5,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """How many customers each condition leaves, and who they are."""
    from winback.operations import selecting

    project = frame.open_project(context, folder)
    shown = selecting.show(project, frame.open_store(project), name, now=frame.moment(project, as_of), sample=sample, present=clock.now())
    if json:
        frame.print_json(shown.as_json())
        return
    frame.print_table(f"{shown.title}, as of {shown.as_of}", ("condition", "customers left"), [(word, f"{left:,}") for word, left in shown.funnel])
    frame.print_counts("Languages", shown.languages)
    if shown.values:
        frame.print_counts("Value", shown.values)
    if shown.overlap:
        frame.print_counts("Also in", shown.overlap)
    typer.echo(f"In the cohort: {shown.matched:,}." + (f" Some of them: {', '.join(shown.sample)}." if shown.sample else ""))
    if shown.returning is not None:
        typer.echo(f"About {shown.returning:,.0f} of them would buy again without a letter, by their chances; see chance_for in config/value.yaml.")
    else:
        typer.echo("What they are worth, and how likely they are gone, was not told yet: winback facts update.")
    for warning in shown.warnings:
        typer.echo(warning)


@group.command()
def members(context: typer.Context, name: str, as_of: AsOfDay = None, folder: Folder = None, json: Json = False) -> None:
    """The ids of all members, one a line."""
    from winback.operations import selecting

    project = frame.open_project(context, folder)
    keys = selecting.members(project, frame.open_store(project), name, now=frame.moment(project, as_of), present=clock.now())
    if json:
        frame.print_json({"cohort": name, "members": list(keys)})
    else:
        typer.echo("\n".join(keys), nl=bool(keys))


@group.command()
def backtest(
    context: typer.Context,
    name: str,
    cut: Annotated[str, typer.Option(metavar="DAY", help="Judge as things stood at the end of this day, as 2026-03-09.")],
    days: Annotated[int, typer.Option(min=1, max=3650, help="How many days after it somebody may order again.")] = 182,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """How well the cohort would have told the lost from the slow on past data, beside other definitions.

    Each picks as many customers as the cohort does, where it can. AUC says how well it puts them in order: how often one who stayed
    away stands above one who ordered again; 0.5 is guessing.
    """
    from winback.audience.definitions import Lost
    from winback.audience.verdicts import WORDS
    from winback.operations import backtesting

    project = frame.open_project(context, folder)
    told = backtesting.backtest(project, frame.open_store(project), name, cut=frame.parse_day(cut), days=days, now=frame.moment(project, None))
    if json:
        frame.print_json(told.as_json())
        return
    share, area = "{:.1%}".format, "{:.3f}".format
    rows = [
        (
            WORDS[Lost(standing.name)],
            f"{standing.picked:,}",
            f"{standing.ordered_again:,}",
            "" if standing.precision_of_picked is None else share(standing.precision_of_picked),
            "" if standing.auc is None else area(standing.auc),
        )
        for standing in told.standings
    ]
    frame.print_table(f"{told.title}, as of {told.cut}", ("lost by", "picked", "ordered again", "stayed away", "AUC"), rows, numbers=4)
    typer.echo(f"Judged: {told.customers:,} customers that the other rules leave. Ordered again: within {told.days} days after {told.cut}.")
    for sentence in told.sentences:
        typer.echo(sentence)


def explain(
    context: typer.Context,
    customer: Annotated[str, typer.Argument(help="The shop's id of the customer.")],
    cohort: Annotated[str | None, typer.Option(metavar="COHORT", help="Why in or out of this cohort.")] = None,
    campaign: Annotated[str | None, typer.Option(metavar="CAMPAIGN", help="Every decision of this campaign.")] = None,
    as_of: AsOfDay = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Say why: each condition or decision, with the facts used."""
    from winback.operations import explaining
    from winback.sending import prepared

    project = frame.open_project(context, folder)
    if (cohort is None) == (campaign is None):
        raise ConfigError(Problem("", None, "explain needs a cohort or a campaign.", "Add --cohort NAME or --campaign NAME."))
    store = frame.open_store(project)
    now = frame.moment(project, as_of)
    if cohort is not None:
        told = explaining.by_cohort(project, store, cohort, customer, now=now, present=clock.now())
    else:
        told = explaining.by_campaign(prepared.prepare(project, str(campaign)), store, customer, now=now)
    if json:
        frame.print_json(told.as_json())
        return
    mark = {True: "yes", False: "no", None: ""}
    frame.print_table(
        f"Customer {told.customer}, {told.about}",
        ("", "asked", "found"),
        [(mark[step.holds], step.question, step.found) for step in told.steps],
        numbers=0,
    )
    typer.echo(f"{told.verdict[:1].upper()}{told.verdict[1:]}.")
