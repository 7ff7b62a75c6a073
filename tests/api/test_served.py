"""`winback serve --api` as it is run: programs are answered over HTTP beside the public pages, and no longer than those."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator

import httpx
import pytest

from tests import letterbox, projects
from tests.api.test_data import EMMA
from tests.tracking.test_serving import PATIENCE, serving
from winback import clock
from winback.api.app import PREFIX
from winback.operations import api_tokens
from winback.store.tables import customers


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "project")


@pytest.fixture
def shop(project, engine):
    return letterbox.Letterbox(engine, project.key)


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as trying:
        return trying.getsockname()[1]


@pytest.fixture
def program(engine, port) -> Iterator[httpx.Client]:
    """A program with a token for customers."""
    token = api_tokens.new(engine, "backend", ["customers:write", "customers:read"], by="olha", now=clock.now())
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx.HTTPTransport(retries=20)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}{PREFIX}", headers=headers, timeout=PATIENCE, transport=transport) as program:
        yield program


def test_a_program_is_answered_beside_the_public_pages(project, database_url, shop, program, port):
    with serving(project, database_url, "--api", str(port)) as (process, web):
        put = program.post("/customers", json={"rows": [EMMA]})
        assert (put.status_code, put.json().get("inserted")) == (200, 1), put.text
        found = program.get("/customer", params={"customer": "A1"})
        assert found.json()["customer"] == "A1", found.text
        refused = program.get("/deliveries")
        assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
        assert program.get("/customer", params={"customer": "A1"}, headers={"Authorization": "Bearer wbk_x"}).status_code == 401
        assert program.get("/openapi.json").json()["openapi"].startswith("3.")
        assert web.get(f"{PREFIX}/openapi.json").status_code == 404  # the public pages' port answers no programs
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.1", port)):
            pass
    assert {row.key for row in shop.rows(customers)} == {"A1"}


def test_too_much_and_what_is_no_json_is_refused_over_a_real_line_too(project, database_url, program, port):
    with serving(project, database_url, "--api", str(port)):
        assert program.get("/openapi.json").status_code == 200
        too_much = program.post("/customers", content=b" " * (2 * 2**20 + 1), headers={"Content-Type": "application/json"})
        assert too_much.status_code == 413
        assert program.post("/customers", content=b"id,email", headers={"Content-Type": "text/csv"}).status_code == 415
