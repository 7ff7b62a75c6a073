"""docs/api.md: its table of routes is whole, and each of its examples is answered."""

from __future__ import annotations

import re

import pytest

from tests.api.test_tokens import SCOPES
from tests.operations import lost
from tests.projects import ROOT
from winback import strictyaml
from winback.operations.webhook_file import Webhooks
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
