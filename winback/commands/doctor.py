"""winback doctor."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder, Json
from winback.errors import ConfigError, Problem

if TYPE_CHECKING:
    from winback.operations.diagnosis import Finding


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(
    context: typer.Context,
    dns: Annotated[
        str, typer.Option(metavar="SERVER", help="The name server to ask, as 192.0.2.53 or 192.0.2.53:5353; the system's if not said.")
    ] = "",
    from_ip: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="Where letters leave from, if not from the mail server's own address; may be repeated."),
    ] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Say whether everything is in place before letters leave, and what to write or publish where something isn't."""
    from winback.channels.dns_lookup import Lookup
    from winback.operations import doctor as operation

    _is_an_address("--dns", re.sub(r"^([^:]+):\d{1,5}$", r"\1", dns) if dns else None)
    for address in from_ip or []:
        _is_an_address("--from-ip", address)
    project = frame.open_project(context, folder)
    findings = []
    for finding in operation.examine(project, Lookup(dns), now=clock.now(), leaves_from=from_ip or []):
        findings.append(finding)
        if not json:
            _print(finding)
    bad = [finding for finding in findings if finding.is_bad]
    if json:
        frame.print_json({"findings": [finding.as_json() for finding in findings], "to_mend": len(bad)})
    else:
        typer.echo(f"\n{len(bad)} to mend." if bad else "\nNothing stands in the way.")
    if bad:
        raise typer.Exit(1)


def _is_an_address(option: str, text: str | None) -> None:
    try:
        ipaddress.ip_address(text or "::1")
    except ValueError as error:
        raise ConfigError(Problem("", None, f"{option} {text}: this is no address.", "Write it as 192.0.2.53.")) from error


def _print(finding: Finding) -> None:
    word = "lacking" if finding.state == "missing" and finding.optional else str(finding.state)
    typer.echo(f"{word:8} {finding.subject}: {finding.message}")
    if finding.how:
        typer.echo(f"         {finding.how}")
    if finding.record:
        typer.echo(f"         {finding.record}")
