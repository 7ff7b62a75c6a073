"""What a template could do if nothing held it: work for the process of its own, without the sandbox and the reading before it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment


def eating(_setting: Any) -> Callable[[str], int]:
    """Renders any Jinja as it is: its length."""
    environment = Environment()  # nothing holds it: that is the point

    def eat(template: str) -> int:
        return len(environment.from_string(template).render())

    return eat


def misbehaving(setting: Any) -> Callable[[str], Any]:
    """Does what its job says."""

    def misbehave(what: str) -> Any:
        match what:
            case "print":
                print("something that is no answer")
            case "shout":
                return "x" * 10_000_000
            case "sleep":
                time.sleep(60)
            case "die":
                os.abort()
            case "fail":
                raise ValueError("our own mistake")
            case "write":
                Path(setting).write_text("x" * 100, encoding="utf-8")
            case "environment":
                return sorted(os.environ)
        return what

    return misbehave


def asked(_setting: Any) -> Callable[[str], Any]:
    """What a process knows of where it comes from."""

    def ask(what: str) -> Any:
        born_with = Path("/proc/self/environ").read_text(encoding="utf-8").split("\0")
        return os.getppid() if what == "parent" else [name.partition("=")[0] for name in born_with]

    return ask
