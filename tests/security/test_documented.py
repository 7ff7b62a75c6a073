"""docs/security.md names a test for each threat: they are there."""

from __future__ import annotations

import re

import pytest

from tests.projects import ROOT

TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED: list[tuple[str, str]] = []
for cell in re.findall(r"`((?:[a-z_]+/[a-z_]+\.py)?(?:::test_\w+)?)`", TEXT):
    file, _, name = cell.partition("::")
    if file or name:
        NAMED.append((file or NAMED[-1][0], name))


def test_every_threat_has_its_test():
    rows = [line for line in TEXT.splitlines() if line.startswith("|")][2:]
    assert len(rows) > 15
    assert [row for row in rows if "`" not in row.rstrip(" |").rpartition("|")[2] and "delivery-automaton" not in row] == []


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_is_named_is_there(file, name):
    text = (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert f"def {name}(" in text if name else "def test_" in text
