"""The reference misses nothing, every page has its place in the site, and the tutorial says the same in both languages."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise

import pytest

from tests.documentation import blocks, reference
from tests.projects import ROOT
from winback.letters import sandbox, values, vocabulary
from winback.model import EventKind
from winback.operations import schemas

PAGES = reference.pages()


def test_every_command_has_its_part_with_every_option():
    parts = dict(re.findall(r"^## winback ([^\n]+)\n(.*?)(?=^## |\Z)", PAGES["commands.md"], re.MULTILINE | re.DOTALL))
    known = dict(reference.commands())
    assert set(parts) == set(known)
    for name, command in known.items():
        missing = [
            word for each in command.params for word in (*each.opts, *each.secondary_opts) if word.startswith("--") and f"`{word}`" not in parts[name]
        ]
        assert not missing, f"winback {name}: {missing}"


def test_every_command_and_option_says_what_it_does():
    silent = [name for name, command in reference.commands() if not command.help]
    silent += [
        f"{name} {each.opts[0]}"
        for name, command in reference.commands()
        for each in command.params
        if each.opts[0].startswith("--") and not each.help
    ]
    assert not silent, f"{silent} need a `help=` or a docstring"


@pytest.mark.parametrize("name", schemas.SHAPES)
def test_every_key_of_a_file_is_named(name):
    page, whole = PAGES[f"config-{name}.md"], schemas.schema(name)
    named = {part for path in re.findall(r"^\| `([^`]+)`", page, re.MULTILINE) for part in re.split(r"\.|\[\]\.?", path)}
    parts = [whole, *whole.get("$defs", {}).values()]
    assert {key for part in parts for key in part.get("properties", {})} <= named


def test_every_value_filter_and_event_is_named():
    named = set(re.findall(r"`([^`]+)`", PAGES["letter-values.md"]))
    assert set(vocabulary.words(values.LetterValues)) | sandbox.FILTERS <= named
    assert {f"`{kind}`" for kind in EventKind} <= set(re.findall(r"`[^`]+`", PAGES["events.md"]))


def test_every_decision_is_in_the_list():
    assert all(f"(../decisions/{file.name})" in PAGES["decisions.md"] for file in reference.decision_files())


def test_every_page_has_its_place():
    listed: set[str] = set()
    for page in blocks.pages():
        for block in re.findall(r"```\{toctree\}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            listed |= {line for line in block.splitlines() if line and not line.startswith(":")}
    written = {page.relative_to(ROOT / "docs").with_suffix("").as_posix() for page in blocks.pages() if page.name != "README.md"}
    assert written - listed == {"index"}, "say in docs/how-to.md, explanation.md or developers.md where it belongs"


def test_every_link_leads_to_a_file_and_every_picture_is_there():
    lost = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in blocks.pages()
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in target and "reference/" not in target and not (page.parent / target).exists()
    ]
    assert not lost


def test_both_tutorials_have_the_same_parts():
    english, ukrainian = (ROOT / "docs/tutorial.md", ROOT / "docs/uk/tutorial.md")
    shape = [re.findall(r"^#+(?= )|^!(?=\[)|^- |^\d\. |^\|", page.read_text(encoding="utf-8"), re.MULTILINE) for page in (english, ukrainian)]
    assert shape[0] == shape[1]
    typed = [[block.text.replace("--locale uk", "--locale en") for block in blocks.of(page)] for page in (english, ukrainian)]
    assert typed[0] == typed[1], "the same commands, and the same answers"
    assert len(typed[0]) > 8
    assert all(first != second for first, second in pairwise(typed[0]))


def test_the_site_is_built_without_a_warning_and_fetches_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(tmp_path / "kept"), "-b", "html", "docs", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    made = [page.read_text(encoding="utf-8") for page in (tmp_path / "site").rglob("*.html")]
    assert len(made) > 150
    fetched = [
        found
        for text in made
        for found in re.findall(
            r"<(?:script|img|iframe|source)[^>]+src=\"(?:https?:)?//[^\"]+|<link(?![^>]+rel=\"canonical)[^>]+href=\"(?:https?:)?//[^\"]+", text
        )
    ]
    styles = [
        path.name
        for path in (tmp_path / "site").rglob("*.css")
        if re.search(r"(?:@import\s+|url\()[\"']?(?:https?:)?//", path.read_text(encoding="utf-8"))
    ]
    assert not fetched
    assert not styles
    assert (tmp_path / "site/searchindex.js").read_text(encoding="utf-8").startswith("Search.setIndex("), (
        "a script, since a page from a file may fetch no JSON"
    )
