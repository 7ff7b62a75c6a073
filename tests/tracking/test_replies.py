from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from winback.tracking import judging, own_words, replies
from winback.tracking.replies import Meaning

CASES = yaml.safe_load((Path(__file__).parent / "mails.yaml").read_text(encoding="utf-8"))


def read(text: str):
    return replies.classify(replies.parse(text.encode()))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_a_mail_means(case):
    mail = read(case["mail"])
    assert mail.meaning == case["meaning"]
    for name in ("sender", "recipient", "status", "text", "kind"):
        assert getattr(mail, name) == case.get(name, getattr(mail, name))
    assert mail.message_ids == tuple(case.get("message_ids", mail.message_ids))


def test_the_same_mail_has_the_same_key_and_another_another():
    mail = "From: a@mail.example\nMessage-ID: <1@mail.example>\nSubject: x\n\nHello\n"
    assert read(mail).key == read("Received: again\n" + mail).key
    assert read(mail).key != read(mail.replace("<1@", "<2@")).key
    assert read(mail).key != read(mail.replace("From: a@", "From: b@")).key
    assert read("From: a@mail.example\n\nHello\n").key != read("From: a@mail.example\n\nGoodbye\n").key


def test_the_addresses_a_mail_came_to_are_read_from_wherever_servers_write_them():
    mail = read("Delivered-To: bounce+x@zerno.example\nX-Original-To: y@zerno.example\nTo: Care <care+z@zerno.example>, other@zerno.example\n\n")
    assert set(mail.came_to) == {"bounce+x@zerno.example", "y@zerno.example", "care+z@zerno.example", "other@zerno.example"}


def test_only_the_first_words_of_a_long_reply_are_kept():
    assert len(read(f"From: a@mail.example\n\n{'слово ' * 10_000}").text) <= own_words.LENGTH


@pytest.mark.parametrize(
    ("status", "said", "verdict"),
    [
        ("5.1.1", "", "hard"),
        ("5.1.2", "", "hard"),
        ("5.1.10", "", "hard"),
        ("5.2.1", "550 5.2.1 mailbox disabled", "hard"),
        ("5.0.0", "554 5.1.1 no such user", "hard"),
        ("", "550 5.1.1 User unknown", "hard"),
        ("5.2.2", "552 5.2.2 over quota", "soft"),
        ("4.4.7", "delivery time expired", "soft"),
        ("5.3.4", "552 too big", "soft"),
        ("5.7.1", "550 5.7.1 blocked using a list", "lane"),
        ("4.7.28", "421-4.7.28 unusual rate", "lane"),
        ("5.7.515", "550 5.7.515 access denied", "lane"),
        ("5.6.0", "", "lane"),
        ("4.2.0", "450 4.2.0 Greylisted for 300 seconds", "greylisted"),
        ("", "", "soft"),
    ],
)
def test_a_status_code_says_whose_fault_it_is(status, said, verdict):
    assert judging.fault(status, said) == verdict


@settings(deadline=None)
@given(st.binary(max_size=2_000))
def test_no_bytes_break_the_reader(content):
    assert replies.classify(replies.parse(content)).meaning in Meaning


MAILS = [case["mail"].encode() for case in CASES.values()]


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(MAILS), st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 60), st.binary(max_size=40)), max_size=20))
def test_no_mail_that_was_cut_up_on_its_way_breaks_the_reader(content, cuts):
    for place, length, instead in cuts:
        content = content[:place] + instead + content[place + length :]
    mail = replies.classify(replies.parse(content))
    assert mail.kind in replies.Kind
    assert all(report.verdict in {*Meaning, None} for report in mail.reports)


@pytest.mark.parametrize(
    "mail",
    [
        "From: a@mail.example\nContent-Type: text/html\n\n<p>&#1;a</p>&#8;<p>b",
        "From: =?utf-\ufffd?q?a?= <a@mail.example>\n\nHello",
        "From: a@mail.example\nSubject: =?utf-7?q?+2AA-?=\nContent-Type: text/plain; charset=utf-7\n\n+2AA- hello",
        "From: mailer-daemon@mail.example\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; \\x{D800}@mail.example\n",
    ],
)
def test_what_no_database_takes_is_left_out(mail):
    found = read(mail)
    for words in (found.text, found.subject, found.sender, found.recipient, *(report.text for report in found.reports)):
        assert words.encode().decode() == words


LINES = st.sampled_from(
    [
        "From: a@b.example",
        "From: =?utf-8?b?w?= <>",
        "Subject: =?x?q?=ff?=",
        "Content-Type: multipart/report; boundary=b",
        "Content-Type: message/delivery-status",
        "Content-Type: message/global-delivery-status",
        "Content-Type: message/rfc822",
        'Content-Type: text/html; charset="',
        "Content-Type: text/plain; charset*=utf-8''%ff",
        "Content-Transfer-Encoding: base64",
        "Content-Disposition: attachment",
        "Final-Recipient: x",
        "Status: 5.1.1",
        "Action:",
        "Message-ID: <<>",
        "In-Reply-To: <",
        "",
        "--b",
        "--b--",
        "<blockquote><p",
        "=",
        "\ud800",
    ]
)


@settings(deadline=None)
@given(st.lists(LINES, max_size=40))
def test_no_broken_mail_breaks_the_reader(lines):
    content = "\n".join(lines).encode("utf-8", "surrogatepass")
    assert replies.classify(replies.parse(content)).meaning in Meaning


@pytest.mark.parametrize("piece", ["a", "@", "<", "<a@", "=?x?q?", "--- a", "<!--", "</p", "<a b='", "On 1@\n", "---\nx ", "> \n", "a:\n"])
def test_no_mail_keeps_the_reader_busy(piece):
    """What takes time with the square of a mail's length would take hours here."""
    long = piece * (1_000_000 // len(piece))
    for mail in (
        f"From: {long}\nTo: {long}\nReferences: {long}\nSubject: {long}\n\n{long}",
        f"From: a@mail.example\nContent-Type: text/html\n\n{long}",
        f"From: a@mail.example\nContent-Type: message/delivery-status\n\nFinal-Recipient: {long}\nStatus: {long}\n",
    ):
        started = time.process_time()
        read(mail)
        assert time.process_time() - started < 5


def test_a_mail_of_a_thousand_boxes_in_boxes_is_read_as_something_else():
    boxes = "".join(f"Content-Type: multipart/mixed; boundary=b{number}\n\n--b{number}\n" for number in range(2_000))
    assert read(f"From: a@mail.example\n{boxes}").meaning in {Meaning.REPLY, Meaning.OTHER}
