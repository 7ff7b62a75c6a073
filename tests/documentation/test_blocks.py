"""Every command of the documentation is run or held against the commands that there are, every YAML block against its file's schema."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.documentation import blocks, command_tree
from tests.projects import ROOT
from winback import strictyaml
from winback.operations import schemas

ONLY_READ = 6
"""Blocks whose commands aren't run here, at most. Each says why."""

BLOCKS = [block for page in blocks.pages() for block in blocks.of(page)]
TYPED = [block for block in BLOCKS if block.language in {"sh", "console"}]
RUN = sorted({block.page for block in TYPED if not (block.is_only_read or block.scene)})


@pytest.mark.parametrize("page", RUN)
def test_the_commands_of_a_page_do_what_it_says(page, place, monkeypatch, terminal):
    here = [block for block in TYPED if block.page == page and not (block.is_only_read or block.scene)]
    begins_itself = any(words[:2] == ["winback", "init"] for block in here for words in block.commands())
    monkeypatch.chdir(place if begins_itself else place / "project")
    terminal.type(here)


def test_each_scene_is_played_by_the_file_that_is_named_for_it():
    said = {block.scene for block in TYPED if block.scene}
    assert said == set(blocks.SCENES), "write in tests/documentation/blocks.py which test plays a scene"
    for name, file in blocks.SCENES.items():
        assert f'blocks.scene("{name}")' in (ROOT / file).read_text(encoding="utf-8"), f"{file} doesn't type the blocks of {name}"


def test_a_block_with_commands_says_that_it_is_one():
    silent = [block for block in BLOCKS if not block.language and re.search(r"^(\$ |winback |prefect |make |pip )", block.text, re.MULTILINE)]
    assert not silent, f"{', '.join(map(str, silent))}: begin it with ```sh, or ```console where it shows what is printed"


def _lines() -> Iterator[tuple[str, list[str]]]:
    for block in TYPED:
        yield from ((str(block), words) for words in block.commands() if words[0] == "winback")


@pytest.mark.parametrize(("where", "words"), list(_lines()))
def test_every_command_and_option_is_one_that_there_is(where, words):
    assert not (fault := command_tree.fault(words)), f"{where}: {fault}"


SENTENCES = [
    (page.relative_to(ROOT).as_posix(), " ".join(found.split()))
    for page in blocks.pages()
    for found in re.findall(r"`(winback [^`]+)`", re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL))
]


def test_every_command_in_a_sentence_is_one_that_there_is():
    assert len(SENTENCES) > 150
    assert [f"{page}: {fault}" for page, line in SENTENCES if (fault := command_tree.fault(shlex.split(line)))] == []


MADE = [(str(block), words[1:]) for block in TYPED for words in block.commands() if words[0] == "make"]


@pytest.mark.parametrize(("where", "targets"), MADE)
def test_make_knows_what_it_is_asked_for(where, targets):
    done = subprocess.run(["make", "--dry-run", *targets], cwd=ROOT, capture_output=True, text=True, check=False)
    assert not done.returncode, f"{where}: {done.stderr}"


def test_who_only_reads_says_why_and_is_rare():
    unread = [block for block in TYPED if block.is_only_read]
    print(f"{len(unread)} of {len(TYPED)} blocks of commands are only read.")
    assert all(len(block.said) > len("read only: ") + 10 for block in unread)
    assert len(unread) <= ONLY_READ


YAML = [block for block in BLOCKS if block.language == "yaml"]
USUAL = {"campaign": "campaigns/winter-tea", "cohort": "cohorts/silent-1-2-years-3-orders"}
"""The file that a block is a part of, where it isn't called like its kind."""


@pytest.mark.parametrize("block", YAML, ids=str)
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


@pytest.mark.parametrize("block", YAML, ids=str)
def test_the_program_reads_a_file_of_the_shop_with_the_block_in_it(block, tmp_path):
    """What a schema can't tell, too: which keys need each other."""
    name, _, under = block.said.partition(": ")
    usual = ROOT / "config" / f"{USUAL.get(name, name)}.yaml"
    whole = yaml.safe_load(usual.read_text(encoding="utf-8").replace("http://localhost:8000", "https://u.zerno.example")) if usual.exists() else {}
    part = yaml.safe_load(textwrap.dedent(block.text))
    place = whole
    *above, last = under.split(".") if under else [""]
    for key in above:
        place = place[key]
    if under and isinstance(part, list):
        place[last] = part
    else:
        (place[last] if under else place).update(part)
    path = tmp_path / f"{name}.yaml"
    path.write_text(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), encoding="utf-8")
    strictyaml.read(path, schemas.SHAPES[name], shown=f"{block}, {path.name}")
