"""Blocks of the documentation: what they hold, what is said of them, and the commands in them.

A comment right above a block says what can't be seen in it:
`<!-- settings -->` which file a YAML block is of; `<!-- campaign: stages -->` under which key; `<!-- sources: sources.customers.customers -->`
`<!-- read only: REASON -->` that its commands aren't run here: they are still held against the commands that there are.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.projects import ROOT

_BLOCK = re.compile(r"(?:<!-- (?P<said>[^\n]*?) -->\n+)?^(?P<indent> *)```(?P<language>[a-z{}]*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One block, as it stands."""

    page: str
    line: int
    language: str
    text: str
    said: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_only_read(self) -> bool:
        return self.said.startswith("read only: ")

    def commands(self) -> Iterator[list[str]]:
        """Words of each line that is a command; in a console's block those after `$ `."""
        lines = self.text.splitlines()
        typed = [line[2:] for line in lines if line.startswith("$ ")] if self.language == "console" else lines
        for line in typed:
            for part in line.split(" && "):
                words = shlex.split(part, comments=True)
                if words:
                    yield words


def pages() -> list[Path]:
    """Every page that people wrote; decisions tell of days gone by."""
    written = [path for path in sorted((ROOT / "docs").rglob("*.md")) if not {"decisions", "reference"} & set(path.relative_to(ROOT).parts)]
    return [ROOT / "README.md", *written]


def of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page.relative_to(ROOT).as_posix(),
            text[: found.start("language")].count("\n") + 1,
            found["language"],
            found["text"],
            found["said"] or "",
        )
        for found in _BLOCK.finditer(text)
    ]
