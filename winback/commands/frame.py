"""What every command shares: the project it works on, --json, days on the command line, tables, progress."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import uuid
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

import typer

from winback import clock
from winback.errors import ConfigError, Problem

if TYPE_CHECKING:  # both are slow to import, and `winback --help` needs neither
    from sqlalchemy import Engine

    from winback.operations.plan_tree import Node
    from winback.settings import Project

T = TypeVar("T")

Folder: TypeAlias = Annotated[Path | None, typer.Option("--project", metavar="DIR", help="The project folder.", show_default="this folder")]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of tables.")]
AsOfDay: TypeAlias = Annotated[str | None, typer.Option("--as-of", metavar="DAY", help="As things stood at the end of this day, as 2026-03-09.")]


def open_project(context: typer.Context, folder: Path | None) -> Project:
    """The project that --project names, before or after the command's name, else the current folder."""
    from winback import logs, settings

    project = settings.open_project(folder or context.obj or Path())
    logs.configure(project.environment)
    return project


def open_store(project: Project) -> Engine:
    from winback.store import database

    return database.open_engine(project.database_url)


def moment(project: Project, day: str | None) -> datetime:
    """The end of a day in the shop's zone, or now."""
    return clock.now() if day is None else clock.end_of_day(parse_day(day), project.zone)


def at(project: Project, moment: datetime | None, otherwise: str = "") -> str:
    """A moment as tables show it: to the minute, by the shop's clock."""
    return otherwise if moment is None else f"{moment.astimezone(project.zone):%Y-%m-%d %H:%M}"


def parse_day(text: str) -> date:
    """A day from the command line. Raises ConfigError."""
    try:
        day = date.fromisoformat(text)
        clock.end_of_day(day, ZoneInfo("UTC"))  # the calendar's last day has no end
    except (ValueError, OverflowError) as error:
        raise ConfigError(Problem("", None, f"`{text}` is not a day.", "Write it as 2026-03-09.")) from error
    return day


def worker_name() -> str:
    """A fencing token that no other worker has."""
    return uuid.uuid4().hex


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, numbers: int = 1) -> None:
    """A table whose last `numbers` columns are right-aligned."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(header_style="dim", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index >= len(columns) - numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console.print(title, style="bold", highlight=False)
    if rows:
        console.print(table, highlight=False)
    else:
        console.print("none", style="dim")
    console.print()


def print_tree(node: Node) -> None:
    """A tree whose branches end with their counts."""
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    def grow(into: Tree, parts: Sequence[Node]) -> Tree:
        for part in parts:
            grow(into.add(Text(f"{part.says}: {part.count:,}")), part.parts)
        return into

    console = Console()
    console.print(grow(Tree(Text(f"{node.says}: {node.count:,}", style="bold")), node.parts), highlight=False)
    console.print()


def print_counts(title: str, counts: Mapping[str, int], what: str = "customers") -> None:
    print_table(title, ("", what), [(word, f"{count:,}") for word, count in counts.items()])


def tell_of_development(project: Project, held_back: int) -> None:
    """Say after sending that this is no production, and how much was held back."""
    from winback.sending import allowing

    if sentence := allowing.told(project, held_back):
        typer.echo(sentence)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, or until Ctrl-C or SIGTERM: then say what that means for letters."""
    gc.freeze()  # templates and libraries stay to the end: looking through them again and again costs some hundredths of sending
    try:
        return asyncio.run(_until_told(work))
    except (KeyboardInterrupt, asyncio.CancelledError) as stopped:
        typer.echo("Stopped. What a server may have taken without answering is kept as uncertain; the rest goes out with the next run.", err=True)
        raise typer.Exit(130 if isinstance(stopped, KeyboardInterrupt) else 143) from None


async def _until_told(work: Coroutine[Any, Any, T]) -> T:
    """SIGTERM, by which services are stopped, ends it as Ctrl-C does: in order."""
    working = asyncio.current_task()
    assert working is not None
    with suppress(NotImplementedError):  # Windows knows no such signal
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
    return await work


@contextmanager
def progress(wanted: bool = True) -> Iterator[Callable[[str, int], None]]:
    """A function (step, how many more) that moves a bar on the terminal; silent when the output isn't one."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    console = Console(stderr=True)
    if not wanted or not console.is_terminal:
        yield lambda _step, _count: None
        return
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def step(name: str, count: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=None)
            bars.advance(tasks[name], count)

        yield step
