"""SpamAssassin's rules, without the network, over every letter in every language."""

from __future__ import annotations

import contextlib
import mailbox
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.referees import finished, tools
from winback.channels import mime
from winback.model import Email

pytestmark = [pytest.mark.referee, pytest.mark.xdist_group("spam")]

MOST = 2.0  # points; from 5 on a letter counts as spam
SHOUTING = "<html><body><h1>CLICK HERE!!! 100% GUARANTEED!!! ACT NOW, FREE MONEY, NO OBLIGATION, VIAGRA</h1></body></html>"


def scores(folder: Path, letters: dict[str, Email]) -> dict[str, tuple[float, str]]:
    """Points and rules by the letter's name; one run of the program for all."""
    spamassassin = tools.program("spamassassin", package="spamassassin")
    box = mailbox.mbox(folder / "letters.mbox")
    for number, letter in enumerate(letters.values()):
        numbered = replace(letter, delivery_id=number, message_id=f"<wb.winter-tea.{number}.0123456789abcdef@news.zerno.example>")
        box.add(mime.build(numbered))
    box.close()
    options = ["--local", "--nocreate-prefs", "--prefspath=/dev/null", "--cf=use_bayes 0", "--cf=score SPF_NONE 0", "--mbox"]
    with (folder / "letters.mbox").open("rb") as file:
        done = subprocess.run([spamassassin, *options], stdin=file, capture_output=True, check=True, timeout=600, cwd=folder)
    (folder / "judged.mbox").write_bytes(done.stdout)
    names, judged = list(letters), dict[str, tuple[float, str]]()
    with contextlib.closing(mailbox.mbox(folder / "judged.mbox")) as judgements:
        for message in judgements:
            status = " ".join(message["X-Spam-Status"].split())
            points = float(re.search(r"score=(-?[0-9.]+)", status)[1])
            judged[names[int(message["Message-ID"].split(".")[2])]] = (points, status)
    return judged


def test_every_letter_looks_honest_to_spamassassin_and_a_shouting_one_does_not(tmp_path):
    letters = {letter.label: letter.email for letter in finished.shipped()}
    first = next(iter(letters.values()))
    shouting = replace(first, subject="FREE!!! CLICK NOW!!!", html=SHOUTING, text="", unsubscribe_url="", unsubscribe_mailto="", list_id="")
    judged = scores(tmp_path, letters | {"shouting": shouting})
    assert judged.keys() == {*letters, "shouting"}
    assert judged.pop("shouting")[0] >= MOST
    assert {name: status for name, (points, status) in judged.items() if points >= MOST} == {}
