"""Blocks of the documentation: what they hold, what is said of them, and the commands in them.

A comment right above a block says what can't be seen in it:
`<!-- settings -->` which file a YAML block is of; `<!-- campaign: stages -->` under which key; `<!-- sources: sources.customers.customers -->`
`<!-- runs in: SCENE -->` that its commands are typed where what they name is there: see SCENES. Without it they are typed in a project of the made-up shop.
`<!-- read only: REASON -->` that its commands aren't run: they are still held against the commands that there are.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.projects import ROOT

_BLOCK = re.compile(r"(?:<!-- (?P<said>[^\n]*?) -->\n+)?^(?P<indent> *)```(?P<language>[a-z{}]*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)

SCENES = {
    "answering": "tests/documentation/test_scenes.py",  # threads 12 and 13, of which one's answer 31 is in doubt
    "backup": "tests/documentation/test_scenes.py",  # FILE is a new file; the database is moved away before it is restored
    "calls": "tests/documentation/test_scenes.py",  # calls 17, 18 and 19 are to be made
    "changed": "tests/documentation/test_scenes.py",  # winter-tea goes on since 24 November, and its files were changed
    "lanes": "tests/documentation/test_scenes.py",  # the way to Gmail stands
    "mails": "tests/documentation/test_scenes.py",  # an experiment of three arms lies in mails.csv
    "people": "tests/documentation/test_scenes.py",  # nobody has an account yet
    "real-orders": "tests/documentation/test_scenes.py",  # the CDNOW data is there, or the test is skipped
    "rights": "tests/documentation/test_scenes.py",  # CUSTOMER has been written to
    "trying-out": "tests/documentation/test_scenes.py",  # A17 and B4 are customers
    "programs": "tests/documentation/test_serving.py",  # a server stays, at a free port instead of the page's
    "demo": "tests/demo/test_story.py",  # beside out/demo, as the whole story left it
    "former-tool": "tests/moving/test_documented.py",  # beside exports, and a database with listmonk's tables
    "deployed": "tests/flows/test_deployed.py",  # a Prefect server of its own at a free port, and 40 lost customers
    "many-machines": "tests/flows/test_many_machines.py",  # the same, with the hands' pool
}
"""Where the commands of a block are typed, and by which tests."""


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

    @property
    def scene(self) -> str:
        """Where it is typed; empty: in a project of the made-up shop, or nowhere."""
        return self.said.removeprefix("runs in: ") if self.said.startswith("runs in: ") else ""

    def typed(self) -> list[tuple[str, list[str]]]:
        """Each line that somebody types, without its comment, and in a console's block what the page says that it prints."""
        if self.language != "console":
            return [(line, []) for each in self.text.splitlines() if (line := re.sub(r"(^|\s+)#.*$", "", each))]
        answered: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                answered.append((line[2:], []))
            else:
                answered[-1][1].append(line)
        return answered

    def commands(self) -> Iterator[list[str]]:
        """Words of each line that is a command; in a console's block those after `$ `."""
        for line, _ in self.typed():
            for part in line.split(" && "):
                words = shlex.split(part, comments=True)
                if words:
                    yield words


def pages() -> list[Path]:
    """Every page that people wrote; decisions tell of days gone by."""
    written = [path for path in sorted((ROOT / "docs").rglob("*.md")) if not {"decisions", "reference"} & set(path.relative_to(ROOT).parts)]
    return [ROOT / "README.md", ROOT / "examples/cdnow/README.md", *written]


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


def scene(name: str) -> list[Block]:
    """The blocks that say they run there, in the order of the pages."""
    return [block for page in pages() for block in of(page) if block.scene == name]
