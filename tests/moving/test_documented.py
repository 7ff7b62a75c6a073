"""docs/moving.md: every command in it is run as it stands, and every word of listmonk's and Mautic's that the queries know is told."""

from __future__ import annotations

import pytest

from tests import projects
from tests.commands.conftest import shop  # noqa: F401  the fixture
from tests.commands.terminal import table, winback
from tests.documentation import blocks
from tests.moving.test_moving import EXPORTS, listmonk  # noqa: F401  the fixture
from winback.audience.former import TOOLS

PAGE = (projects.ROOT / "docs/moving.md").read_text(encoding="utf-8")
TYPED = [block for block in blocks.of(projects.ROOT / "docs/moving.md") if block.language == "sh"]


def test_every_command_runs(shop, listmonk, capsys, monkeypatch):  # noqa: F811  fixtures
    monkeypatch.setenv("OLD_DATABASE", listmonk)
    for name, tool in (("subscribers.csv", "listmonk"), ("contacts.csv", "mautic"), ("members.csv", "csv")):
        (shop / name).write_text(EXPORTS[tool][0], encoding="utf-8")
    assert set(blocks.scene("former-tool")) < set(TYPED)
    for program, *arguments in (words for block in TYPED for words in block.commands()):
        assert program == "winback"
        code, out, err = winback(capsys, *arguments)
        assert code == 0, (arguments, out, err)
        if "--dry-run" in arguments:
            assert "Nothing is changed." in out
            assert table(shop, "suppressions") == 0
    assert table(shop, "touches") == 8
    assert (shop / "everything/manifest.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import", "--from", "listmonk"], "--from listmonk needs what to read."),
        (["import", "a.csv"], "`a.csv` is for --from only."),
        (["import", "--dry-run"], "--dry-run is for --from only."),
        (["import", "--from", "csv", "a.csv", "--source", "orders"], "--from and --source don't go together."),
    ],
)
def test_what_is_half_said_is_refused(shop, capsys, arguments, said):  # noqa: F811  the fixture
    code, _, err = winback(capsys, *arguments)
    assert code == 1
    assert said in err


def test_every_tool_and_word_is_told():
    for tool in TOOLS:
        assert f"--from {tool} " in PAGE
    for word in ("blocklisted", "disabled", "unsubscribed", "confirmed", "unconfirmed", "hard", "soft", "complaint"):
        assert f"`{word}`" in PAGE
