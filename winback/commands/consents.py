"""winback consent ask | list | show | withdraw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder, Json

if TYPE_CHECKING:  # slow to import
    pass

group = typer.Typer(help="What customers agreed to, with its proofs; asking them to confirm it.", no_args_is_help=True)

Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The shop's id of a customer.")]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="consent")


@group.command()
def ask(
    context: typer.Context,
    sender: Annotated[str, typer.Option(metavar="SENDER", help="Who signs: a key of config/senders.yaml.")],
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="Letters at most.")] = 500,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count whom it would ask, and send nothing.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Ask customers by letter to confirm what they agreed to, where their country's rules want that (double opt-in)."""
    from winback.operations import confirming

    project = frame.open_project(context, folder)
    store = frame.open_store(project)
    asked = frame.run(confirming.ask(project, store, signer=sender, limit=limit, now=clock.now(), dry_run=dry_run))
    if json:
        frame.print_json(asked.as_json())
        return
    frame.print_counts("Letters that ask to confirm", asked.counts, "letters")
    if asked.stopped_by:
        typer.echo(asked.stopped_by)


@group.command("list")
def listed(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """How many customers agreed to what, how well that is proved, and what became of the letters that asked."""
    from winback.store import consent_requests, consents, database

    with database.reading(frame.open_store(frame.open_project(context, folder))) as connection:
        held, asked = consents.counts(connection), consent_requests.counts(connection)
    if json:
        rows = [{"channel": channel, "purpose": purpose, "now": word, "customers": count} for (channel, purpose, word), count in held.items()]
        frame.print_json({"consents": rows, "letters": asked})
        return
    frame.print_table("Consents", ("channel", "purpose", "", "customers"), [(*place, f"{count:,}") for place, count in held.items()])
    frame.print_counts("Letters that asked to confirm", asked, "letters")


@group.command()
def show(context: typer.Context, customer: Customer, folder: Folder = None, json: Json = False) -> None:
    """Every proof of a customer's consents, the oldest first: what, when, from where, in which words."""
    from winback.operations import explaining
    from winback.store import consents, database

    project = frame.open_project(context, folder)
    store = frame.open_store(project)
    who = explaining.customer_id(store, customer)
    with database.reading(store) as connection:
        proofs = consents.proofs(connection, who)
    if json:
        frame.print_json({"customer": customer, "proofs": [_as_json(row) for row in proofs]})
        return
    rows = [
        (frame.at(project, row.happened_at, "nobody knows"), row.channel, row.purpose, row.deed, row.way, row.source, _shown(row.evidence))
        for row in proofs
    ]
    frame.print_table("Proofs", ("when", "channel", "purpose", "what", "by", "where", "evidence"), rows, numbers=0)
    for wording in dict.fromkeys(row.wording for row in proofs if row.wording):
        typer.echo(f"Agreed to: {wording}")


@group.command()
def withdraw(
    context: typer.Context,
    customer: Customer,
    tracking: Annotated[bool, typer.Option("--open-tracking", help="Only the consent to our seeing who opens letters.")] = False,
    by: Annotated[str, typer.Option(metavar="NAME", help="Who writes it down; the name of your account if not said.")] = "",
    folder: Folder = None,
) -> None:
    """A customer told somebody that they want no more letters: on every channel, and their journeys end."""
    from winback.audience.consents import OPEN_TRACKING, ConsentWay
    from winback.operations import explaining
    from winback.store import audit, consents, database

    project = frame.open_project(context, folder)
    store, now, signs = frame.open_store(project), clock.now(), by or project.user
    who = explaining.customer_id(store, customer)
    purposes = (OPEN_TRACKING,) if tracking else consents.EVERY_PURPOSE
    wish = consents.Withdrawn(who, ConsentWay.STAFF, None, purposes, evidence={"by": signs})
    with database.writing(store) as connection:
        ended = consents.withdraw(connection, wish, now)
        detail = {"purposes": list(purposes), "journeys": ended}
        audit.record(connection, who=signs, deed=audit.Deed.TOOK_BACK, about=audit.customer(who), detail=detail, now=now)
    typer.echo("Their opens aren't looked at any more." if tracking else f"They aren't written to any more. Journeys that ended: {ended}.")


def _as_json(row: Any) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("channel", "purpose", "deed", "way", "source", "wording", "evidence")}
    return told | {"happened_at": row.happened_at and row.happened_at.isoformat(), "recorded_at": row.recorded_at.isoformat()}


def _shown(evidence: Any) -> str:
    return ", ".join(f"{name}: {value}" for name, value in evidence.items())
