"""winback codes."""

from __future__ import annotations

from typing import Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.campaigns import Campaign
from winback.commands.frame import Folder, Json


def register(app: typer.Typer) -> None:
    app.command()(codes)


def codes(
    context: typer.Context,
    campaign: Campaign,
    customer: Annotated[str | None, typer.Option(metavar="ID", help="Only this customer's, with what became of it.")] = None,
    words: Annotated[bool, typer.Option("--list", help="Only the codes that may be used now, one a line: what your till must know.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Count a campaign's codes, what they may cost and did.

    Reserved ones are a customer's whom no letter has told of theirs yet; given ones can be used until their last day.
    """
    from winback.operations import code_counts

    project = frame.open_project(context, folder)
    engine = frame.open_store(project)
    if words or customer is not None:
        rows = code_counts.listed(project, engine, campaign, now=clock.now(), customer=customer)
        if words:
            rows = [row for row in rows if row["status"] in {"reserved", "given"}]
        if json:
            frame.print_json({"campaign": campaign, "codes": rows})
        elif words:
            typer.echo("".join(f"{word}\n" for word in dict.fromkeys(row["code"] for row in rows)), nl=False)
        else:
            shown = ("code", "offer", "status", "order_key", "used_by_another", "cost")
            lines = [(*(row[name] for name in shown[:3]), str(row["expires_at"])[:10], *(row[name] for name in shown[3:])) for row in rows]
            frame.print_table(f"Codes of {customer}", ("code", "offer", "status", "until", "order", "of", "cost"), lines)
        return
    offers = code_counts.count(project, engine, campaign, now=clock.now())
    if json:
        frame.print_json({"campaign": campaign, "currency": project.settings.currency, "offers": [offer.as_json() for offer in offers]})
        return
    for offer in offers:
        frame.print_counts(f"{campaign}, {offer.offer}", {str(status): count for status, count in offer.by_status.items() if count}, "codes")
        budget = "" if offer.budget is None else f" of a budget of {offer.budget:,.2f}"
        typer.echo(f"Promised: {offer.promised:,.2f} {project.settings.currency}{budget}. Used so far: {offer.cost:,.2f}.\n")
    if not offers:
        typer.echo("No tactic of this campaign has an offer with a code.")
