"""The week behind us: whole days, what left and came back by campaign, and what waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate
from winback import settings
from winback.channels.memory import MemoryChannel
from winback.limits import FuseCause
from winback.operations import week
from winback.outcomes import languages, markdown, wording
from winback.outcomes.languages import lanes
from winback.sending import prepared
from winback.speech import Language
from winback.store import database, fuses
from winback.store.tables import deliveries, events


def test_a_week_counts_whole_days_and_tells_who_returned_against_those_left_alone(tmp_path, engine):
    project = projects.make(tmp_path / "shop")
    populate(engine)
    go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())
    with database.writing(engine) as connection:
        sent = connection.execute(select(deliveries.c.id, deliveries.c.customer_id).where(deliveries.c.sent_at.is_not(None))).all()
        came = (
            (sent[0], "reply", "human", 1),
            (sent[0], "click", "human", 1),
            (sent[0], "click", "human", 2),
            (sent[1], "click", "machine", 1),
            (sent[1], "bounce", "human", 9),
        )
        rows = [
            {
                "dedupe_key": f"e{number}",
                "kind": kind,
                "customer_id": row.customer_id,
                "delivery_id": row.id,
                "happened_at": START + timedelta(days=days),
                "verdict": verdict,
                "signals": {},
            }
            for number, (row, kind, verdict, days) in enumerate(came)
        ]
        connection.execute(insert(events), rows)
        fuses.blow(connection, "group:gmail", FuseCause.BOUNCES, START, counts={"bad": 60, "of": 100, "above": 0.05})
    told = week.tell(project, engine, now=START + timedelta(days=7))
    (row,) = told.as_json()["campaigns"]
    assert (told.first, told.last) == (START.date(), (START + timedelta(days=6)).date())
    assert (row["sent"], row["replies"]) == (len(sent), 1)
    assert (row["clicks"], row["bounces"]) == (1, 0), "several clicks of a letter are one, a machine's none, and what came later isn't of this week"
    assert row["written_to"] + row["left_alone"] == 40
    assert [each for each in told.stopped if "e-mail to gmail" in each]
    page = markdown.of_week(told)
    assert page.startswith("# 2026-11-24 – 2026-11-30\n\n- ")
    assert f"## {CAMPAIGN}" in page
    later = week.tell(project, engine, now=START + timedelta(days=8))
    assert later.as_json()["campaigns"][0]["sent"] == 0, "the day of START is eight days back"


def test_a_shop_without_campaigns_has_a_quiet_week(tmp_path, engine):
    told = week.tell(projects.make(tmp_path / "shop"), engine, now=START)
    assert told.as_json() == {"from": "2026-11-17", "to": "2026-11-23", "campaigns": [], "waiting_for_approval": [], "lanes_stopped": []}
    assert "No campaign was under way." in markdown.of_week(told)


@pytest.mark.parametrize("language", list(Language))
def test_a_week_is_told_in_the_language_of_the_reports(tmp_path, engine, language):
    project = projects.make(tmp_path / "shop")
    file = project.config("settings.yaml")
    text = "\n".join(line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("report_language:"))
    file.write_text(f"{text}\nreport_language: {language}\n", encoding="utf-8")
    spoken = settings.open_project(project.root, {"WINBACK_SECRET": "k" * 32})
    words = languages.words(language)
    assert f"- {words['week-quiet']}\n" in markdown.of_week(week.tell(spoken, engine, now=START))
    populate(engine)
    go(prepared.prepare(spoken, CAMPAIGN), engine, START, MemoryChannel())
    with database.writing(engine) as connection:
        for lane, cause in (("group:gmail", FuseCause.BOUNCES), ("email", FuseCause.CLOSED)):
            fuses.blow(connection, lane, cause, START, counts={"bad": 1060, "of": 2000, "above": 0.05}, detail="550 no")
    told = week.tell(spoken, engine, now=START + timedelta(days=7))
    closed, bounced = sorted(told.sentences()[1:], key=lambda sentence: "gmail" in sentence)
    sentences = lanes.SENTENCES[language]
    assert closed[1:] == sentences["closed"].format(lane=sentences["email"], detail="550 no")[1:]
    assert wording.number(1060, words=words) in bounced
    assert sentences["said"].format(detail="550 no") in bounced
    assert (language is Language.EN) is ("Nothing leaves by" in bounced)
    assert "Nothing leaves by e-mail to gmail" in " ".join(told.as_json()["lanes_stopped"]), "programs read English"
    (row,) = told.as_json()["campaigns"]
    assert told.sentences()[0] == words["week-sent"].format(sent=row["sent"], replies=0)
