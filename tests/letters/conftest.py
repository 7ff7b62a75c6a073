"""The shipped letters, and a copy of the project to spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests import projects
from tests.letters.drafts import Shop
from winback import settings
from winback.letters import library
from winback.letters.library import Library


@pytest.fixture(scope="session")
def letters() -> Library:
    """The letters as they are shipped."""
    return library.open_library(settings.open_project(projects.ROOT, {}))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A project with the shipped letters in English and Ukrainian, to write others into."""
    project = projects.make(tmp_path / "shop")
    for folder in (project.templates / "locales").iterdir():
        if folder.is_dir() and folder.name != "uk":
            shutil.rmtree(folder)
    return Shop(project)
