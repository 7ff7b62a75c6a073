"""What stands in the shop's data, in names of files and in forms: it is a value, and never a statement, a page, a path or a formula."""

from __future__ import annotations

import ast
import csv
import io
import logging
import unicodedata
from datetime import UTC, datetime
from urllib.parse import unquote

import httpx
import pytest
from httpx import ASGITransport
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests import projects
from tests.commands.conftest import shop as shop
from tests.commands.terminal import winback
from tests.store import shop as people
from winback import strictyaml
from winback.audience import cells
from winback.audience.cohort import Cohort
from winback.audience.rejects import RejectsFile
from winback.audience.rows import Reject
from winback.bot.line import Line
from winback.errors import ChannelError, Refused
from winback.store import cohorts, database
from winback.store.tables import customers
from winback.studio.app import create_app

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PORT = 8010

STATEMENTS = (
    "'; DROP TABLE customers; --", "' OR '1'='1", '" OR ""="', "\\'; DELETE FROM customers; --", "$$; DROP TABLE customers; $$", "%' OR 1=1 --", "_%", "x') UNION SELECT key FROM customers --",
    "{anna}", ":1", "%(x)s", "?", "$.*", "$.size') OR 1=1 --", "size', '$')) OR 1=1 --", "{a,b}",
)  # fmt: skip
RULES = (
    "city: [{}]", "custom: {{name: size, is: [{}]}}", "custom: {{name: {}, is: [L]}}", "tags: [{}]", "manager: [{}]", "segment: [{}]", "source: [{}]", "products: {{any: [{}]}}",
    "bought: {{product: [{}]}}", "consent: {{source: [{}]}}", "stage: [{}]", "value: [{}]", "title: [{}]",
)  # fmt: skip


def stated(rule: str, value: str) -> Cohort | None:
    """A cohort with the value in it, or none where a cohort can't say so."""
    text = f"title: t\nrules:\n  - {rule.format(chr(34) + value.replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34)) + chr(34))}\n"
    try:
        return strictyaml.parse(text, Cohort, shown="config/cohorts/c.yaml").value
    except Refused:
        return None


def test_no_value_of_a_cohort_is_a_part_of_its_statement(engine):
    tried = set()
    with database.writing(engine) as connection:
        people.populate(connection)
        count = connection.execute(select(func.count()).select_from(customers)).scalar_one()
        for rule in RULES:
            for value in STATEMENTS:
                if (cohort := stated(rule, value)) is None:
                    continue
                try:
                    ground = cohorts.ground(connection, people.selection(cohort), people.AS_OF, costs=people.COSTS)
                    assert list(cohorts.keys(connection, cohorts.members(ground))) == [], (rule, value)
                except Refused:
                    continue
                tried.add(rule)
        assert connection.execute(select(func.count()).select_from(customers)).scalar_one() == count
    assert {"city: [{}]", "custom: {{name: size, is: [{}]}}", "custom: {{name: {}, is: [L]}}"} <= tried


HIDDEN = [
    sign
    for sign in map(chr, range(0x110000))
    if unicodedata.bidirectional(sign) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"} or unicodedata.category(sign) == "Cc"
]


def test_a_name_from_the_shops_data_turns_no_text_around_and_controls_no_terminal():
    assert len(HIDDEN) > 60
    for sign in HIDDEN:
        found = cells.text(f"Ole{sign}na")
        assert sign not in found.replace("\n", "") or sign == "\n", hex(ord(sign))
        assert found in {"Olena", "Ole na"}


BEGINNINGS = st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "'", '"', ";", ",", " "])


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(BEGINNINGS, st.text(st.characters(exclude_categories=["Cs"]), max_size=10)).map("".join), min_size=1, max_size=3),
    st.text("=+-@abc", max_size=5),
)
def test_no_cell_of_a_file_of_rejects_is_a_formula(tmp_path_factory, written, source):
    path = tmp_path_factory.mktemp("rejects") / "rejects.csv"
    with RejectsFile(path, source=source) as file:
        file.write([Reject(1, written[0], tuple(written))], header=written)
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    assert len(rows) == 2
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))]


def test_tables_for_spreadsheets_are_written_in_one_place_only():
    """The made-up shop of the demo writes what it made up itself."""
    wrong = []
    for path in sorted(projects.ROOT.joinpath("winback").rglob("*.py")):
        name = path.relative_to(projects.ROOT).as_posix()
        if name.startswith("winback/demo/") or name in {"winback/audience/rejects.py", "winback/operations/exporting_all.py"}:
            continue
        wrong += [f"{name}:{node.lineno}" for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute) and node.attr in {"writerow", "writerows", "DictWriter", "to_csv", "write_csv"}]  # fmt: skip
    assert not wrong, f"{wrong}: go through audience/rejects.py, or take formulas away as it does"


