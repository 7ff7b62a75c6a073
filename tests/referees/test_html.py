"""The Nu HTML checker (validator.w3.org/nu) over every letter in every language, and over the public pages."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.referees import finished, public, tools

pytestmark = [pytest.mark.referee, pytest.mark.xdist_group("html")]

# What mail needs and HTML forbids: tables laid out by attributes, because Outlook's Word engine reads nothing else; its name for its own
# elements in conditional comments; rows that span the column of a picture which no row has this time.
OF_MAIL = re.compile(
    r"attribute on the “(?:table|td|img)” element is obsolete|Attribute “xmlns:[ov]” not allowed|Table column \d+ .* has no cells beginning in it"
)
MISTAKES = {
    "a list outside of a list.html": "<li>x</li><ul><p>y</p></ul>",
    "a picture without alt.html": '<img src="https://zerno.example/a.png">',
    "an unknown attribute.html": '<p kolour="red">x</p>',
    "an id twice.html": '<p id="a">x</p><p id="a">y</p>',
}


def judged(folder: Path, files: dict[str, str]) -> dict[str, list[str]]:
    """What the checker says of each file: line and sentence, errors and warnings alike."""
    command = tools.html_checker()
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    options = ["--format", "json", "--stdout", "--exit-zero-always"]
    done = subprocess.run([*command, *options, *sorted(files)], cwd=folder, capture_output=True, text=True, check=True, timeout=300)
    said: dict[str, list[str]] = {name: [] for name in files}
    for message in json.loads(done.stdout)["messages"]:
        if not OF_MAIL.search(message["message"]):
            name = next(name for name in files if message["url"].endswith(name.replace(" ", "%20")))
            said[name].append(f"{name}:{message.get('lastLine')}: {message['message']}")
    return said


def test_every_letter_and_page_is_html_and_mistakes_are_found(tmp_path):
    letters = {f"{letter.label}.html": letter.page for letter in finished.shipped()}
    pages = {f"page-{name}.html": html for name, html in public.pictures().items()}
    wrong = {name: f'<!DOCTYPE html><html lang="en"><head><title>x</title></head><body>{body}</body></html>' for name, body in MISTAKES.items()}
    said = judged(tmp_path, letters | pages | wrong)
    assert all(said[name] for name in wrong)
    assert [sentence for name in letters | pages for sentence in said[name]] == []
    assert letters
