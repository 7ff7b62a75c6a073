"""The wheel and the source archive as a release builds them, and the wheel installed where the checkout can't be seen."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.projects import ROOT
from winback import extras

_PATIENCE = 120
_WITHOUT_EXTRAS = """
import os, sys
class Lacking:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in os.environ["LACKING"].split(","):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
if os.environ.get("LACKING"):
    sys.meta_path.insert(0, Lacking())
"""


@dataclass(frozen=True)
class Built:
    wheel: Path
    sdist: Path


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Built:
    """Built by hatchling itself: no network, no other environment."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True, text=True)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Built(wheel, sdist)


class Installed:
    """The wheel in an environment of its own, which borrows what it needs from ours; ours installs the checkout, and that isn't borrowed."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        venv.create(folder / "venv", with_pip=False, symlinks=True)
        self.python = folder / "venv" / "bin" / "python"
        command = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        packages = next(folder.glob("venv/lib/python*/site-packages"))
        packages.joinpath("borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")  # a path alone: .pth files there aren't read
        packages.joinpath("without_extras.py").write_text(_WITHOUT_EXTRAS)
        packages.joinpath("without_extras.pth").write_text("import without_extras\n")  # `sitecustomize` is Debian's, and found before ours
        self.folder = folder

    def run(self, *arguments: str, bare: bool = False, extra: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """`winback ...`, run outside of the checkout; `bare`: as if no extra were installed, `extra`: as if it alone were."""
        lacking = [module for module, (names, _) in extras.BRINGS.items() if bare or (extra and extra not in names.split(","))]
        surroundings = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "LACKING": ",".join(lacking), **environment}
        command = [str(self.python.with_name("winback")), *arguments]
        return subprocess.run(command, cwd=self.folder, env=surroundings, capture_output=True, text=True, check=False, timeout=_PATIENCE)


@pytest.fixture(scope="session")
def installed(built, tmp_path_factory) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"), built.wheel)


@pytest.fixture(scope="session")
def shop(installed) -> Path:
    """A project that the installed wheel made, with nothing but the core."""
    done = installed.run("init", "shop", bare=True)
    assert done.returncode == 0, done.stderr
    return installed.folder / "shop"