OUTSIDE = (
    "../../config/settings",
    "..",
    "../winter-tea",
    "/etc/passwd",
    "winter-tea/../../settings",
    "%2e%2e%2fsettings",
    "a\x00b",
    "..\\settings",
    "winter-tea.yaml",
    "~/x",
)
COMMANDS = (
    ("preview", "{}"), ("preview", "--campaign", "{}"), ("preview", "we-miss-you", "--locale", "{}"), ("send-test", "{}", "--to", "olena@zerno.example"), ("plan", "{}"), ("rehearse", "{}"), ("run", "{}"),
    ("pause", "{}"), ("report", "{}"), ("cohort", "show", "{}"), ("cohort", "members", "{}"), ("explain", "A1", "--cohort", "{}"), ("explain", "{}", "--cohort", "dear-and-silent"), ("import", "--source", "{}"), ("schema", "{}"),
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_name_leads_out_of_the_project(shop, capsys, command):
    before = {path for path in shop.parent.rglob("*") if shop not in path.parents and path != shop}
    for name in OUTSIDE:
        code, out, err = winback(capsys, *(part.format(name) for part in command))
        assert code in {1, 2}, (name, out)
        assert "Traceback" not in err
        assert "approve_above" not in out + err
    assert {path for path in shop.parent.rglob("*") if shop not in path.parents and path != shop} == before


@pytest.fixture
def studio(tmp_path, engine):
    return create_app(projects.make(tmp_path / "shop"), engine, port=PORT, clock=lambda: NOW)


async def asked(app, method: str, path: str, body: bytes = b"") -> int:
    """The status of a request whose path is said as it stands."""
    said: list[dict] = []
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": unquote(path), "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"host", f"127.0.0.1:{PORT}".encode()), (b"content-type", b"application/x-www-form-urlencoded"), (b"origin", b"http://evil.example")],
        "server": ("127.0.0.1", PORT), "client": ("127.0.0.1", 1),
    }  # fmt: skip

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        said.append(message)

    await app(scope, receive, send)
    return said[0]["status"]


async def test_no_path_of_the_studio_leads_out_of_the_project(studio):
    for name in OUTSIDE:
        for path in (
            f"/campaigns/{name}",
            f"/campaigns/winter-tea/letters/{name}",
            f"/campaigns/{name}/letters/index.html",
            f"/mailbox/email/{name}",
            f"/mailbox/{name}/1.eml",
            f"/letters/email/{name}",
            f"/letters/{name}/we-miss-you",
            f"/letters/messages/{name}/history",
            f"/letters/email/{name}/frame",
            f"/letters/shown/{name}",
            f"/cohorts/{name}",
            f"/cohorts/{name}/people",
        ):
            assert await asked(studio, "GET", path.replace("\x00", "%00")) in {307, 404}, path


async def test_every_form_of_the_studio_needs_a_proof_of_its_own_page(studio):
    forms = [route.path for route in studio._app._app.routes if "POST" in (getattr(route, "methods", None) or ())]
    assert len(forms) >= 2
    for path in forms:
        here = (
            path.replace("{key:path}", "A1")
            .replace("{name}", "winter-tea")
            .replace("{number}", "1")
            .replace("{kind}", "email")
            .replace("{token}", "A" * 43)
        )
        assert "{" not in here, "say here what stands in the path"
        for body in (
            b"",
            b"proof=",
            b"proof=" + b"0" * 64,
            b"proof=" + b"0" * 64 + b"&by=olena&say=approve&reason=price",
            b'{"proof": 1}',
            b"proof=%ff",
        ):
            assert await asked(studio, "POST", here, body) == 403, (path, body)
    changing = [route.path for route in studio._app._app.routes if (getattr(route, "methods", None) or set()) & {"PUT", "PATCH", "DELETE"}]
    assert changing == []


async def test_every_page_of_the_studio_says_what_a_browser_may_do_with_it(studio):
    async with httpx.AsyncClient(transport=ASGITransport(studio), base_url=f"http://127.0.0.1:{PORT}") as browser:
        for path in ("/", "/campaigns", "/letters", "/mailbox", "/style.css", "/nothing", "/customers/nobody"):
            headers = (await browser.get(path)).headers
            assert {
                "content-security-policy",
                "permissions-policy",
                "referrer-policy",
                "x-content-type-options",
                "x-frame-options",
                "cache-control",
            } <= set(headers)


def test_a_password_of_the_database_is_in_no_message(shop, capsys, monkeypatch):
    monkeypatch.setenv("WINBACK_DATABASE_URL", "postgresql://shop:hunter2@127.0.0.1:1/winback?sslpassword=hunter3")
    for command in (("import",), ("cohort", "show", "dear-and-silent"), ("doctor",), ("check",)):
        _, out, err = winback(capsys, *command)
        assert "hunter" not in out + err, command


async def test_the_bots_token_is_in_no_message_and_in_no_log(caplog):
    with caplog.at_level(logging.DEBUG), pytest.raises(ChannelError) as refused:
        async with Line("123456:a-secret-of-the-bot", api_url="http://127.0.0.1:1"):
            pass
    assert "a-secret-of-the-bot" not in f"{refused.value}{refused.value!r}"
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("winback")]
    assert "a-secret-of-the-bot" not in "\n".join(ours)
