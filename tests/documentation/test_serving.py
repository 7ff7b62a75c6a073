"""docs/api.md's block: a program's token, the description, and a server that answers it."""

from __future__ import annotations

import json
import re

from tests.documentation import blocks
from tests.documentation.standing import standing


def test_a_program_is_answered_by_the_lines_of_the_page(place, monkeypatch, terminal):
    folder = place / "project"
    monkeypatch.chdir(folder)
    (block,) = blocks.scene("programs")
    *lines, serves = [line for line, _ in block.typed()]
    token, described = (terminal.do(line.split()) for line in lines)
    secret = re.search(r"wbk_\S+", token)[0]
    with standing(serves, folder) as web:
        assert web.get("/api/v1/openapi.json").json()["paths"].keys() == json.loads(described)["paths"].keys()
        assert web.get("/healthz").json() == {"status": "alive"}
        assert web.get("/readyz").json()["status"] == "ready"
        row = {"rows": [{"id": "K-1", "email": "emma@post.example"}]}
        assert web.post("/api/v1/customers", json=row).status_code == 401
        put = web.post("/api/v1/customers", json=row, headers={"Authorization": f"Bearer {secret}"})
        assert (put.status_code, put.json()["inserted"]) == (200, 1), put.text
