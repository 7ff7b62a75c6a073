"""The public pages and the studio against their own OpenAPI, by schemathesis over HTTP: whatever is asked, the answer is one that they may give."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

from tests import letterbox, projects
from tests.operations.lost import START
from tests.security.test_links import PATHS, render_page
from winback.demo.serving import Serving, listen
from winback.store.tables import deliveries
from winback.studio.app import create_app as create_studio
from winback.tracking.app import create_app
from winback.tracking.tokens import Purpose, sign

_WITHOUT_END = 1_000_000_000.0


def pages_of(ring: Any) -> FastAPI:
    """The FastAPI application inside of whatever stands around it."""
    while not isinstance(ring, FastAPI):
        ring = getattr(ring, "_app", None) or next(cell.cell_contents for cell in ring.__closure__ if hasattr(cell.cell_contents, "_app"))
    return ring


def described(app: FastAPI) -> dict[str, Any]:
    """FastAPI names a route of two methods once, and says so."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Duplicate Operation ID")
        return app.openapi()


def limits_of(ring: Any) -> Any:
    while not hasattr(ring, "allowance"):
        ring = getattr(ring, "_app", None) or next(cell.cell_contents for cell in ring.__closure__ if hasattr(cell.cell_contents, "_app"))
    return ring


def with_tokens(schema: dict[str, Any], key: bytes, number: int) -> dict[str, Any]:
    """The schema, where a path's token is one of ours for one of a few numbers."""
    schema = deepcopy(schema)
    purposes = {path: Purpose(name) for name, path in PATHS.items()}
    for path, methods in schema["paths"].items():
        purpose = next((purposes[prefix] for prefix in purposes if path.startswith(prefix)), None)
        for parameter in (each for method in methods.values() for each in method.get("parameters", ()) if purpose and each["name"] == "token"):
            own = [sign(key, purpose, first, second) for first in (number, number + 1, 2**40) for second in (0, 1, 12)]
            parameter["schema"] = {"type": "string", "enum": own}
    return schema


def operations(schema: dict[str, Any]) -> Iterator[Any]:
    for found in schemathesis.openapi.from_dict(schema).get_all_operations():
        yield found.ok()


def ask(operation: Any, url: str, **headers: str) -> set[int]:
    """Try an operation with all that its schema allows and much that it doesn't; the statuses it was answered with."""
    statuses: set[int] = set()

    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def tried(case: Any) -> None:
        answer = case.call(base_url=url, headers=headers, allow_redirects=False, timeout=20)
        case.validate_response(answer, checks=[not_a_server_error])
        assert "Traceback" not in answer.text
        assert answer.headers["x-content-type-options"] == ["nosniff"]
        statuses.add(answer.status_code)

    tried()
    return statuses


@pytest.fixture
def letter(shop):
    return shop.written_to("olena", email="olena@mail.example")[1]


def test_the_public_pages(project, engine, shop, letter):
    app = create_app(project, engine, clock=lambda: letterbox.NOW, render_page=render_page)
    limits_of(app).allowance._burst = _WITHOUT_END
    schema = described(pages_of(app))
    assert {"/u/{token}", "/health"} <= set(schema["paths"])
    with Serving(app) as serving:
        strange = [ask(operation, serving.url) for operation in operations(schema)]
        own = {operation.path: ask(operation, serving.url) for operation in operations(with_tokens(schema, project.key, letter))}
    assert {200, 404} <= own["/u/{token}"]
    assert set().union(*strange, *own.values()) <= {200, 204, 302, 303, 400, 404, 405, 413, 422}
    assert len(shop.rows(deliveries)) == 1


def test_the_studio(tmp_path, engine):
    probe = listen()
    port = probe.getsockname()[1]
    probe.close()
    app = create_studio(projects.make(tmp_path / "shop"), engine, port=port, clock=lambda: START + timedelta(hours=1))
    with Serving(app) as serving:
        statuses = {
            (operation.method.upper(), operation.path): ask(operation, serving.url, Host=f"127.0.0.1:{port}")
            for operation in operations(described(pages_of(app)))
        }
    assert len(statuses) > 8
    assert {status for (method, _), found in statuses.items() if method == "POST" for status in found} <= {403, 404, 405}
    assert set().union(*statuses.values()) <= {200, 303, 307, 400, 403, 404, 405, 413, 422}
