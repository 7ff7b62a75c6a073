"""Every command of the documentation is run or held against the commands that there are, every YAML block against its file's schema."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer.main

from tests.documentation import blocks
from tests.documentation.blocks import Block
from winback import cli, clock, strictyaml
from winback.demo import shop
from winback.operations import founding, importing, schemas
from winback.store import database

DAY = datetime(2026, 11, 27, 10, 15, tzinfo=UTC)
"""The day on which the pages were written: the shop of the demo opens on 24 November 2026."""

ONLY_READ = 26
"""Blocks whose commands aren't run here, at most. Each says why."""

BLOCKS = [block for page in blocks.pages() for block in blocks.of(page)]
TYPED = [block for block in BLOCKS if block.language in {"sh", "console"}]
RUN = sorted({block.page for block in TYPED if not block.is_only_read})


@pytest.fixture(scope="module")
def made_up(tmp_path_factory) -> Path:
    """What `make demo` leaves of the made-up shop's files, of one customer in forty, and a project that has imported them."""
    folder = tmp_path_factory.mktemp("documentation")
    drawn = shop.draw(folder / "out/demo/data", opens_at=datetime(2026, 11, 24, 10, 30, tzinfo=UTC), seed=7)
    drawn.shoppers = dict(list(drawn.shoppers.items())[::40])
    drawn.past = [(moment, key, amount) for moment, key, amount in drawn.past if key in drawn.shoppers]
    drawn.open()
    founded = founding.init(folder / "project")
    shutil.copytree(folder / "out/demo/data", founded.root / "data")
    engine = database.open_engine(founded.database_url)
    importing.run(founded, engine, now=DAY)
    engine.dispose()
    return folder


@pytest.fixture
def place(made_up, tmp_path, monkeypatch) -> Path:
    """A folder in which a page's commands are typed: a project of theirs, with the demo's files beside."""
    shutil.copytree(made_up, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(clock, "now", lambda: DAY)
    monkeypatch.setenv("WINBACK_SECRET", "k" * 32)
    return tmp_path


@pytest.mark.parametrize("page", RUN)
def test_the_commands_of_a_page_do_what_it_says(page, place, monkeypatch, capsys):
    begins_itself = any(words[:2] == ["winback", "init"] for block in TYPED if block.page == page for words in block.commands())
    monkeypatch.chdir(place if begins_itself else place / "project")
    for block in TYPED:
        if block.page == page and not block.is_only_read:
            for words in block.commands():
                _do(words, block, monkeypatch, capsys)


def _do(words: list[str], block: Block, monkeypatch, capsys) -> None:
    if words[0] == "cd":
        monkeypatch.chdir(words[1])
    elif words[:2] == ["cp", "-r"]:
        shutil.copytree(words[2], Path(words[3]) / Path(words[2]).name)
    elif words[0] == "winback":
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main(words[1:])
        said = capsys.readouterr()
        assert not left.value.code, f"{block}: {' '.join(words)}: {said.out[-500:]}{said.err}"
    else:
        pytest.fail(f"{block}: nobody here can do `{' '.join(words)}`. Say above the block why it can't be run: <!-- read only: REASON -->")


def _lines() -> Iterator[tuple[str, list[str]]]:
    for block in TYPED:
        yield from ((str(block), words) for words in block.commands() if words[0] == "winback")


@pytest.mark.parametrize(("where", "words"), list(_lines()))
def test_every_command_and_option_is_one_that_there_is(where, words):
    command: Any = typer.main.get_command(cli.app)
    rest = words[1:]
    while hasattr(command, "commands"):
        if not rest or rest[0] not in command.commands:
            break
        command, rest = command.commands[rest[0]], rest[1:]
    known = {word for each in command.params for word in (*each.opts, *each.secondary_opts)} | {"--help", "-h"}
    assert not hasattr(command, "commands") or command.invoke_without_command or set(rest) & known, f"{where}: there is no `{' '.join(words)}`"
    typed = {word.partition("=")[0].strip("[]") for word in rest if word.lstrip("[").startswith("--")}
    assert typed <= known, f"{where}: `{' '.join(words)}` has no {typed - known}"


def test_who_only_reads_says_why_and_is_rare():
    unread = [block for block in TYPED if block.is_only_read]
    print(f"{len(unread)} of {len(TYPED)} blocks of commands are only read.")
    assert all(len(block.said) > len("read only: ") + 10 for block in unread)
    assert len(unread) <= ONLY_READ


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "yaml"], ids=str)
def test_yaml_fits_its_file(block, tmp_path):
    name, _, under = block.said.partition(": ")
    assert name in schemas.SHAPES, f"{block}: which file is it of? Say so above: <!-- settings -->, one of {', '.join(schemas.SHAPES)}"
    path = tmp_path / f"{name}.yaml"
    keys = under.split(".") if under else []
    text = "".join("  " * len(keys) + line for line in block.text.splitlines(keepends=True))
    head = "".join(f"{'  ' * depth}{key}:\n" for depth, key in enumerate(keys))
    path.write_text(head + text, encoding="utf-8")
    held = schemas.schema(name)
    for part in ("required", "anyOf"):
        held.pop(part, None)  # a part of a file needn't hold all of it
    for within in held["$defs"].values() if under else ():
        within.pop("required", None)
    problems = [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in jsonschema.Draft202012Validator(held).iter_errors(_plain(path))
    ]
    assert not problems, f"{block}: {problems}"


def _plain(path: Path) -> Any:
    """The file's data as JSON knows it."""
    return json.loads(json.dumps(strictyaml.content(path, shown=path.name), default=str))
