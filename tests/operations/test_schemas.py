"""Editors complete and check YAML by these schemas; they must say what the strict reader says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_type_hints

import jsonschema
import pytest
import yaml

from tests.projects import ROOT
from winback import strictyaml
from winback.commands import project
from winback.operations import schemas

KINDS = {"cohorts": "cohort", "campaigns": "campaign"}
FILES = sorted(path for folder in (ROOT / "config", ROOT / "examples/cdnow/config") for path in folder.rglob("*.yaml"))


def kind(path: Path) -> str:
    return KINDS.get(path.parent.name, path.stem)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_shipped_file_passes_its_schema_and_the_strict_reader(path):
    strictyaml.read(path, schemas.SHAPES[kind(path)], shown=path.name)
    content = json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str))
    jsonschema.Draft202012Validator(schemas.schema(kind(path))).validate(content)


@pytest.mark.parametrize("name", schemas.SHAPES)
def test_the_schemas_in_config_are_the_ones_that_the_code_makes(name):
    written = json.loads((ROOT / "config" / "schema" / f"{name}.json").read_text(encoding="utf-8"))
    assert written == schemas.schema(name), "run: winback schema --out config/schema"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_shipped_file_names_its_schema_for_the_editor(path):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (path.parent / first.split("=", 1)[1]).resolve() == ROOT / "config" / "schema" / f"{kind(path)}.json"


def test_a_schema_refuses_an_unknown_key():
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schemas.schema("cohort")).validate({"title": "t", "rules": [{"ordres": {"at_least": 1}}]})


def test_the_commands_help_names_every_schema():
    help_of_name = get_type_hints(project.schema, include_extras=True)["name"].__metadata__[0].help
    assert help_of_name == f"One of: {', '.join(schemas.SHAPES)}."
