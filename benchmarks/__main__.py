"""python -m benchmarks [--only AREA] [--json FILE] [--customers N] [--keep DIR]"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.figure import Figure, Unavailable

AREAS = ("import", "audience", "letters", "journey", "sending", "tracking", "messenger", "outcomes", "studio", "operations", "scaling")


def main() -> int:
    """Measure and print; 0 when every bar is reached, 1 when one isn't, or an area can't be measured, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure what the project promises to be quick at.")
    parser.add_argument("--only", metavar="AREA", choices=AREAS, help=f"one of {', '.join(AREAS)}")
    parser.add_argument("--json", metavar="FILE", type=Path, help="also write the figures as JSON")
    parser.add_argument(
        "--customers",
        metavar="N",
        type=int,
        default=1_000_000,
        help="of the made-up shop in audience and studio, of the run in outcomes and scaling (1,000,000)",
    )
    parser.add_argument("--keep", metavar="DIR", type=Path, help="let that shop's databases stay here (3.5 GB), to be measured again")
    arguments = parser.parse_args()
    present = [area for area in AREAS if importlib.util.find_spec(f"benchmarks.{area}")]
    if arguments.only and arguments.only not in present:
        print(f"There is nothing to measure in the area {arguments.only} yet. Areas: {', '.join(present)}.", file=sys.stderr)
        return 1
    of_shop = {"customers": arguments.customers, "keep": arguments.keep}
    of_run = {"customers": arguments.customers}
    options = {"audience": of_shop, "studio": of_shop, "outcomes": of_run, "scaling": of_run}
    figures, unavailable = _measure([arguments.only] if arguments.only else present, options)
    _print(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps([figure.as_json() for figure in figures], indent=2) + "\n", encoding="utf-8")
    for sentence in unavailable:
        print(sentence, file=sys.stderr)
    return 1 if unavailable or not all(figure.is_ok for figure in figures) else 0


def _measure(areas: list[str], options: dict[str, dict[str, Any]]) -> tuple[list[Figure], list[str]]:
    figures: list[Figure] = []
    unavailable: list[str] = []
    for area in areas:
        try:
            figures += importlib.import_module(f"benchmarks.{area}").figures(**options.get(area, {}))
        except Unavailable as reason:
            unavailable.append(f"{area}: {reason}")
    return figures, unavailable


def _print(figures: list[Figure]) -> None:
    table = Table(title="Benchmarks", title_justify="left", header_style="bold", box=None, pad_edge=False)
    for heading in ("area", "what"):
        table.add_column(heading)
    for heading in ("median", "reference", "ratio", "at most", "", "rounds", "spread"):
        table.add_column(heading, justify="right")
    for figure in figures:
        table.add_row(
            figure.area,
            figure.name,
            f"{figure.figure:.3f} {figure.unit}",
            "" if figure.reference is None else f"{figure.reference:.3f} {figure.unit}",
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            "" if figure.bar is None else f"{figure.bar:g}",
            "" if figure.bar is None else "[green]ok[/]" if figure.is_ok else "[red]missed[/]",
            str(figure.n),
            f"{figure.spread:.0%}",
        )
    console = Console()
    console.width = max(console.width, 120)  # in a log a wide line is better than a broken one
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
