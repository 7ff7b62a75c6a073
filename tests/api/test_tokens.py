"""Tokens open what their scopes say, for as long as they are good, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.api.asking import NOW, Program, problem
from winback import clock
from winback.api import app
from winback.errors import ConfigError
from winback.operations import api_tokens
from winback.operations.api_tokens import Scope
from winback.store import audit, database
from winback.store import tables as t

SCOPES = {
    "POST /customers": "customers:write",
    "POST /orders": "orders:write",
    "POST /inquiries": "events:write",
    "POST /touches": "events:write",
    "POST /feedback": "events:write",
    "POST /reasons": "events:write",
    "GET /campaigns": "campaigns:read",
    "GET /campaigns/{name}/runs": "campaigns:read",
    "POST /campaigns/{name}/start": "campaigns:run",
    "POST /campaigns/{name}/pause": "campaigns:run",
    "POST /campaigns/{name}/resume": "campaigns:run",
    "POST /campaigns/{name}/cancel": "campaigns:run",
    "POST /campaigns/{name}/plan": "campaigns:read",
    "GET /campaigns/{name}/plan": "campaigns:read",
    "GET /campaigns/{name}/report": "reports:read",
    "GET /cohorts": "campaigns:read",
    "GET /cohorts/{name}": "campaigns:read",
    "GET /customer": "customers:read",
    "GET /customer/facts": "customers:read",
    "GET /customer/explain": "customers:read",
    "GET /customer/export": "rights:write",
    "POST /customer/forget": "rights:write",
    "POST /suppressions": "suppressions:write",
    "GET /deliveries": "deliveries:read",
    "GET /webhooks": "webhooks:read",
    "POST /webhooks/again": "webhooks:write",
    "POST /shops/{name}": "signature",
}


@pytest.fixture
def engine(tmp_path, empty_file):
    engine = database.open_engine(f"sqlite:///{tmp_path / 'winback.db'}")
    yield engine
    engine.dispose()


def test_the_table_above_is_whole(shop):
    paths = app.described(shop.project, shop.engine, clock=clock.now)["paths"]
    found = {f"{method.upper()} {path.removeprefix(app.PREFIX)}": said["x-scope"] for path, each in paths.items() for method, said in each.items()}
    assert found == SCOPES


async def test_each_route_opens_to_its_scope_alone(shop):
    programs = {scope: shop.program(scope, name=scope.replace(":", "-")) for scope in Scope}
    for route, wanted in ((route, scope) for route, scope in SCOPES.items() if scope != "signature"):
        method, path = route.split()
        path = path.format(name="nobody")
        for number, (scope, program) in enumerate(programs.items()):
            own = Program(shop.app, program.token, address=f"203.0.{number}.{list(SCOPES).index(route)}")
            answer = await (own.get(path) if method == "GET" else own.post(path, json={}))
            if scope == wanted:
                assert answer.status_code in {200, 404, 422}, (route, answer.text)
            else:
                assert wanted in problem(answer, 403)["detail"], (route, scope)
                assert f'scope="{wanted}"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("token", ["", "wbk_", "wbk_" + "A" * 43, "é" * 20, "wbk_" + "A" * 5000, "A' OR 1=1 --"])
async def test_what_is_no_token_opens_nothing(shop, token):
    shop.program()
    answer = await Program(shop.app).get("/campaigns", headers={"Authorization": f"Bearer {token}".encode()})
    assert problem(answer, 401)["detail"].startswith("no token that is good")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_revoked_and_expired_tokens_open_nothing_from_that_moment_on(shop):
    first, second = shop.program(name="first"), shop.program(name="second", expires_at=NOW + timedelta(hours=1))
    assert [(await each.get("/campaigns")).status_code for each in (first, second)] == [200, 200]
    api_tokens.revoke(shop.engine, "first", by="olha", now=shop.now)
    shop.now = NOW + timedelta(hours=1)
    assert [(await each.get("/campaigns")).status_code for each in (first, second)] == [401, 401]


async def test_a_token_is_kept_as_its_hash_and_its_use_is_noted(shop):
    program = shop.program("campaigns:read")
    await program.get("/campaigns")
    with database.reading(shop.engine) as connection:
        row = connection.execute(select(t.api_tokens)).one()
        deeds = connection.execute(select(t.audit)).all()
    assert program.token not in str(row)
    assert row.used_at == NOW
    assert [(each.deed, each.who) for each in deeds] == [(audit.Deed.LET_IN, "olha")]
    assert program.token not in str(deeds)


@pytest.mark.parametrize(
    ("name", "scopes", "sentence"),
    [
        ("Shop 1", ["orders:write"], "can't name a program"),
        ("shop", ["orders:wirte"], "Did you mean orders:write|orders:write"),
        ("shop", [], "opens nothing"),
        ("taken", ["orders:write"], "there is a token `taken`, or was one"),
    ],
)
def test_a_token_that_cannot_be_meant_is_refused_with_a_sentence(shop, name, scopes, sentence):
    shop.program(name="taken")
    api_tokens.revoke(shop.engine, "taken", by="olha", now=NOW)
    with pytest.raises(ConfigError, match=sentence):
        api_tokens.new(shop.engine, name, scopes, by="olha", now=NOW)


async def test_a_token_that_asks_too_often_waits_and_others_do_not(shop):
    eager, other = shop.program("campaigns:read", name="eager"), shop.program("campaigns:read", name="other")
    shop.allowance._burst, shop.allowance._a_second = 3, 0.001
    answers = [await Program(shop.app, eager.token, address=f"203.0.113.{number}").get("/cohorts") for number in range(5)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429, 429]
    assert problem(answers[-1], 429)["detail"] == "the token asks too often."
    assert int(answers[-1].headers["retry-after"]) > 60
    assert (await other.get("/cohorts")).status_code == 200
