"""winback occasions."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder, Json
from winback.errors import ConfigError, Problem

_YEARS = range(2000, 2101)  # for which holidays can be reckoned


def register(app: typer.Typer) -> None:
    app.command()(occasions)


def occasions(
    context: typer.Context,
    month: Annotated[str | None, typer.Option(metavar="MONTH", help="As 2027-03.", show_default="this month")] = None,
    country: Annotated[str | None, typer.Option(metavar="COUNTRY", help="As UA.", show_default="all that have customers")] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """What is coming in a month, and for how many customers.

    Holidays, professional and invented days count everybody of the country (or of the sex that they are for); birthdays, anniversaries
    and favourite days those who have theirs. Consent and policy are asked later, by campaigns.
    """
    from winback.audience import cells
    from winback.commands import occasion_tables
    from winback.operations import foreseeing

    project = frame.open_project(context, folder)
    today = clock.local_day(clock.now(), project.zone)
    first = today.replace(day=1) if month is None else _first_day(month)
    asked = None if country is None else cells.country(country) or country
    found = foreseeing.foresee(project, frame.open_store(project), first, asked)
    if json:
        frame.print_json(found.as_json())
        return
    people = ", ".join(f"{of or 'country unknown'} {count:,}" for of, count in found.customers.items())
    typer.echo(f"{first:%B %Y}. Customers, without those on the black list: {people or 'none yet'}.\n")
    occasion_tables.print_month(found, today)


def _first_day(month: str) -> date:
    found = re.fullmatch(r"([0-9]{4})-([0-9]{2})", month)
    if not found or not 1 <= int(found[2]) <= 12:
        raise ConfigError(Problem("", None, f"`{month}` is not a month.", "Write it as 2027-03."))
    if int(found[1]) not in _YEARS:
        raise ConfigError(Problem("", None, f"nobody knows the holidays of {found[1]}.", f"Write a month from {_YEARS[0]} to {_YEARS[-1]}."))
    return date(int(found[1]), int(found[2]), 1)
