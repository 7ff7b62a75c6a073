"""Whether words that somebody is told to type are a command of winback, with options that it has."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import typer.main

from winback import cli


@cache
def _whole() -> Any:
    return typer.main.get_command(cli.app)


def fault(words: Sequence[str]) -> str:
    """What is wrong with `winback ...`; empty when nothing is."""
    command = _whole()
    rest = list(words[1:])
    while hasattr(command, "commands"):
        if not rest or rest[0] not in command.commands:
            break
        command, rest = command.commands[rest[0]], rest[1:]
    known = {word for each in command.params for word in (*each.opts, *each.secondary_opts)} | {"--help", "-h"}
    if hasattr(command, "commands") and not command.invoke_without_command and not set(rest) & known:
        return f"there is no `{' '.join(words)}`"
    typed = {word.partition("=")[0].strip("[]") for word in rest if word.lstrip("[").startswith("--")}
    return f"`{' '.join(words)}` has no {', '.join(sorted(typed - known))}" if typed - known else ""
