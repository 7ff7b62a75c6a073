"""A whole campaign with the core alone, by the command that the wheel installs: from a file of customers to a report."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import projects
from tests.packaging.conftest import Installed

PEOPLE = 60
CAMPAIGN = """\
title: With the core alone
cohort: silent
starts_on: {starts_on}
ends_on: {ends_on}
holdout: 0.2
return_window: 60 days
sender: olena
tone: friendly
tactics:
  letter: {{share: 1}}
stages:
  - name: first
    channels: [email]
    letter: we-miss-you
    hours: "00:00-23:59"
"""
COHORT = "title: Silent for a year\nrules:\n  - days_since_last_order: {from: 365}\n"


@pytest.fixture
def begun(installed: Installed) -> Path:
    """A project with customers who bought two years ago, and a campaign for them."""
    assert installed.run("init", "core", bare=True).returncode == 0
    folder = installed.folder / "core"
    today = datetime.now(UTC)
    bought = today - timedelta(days=700)
    noon = f"Etc/GMT{today.hour - 12:+d}"  # where it is about noon now: nobody is written to at night
    rows = [f"K{number},emma{number}@post.example,Emma,en,GB,{noon},yes,2024-01-01,till" for number in range(PEOPLE)]
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data/people.csv").write_text("\n".join(["id,mail,name,language,country,zone,agrees,day,place", *rows]) + "\n")
    orders = [f"o{number},K{number},{bought:%Y-%m-%d},90" for number in range(PEOPLE)]
    (folder / "data/orders.csv").write_text("\n".join(["nr,who,day,sum", *orders]) + "\n")
    (folder / "config/sources.yaml").write_text(
        "sources:\n"
        "  people: {file: data/people.csv, customers: {id: id, email: mail, given_name: name, locale: language, country: country, time_zone: zone, "
        'consent: {column: agrees, agreed: ["yes"], declined: ["no"], given_at: day, source: place}}}\n'
        "  orders: {file: data/orders.csv, orders: {id: nr, customer: who, ordered_at: day, amount: sum}}\n"
    )
    projects.edit(folder / "config/policy.yaml", "weekdays: [mon, tue, wed, thu, fri, sat]", "weekdays: [mon, tue, wed, thu, fri, sat, sun]")
    (folder / "config/cohorts/silent.yaml").write_text(COHORT)
    (folder / "config/campaigns/core.yaml").write_text(
        CAMPAIGN.format(starts_on=f"{today:%Y-%m-%d}", ends_on=f"{today + timedelta(days=90):%Y-%m-%d}")
    )
    return folder


def test_a_campaign_goes_its_whole_way_with_nothing_but_the_core(installed, begun):
    def winback(*words: str) -> str:
        done = installed.run(*words, "--project", str(begun), bare=True)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    assert [each["inserted"] for each in json.loads(winback("import", "--json"))["sources"]] == [PEOPLE, PEOPLE]
    winback("check")
    assert json.loads(winback("cohort", "show", "silent", "--json"))["matched"] == PEOPLE
    winback("plan", "core")
    winback("approve", "core", "--yes")
    winback("run", "core")
    letters = list((begun / "out/mailbox/email").glob("*.eml"))
    sent = json.loads(winback("deliveries", "core", "--status", "sent", "--json"))["deliveries"]
    assert 0 < len(letters) == len(sent) < PEOPLE  # the rest is left alone on purpose
    winback("report", "core", "--html", str(begun / "report.html"))
    report = json.loads(winback("report", "core", "--json"))
    assert sum(each["assigned"] for each in report["arms"]) == PEOPLE
    assert "<html" in (begun / "report.html").read_text(encoding="utf-8")
    winback("backup", str(begun / "backup"))
    assert (begun / "backup").stat().st_size > 0
