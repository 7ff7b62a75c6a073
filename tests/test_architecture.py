"""The house's rules, held by a machine. A failure says which import to move; DESIGN: docs/architecture.md."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Rooms by layer; imports go downwards or stay in their layer. What a later layer may use, an earlier one may not.
LAYERS = (
    {"cli", "commands", "studio", "api", "flows", "demo", "benchmarks"},
    {"operations"},
    {"sending", "tracking", "bot", "watching"},
    {"channels", "store", "letters"},
    {"audience", "journey", "outcomes"},
    {"settings"},
    {"limits", "ways_in", "ways_out"},
    {"shapes"},
    {"strictyaml", "extras"},
    {"model", "money", "errors", "clock", "speech", "logs", "stamps", "tracing"},
)
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}

# A library -> the only places that may import it.
ONLY = {
    "prefect": ("flows/",),
    "cryptography": ("winback/channels/dkim.py",),
    "aiosmtplib": ("winback/channels/smtp_server.py",),
    "telegram": ("winback/channels/telegram.py", "winback/bot/"),
    "jinja2": ("winback/letters/", "winback/studio/"),
    "premailer": ("winback/letters/",),
    "babel": ("winback/letters/locales.py", "winback/letters/formats.py"),
    "pytrovich": ("winback/letters/names/",),
    "shevchenko": ("winback/letters/names/",),
    "yaml": ("winback/strictyaml.py",),
    "random": ("winback/demo/",),
    "joserfc": ("winback/operations/identities.py",),
    "argon2": ("winback/operations/passwords.py",),
    "secrets": ("winback/settings.py", "winback/studio/", "winback/api/", "winback/operations/passwords.py", "winback/operations/tokens.py"),
    "uuid": ("winback/commands/frame.py", "winback/demo/", "flows/"),
    "dns": ("winback/channels/dns_lookup.py",),
    "apprise": ("winback/channels/alarm.py",),
    "segno": ("winback/letters/joining_code.py",),
    "imapclient": ("winback/channels/imap.py",),
    "flufl": ("winback/tracking/fallback.py",),
    "aiosmtpd": ("winback/demo/",),
    "numpy": ("winback/audience/", "winback/outcomes/", "winback/store/purchases.py", "winback/store/scores.py", "winback/store/segments.py"),
    "holidays": ("winback/journey/public_holidays.py",),
    "dateutil": ("winback/journey/day_rules.py",),
    "phonenumbers": ("winback/audience/area_codes.py",),
    "prometheus_client": ("winback/watching/",),
}
READS_CLOCK = ("winback/clock.py", "winback/demo/", "flows/")
READS_ENVIRONMENT = ("winback/settings.py", "winback/letters/confined.py", "winback/letters/stem.py", "winback/demo/", "flows/")
"""Two of them give a process that looks at templates an environment without ours."""


def sources() -> list[Path]:
    return sorted([*ROOT.joinpath("winback").rglob("*.py"), *ROOT.joinpath("flows").rglob("*.py")])


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[0] if parts[0] == "flows" else parts[1]


@cache
def imported(path: Path) -> tuple[tuple[str, int], ...]:
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module in {"winback", "flows"}:
                yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield node.module, node.lineno


def test_imports_only_go_down():
    wrong = []
    for path in sources():
        if room(path) in {"__init__", "__main__"}:
            continue
        for module, line in imported(path):
            parts = module.split(".")
            target = "flows" if parts[0] == "flows" else parts[1] if parts[0] == "winback" and len(parts) > 1 else None
            if target in LEVEL and LEVEL[target] < LEVEL[room(path)]:
                wrong.append(f"{name(path)}:{line} imports {module}: {room(path)} lies below {target}. Move the code up, or pass the value in.")
    assert not wrong, "\n".join(wrong)


def test_every_room_has_its_layer():
    unknown = {room(path) for path in sources()} - set(LEVEL) - {"__init__", "__main__", "py"}
    assert not unknown, f"{unknown} stand in no layer; say in LAYERS who may import them, and in docs/decisions/ why they are there"


@pytest.mark.parametrize("library", ONLY)
def test_a_library_is_imported_in_its_own_place_only(library):
    wrong = [
        f"{name(path)}:{line} imports {module}; only {', '.join(ONLY[library])} may"
        for path in sources()
        for module, line in imported(path)
        if module.split(".")[0] == library and not name(path).startswith(ONLY[library])
    ]
    assert not wrong, "\n".join(wrong)
    assert any(module.split(".")[0] == library for path in sources() for module, _ in imported(path)), f"nobody imports {library} any more"


def test_queries_are_written_in_the_store_only():
    """Elsewhere SQLAlchemy lends its types; the shop's own database is read by audience/shop_database.py."""
    types = {"Engine", "Connection", "FromClause", "Row", "RowMapping"}
    wrong = []
    for path in sources():
        if room(path) == "store" or name(path) == "winback/audience/shop_database.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sqlalchemy":
                wrong += [f"{name(path)}:{node.lineno} imports {alias.name}" for alias in node.names if alias.name not in types]
            elif isinstance(node, ast.Import):
                wrong += [f"{name(path)}:{node.lineno} imports {alias.name}" for alias in node.names if alias.name.split(".")[0] == "sqlalchemy"]
    assert not wrong, "\n".join(wrong)


@cache
def calls(path: Path) -> tuple[tuple[str, int], ...]:
    return tuple(_calls(path))


def _calls(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node), node.lineno


@pytest.mark.parametrize(
    ("words", "places"),
    [
        ({"datetime.now", "datetime.utcnow", "date.today", "time.time", "datetime.today"}, READS_CLOCK),
        ({"os.environ", "os.getenv", "os.environb"}, READS_ENVIRONMENT),
    ],
)
def test_the_wall_clock_and_the_environment_are_read_at_the_edges_only(words, places):
    wrong = [
        f"{name(path)}:{line} reads {word}; take it as an argument"
        for path in sources()
        for word, line in calls(path)
        if word in words and not name(path).startswith(places)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_wall_clock_is_asked_for_by_commands_flows_and_the_demo_only():
    allowed = ("winback/commands/", "winback/clock.py", "winback/demo/", "flows/", "winback/tracking/app.py")
    wrong = [
        f"{name(path)}:{line} asks clock.now"
        for path in sources()
        for word, line in calls(path)
        if word == "clock.now" and not name(path).startswith(allowed)
    ]
    assert not wrong, "\n".join(wrong)


def test_help_imports_nothing_heavy():
    heavy = (
        "prefect",
        "telegram",
        "premailer",
        "sqlalchemy",
        "babel",
        "jinja2",
        "pydantic",
        "aiosmtplib",
        "pyarrow",
        "fastapi",
        "lxml",
        "imapclient",
        "flufl",
        "numpy",
        "holidays",
        "dateutil",
        "phonenumbers",
        "argon2",
        "joserfc",
    )
    program = f"import sys; sys.argv = ['winback', '--help']\ntry:\n    from winback.cli import main; main()\nexcept SystemExit: pass\nprint([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "rehearse" in done.stdout


def test_no_file_has_grown_into_two():
    long = [
        f"{name(path)}: {count} lines" for path in sources() if "migrations" not in name(path) and (count := len(path.read_text().splitlines())) > 350
    ]
    assert not long, f"{long}: is it two nouns?"


def test_no_room_or_file_is_named_after_nothing():
    empty_words = {"utils", "util", "helpers", "helper", "common", "manager", "service", "services", "process", "misc", "handle", "handler"}
    assert not [name(path) for path in sources() if set(path.stem.split("_")) & empty_words or empty_words & set(path.parent.parts)]
