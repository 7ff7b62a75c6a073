"""What `pip install winback` brings: a command that works with the core alone, and says which extra is missing where one is."""

from __future__ import annotations

import ast
import re
import tarfile
import tomllib
import zipfile
from email import message_from_string
from importlib.metadata import packages_distributions

import pytest
import yaml

from tests.projects import ROOT
from winback import __version__, extras

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~ ;]", name)[0]).lower()


def test_the_wheel_holds_a_whole_project_and_no_more(built):
    with zipfile.ZipFile(built.wheel) as wheel:
        names = set(wheel.namelist())
        about = message_from_string(wheel.read(f"winback-{__version__}.dist-info/METADATA").decode())
    for wanted in ("py.typed", "project/prefect.yaml", "project/config/settings.yaml", "project/flows/import_orders.py", "store/migrations/env.py"):
        assert f"winback/{wanted}" in names
    own = {f"winback/project/{path.relative_to(ROOT)}" for folder in ("config", "templates") for path in (ROOT / folder).rglob("*") if path.is_file()}
    assert {name for name in own if not name.endswith((".mo", ".pyc"))} <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "flows/")) or "__pycache__" in name]
    assert about["License-Expression"] == "Apache-2.0"
    assert about["License-File"] == "LICENSE"
    assert about["Version"] == __version__
    assert "Typing :: Typed" in about.get_all("Classifier")


def test_the_source_archive_builds_again_and_holds_its_tests(built):
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "LICENSE", "CHANGELOG.md", "winback/cli.py", "flows/import_orders.py", "tests/conftest.py"} <= names
    assert not [name for name in names if name.startswith((".venv", "out/", ".git/"))]


def test_the_installed_command_says_its_version(installed):
    assert installed.run("--version", bare=True).stdout == f"winback {__version__}\n"


def test_a_project_of_the_wheel_is_whole_and_in_order(installed, shop):
    done = installed.run("check", "--project", "shop", bare=True)
    assert (done.returncode, done.stdout) == (0, "Everything fits together.\n"), done.stderr
    assert not list(shop.rglob("__pycache__"))


def test_the_deployments_of_a_new_project_are_all_there(shop):
    deployments = yaml.safe_load((shop / "prefect.yaml").read_text())["deployments"]
    many = yaml.safe_load((shop / "prefect-many.yaml").read_text())["deployments"]
    assert deployments
    assert many
    assert yaml.safe_load((shop / "automations.yaml").read_text())["automations"]
    for each in [*deployments, *many]:
        file, _, flow = each["entrypoint"].partition(":")
        functions = [node.name for node in ast.parse((shop / file).read_text()).body if isinstance(node, ast.FunctionDef)]
        assert flow in functions, f"{each['name']}: {each['entrypoint']}"


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        (["serve", "--project", "shop", "--port", "0"], "serve"),
        (["studio", "--project", "shop"], "studio"),
        (["bot", "--project", "shop"], "telegram"),
        (["import", "--project", "shop"], "postgres"),
    ],
)
def test_a_missing_extra_is_a_sentence(installed, shop, command, extra):
    url = {"WINBACK_DATABASE_URL": "postgresql://nobody@localhost:1/none"} if extra == "postgres" else {}
    done = installed.run(*command, bare=True, **url)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert re.search(rf"Write: pip install 'winback\[(\w+,)*{extra}[],]", done.stderr), done.stderr


def test_programs_are_served_without_what_only_the_studio_needs(installed, shop):
    made = installed.run("token", "new", "till", "--scope", "orders:write", "--project", "shop", bare=True)
    assert made.stdout.startswith("wbk_"), made.stderr
    told = installed.run("api", "schema", "--project", "shop", extra="serve")
    assert told.stdout.startswith("{"), told.stderr


def test_every_extra_is_told_of_and_the_core_brings_none_of_their_libraries():
    groups = {
        name: {plain(each) for each in wanted} for name, wanted in PROJECT["optional-dependencies"].items() if name not in {"dev", "build", "docs"}
    }
    whole = groups.pop("all")
    assert whole == {"winback"}
    (named,) = PROJECT["optional-dependencies"]["all"]
    assert set(re.search(r"\[(.*)\]", named)[1].split(",")) == set(groups)
    core = {plain(each) for each in PROJECT["dependencies"]}
    assert not core & set().union(*groups.values())
    brought = packages_distributions()
    for module, (names, _) in extras.BRINGS.items():
        distributions = {plain(each) for each in brought[module]} | ({"fastapi"} if module == "starlette" else set())
        for extra in names.split(","):
            assert distributions & groups[extra], f"{module} isn't in the extra {extra}"
    told = {plain(each) for module in extras.BRINGS for each in brought[module]}
    assert set().union(*groups.values()) <= told, "a library of an extra has no row in winback/extras.py"
