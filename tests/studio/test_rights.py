"""What each role may do in the studio: every form of every page, and pages that not everybody sees."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fastapi.routing import APIRoute

from tests import projects
from tests.studio import staff
from winback.operations.people import ALLOWS, Right, Role
from winback.studio.app import create_app

pytestmark = pytest.mark.one_database("roles at doors; its statements are tested on both in tests/store")

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
HOME = "http://127.0.0.1:8010"

FORMS: dict[str, Right | None] = {
    "/sign-in": None,
    "/sign-out": None,
    "/invitation/{token}": None,
    "/account": None,
    "/customers/{key:path}": Right.ANSWER,
    "/wishes/{key:path}": Right.ANSWER,
    "/care/export/{key:path}": Right.CARE,
    "/care/suppress/{key:path}": Right.CARE,
    "/care/lift/{key:path}": Right.CARE,
    "/care/forget/{key:path}": Right.ERASE,
    "/care/readmit/{key:path}": Right.CARE,
    "/results/quarter": Right.EDIT,
    "/results/{name}": Right.EDIT,
    "/campaigns/{name}/work": Right.EDIT,
    "/campaigns/{name}/pause": Right.SEND,
    "/campaigns/{name}/resume": Right.SEND,
    "/campaigns/{name}/cancel": Right.SEND,
    "/campaigns/{name}/approval": Right.SEND,
    "/campaigns/{name}/edit": Right.EDIT,
    "/deliveries/lanes": Right.SEND,
    "/deliveries/uncertain": Right.SEND,
    "/deliveries/{number}": Right.SEND,
    "/cohorts/new": Right.EDIT,
    "/cohorts/{name}": Right.EDIT,
    "/cohorts/{name}/words": Right.EDIT,
    "/cohorts/{name}/size": Right.EDIT,
    "/cohorts/{name}/people": Right.EDIT,
    "/cohorts/{name}/why": Right.EDIT,
    "/cohorts/{name}/past": Right.EDIT,
    "/cohorts/{name}/changes": Right.EDIT,
    "/letters/{kind}/{name}": Right.EDIT,
    "/inbox/replies/{number}": Right.ANSWER,
    "/inbox/tasks/{number}": Right.ANSWER,
    "/inbox/{number}": Right.ANSWER,
    "/settings/files/{name}": Right.SET_UP,
    "/settings/files/{name}/words": Right.SET_UP,
    "/settings/files/{name}/problems": Right.SET_UP,
    "/settings/people": Right.ADMIN,
    "/settings/people/{number}": Right.ADMIN,
    "/settings/audit": Right.ADMIN,
}
"""Every form, and the right that it needs; None: it is everybody's."""

PAGES = {
    **{f"/campaigns/{{name}}/{verb}": Right.SEND for verb in ("pause", "resume", "cancel")},
    "/campaigns/{name}/edit": Right.EDIT,
    "/results/{name}/customers.csv": Right.CARE,
    "/settings/files/{name}": Right.SET_UP,
    "/settings/people": Right.ADMIN,
    "/settings/people/{number}": Right.ADMIN,
    "/settings/audit": Right.ADMIN,
}
"""Pages that only some may look at."""

FILLED = {
    "{campaign}": "winter-tea",
    "{kind}": "email",
    "{key:path}": "A1",
    "{name}": "winter-tea",
    "{number}": "1",
    "{token}": "A" * 43,
    "{file}": "x.html",
    "{box}": "email",
}


@pytest.fixture
def app(tmp_path, engine):
    return create_app(projects.make(tmp_path / "shop"), engine, port=8010, clock=lambda: NOW)


def addresses(app, method: str) -> set[str]:
    return {route.path for route in app._app._app.routes if isinstance(route, APIRoute) and method in route.methods}


def filled(path: str) -> str:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    assert "{" not in path, f"say in FILLED what stands for {path}"
    return path


def test_of_every_form_it_is_said_which_right_it_needs(app):
    assert addresses(app, "POST") == set(FORMS)
    assert not addresses(app, "PUT") | addresses(app, "PATCH") | addresses(app, "DELETE")


@pytest.mark.parametrize("role", Role)
async def test_a_form_is_taken_from_who_has_its_right_and_from_nobody_else(app, engine, role):
    staff.add(engine, Role.ADMIN, email="first@zerno.example", now=NOW)
    email = staff.add(engine, role, email="somebody@zerno.example", now=NOW)
    for path, right in FORMS.items():
        async with staff.browser(app, HOME) as client:
            await staff.sign_in(client, email)
            answer = await client.post(filled(path), data={"proof": await staff.proof(client, "/account")})
            may = right is None or right in ALLOWS[role]
            assert ("Your roles don&#39;t allow it." in answer.text) != may, (path, answer.status_code)
            assert may or answer.status_code == 403


@pytest.mark.parametrize("role", Role)
async def test_pages_are_everybodys_but_for_those_of_people_and_the_audit_log(app, engine, role):
    staff.add(engine, Role.ADMIN, email="first@zerno.example", now=NOW)
    async with staff.browser(app, HOME) as client:
        await staff.sign_in(client, staff.add(engine, role, email="somebody@zerno.example", now=NOW))
        for path in sorted(addresses(app, "GET")):
            answer = await client.get(filled(path))
            right = PAGES.get(path)
            assert (answer.status_code == 403) == (right is not None and right not in ALLOWS[role]), path
        page = (await client.get("/settings")).text
        for path in ("/settings/people", "/settings/audit"):
            assert (f'href="{path}"' in page) == (role is Role.ADMIN), "nobody is shown a door that is closed to them"


async def test_who_has_two_roles_may_do_what_either_may(app, engine):
    staff.add(engine, Role.ADMIN, email="first@zerno.example", now=NOW)
    async with staff.browser(app, HOME) as client:
        await staff.sign_in(client, staff.add(engine, Role.MARKETER, Role.MANAGER, now=NOW))
        ticket = await staff.proof(client, "/account")
        assert (await client.post("/customers/Z9", data={"proof": ticket})).status_code == 404
        assert (await client.post("/settings/people", data={"proof": ticket})).status_code == 403


async def test_a_role_that_is_taken_away_is_gone_at_once(app, engine):
    from winback.operations import accounts

    staff.add(engine, Role.ADMIN, email="first@zerno.example", now=NOW)
    email = staff.add(engine, Role.ADMIN, email="second@zerno.example", now=NOW)
    async with staff.browser(app, HOME) as client:
        await staff.sign_in(client, email)
        assert (await client.get("/settings/people")).status_code == 200
        accounts.give_roles(engine, email, ["marketer"], by="root", now=NOW)
        assert (await client.get("/settings/people")).status_code == 403
