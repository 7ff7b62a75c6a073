"""Every reader of bytes from outside, given whatever hypothesis thinks of: a value or the project's own error, and nothing else."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import dns.message
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from telegram import Update

from tests import letterbox
from tests.channels.name_server import NameServer
from winback.audience import addresses, amounts, cells, moments, phones, typos
from winback.audience import parquet as parquet_files
from winback.bot import updates
from winback.channels import dmarc, mailbox, mime, refusal_words, smtp_replies, spf, unpacked
from winback.channels.dns_lookup import DnsUnreachableError
from winback.errors import ChannelError, SourceError, WinbackError
from winback.letters import po
from winback.model import ChannelName, EventKind
from winback.operations import experiment
from winback.store import database
from winback.studio import bubble, letter_frame, reason_form
from winback.tracking import app, automatic, machines, replies, reports, tokens
from winback.tracking.machines import Signals

ODD = st.sampled_from(
    [
        "\x00",
        "\ud800",
        "\u202e",
        "\ufeff",
        "٣",
        "²",
        "ⅷ",
        "İ",
        "ß",
        "=?utf-8?b?w?=",
        "{{7*7}}",
        "%s",
        "%00",
        "../",
        "1e999",
        "NaN",
        "9" * 400,
        "-" * 400,
        "(" * 400,
        "a@" * 200,
    ]
)
LATIN = st.text(st.characters(max_codepoint=255), max_size=200)
TEXT = st.one_of(st.text(max_size=200), LATIN, st.lists(st.one_of(ODD, st.text(max_size=8)), max_size=8).map("".join))
BYTES = st.one_of(st.binary(max_size=500), TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")))

CELLS: Mapping[str, Callable[[str], Any]] = {
    "cells.text": cells.text,
    "cells.sex": cells.sex,
    "cells.locale": cells.locale,
    "cells.country": cells.country,
    "cells.time_zone": cells.time_zone,
    "cells.favourite_day": lambda text: cells.favourite_day(text, ("DD.MM.YYYY", "YYYY-MM-DD")),
    "cells.tags": lambda text: cells.tags(cells.text(text), ";"),
    "cells.day": lambda text: cells.day(text, ("iso", "DD.MM.YYYY")),
    "moments.parse": lambda text: moments.parse(text, ("iso", "DD.MM.YYYY hh:mm", "YYYY-MM-DD")),
    "amounts.parse point": lambda text: amounts.parse(text, "point"),
    "amounts.parse comma": lambda text: amounts.parse(text, "comma"),
    "phones.international": lambda text: phones.international(text, "UA"),
    "phones.international of a country": lambda text: phones.international("0501234567", text),
    "addresses.email": addresses.email,
    "addresses.as_it_travels": addresses.as_it_travels,
    "addresses.chat_id": addresses.chat_id,
    "typos.meant": typos.meant,
    "typos.domain_meant": typos.domain_meant,
    "dmarc.read": dmarc.read,
    "spf.records": lambda text: spf.records([text]),
    "mailbox.in_words": mailbox.in_words,
    "bubble.draw": bubble.draw,
    "letter_frame.framed": lambda text: letter_frame.framed(text, ()),
    "refusal_words.causes": refusal_words.causes,
    "reports.is_address": reports.is_address,
    "automatic.by_subject": automatic.by_subject,
    "smtp_replies.classify": lambda text: smtp_replies.classify(550, text),
    "tokens.read": lambda text: tokens.read((b"k" * 32,), tokens.Purpose.UNSUBSCRIBE, text),
}


@pytest.mark.parametrize("name", CELLS)
@settings(deadline=None, max_examples=150)
@given(text=TEXT)
@example("")
@example("9" * 5_000)
@example("٣.٣.٣٣٣٣")
@example("²" * 10)
@example("\ud800")
def test_whatever_a_cell_or_a_header_holds_it_is_read_or_nothing(name, text):
    found = CELLS[name](text)
    assert found is None or isinstance(found, object)
    if isinstance(found, str):
        assert "\x00" not in found or name in {"mailbox.in_words", "bubble.draw", "letter_frame.framed", "reports.judge"}


@given(st.text(max_size=30))
@settings(deadline=None)
def test_an_amount_is_a_finite_number_or_none(text):
    found = amounts.parse(text, "point")
    assert found is None or (isinstance(found, Decimal) and found.is_finite())


@settings(deadline=None, max_examples=300)
@given(st.integers(-1, 1_000), TEXT)
def test_whatever_a_server_answers_is_one_of_our_errors(code, text):
    assert isinstance(smtp_replies.classify(code, text), ChannelError)


@settings(deadline=None, max_examples=200)
@given(BYTES)
def test_any_file_of_the_mailbox_is_shown_or_told_to_be_none(content):
    assert mailbox.head_of_email(content) is not None
    assert mailbox.head_of_message(content) is not None
    found = unpacked.email_of(content)
    letter_frame.framed(found.html, found.parts)
    text = unpacked.message_of(content)
    assert text is None or bubble.draw(text.text) is not None


JSON = st.recursive(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT), lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)), max_leaves=8)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(st.fixed_dictionaries({}, optional={"chat_id": JSON, "text": JSON, "language": JSON, "buttons": JSON}))
def test_any_json_is_a_messenger_text_or_none(said):
    content = json.dumps(said).encode()
    found = unpacked.message_of(content)
    assert found is None or isinstance(found.text, str)
    assert mailbox.head_of_message(content) is not None


PARTS = st.sampled_from(
    ["multipart/report; boundary=b", "message/delivery-status", "message/feedback-report", "message/rfc822", "message/global-delivery-status", "text/rfc822-headers", "text/plain; charset=x", "text/html", "message/partial", "multipart/", "application/octet-stream", "text/plain; charset*0*=utf-8''%ff"]
)  # fmt: skip
FIELDS = st.sampled_from(["From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Content-Transfer-Encoding", "Content-Disposition", "Final-Recipient", "Original-Recipient", "Action", "Status", "Diagnostic-Code", "Auto-Submitted", "Return-Path", "Received"])  # fmt: skip


@st.composite
def mails(draw: st.DrawFn) -> bytes:
    """Mail with the bones of a report and anything at all between them."""
    lines = []
    for _ in range(draw(st.integers(0, 5))):
        lines.append(f"Content-Type: {draw(PARTS)}")
        lines += [f"{draw(FIELDS)}: {draw(TEXT)}" for _ in range(draw(st.integers(0, 4)))]
        lines += ["", draw(TEXT), draw(st.sampled_from(["--b", "--b--", ""]))]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


@settings(deadline=None, max_examples=300)
@given(mails())
def test_any_mail_means_something(content):
    found = replies.classify(replies.parse(content))
    assert found.meaning in replies.Meaning
    found.key.encode("ascii")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("incoming")
    engine = database.open_engine(f"sqlite:///{folder / 'winback.db'}")
    project = letterbox.project(folder / "project")
    shop = letterbox.Letterbox(engine, project.key)
    shop.written_to("olena", email="olena@mail.example", message_id=mime.message_id("spring", 1, "zerno.example", project.key))
    yield project, shop
    engine.dispose()


@settings(deadline=None, max_examples=100)
@given(content=mails(), name=st.text("abc:.,+é", min_size=1, max_size=20))
def test_any_mail_in_the_inbox_is_taken_in(store, tmp_path_factory, content, name):
    from winback.demo import mailbox as maildirs
    from winback.tracking import incoming

    project, shop = store
    inbox = tmp_path_factory.mktemp("inbox") / "in"
    maildirs.make_maildir(inbox)
    (inbox / "new" / f"1{name}").write_bytes(content)
    counts = incoming.read_maildir(inbox, shop.engine, project, letterbox.NOW)
    assert sum(counts.values()) == 1
    assert not list((inbox / "new").iterdir())


class Told:
    """A name server that answers out of a table, whatever is asked."""

    def __init__(self, texts: list[str], addresses: list[str], names: list[str]) -> None:
        self._texts, self._addresses, self._names = texts, addresses, names

    def texts(self, name: str) -> list[str]:
        return self._texts

    def addresses(self, host: str) -> list[str]:
        return self._addresses

    def mail_hosts(self, domain: str) -> list[str]:
        return self._names

    def names(self, address: str) -> list[str]:
        return self._names


TERMS = st.lists(
    st.one_of(
        TEXT,
        st.sampled_from(
            ["all", "-all", "a", "a/99", "a/24//999", "a:%{i}", "a:%{d9999}", "mx/", "mx:x/-1", "ip4:1.2.3.4/33", "ip6:::/129", "ip4:", "include:x.example", "exists:%{s0}.x", "exists:%{ir}.%{v}.x", "redirect=", "redirect=x.example", "ptr", "ptr:x", "exp=%{", "a//", "a/1_0", "mx/٣", "%", "a:" + "%{d}" * 50]
        ),
    ),
    max_size=5,
).map(lambda terms: "v=spf1 " + " ".join(terms))  # fmt: skip


@settings(deadline=None, max_examples=500)
@given(
    st.lists(TERMS, max_size=2), st.sampled_from(["192.0.2.1", "2001:db8::1"]), st.lists(st.sampled_from(["192.0.2.1", "2001:db8::9"]), max_size=2)
)
@example(["v=spf1 a/99"], "192.0.2.1", ["192.0.2.1"])
@example(["v=spf1 a/-1"], "192.0.2.1", ["192.0.2.1"])
@example(["v=spf1 mx//200"], "2001:db8::1", ["2001:db8::9"])
@example([f"v=spf1 a:%{{d{'9' * 5_000}}}"], "192.0.2.1", [])
def test_any_record_of_a_sender_policy_is_judged(texts, address, addresses_):
    lookup: Any = Told(texts, addresses_, ["mx.example"])
    assert isinstance(spf.check(lookup, "zerno.example", address, "shop@zerno.example").result, spf.Result)


class Babbling(NameServer):
    """A name server whose answers have a right beginning, and then whatever is put into `content`."""

    content, count = b"", 0

    def _answer(self, wire):
        answer = bytearray(dns.message.make_response(dns.message.from_wire(wire)).to_wire())
        answer[6:8] = self.count.to_bytes(2, "big")  # so many records are promised
        return bytes(answer) + self.content


RECORD = st.builds(
    lambda kind, length, content: b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\0\x01\0\0\0\x3c" + length.to_bytes(2, "big") + content,
    st.sampled_from([1, 5, 12, 15, 16, 28]),
    st.integers(0, 40),
    st.binary(max_size=40),
)


@settings(deadline=None, max_examples=60)
@given(st.one_of(st.binary(max_size=80), st.lists(RECORD, max_size=3).map(b"".join)), st.integers(0, 4))
def test_whatever_a_name_server_answers_is_a_list_or_no_answer(content, count):
    with Babbling({}) as server:
        server.content, server.count = content, count
        for ask, name in (("texts", "zerno.example"), ("mail_hosts", "zerno.example"), ("addresses", "mx.zerno.example"), ("names", "192.0.2.1")):
            try:
                found = getattr(server.lookup(0.05), ask)(name)
            except DnsUnreachableError:
                continue
            assert all(isinstance(each, str) for each in found)


@settings(deadline=None, max_examples=200)
@given(st.lists(TEXT.map(lambda text: f"v=DMARC1;{text}"), max_size=2), TEXT)
def test_any_record_of_a_domains_policy_is_judged(texts, name):
    lookup: Any = Told(texts, [], [])
    assert dmarc.find(lookup, name).name == name.lower().rstrip(".")


@settings(deadline=None, max_examples=200)
@given(TEXT, TEXT, TEXT, st.sampled_from(["private", "group", "channel", "nonsense"]), st.integers(-(2**52), 2**52))
def test_whatever_somebody_writes_to_the_bot_is_heard(text, language, data, kind, chat):
    chats = {"id": chat, "type": kind}
    person = {"id": 1, "is_bot": False, "first_name": text[:10], "language_code": language}
    message = {"message_id": 1, "date": 1_700_000_000, "chat": chats, "from": person, "text": text}
    for update in (
        {"update_id": 1, "message": message},
        {"update_id": 1, "message": {**message, "caption": text}},
        {"update_id": 1, "callback_query": {"id": "1", "from": person, "chat_instance": "1", "data": data, "message": message}},
        {"update_id": 1, "edited_message": message},
    ):
        assert updates.read(Update.de_json(update)).kind in updates.Kind


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(EventKind), st.sampled_from(ChannelName), TEXT, TEXT, TEXT, st.one_of(st.none(), st.floats(allow_nan=False)))
def test_whatever_a_browser_calls_itself_there_is_a_verdict(kind, channel, method, agent, prefetch, seconds):
    assert machines.judge(kind, channel, Signals(method, agent, prefetch, seconds)).verdict


@settings(deadline=None, max_examples=200)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("reason", "note", "by", "day"), TEXT)))
def test_any_form_about_a_reason_is_a_statement_or_has_faults(fields):
    found = reason_form.read(reason_form.typed(fields), reasons=("price",), managers=("olena",), today=datetime(2026, 11, 24, tzinfo=UTC).date())
    assert isinstance(found, reason_form.Statement | reason_form.Faults)


FILES: Mapping[str, Callable[[Path], object]] = {
    "a table to compare": lambda path: experiment.analyse(path, arm="arm", control="a", outcomes=("did",), money=("sum",)),
    "a catalogue": lambda path: po.read(path.read_bytes(), "letters.po"),
}


@pytest.mark.parametrize("name", FILES)
@settings(deadline=None, max_examples=150)
@given(content=st.one_of(BYTES, BYTES.map(lambda rest: b"arm,did,sum\na,1,2\n" + rest), BYTES.map(lambda rest: b"\x1f\x8b\x08" + rest), BYTES.map(lambda rest: b'msgid "a"\nmsgstr "' + rest)))  # fmt: skip
def test_any_file_is_read_or_refused(name, tmp_path_factory, content):
    path = tmp_path_factory.mktemp("file") / "file"
    path.write_bytes(content)
    try:
        assert FILES[name](path) is not None
    except WinbackError as refusal:
        assert str(refusal)


@settings(deadline=None, max_examples=60)
@given(
    content=st.one_of(
        BYTES, BYTES.map(lambda middle: b"PAR1" + middle + b"PAR1"), BYTES.map(lambda middle: b"PAR1" + middle + b"\x10\x00\x00\x00PAR1")
    )
)
def test_any_parquet_file_is_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("file") / "orders.parquet"
    path.write_bytes(content)
    with pytest.raises(SourceError), parquet_files.opened(path, ("a",), shown="orders.parquet") as rows:
        list(rows.chunks)


HEADERS = st.lists(
    st.tuples(st.sampled_from([b"accept-language", b"user-agent", b"content-type", b"x-forwarded-for", b"cookie", b"purpose", b"host", b"content-length", b"range"]), BYTES), max_size=5
)  # fmt: skip


@pytest.fixture(scope="module")
def endpoints(store):
    project, shop = store
    return app.create_app(project, shop.engine, clock=lambda: letterbox.NOW, render_page=lambda _project, page, locale, **_: f"{page} {locale}")


@settings(deadline=None, max_examples=300)
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE", "TRACE", "X"]),
    prefix=st.sampled_from(["/", "/o/", "/c/", "/u/", "/p/", "/s/", "/v/", "/health", "//", ""]),
    rest=TEXT,
    query=BYTES,
    headers=HEADERS,
    body=BYTES,
    number=st.integers(0, 2**32 - 1),
)
def test_any_request_is_answered_and_none_with_a_500(endpoints, method, prefix, rest, query, headers, body, number):
    said: list[Any] = []
    told = [{"type": "http.request", "body": body, "more_body": False}, {"type": "http.disconnect"}]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "root_path": "", "server": ("127.0.0.1", 80),
        "path": prefix + rest, "raw_path": (prefix + rest).encode("utf-8", "surrogatepass"), "query_string": query, "headers": headers,
        "client": (str(ipaddress.ip_address(number)), 1), "state": {},
    }  # fmt: skip

    async def receive():
        return told.pop(0)

    async def send(message):
        said.append(message)

    asyncio.run(endpoints(scope, receive, send))
    assert said[0]["status"] in {200, 204, 302, 400, 404, 405, 413, 414, 422, 429, 431}
    assert b"Traceback" not in b"".join(message.get("body", b"") for message in said)
