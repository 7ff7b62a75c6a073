"""winback dkim new, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from winback.commands import frame
from winback.commands.frame import Folder, Json
from winback.errors import ConfigError, Problem

group = typer.Typer(help="Keys that sign letters, so that receivers know whose they are.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="dkim")


@group.command()
def new(
    domain: Annotated[str, typer.Option(metavar="DOMAIN", help="What stands behind the @ of your senders.")],
    selector: Annotated[str, typer.Option(metavar="WORD", help="A name for this key; another one for each key.")] = "wb1",
    kind: Annotated[Literal["rsa", "ed25519"], typer.Option(help="RSA is understood everywhere, Ed25519 is quicker: have both.")] = "rsa",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the key goes.", show_default="SELECTOR.DOMAIN.pem")] = None,
) -> None:
    """Make a key, keep it in a file that only you can read, and say what to publish in DNS."""
    from winback.channels import dkim
    from winback.ways_out import DkimKey, is_dns_name

    for option, text in (("--domain", domain), ("--selector", selector)):
        if not is_dns_name(text):
            raise ConfigError(
                Problem("", None, f"{option} {text}: DNS has no such name.", "Write for example --domain news.zerno.example --selector wb1.")
            )
    named = DkimKey(domain=domain, selector=selector)
    path = out or Path(f"{selector}.{domain}.pem")
    key, pem = dkim.new_key(kind)
    try:
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(pem, encoding="utf-8")
    except FileExistsError as error:
        raise ConfigError(
            Problem(str(path), None, "is there already.", "Name another file with --out: a key that is in use is never overwritten.")
        ) from error
    except OSError as error:
        raise ConfigError(Problem(str(path), None, f"can't be written: {error.strerror}.", "Name another file with --out.")) from error
    name, text = dkim.Signer(domain, selector, key).record()
    typer.echo(f"The key lies in {path}. Keep it secret, and with your backups.\n")
    typer.echo(f"1. Publish this record (TXT):\n   {name}\n   {text}\n")
    typer.echo(f"2. Write into config/settings.yaml, below `email:`\n   dkim: [{{domain: {domain}, selector: {selector}}}]\n")
    typer.echo(f"3. Let winback find the key:\n   export {named.secret}_FILE={path.resolve()}")


@group.command()
def show(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """The DNS records of the keys that settings.yaml names."""
    from winback.sending import lanes

    signers = lanes.signers(frame.open_project(context, folder))
    rows = [(*signer.record(), signer.algorithm) for signer in signers]
    if json:
        frame.print_json([{"name": name, "text": text, "algorithm": algorithm} for name, text, algorithm in rows])
    elif not rows:
        typer.echo("settings.yaml names no DKIM key: the mail server signs, or nobody does. A new one: winback dkim new --domain DOMAIN")
    for name, text, _ in [] if json else rows:
        typer.echo(f"{name}\n   {text}")
