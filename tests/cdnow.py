"""examples/cdnow as a project of its own, with the data linked that lies beside the checkout."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from winback import settings
from winback.settings import Project

ROOT = Path(__file__).resolve().parents[1]
PLACES = (ROOT / "examples" / "cdnow" / "data", ROOT.parent / "shared" / "data" / "cdnow")


def data() -> Path:
    """The folder with both files. Skips the test where it isn't: the data is for research and no part of the project."""
    for place in PLACES:
        if (place / "purchases.csv.gz").is_file() and (place / "customers.csv.gz").is_file():
            return place
    pytest.skip(f"the CDNOW data isn't here: put customers.csv.gz and purchases.csv.gz into {PLACES[0].relative_to(ROOT)}")


@pytest.fixture
def cdnow_project(tmp_path: Path) -> Project:
    """The example, opened in a copy, its data/ linked; nothing is imported yet."""
    root = tmp_path / "examples" / "cdnow"  # so deep that `templates: ../../templates` stays in the test's folder
    shutil.copytree(ROOT / "examples" / "cdnow" / "config", root / "config")
    (tmp_path / "templates").symlink_to(ROOT / "templates")
    (root / "data").symlink_to(data())
    return settings.open_project(root, {"WINBACK_SECRET": "k" * 32})
