"""A shop at which commands are typed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests import projects
from tests.commands.terminal import CUSTOMERS
from winback import clock


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A project whose three customers have been silent for four hundred days."""
    project = projects.make(tmp_path / "shop")
    today = clock.now().date()
    day = today.toordinal() - 400
    projects.edit(project.root / "config/campaigns/winter-tea.yaml", "starts_on: 2026-11-24", f"starts_on: {today - timedelta(days=1)}")
    projects.edit(project.root / "config/campaigns/winter-tea.yaml", "ends_on: 2027-01-31", f"ends_on: {today + timedelta(days=60)}")
    rows = [f"{who}-{number},{who},{date.fromordinal(day - 30 * number)} 12:00:00,1,250.00" for who in ("A1", "A2", "A3") for number in range(3)]
    data = project.root / "data"
    data.mkdir()
    (data / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    (data / "orders.csv").write_text("order,customer,placed,items,total\n" + "\n".join(rows) + "\n", encoding="utf-8")
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("WINBACK_SECRET", "k" * 32)
    return project.root
