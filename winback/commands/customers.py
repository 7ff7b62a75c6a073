"""winback customer show | merge, winback duplicates, winback addresses check | confirm."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder, Json

customer = typer.Typer(help="One customer: what is known of them, and two who are one.", no_args_is_help=True)
addresses = typer.Typer(help="Whether the addresses are fresh.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The shop's id of the customer.")]


def register(app: typer.Typer) -> None:
    app.add_typer(customer, name="customer")
    app.add_typer(addresses, name="addresses")
    app.command("duplicates")(duplicates)


@customer.command()
def show(context: typer.Context, key: Key, folder: Folder = None, json: Json = False) -> None:
    """Everything that is known of a customer."""
    from winback.operations import showing

    project = frame.open_project(context, folder)
    card = showing.show(project, frame.open_store(project), key, now=clock.now()).as_json()
    if json:
        frame.print_json(card)
        return
    if card["customer"] != key:
        typer.echo(f"{key} was merged into {card['customer']}, who is shown here.")
    fields = [(word.replace("_", " "), value) for word, value in card.items() if value and isinstance(value, str) and word != "customer"]
    fields += [(word, ", ".join(card[word])) for word in ("merged", "tags") if card[word]]
    fields += [*card["custom"].items(), *((word.replace("_", " "), f"{count:,}") for word, count in card["counts"].items() if count)]
    frame.print_table(f"Customer {card['customer']}", ("", ""), fields, numbers=0)
    about = ("channel", "address", "what speaks against it", "meant", "last sign of life")
    frame.print_table("Addresses", about, [_address(row) for row in card["addresses"]], numbers=0)
    frame.print_table(
        "Consents",
        ("channel", "to", "now", "given on", "at", "withdrawn on"),
        [[value or "" for value in row.values()] for row in card["consents"]],
        numbers=0,
    )
    frame.print_table("Campaigns", ("campaign", "run", "since", "arm", "status", "reason"), [[*row.values()] for row in card["journeys"]], numbers=0)


def _address(row: dict[str, Any]) -> tuple[str, ...]:
    against = ", ".join(word for word in (*row["faults"], row["suppressed"]) if word)
    return row["channel"], row["address"], against, row["meant"], row["alive_on"] or ""


@customer.command()
def merge(
    context: typer.Context,
    merged: Annotated[str, typer.Argument(metavar="FROM", help="The id of the record that goes.")],
    into: Annotated[str, typer.Argument(metavar="INTO", help="The id of the record that stays.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and do nothing.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Make one customer of two records: orders, touches, answers and letters go to INTO, with the strictest consent.

    Rows that the shop still sends for FROM count for INTO. It can't be taken back: see with --dry-run what it does.
    """
    from winback.operations import merging

    project = frame.open_project(context, folder)
    report = merging.merge(frame.open_store(project), merged, into, now=clock.now(), dry_run=dry_run, by=project.user)
    if json:
        frame.print_json(report.as_json())
        return
    told = report.as_json()
    rows = [(word.replace("_", " "), f"{count:,}") for word, count in told["moved"].items()]
    rows += [(f"{address['channel']} address", address["fate"]) for address in told["addresses"]]
    rows += [(f"{consent['channel']}, {consent['purpose']}", consent["now"]) for consent in told["consents"]]
    rows += [(f"{journey['campaign']}, run {journey['run']}", journey["fate"]) for journey in told["journeys"]]
    rows += [("filled in", ", ".join(told["filled"]).replace("_", " "))] if told["filled"] else []
    frame.print_table(f"{merged} {'would go' if dry_run else 'went'} into {into}", ("", ""), rows, numbers=0)
    for sentence in told["sentences"]:
        typer.echo(sentence)
    if dry_run:
        typer.echo(f"Nothing was changed. Do it: winback customer merge {merged} {into}")


def duplicates(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many groups to print; --json gives all.")] = 50,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Customers who seem to be one person, the largest groups first: same address, same phone, or same name and birthday.

    Where the given names differ it may be a family: then nothing is proposed but records of the same name.
    """
    from winback.operations import deduplicating

    project = frame.open_project(context, folder)
    found = deduplicating.find(frame.open_store(project))
    if json:
        frame.print_json(found.as_json())
        return
    rows = [
        (
            ", ".join(record.key for record in group.records),
            deduplicating.why(group),
            "maybe a family" if group.is_family else "",
            "; ".join(f"{', '.join(record.key for record in part[1:])} into {part[0].key}" for part in group.merges),
        )
        for group in found.groups[:limit]
    ]
    frame.print_table("Seem to be one person", ("customers", "share", "", "merge"), rows, numbers=0)
    if len(found.groups) > limit:
        typer.echo(f"{len(found.groups) - limit:,} groups more: --limit {len(found.groups)}")
    for each in found.common:
        typer.echo(f"{each.customers:,} customers have the same {each.sign}: that is nobody's own, so it says nothing here.")
    if rows:
        typer.echo("Merge with: winback customer merge FROM INTO --dry-run")


@addresses.command()
def check(
    context: typer.Context,
    examples: Annotated[int, typer.Option(min=0, help="How many addresses to name for each fault.")] = 5,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """How many addresses bounced, look mistyped, or are old, with examples. Looks for typing mistakes anew in all of them.

    Cohorts leave such customers out who say `exclude: {addresses: [bounced, mistyped, old]}`. A domain that is real after all is
    named in settings.yaml, `addresses: {real_domains: [...]}`.
    """
    from winback.operations import freshening

    project = frame.open_project(context, folder)
    checked = freshening.check(project, frame.open_store(project), now=clock.now(), examples=examples)
    if json:
        frame.print_json(checked.as_json())
        return
    words = {"bounced": "bounced", "mistyped": "look mistyped", "old": f"old: silent since before {checked.old_before}", "unknown": "unknown"}
    rows = [(words[word], f"{count:,}") for word, count in checked.faults.items()]
    frame.print_table(f"{checked.addresses:,} addresses", ("", "addresses"), [("nothing speaks against", f"{checked.fresh:,}"), *rows])
    named = [(str(word), each.customer, each.address, each.why) for word, found in checked.examples.items() for each in found]
    if named:
        frame.print_table("Some of them", ("", "customer", "address", "why"), named, numbers=0)
    if checked.remarked:
        typer.echo(f"Judged otherwise than before as to typing mistakes: {checked.remarked:,}.")


@addresses.command()
def confirm(
    context: typer.Context,
    key: Key,
    channel: Annotated[str, typer.Option(metavar="CHANNEL", help="email or telegram.")] = "email",
    folder: Folder = None,
) -> None:
    """Keep that an address is alive: the customer said so today, on the phone or at the till."""
    from winback.operations import freshening

    project = frame.open_project(context, folder)
    freshening.confirm(frame.open_store(project), key, channel, now=clock.now())
    typer.echo(f"The {channel} address of {key} is known to be alive since today.")
