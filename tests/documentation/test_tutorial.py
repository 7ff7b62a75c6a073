"""The tutorial prints what it says, of all the 6,000 customers whom the demo leaves; up to where a person is asked."""

from __future__ import annotations

from tests.documentation import blocks
from tests.documentation.conftest import BEFORE, DAY, SECRET
from tests.projects import ROOT
from winback import clock
from winback.demo import shop, story


def test_what_is_printed_is_what_the_page_shows(tmp_path, monkeypatch, terminal):
    """What comes after is typed for fewer people: see test_blocks.py. That the Ukrainian page shows the same is held in test_site.py."""
    typed = [block for block in blocks.of(ROOT / "docs/tutorial.md") if block.language in {"sh", "console"} and not block.said]
    asked = next(number for number, block in enumerate(typed) if block.text.startswith("winback approve"))
    shop.draw(tmp_path / BEFORE, opens_at=story.OPENS_AT, seed=7).open()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clock, "now", lambda: DAY)
    monkeypatch.setenv("WINBACK_SECRET", SECRET)
    monkeypatch.setenv("COLUMNS", "160")
    terminal.type(typed[:asked], compare=True)
