"""A plan as a tree: every branch counted, and the whole is the sum of its parts."""

from __future__ import annotations

from sqlalchemy import insert

from tests import projects
from tests.operations.lost import CAMPAIGN, START, populate
from tests.store import world
from winback.commands import frame
from winback.model import ChannelName
from winback.operations import plan_tree, planning
from winback.operations.plan_tree import Node
from winback.sending import prepared
from winback.store import database
from winback.store.tables import touches
from winback.studio import pages


def shop(engine):
    ids = populate(engine, 40)
    with database.writing(engine) as connection:
        for who in ids[:15]:
            world.reach(connection, who, ChannelName.TELEGRAM, address=f"{who}")
        for number in range(3):  # nobody knows how to reach them
            who = world.customer(connection, f"x{number}", country="GB", locale="en")
            for month in (1, 3, 5):
                world.order(connection, who, f"2025-0{month}-11 12:00:00")


def test_every_branch_is_counted_and_adds_up(engine, ready):
    shop(engine)
    plan = planning.plan(ready, engine, now=START)
    tree = plan_tree.of(plan)
    assert tree.count == plan.cohort == sum(part.count for part in tree.parts) == 43
    written, alone, skipped = tree.parts
    assert (alone.count, skipped.count) == (plan.arms["holdout"], 3)
    assert skipped.parts == (Node("no-channel", 3),)
    stages = [part for part in written.parts if part.says.startswith("stage ")]
    assert [stage.count for stage in stages] == [stage.recipients for stage in plan.stages]
    for stage in stages:
        assert sum(part.count for part in stage.parts) == written.count
    reminder = next(stage for stage in plan.stages if stage.name == "reminder")
    assert reminder.timing == "7 days later, 10:00-18:00"
    letters = {(branch.channel, branch.letter) for branch in reminder.branches}
    assert letters == {("telegram", "gift-reminder"), ("email", "gift-with-code")}
    assert {branch["languages"]["en"] for branch in plan.as_json()["stages"][1]["branches"]} == {branch.recipients for branch in reminder.branches}


def test_who_gets_nothing_of_a_stage_is_passed_over_with_the_reason(engine, tmp_path):
    file = "config/campaigns/winter-tea.yaml"
    project = projects.make(
        tmp_path / "shop",
        (file, "channels: [telegram, email]\n    letter: gift-with-code", "channels: [telegram]"),
        (file, "letter: last-day-of-offer", "letter: {gift-first: last-day-of-offer}"),
    )
    shop(engine)
    plan = planning.plan(prepared.prepare(project, CAMPAIGN), engine, now=START)
    _, reminder, last_day = plan.stages
    written = sum(count for arm, count in plan.arms.items() if arm != "holdout")
    passed_over = {branch.because for branch in reminder.branches} | {branch.because for branch in last_day.branches}
    assert passed_over == {"", "no-channel", "not-for-tactic"}
    assert reminder.recipients + sum(branch.recipients for branch in reminder.branches if branch.because) == written
    assert any("warm-word: passed over, not-for-tactic" in part.says for stage in plan_tree.of(plan).parts[0].parts for part in stage.parts)


def test_tasks_conditions_days_and_the_contact_policy_stand_in_the_tree(engine, tmp_path):
    file = "config/campaigns/winter-tea.yaml"
    call = "task: {kind: call, say: {en: Ask}}"
    project = projects.make(
        tmp_path / "shop",
        (
            file,
            "channels: [telegram, email]\n    letter: gift-with-code\n    message: gift-reminder\n",
            f"{call}\n    only_if: [{{country: [UA]}}]\n",
        ),
        (file, "channels: [email]\n    letter: last-day-of-offer\n", f"{call}\n"),
    )
    ids = populate(engine, 20, phone="+441134960000")
    with database.writing(engine) as connection:
        connection.execute(insert(touches).values([{"key": f"t{who}", "customer_id": who, "touched_at": START} for who in ids[:5]]))
    plan = planning.plan(prepared.prepare(project, CAMPAIGN), engine, now=START)
    _, reminder, last_day = plan.stages
    written = sum(count for arm, count in plan.arms.items() if arm != "holdout")
    assert (reminder.asks, reminder.skips, reminder.recipients) == (("only if: country UA",), {"condition": written}, 0)
    assert {(branch.channel, branch.letter) for branch in last_day.branches} == {("task", "call")}
    assert sum(plan.contact_policy["postponed"].values()) > 0
    told = plan_tree.of(plan).parts[0].parts[2:]
    assert [sum(part.count for part in stage.parts) for stage in told] == [written] * 3
    assert "; only if: country UA" in told[1].says
    assert all(": a call by a person (en " in part.says for part in told[2].parts)


def test_the_tree_is_readable_without_colours(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    frame.print_tree(
        Node("tea, as of 2026-11-24: in the cohort", 1234, (Node("stage one [bold]", 1000, (Node("a: " + "long " * 30, 5),)), Node("b", 1)))
    )
    out = capsys.readouterr().out
    assert "in the cohort: 1,234" in out
    assert "stage one [bold]: 1,000" in out, "what a marketer writes is no markup"
    assert max(map(len, out.splitlines())) <= 100
    assert "\x1b" not in out


def test_a_drawing_holds_every_branch_and_no_markup_of_others():
    drawn = pages.render("plan_tree.html", tree=Node("all", 10, (Node("<script>", 4, (Node("c", 1),)), Node("b", 6))))
    assert drawn.count("<li>") == 4
    assert "<script>" not in drawn
    assert '<meter value="4" max="10">' in drawn
