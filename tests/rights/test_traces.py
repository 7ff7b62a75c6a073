"""Whose files are whose."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from winback.operations import traces
from winback.store.forgetting import Known

HER = Known((1,), ("7",), (("email", "Anna@x.example", b""), ("telegram", "77", b"")), ("+380671234567",), (1,), ("<wb.1@n.example>",))
LETTER = "From: shop@x.example\r\nTo: {}\r\nSubject: {}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n"


@pytest.mark.parametrize(
    ("name", "content", "hers"),
    [
        ("mailbox/email/1.eml", LETTER.format("Anna <anna@x.example>", "Hello", "7 % off"), True),
        ("mailbox/email/2.eml", LETTER.format("joanna@x.example", "Hello", "7 % off for 77 days"), False),
        ("mailbox/email/3.eml", LETTER.format("anna@x.example.org", "Hello", "x"), False),
        ("mailbox/email/4.eml", LETTER.format("=?utf-8?q?Anna?= <ANNA@X.example>", "Hello", "x"), True),
        ("mailbox/reminders/5.eml", LETTER.format("olena@shop.example", "Calls", "Ring up +380671234567."), True),
        ("mailbox/reminders/6.eml", LETTER.format("olena@shop.example", "Calls", "Ring up +3806712345678."), False),
        ("mailbox/telegram/7.json", json.dumps({"chat_id": "77", "text": "Hello", "language": "en"}), True),
        ("mailbox/telegram/8.json", json.dumps({"chat_id": "777", "text": "7 letters, 77 words", "language": "en"}), False),
        ("rejects/a.csv", "file,line,reason,id\nx.csv,9,Broken,7\n", True),
        ("rejects/b.csv", "file,line,reason,id\nx.csv,9,Broken,17\n", False),
        ("rejects/c.csv", "file,line,reason,id,phone\nx.csv,9,Broken,17,'+380671234567\n", True),
        ("reports/spring.html", "<p>7 of 77 returned</p>", False),
        ("mailbox/email/9.eml", "", False),
        ("mailbox/email/10.eml", "no letter at all", False),
    ],
)
def test_a_file_is_theirs_by_what_nobody_else_has(project, name, content, hers):
    path = Path(project.out) / name
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="utf-8", newline="")
    assert traces.files(project, HER) == ([path] if hers else [])


def test_a_link_is_not_followed(project, tmp_path):
    target = tmp_path / "elsewhere.eml"
    target.write_text(LETTER.format("anna@x.example", "Hello", "x"), encoding="utf-8")
    link = Path(project.out) / "mailbox" / "email" / "1.eml"
    link.parent.mkdir(parents=True)
    link.symlink_to(target)
    assert traces.erase(project, HER) == []
    assert target.exists()


def test_samples_go_whoever_they_name(project):
    path = Path(project.out) / "approval" / "spring" / "first.html"
    path.parent.mkdir(parents=True)
    path.write_text("<p>Dear Anna</p>")
    assert traces.files(project, HER) == []
    assert traces.erase(project, HER) == ["out/approval/spring/first.html"]
    assert not path.exists()
