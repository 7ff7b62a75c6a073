"""What others find when they come: licences, hooks, units, containers."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess

import jsonschema
import pytest
import yaml

from tests import licences
from tests.projects import ROOT
from tests.referees import tools


def test_the_list_of_licences_is_that_of_the_locks():
    page = licences.PAGE.read_text(encoding="utf-8")
    missing = [name for name, row in licences.listed().items() if row not in page]
    assert not missing, f"docs/licences.md is of other locks: make licences ({missing})"


def test_hooks_fetch_nothing_and_run_what_is_installed():
    (only,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert only["repo"] == "local"
    assert {each["language"] for each in only["hooks"]} == {"system"}
    assert all(each["entry"].startswith(".venv/bin/") for each in only["hooks"])


def test_services_of_the_compose_file_fit_together():
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    assert set(compose["services"]) == {"database", "serve", "scheduler", "worker"}
    for name, service in compose["services"].items():
        assert set(service.get("depends_on", {})) <= set(compose["services"])
        assert set(service.get("secrets", [])) <= set(compose["secrets"])
        assert {each.partition(":")[0] for each in service.get("volumes", [])} <= set(compose["volumes"])
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), f"{name} listens to the whole world"
        assert not re.search(r"(?i)password: (?!/run/secrets)", yaml.safe_dump(service))


def test_the_container_is_nobodys_root_and_says_whether_it_is_ready():
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    assert re.search(r"^USER [1-9]\d*$", text, re.MULTILINE)
    assert "/readyz" in text
    assert "--require-hashes" in text


@pytest.mark.referee
def test_the_compose_file_is_one_by_its_specification():
    schema = json.loads(tools.compose_schema().read_text(encoding="utf-8"))
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    judge = jsonschema.Draft7Validator(schema)
    assert [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in judge.iter_errors(compose)] == []
    compose["services"]["serve"] |= {"restarts": "always", "ports": "8000"}
    assert len(list(judge.iter_errors(compose))) == 2


@pytest.mark.parametrize("path", sorted((ROOT / "deploy" / "systemd").glob("*.service")), ids=lambda path: path.name)
def test_a_unit_is_confined(path, tmp_path):
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(path)
    assert unit["Service"]["User"] == "winback"
    assert unit["Service"]["NoNewPrivileges"] == "yes"
    assert unit["Service"]["ProtectSystem"] == "strict"
    if shutil.which("systemd-analyze"):
        timer = path.with_suffix(".timer")
        for each in (path, timer) if timer.exists() else (path,):  # without programs and accounts that only the other machine has
            text = re.sub(r"/opt/winback/bin/\w+", "/bin/true", each.read_text())
            (here := tmp_path / each.name).write_text(re.sub(r"(?m)^(User|Group)=.*$", r"\1=root", text))
        done = subprocess.run(["systemd-analyze", "verify", str(here)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
