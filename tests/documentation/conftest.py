"""The project in which pages' commands are typed."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.documentation.terminal import Terminal
from winback import clock, settings
from winback.demo import shop, story
from winback.operations import founding, importing
from winback.store import database

DAY = datetime(2026, 11, 27, 10, 15, tzinfo=UTC)
"""The day on which the pages were written: the shop of the demo opens on 24 November 2026."""

SECRET = "k" * 32
BEFORE = "out/demo/before/data"
"""Where the demo keeps its shop's files as they were before the first letter."""


@pytest.fixture(scope="session")
def made_up(tmp_path_factory) -> Path:
    """What `make demo` leaves of the made-up shop's files, of one customer in forty, and a project that has imported them."""
    folder = tmp_path_factory.mktemp("documentation")
    drawn = shop.draw(folder / BEFORE, opens_at=story.OPENS_AT, seed=7)
    drawn.shoppers = dict(list(drawn.shoppers.items())[::40])
    drawn.past = [(moment, key, amount) for moment, key, amount in drawn.past if key in drawn.shoppers]
    drawn.open()
    founded = settings.open_project(founding.init(folder / "project").root, {"WINBACK_SECRET": SECRET})
    shutil.copytree(folder / BEFORE, founded.root / "data")
    engine = database.open_engine(founded.database_url)
    importing.run(founded, engine, now=DAY)
    engine.dispose()
    return folder


@pytest.fixture
def place(made_up, tmp_path, monkeypatch) -> Path:
    """A folder in which a page's commands are typed: a project of theirs, with the demo's files beside."""
    shutil.copytree(made_up, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(clock, "now", lambda: DAY)
    monkeypatch.setenv("WINBACK_SECRET", SECRET)
    monkeypatch.setenv("COLUMNS", "160")
    return tmp_path


@pytest.fixture
def terminal(monkeypatch, capsys) -> Terminal:
    return Terminal(monkeypatch, capsys)
