"""Commands of pages, typed as they stand there: in this process, in a folder, by whoever sits at it."""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from tests.documentation.blocks import Block
from winback import cli


class Seat(io.StringIO):
    """Somebody at a terminal, who answers with these lines."""

    def isatty(self) -> bool:
        return True


class Terminal:
    """Types blocks; what `words` says for a word in capitals is typed in its stead."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: Mapping[str, str] | None = None) -> None:
        self._monkeypatch, self._capsys, self.words = monkeypatch, capsys, dict(words or {})

    def type(self, blocks: Iterable[Block], *, before: Callable[[str], None] = lambda _: None, compare: bool = False) -> str:
        """Every line of these blocks; gives all that was printed. `before` hears of each line first, `compare` holds what a page says it prints."""
        printed = []
        for block in blocks:
            for line, expected in block.typed():
                before(line)
                parts = [shlex.split(part, comments=True) for part in line.split(" && ")]
                printed.extend(self.do([self.words.get(word, word) for word in words], f"{block}: {line}") for words in parts if words)
                if compare and expected:
                    assert shows(expected, printed[-1]), f"{block}: `{line}` prints\n{printed[-1]}"
        return "".join(printed)

    def do(self, words: list[str], where: str = "") -> str:
        """One command; gives what it printed."""
        if words[0] == "cd":
            self._monkeypatch.chdir(words[1])
            return ""
        if words[:2] == ["cp", "-r"]:
            shutil.copytree(words[2], Path(words[3]) / Path(words[2]).name)
            return ""
        if words[0] == "python3":
            return subprocess.run([sys.executable, *words[1:]], check=True, capture_output=True, text=True).stdout
        if words[0] != "winback":
            pytest.fail(
                f"{where}: nobody here can do it. Say above the block where it can be done: <!-- runs in: SCENE -->, see tests/documentation/blocks.py"
            )
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main(words[1:])
        said = self._capsys.readouterr()
        assert not left.value.code, f"{where}: {said.out[-500:]}{said.err}"
        return said.out


def shows(expected: list[str], printed: str) -> bool:
    """Whether what was printed is what the page shows; `...` stands for any lines, and blanks at the ends of lines don't count."""
    lines = [line.rstrip() for line in expected if line.strip()]
    pattern = "".join(r"(?:[^\n]*\n)*?" if line == "..." else re.escape(line) + "\n" for line in lines)
    found = "".join(f"{line.rstrip()}\n" for line in printed.splitlines() if line.strip())
    return re.fullmatch(pattern, found) is not None
