"""Every command, path and variable in deploy/ is one that there is."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from prefect.settings import Settings
from prefect.settings.legacy import _get_valid_setting_names

from tests.documentation import command_tree
from tests.projects import ROOT
from winback.watching import endpoints

DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
UNITS = sorted((DEPLOY / "systemd").iterdir())
FILES = [DEPLOY / "Dockerfile", DEPLOY / "compose.yaml", *UNITS]


def commands() -> list[tuple[str, list[str]]]:
    """Whatever is started, with where it stands."""
    entry, usual = (yaml.safe_load(re.search(rf"^{word} (.*)$", DOCKERFILE, re.MULTILINE)[1]) for word in ("ENTRYPOINT", "CMD"))
    found = [("Dockerfile", [*entry, *usual])]
    for name, service in COMPOSE["services"].items():
        if "build" in service:
            found.append((f"compose.yaml: {name}", [*service.get("entrypoint", entry), *service.get("command", usual)]))
    for unit in UNITS:
        for line in re.findall(r"^ExecStart=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE):
            words = shlex.split(line)
            words = shlex.split(words[2].removeprefix("exec ").replace("%%", "%")) if words[:2] == ["/bin/sh", "-c"] else words
            found.append((unit.name, [Path(words[0]).name, *words[1:]]))
    return found


@pytest.mark.parametrize(("where", "words"), [(where, words) for where, words in commands() if words[0] == "winback"])
def test_a_command_of_winback_is_one_that_there_is(where, words):
    assert not (fault := command_tree.fault(words)), f"{where}: {fault}"


@pytest.mark.parametrize("command", sorted({" ".join(words) for _, words in commands() if words[0] == "prefect"}))
def test_a_command_of_prefect_has_the_options_that_it_is_given(command):
    words = command.split()
    named = [word for word in words if word.startswith("--")]
    said = subprocess.run([Path(sys.executable).with_name("prefect"), *words[1:3], "--help"], capture_output=True, text=True, check=True).stdout
    assert [option for option in named if option not in said] == []


def test_what_is_to_be_typed_at_first_can_be():
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    typed = [shlex.split(line) for line in re.findall(r"^#   docker compose (.*)$", text, re.MULTILINE)]
    assert [words[0] for words in typed] == ["run", "up", "exec"]
    (_, _, service, *words), _, (_, _, worker, *deploying) = typed
    assert {service, worker} <= set(COMPOSE["services"])
    assert not (fault := command_tree.fault(["winback", *words])), fault
    assert words[-1] == COMPOSE["services"][worker]["environment"]["WINBACK_HOME"]
    assert deploying == ["prefect", "deploy", "--all"]


def test_nothing_else_is_started():
    assert {words[0] for _, words in commands()} == {"winback", "prefect"}


def test_what_the_container_copies_is_enough_to_build_the_wheel(built, tmp_path):
    for line in re.findall(r"^COPY (?!--)(.*)$", DOCKERFILE, re.MULTILINE):
        *sources, into = line.split()
        for source in sources:
            target = tmp_path / (source if into == "./" else into)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, target)
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as here, zipfile.ZipFile(built.wheel) as there:
        assert set(here.namelist()) == set(there.namelist())


def test_every_variable_is_read_by_somebody():
    code = "\n".join(path.read_text(encoding="utf-8") for folder in ("winback", "flows") for path in (ROOT / folder).rglob("*.py"))
    known = set(re.findall(r"WINBACK_[A-Z_]+[A-Z]", code + (ROOT / "prefect.yaml").read_text(encoding="utf-8")))
    asked = {name for file in FILES for name in re.findall(r"WINBACK_[A-Z_]+[A-Z]", file.read_text(encoding="utf-8"))}
    assert {name for name in asked if name not in known and name.removesuffix("_FILE") not in known} == set()


def test_what_asks_whether_it_lives_asks_a_page_that_there_is():
    asked = set(re.findall(r"urlopen\('http://127\.0\.0\.1:(\d+)(/\w+(?:/\w+)?)", DOCKERFILE + (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    assert asked == {("8000", endpoints.READYZ), ("4200", "/api/health")}


def test_each_service_waits_only_for_what_says_when_it_is_healthy():
    for name, service in COMPOSE["services"].items():
        for other, how in service.get("depends_on", {}).items():
            assert how["condition"] == "service_healthy"
            assert "test" in COMPOSE["services"][other].get("healthcheck", {}), f"{name} would wait for {other} for ever"


def test_prefects_page_is_unpacked_where_it_can_be_written():
    scheduler = COMPOSE["services"]["scheduler"]
    (volume,) = (each.partition(":")[2] for each in scheduler["volumes"])
    assert scheduler["environment"]["PREFECT_UI_STATIC_DIRECTORY"].startswith(f"{volume}/")
    assert scheduler["environment"]["PREFECT_UI_API_URL"] == "http://127.0.0.1:4200/api"  # not the address that it listens at
    unit = (DEPLOY / "systemd" / "winback-scheduler.service").read_text(encoding="utf-8")
    (allowed,) = re.findall(r"^ReadWritePaths=(.*)$", unit, re.MULTILINE)
    assert re.search(rf"^Environment=PREFECT_UI_STATIC_DIRECTORY={allowed}/", unit, re.MULTILINE)


def test_prefect_reads_the_variables_that_it_is_given():
    asked = {name for file in FILES for name in re.findall(r"PREFECT_[A-Z_]+[A-Z]", file.read_text(encoding="utf-8"))}
    assert asked - _get_valid_setting_names(Settings) == set()


def test_secrets_of_the_compose_file_are_no_part_of_what_is_handed_on():
    (folder,) = {Path(each["file"]).parent for each in COMPOSE["secrets"].values()}
    secrets = (DEPLOY / folder).relative_to(ROOT).as_posix()
    done = subprocess.run(["git", "check-ignore", f"{secrets}/winback_secret"], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0
    assert secrets in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert secrets in project["tool"]["hatch"]["build"]["targets"]["sdist"]["exclude"]


def test_nightly_backups_go_after_a_while(tmp_path):
    unit = (DEPLOY / "systemd" / "winback-backup.service").read_text(encoding="utf-8")
    (line,) = re.findall(r"^ExecStartPost=(.*)$", unit, re.MULTILINE)
    for name, days in (("2026-10-01T023000", 32), ("2026-11-01T023000", 29), ("notes", 400)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, times=(time.time() - days * 86_400,) * 2)
    subprocess.run([word.replace("/var/backups/winback", str(tmp_path)) for word in shlex.split(line)], check=True)
    assert {each.name for each in tmp_path.iterdir()} == {"2026-11-01T023000", "notes"}


def test_places_that_units_write_to_are_those_that_they_may():
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        allowed = re.search(r"^ReadWritePaths=(.*)$", text, re.MULTILINE)
        for path in re.findall(r"(?:WorkingDirectory=|WINBACK_HOME=|PREFECT_HOME=|STATIC_DIRECTORY=| HOME=|backup )(/\S+)", text):
            assert allowed, unit.name
            assert any(path.startswith(each) for each in allowed[1].split()), f"{unit.name}: {path}"
