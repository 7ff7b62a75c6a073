"""Campaigns by the API: the same doors as the commands', and none around a person's approval."""

from __future__ import annotations

import pytest

from tests import projects
from tests.api.asking import Shop, problem
from tests.operations import lost
from winback.operations import approving
from winback.operations.working import Kind
from winback.sending import prepared
from winback.store import audit, database, restored, runs

WINTER = "/campaigns/winter-tea"


@pytest.fixture
def many(tmp_path, engine) -> Shop:
    """Twenty lost customers, and a campaign that asks a person before it writes to more than five."""
    shop = Shop(projects.make(tmp_path / "shop", ("config/settings.yaml", "approve_above: 200", "approve_above: 5")), engine)
    shop.now = lost.START
    lost.populate(engine, count=20)
    return shop


def status(shop: Shop) -> str | None:
    with database.reading(shop.engine) as connection:
        run = runs.latest(connection, "winter-tea")
    return run and str(run.status)


async def test_a_campaign_waits_for_a_person_whatever_a_program_says(many):
    program = many.program()
    for body in ({}, {"again": True}):
        told = problem(await program.post(f"{WINTER}/start", json=body), 409)
        assert told["detail"].startswith("`winter-tea` waits for approval.")
        assert told["approval"]["people"] > 5
    for verb in ("resume", "approve"):
        assert (await program.post(f"{WINTER}/{verb}")).status_code in {404, 409}
    assert status(many) is None
    ready = prepared.prepare(many.project, "winter-tea")
    waiting, _ = approving.show(many.engine, ready, now=many.now)
    approving.approve(many.engine, many.project, "winter-tea", shown=waiting.fingerprint, by="olha", now=many.now)
    answer = await program.post(f"{WINTER}/start")
    assert (answer.status_code, answer.json()["status"]) == (200, "active")
    approving.withdraw(many.engine, "winter-tea", by="olha", now=many.now)
    assert status(many) == "waiting"
    assert "waits for approval" in problem(await program.post(f"{WINTER}/resume"), 409)["detail"]
    assert status(many) == "waiting"
    with database.reading(many.engine) as connection:
        started = [each.who for each in audit.listed(connection) if each.deed == audit.Deed.STARTED]
    assert started == ["token shop"]


async def test_a_campaign_is_started_paused_resumed_and_cancelled(shop):
    lost.populate(shop.engine, count=3)
    shop.now = lost.START
    program = shop.program()
    problem(await program.post(f"{WINTER}/pause"), 409)
    assert (await program.post(f"{WINTER}/start", json={})).json()["status"] == "active"
    for verb, after in (("pause", "paused"), ("resume", "active"), ("cancel", "cancelled")):
        assert (await program.post(f"{WINTER}/{verb}")).status_code == 200
        assert status(shop) == after
    problem(await program.post(f"{WINTER}/resume"), 409)
    problem(await program.post(f"{WINTER}/start"), 409)
    (run,) = (await program.get(f"{WINTER}/runs")).json()["runs"]
    assert (run["run"], run["status"]) == (1, "cancelled")
    listed = {each["campaign"]: each["status"] for each in (await program.get("/campaigns")).json()["campaigns"]}
    assert listed["winter-tea"] == "cancelled"
    report = await program.get(f"{WINTER}/report")
    assert (report.status_code, report.json()["campaign"]) == (200, "winter-tea")
    problem(await program.get(f"{WINTER}/report", params={"run": 2}), 404)


async def test_a_plan_is_begun_and_looked_at(shop):
    program = shop.program()
    assert (await program.get(f"{WINTER}/plan")).json()["plan"] is None
    assert (await program.post(f"{WINTER}/plan")).status_code == 202
    (order,) = shop.launched
    assert (order.campaign, order.kind, order.by) == ("winter-tea", Kind.PLAN, "token shop")
    assert (await program.get(f"{WINTER}/plan")).json()["under_way"] in {True, False}


async def test_a_cohort_is_counted_and_nobody_named(shop):
    lost.populate(shop.engine, count=3)
    shop.now = lost.START
    program = shop.program("campaigns:read")
    names = (await program.get("/cohorts")).json()["cohorts"]
    told = (await program.get(f"/cohorts/{names[0]}")).json()
    assert {"matched", "funnel"} <= set(told)
    assert "sample" not in told


@pytest.mark.parametrize("name", ["nobody", "..", "%2e%2e%2fsettings", "winter-tea.yaml"])
async def test_what_is_not_there_is_not_found(shop, name):
    program = shop.program()
    for path in (f"/campaigns/{name}/plan", f"/cohorts/{name}", f"/campaigns/{name}/report"):
        problem(await program.get(path), 404)
    problem(await program.get("/cohorts/a%00b"), 422)


async def test_customers_are_explained_and_letters_found_page_by_page(shop):
    ids = lost.populate(shop.engine, count=5)
    shop.now = lost.START
    from tests.letterbox import Letterbox

    box = Letterbox(shop.engine, shop.project.key)
    run = box.run()
    for who in ids:
        box.letter(run, who)
    program = shop.program()
    told = (await program.get("/customer/explain", params={"customer": "c001", "cohort": shop.project.names("cohorts")[0]})).json()
    assert told["customer"] == "c001"
    problem(await program.get("/customer/explain", params={"customer": "c001"}), 422)
    problem(await program.get("/customer", params={"customer": "nobody"}), 404)
    seen, after = [], ""
    while True:
        page = (await program.get("/deliveries", params={"campaign": "spring", "limit": 2, "after": after})).json()
        seen += [each["customer"] for each in page["deliveries"]]
        if not (after := page["next"]):
            break
    assert sorted(seen) == [f"c00{number}" for number in range(5)]
    for wrong in ({"after": "x"}, {"status": "x"}, {"day": "x"}, {"limit": 1000}):
        problem(await program.get("/deliveries", params=wrong), 422)


async def test_an_address_is_closed_once(shop):
    program = shop.program("suppressions:write")
    for was_open in (True, False):
        assert (await program.post("/suppressions", json={"address": "emma@post.example"})).json()["was_open"] is was_open
    assert "nobody" in problem(await program.post("/suppressions", json={"address": "nobody"}), 422)["detail"]


async def test_no_program_vouches_for_a_restored_campaign_that_took_people_in(shop):
    lost.populate(shop.engine, count=3)
    shop.now = lost.START
    program = shop.program()
    await program.post(f"{WINTER}/start", json={})
    await program.post(f"{WINTER}/pause")
    with database.writing(shop.engine) as connection:
        restored.mark_taking_in(connection, [runs.latest(connection, "winter-tea").id], shop.now)
    told = problem(await program.post(f"{WINTER}/resume", json={"took_nobody_in": True}), 409)
    assert "took people in when the backup was made" in told["detail"]
    assert status(shop) == "paused"
    assert (await program.post(f"{WINTER}/cancel")).status_code == 200
