"""python -m benchmarks.written FIGURES.json DOCUMENT.md: the figures of an area, as a table between its marks in a document.

A document marks the place by `<!-- figures: AREA -->` and `<!-- end of figures -->`; what stands between them is written anew. Figures whose
name ends in `, N customers` become columns, and those that end in `, exponent of growth` the last one.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_MARKED = re.compile(r"(?P<begin><!-- figures: (?P<area>[a-z]+) -->\n).*?(?P<end><!-- end of figures -->)", re.DOTALL)
_OF_SIZE = re.compile(r"(?P<what>.+), (?P<size>[\d,]+) customers")
_GROWTH = ", exponent of growth"


class Unmarked(Exception):
    """A document has no place for figures, or there are none for its place; says which."""


def table(figures: Sequence[Mapping[str, Any]]) -> str:
    """Markdown: a row for each part, a column for each size, then how it grows. What belongs to no size stands in a line above."""
    sizes: dict[int, None] = {}
    rows: dict[str, dict[int | str, str]] = {}
    alone = []
    for figure in figures:
        found = _OF_SIZE.fullmatch(figure["name"])
        if found:
            size = int(found["size"].replace(",", ""))
            sizes[size] = None
            rows.setdefault(found["what"], {})[size] = f"{_number(figure['figure'])} {figure['unit']}".strip()
        elif figure["name"].endswith(_GROWTH):
            rows.setdefault(figure["name"].removesuffix(_GROWTH), {})["growth"] = f"{figure['figure']:.2f}"
        else:
            alone.append(f"{figure['name']}: {_number(figure['figure'])} {figure['unit']}".strip())
    heads = ["what", *(f"{size:,} customers" for size in sorted(sizes)), "exponent"]
    lines = [heads, ["---", *("---:" for _ in heads[1:])]]
    lines += [[what, *(cells.get(size, "") for size in sorted(sizes)), cells.get("growth", "")] for what, cells in rows.items()]
    told = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return f"{'; '.join(alone)}.\n\n{told}\n" if alone else f"{told}\n"


def _number(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def write(document: str, figures: Sequence[Mapping[str, Any]]) -> str:
    """The document with every marked place filled. Raises Unmarked."""
    if not _MARKED.search(document):
        raise Unmarked("there is no place for figures. Write `<!-- figures: AREA -->` and, below it, `<!-- end of figures -->`.")

    def filled(found: re.Match[str]) -> str:
        own = [figure for figure in figures if figure["area"] == found["area"]]
        if not own:
            raise Unmarked(f"the place of {found['area']} has no figures. Measure them: make bench ONLY={found['area']} JSON=FILE.")
        return f"{found['begin']}\n{table(own)}\n{found['end']}"

    return _MARKED.sub(filled, document)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when the document was written; 1 with a sentence when it has no place, or the file no figures for it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.written", description="Write measured figures into a document.")
    parser.add_argument("figures", metavar="FIGURES.json", type=Path)
    parser.add_argument("document", metavar="DOCUMENT.md", type=Path)
    said = parser.parse_args(arguments)
    try:
        written = write(said.document.read_text(encoding="utf-8"), json.loads(said.figures.read_text(encoding="utf-8")))
    except (Unmarked, OSError, json.JSONDecodeError) as error:
        print(f"{said.document}: {error}", file=sys.stderr)
        return 1
    said.document.write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
