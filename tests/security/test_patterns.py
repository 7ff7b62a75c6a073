"""No pattern of ours takes time with a power of its text: by looking into every pattern, and by trying each on long texts."""

from __future__ import annotations

import importlib
import pkgutil
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from re import _constants as words  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

import winback

_REPEATS = {words.MAX_REPEAT, words.MIN_REPEAT}
_MANY = 40  # a repeat bounded below this is as good as none


def patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Every compiled pattern that a module of the package holds, by its place."""
    for module in sorted(each.name for each in pkgutil.walk_packages(winback.__path__, "winback.") if ".migrations" not in each.name):
        for name, value in vars(importlib.import_module(module)).items():
            found = value if isinstance(value, tuple | list) else value.values() if isinstance(value, dict) else (value,)
            yield from ((f"{module}.{name}", each) for each in found if isinstance(each, re.Pattern))


PATTERNS = dict(patterns())


def nested(tree: Any, *, inside: bool = False) -> bool:
    """Whether an unbounded repeat stands in an unbounded repeat without anything fixed around it: (a+)+, (a*b*)*, (a|b+)*."""
    for kind, content in tree:
        if kind in _REPEATS:
            _low, high, inner = content
            many = high is words.MAXREPEAT or high > _MANY
            if many and inside:
                return True
            if nested(inner, inside=many and not _has_an_edge(inner)):
                return True
        elif kind is words.SUBPATTERN:
            if nested(content[3], inside=inside):
                return True
        elif kind is words.BRANCH and any(nested(each, inside=inside) for each in content[1]):
            return True
    return False


def _has_an_edge(tree: Any) -> bool:
    """Whether each round of a repeat begins or ends with a sign that nothing else in it takes: then there is one way only to part the text."""
    items = list(tree)
    while len(items) == 1 and items[0][0] is words.SUBPATTERN:
        items = list(items[0][1][3])
    ends = ((items[0], items[1:]), (items[-1], items[:-1])) if items else ()
    return any(
        end[0] in {words.LITERAL, words.IN} and not any(_takes(end, sign) and _takes(each, sign) for sign in _SIGNS for each in rest)
        for end, rest in ends
    )


_SIGNS = "".join(map(chr, range(0x530))) + "\u02bb\u02bc\u2019\u2028"


def _takes(item: Any, sign: str) -> bool:
    """Whether a sign can stand somewhere in a piece of a pattern; in doubt it can."""
    kind, content = item
    match kind:
        case words.LITERAL:
            return ord(sign) == content
        case words.IN:
            return any(_takes(each, sign) for each in content if each[0] is not words.NEGATE) != (content[0][0] is words.NEGATE)
        case words.RANGE:
            return bool(content[0] <= ord(sign) <= content[1])
        case words.CATEGORY:
            kinds = {words.CATEGORY_DIGIT: r"\d", words.CATEGORY_SPACE: r"\s", words.CATEGORY_WORD: r"\w"}
            return content not in kinds or re.match(kinds[content], sign) is not None
        case words.MAX_REPEAT | words.MIN_REPEAT:
            return any(_takes(each, sign) for each in content[2])
        case words.SUBPATTERN:
            return any(_takes(each, sign) for each in content[3])
    return True


def test_there_are_patterns_and_the_looking_sees_what_is_dangerous():
    assert len(PATTERNS) > 50
    for dangerous in ("(a+)+$", "(a*)*b", "(?:a|b+)*c", r"(\w+\s?)*$", "((ab)*)*"):
        assert nested(parser.parse(dangerous)), dangerous
    for harmless in ("a+b+", "(a|b)*", r"(\.[a-z]+)+", "[a-z]{1,30}(x{1,3})*", "(ab+)?"):
        assert not nested(parser.parse(harmless)), harmless


@pytest.mark.parametrize("place", PATTERNS)
def test_no_repeat_stands_in_a_repeat(place):
    pattern = PATTERNS[place]
    assert not nested(parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)), pattern.pattern


_LONG = """
import re, sys
sys.path.insert(0, {root!r})
from tests.security.test_patterns import PATTERNS
pieces = ["a", "1", " ", "\\n", ".", "-", "@", "<", "a.", "a@", "1,", "%", "<a ", "--", "= ", "x=", "{{", "{{a", "\\t ", "\\u0430", "a b "]
for place, pattern in PATTERNS.items():
    for piece in pieces:
        for text in (piece * (2_000 // len(piece)), piece * (2_000 // len(piece)) + "\\x01"):
            told = text if isinstance(pattern.pattern, str) else text.encode()
            print(place, repr(piece), flush=True)
            pattern.search(told), pattern.fullmatch(told)
from tests.security.test_parsers import CELLS
for place, read in CELLS.items():
    for piece in (*pieces, "٣", "=?", "&", "From: a\\n", "> ", "+"):
        print(place, repr(piece), flush=True)
        read(piece * (50_000 // len(piece)))
print("done")
"""


def test_no_pattern_and_no_reader_is_kept_busy_by_a_long_text():
    """Each on two thousand signs of many kinds; one whose time doubles with each sign would never end, and is ended by the system.
    The readers of cells and headers get fifty thousand: there what takes time with the square of a text would end the same way."""
    from tests.projects import ROOT

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))

    done = subprocess.run(
        [sys.executable, "-c", _LONG.format(root=str(ROOT))], capture_output=True, text=True, check=False, cwd=ROOT, preexec_fn=bounded
    )
    assert done.stdout.splitlines()[-1] == "done", done.stdout.splitlines()[-1] + done.stderr[-500:]
