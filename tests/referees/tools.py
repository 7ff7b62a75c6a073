"""Programs from outside that judge letters, where this machine has them. `make referees` installs what is missing and insists on all."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("WINBACK_REFEREES_IN", Path(sys.prefix) / "referees"))
"""Where `make referees` puts what comes out of npm packages."""
VNU = FOLDER / "vnu.jar"
"""The Nu HTML checker, out of the npm package vnu-jar."""
AXE = FOLDER / "axe.min.js"
"""axe-core, out of the npm package of that name."""
COMPOSE = FOLDER / "compose-spec.json"
"""The schema of the Compose Specification, out of the npm package dclint."""
INSISTED_ON = bool(os.environ.get("WINBACK_REFEREES"))
"""A referee that is missing fails its tests instead of skipping them."""


def program(*names: str, package: str) -> str:
    """The path of a program by any of its names. Skips the test where there is none, or fails it when referees are insisted on."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    return found or _absent(f"{names[0]} is not installed: apt-get install {package}")


def html_checker() -> list[str]:
    """The command of the Nu HTML checker. Skips or fails as `program` does."""
    java = program("java", package="default-jre-headless")
    if not VNU.is_file():
        _absent(f"the Nu HTML checker (npm package vnu-jar) is not at {os.path.relpath(VNU)}")
    return [java, "-jar", str(VNU)]


def axe() -> Path:
    """The script of axe-core. Skips or fails as `program` does."""
    if not AXE.is_file():
        _absent(f"axe-core (npm package axe-core) is not at {os.path.relpath(AXE)}")
    return AXE


def compose_schema() -> Path:
    """The schema of compose files. Skips or fails as `program` does."""
    if not COMPOSE.is_file():
        _absent(f"the Compose Specification's schema (npm package dclint) is not at {os.path.relpath(COMPOSE)}")
    return COMPOSE


def _absent(what: str) -> str:
    sentence = f"{what}; `make referees` installs and runs all referees"
    if INSISTED_ON:
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)
