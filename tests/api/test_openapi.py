"""The API against its own OpenAPI, by schemathesis over HTTP: whatever a program with every scope asks, it gets an answer and never a fault."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

from tests.api.asking import Shop
from tests.security.test_openapi import described, limits_of, operations, pages_of
from tests.store import world
from winback.demo.serving import Serving
from winback.store import database

_WITHOUT_END = 1_000_000_000.0
EXAMPLES = 10
KNOWN = {"name": ["winter-tea", "dear-and-silent", "tea"], "customer": ["A1"]}
"""Of what is there, so that not everything is answered by 404."""


def ask(operation: Any, url: str, token: str) -> set[int]:
    """Try an operation with all that its schema allows and much that it doesn't; the statuses it was answered with."""
    statuses: set[int] = set()

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def tried(case: schemathesis.Case) -> None:
        answer = case.call(base_url=url, headers={"Authorization": f"Bearer {token}"}, allow_redirects=False, timeout=60)
        case.validate_response(answer, checks=[not_a_server_error])
        assert "Traceback" not in answer.text
        assert answer.headers["x-content-type-options"] == ["nosniff"]
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"]
        statuses.add(answer.status_code)

    tried()
    return statuses


def test_every_route_answers_whatever_it_is_asked(shop: Shop):
    with database.writing(shop.engine) as connection:
        world.customer(connection, "A1")
    (shop.project.root / "config" / "webhooks.yaml").write_text("shops: {tea: {kind: woocommerce}}\n")
    limits_of(shop.app).allowance._burst = shop.allowance._burst = _WITHOUT_END
    program = shop.program()
    schema = described(pages_of(shop.app))
    for path in schema["paths"].values():
        for method in path.values():
            for parameter in method.get("parameters", ()):
                if parameter["name"] in KNOWN:
                    parameter["schema"] = {"anyOf": [{"type": "string", "enum": KNOWN[parameter["name"]]}, parameter["schema"]]}
                if parameter["name"] == "customer" and parameter["required"]:
                    parameter["schema"] = {"type": "string", "enum": ["A1", "nobody"]}
    with Serving(shop.app) as serving:
        found = {f"{each.method} {each.path}": ask(each, serving.url, program.token) for each in operations(schema)}
    assert set().union(*found.values()) <= {200, 202, 400, 401, 404, 405, 409, 413, 415, 422}
    assert 200 in found["get /api/v1/customer"]
    assert 422 in found["post /api/v1/orders"]
