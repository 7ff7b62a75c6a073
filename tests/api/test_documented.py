"""docs/api.md: its table of routes is whole, and each of its examples is answered."""

from __future__ import annotations

import json
import re
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from tests.api.test_tokens import SCOPES
from tests.operations import lost
from tests.projects import ROOT
from winback import strictyaml
from winback.channels import webhook
from winback.operations import webhooks
from winback.operations.webhook_file import Happening, Webhooks
from winback.store import database

TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture
def engine(tmp_path, empty_file):
    engine = database.open_engine(f"sqlite:///{tmp_path / 'winback.db'}")
    yield engine
    engine.dispose()


def test_every_route_stands_in_the_table_with_its_scope():
    assert {f"{method} {path}": scope for method, path, scope in re.findall(r"^\| (\w+) \| (\S+) \| (\S+) \|$", TEXT, re.MULTILINE)} == SCOPES


async def test_every_example_is_answered(shop):
    shop.now = lost.START
    program = shop.program()
    examples = re.findall(r"```text\n(\w+) (\S+)\n(.*?)```", TEXT, re.DOTALL)
    assert len(examples) == 8
    for method, path, body in examples:
        headers = {"content-type": "application/json"} if body else {}
        answer = await (program.get(path) if method == "GET" else program.post(path, content=body.encode(), headers=headers))
        assert answer.status_code in {200, 202}, (path, answer.text)
        assert not answer.json().get("rejects"), answer.text


def test_every_yaml_block_is_read():
    blocks = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        strictyaml.parse(block, Webhooks, shown="docs/api.md")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_a_body_of_each_event_is_shown_as_it_is_told():
    bodies = [json.loads(line) for line in blocks("json")[0].splitlines()]
    assert {each["type"] for each in bodies} == set(Happening)
    for each in bodies:
        data = each["data"]
        row = {"kind": each["type"], "happened_at": datetime.fromisoformat(each["timestamp"]), "delivery_id": data["delivery"]}
        assert webhooks.told(SimpleNamespace(**{"arm": None, **data, **row})) == each


def test_the_message_that_is_shown_can_be_checked_as_the_page_says():
    head, body = blocks("http")[0].rstrip("\n").split("\n\n")
    headers = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    (secret,) = re.findall(r"was signed with `(whsec_\S+)`", TEXT)
    stamp = int(headers["webhook-timestamp"])
    assert headers["webhook-signature"] == webhook.sign([secret], headers["webhook-id"], stamp, body.encode())
    page: dict[str, Any] = {}
    exec(blocks("python")[0], page)
    assert page["is_theirs"](secret, headers, body.encode())
    assert page["is_theirs"](secret, headers | {"webhook-signature": f"v1,x {headers['webhook-signature']}"}, body.encode())
    assert not page["is_theirs"](secret, headers, body.encode() + b" ")
    assert not page["is_theirs"](secret, headers | {"webhook-timestamp": str(stamp + 1)}, body.encode())
