"""Bounces as they really look: the messages of flufl.bounce's test suite, which lie beside the checkout and are no part of the project."""

from __future__ import annotations

import tarfile
from functools import cache
from pathlib import Path

import pytest
import yaml

from winback.tracking import replies

ROOT = Path(__file__).resolve().parents[2]
ARCHIVE = ROOT.parent / "shared" / "data" / "bounces" / "flufl-bounce-6.0.0.tar.gz"
EXPECTED = yaml.safe_load(Path(__file__).with_name("flufl.yaml").read_text(encoding="utf-8"))

pytestmark = pytest.mark.skipif(not ARCHIVE.is_file(), reason=f"the bounces of flufl.bounce aren't here: put {ARCHIVE.name} into shared/data/bounces")


@cache
def messages() -> dict[str, bytes]:
    with tarfile.open(ARCHIVE) as archive:
        found = {Path(member.name): archive.extractfile(member) for member in archive if member.name.endswith(".txt") and member.isfile()}
        return {path.stem: file.read() for path, file in found.items() if file}


@pytest.mark.parametrize("name", EXPECTED)
def test_whom_a_bounce_is_about_and_whose_fault_it_is(name):
    expected = EXPECTED[name]
    mail = replies.classify(replies.parse(messages()[name]))
    verdicts = {str(report.verdict) for report in mail.reports} or {str(mail.meaning)}
    assert (str(mail.kind), verdicts) == (expected["kind"], {expected["verdict"]})
    assert {report.recipient.lower() for report in mail.reports if report.recipient} == {each.lower() for each in expected["recipients"]}


def test_every_message_is_judged():
    assert set(messages()) == set(EXPECTED)
