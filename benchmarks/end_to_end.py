"""From a queued campaign to the mail server: claimed, checked, written, handed over, sent and recorded; beside other ways of doing the like."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from smtplib import SMTP
from typing import Any

import premailer
from sqlalchemy import Engine

from benchmarks import link, mailing
from benchmarks.figure import Figure, Unavailable, compared
from benchmarks.shop import places
from benchmarks.sink import HOST, sink, source
from winback.channels import dkim, mime
from winback.channels.accepting import AcceptingChannel
from winback.model import ChannelName, Email
from winback.sending.compose import Writer
from winback.sending.desk import Desk
from winback.sending.ledger import Ledger
from winback.sending.prepared import Prepared

LETTERS = 20_000
MANY = 200_000  # to see whether time and memory grow
BY_NODE, BY_HAND, OVER_A_LINK = 3_000, 60, 1_500  # letters of the slower ways
SOURCE_BAR = 1 / 0.2
NODE_BAR, BY_HAND_BAR = 1 / 3, 1 / 30
TWO_PROCESSES_BAR = 1 / 1.25
POSTGRESQL_BAR = 1.2
RSA_BAR, ED25519_BAR = 1 / 0.35, 1 / 0.8
LINK_BAR = 1 / 1.8
MEMORY_BAR_MEGABYTES, MEMORY_GROWTH_BAR, TIME_GROWTH_BAR = 150.0, 1.2, 1.1
DELAY_SECONDS = 0.015  # one way
ROUNDS = 3


@dataclass(frozen=True)
class _Place:
    """A shop with its campaign, whose database is filled anew for every round."""

    root: Path
    port: int
    kind: str
    server_url: str
    environment: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[tuple[str, str], ...] = ()

    @cached_property
    def shop(self) -> Path:
        mailing.project(self.root / "shop", self.port, *self.changes)
        return self.root / "shop"

    def microseconds(self, letters: int = LETTERS, processes: int = 1) -> float:
        """Of wall time for each letter."""
        return max(each["seconds"] for each in self.send(letters, processes)) * 1e6 / letters

    def send(self, letters: int, processes: int = 1) -> list[dict[str, Any]]:
        with self.filled(letters) as (engine, _):
            url = engine.url.render_as_string(hide_password=False)
        environment = {**os.environ, "WINBACK_SECRET": "k" * 32, "WINBACK_DATABASE_URL": url, **self.environment}
        workers = [
            subprocess.Popen(
                [sys.executable, "-m", "benchmarks.sender", str(self.shop), f"worker-{number}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
                cwd=places.REPOSITORY,
            )
            for number in range(processes)
        ]
        for worker in workers:
            assert worker.stdout is not None
            worker.stdout.readline()
        told = []
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        for worker in workers:
            said, _ = worker.communicate()
            told.append(json.loads(said))
        if sum(each["sent"] for each in told) != letters:
            raise RuntimeError(f"{told}: not all of {letters:,} letters were sent")
        return told

    @contextlib.contextmanager
    def filled(self, letters: int) -> Iterator[tuple[Engine, Prepared]]:
        from winback import settings

        ready = mailing.prepare(settings.open_project(self.shop, {"WINBACK_SECRET": "k" * 32, **self.environment}))
        engine = mailing.opened(self.root, self.kind, self.server_url)
        mailing.enrolled(ready, engine, letters)
        yield engine, ready
        engine.dispose()

    def written(self, count: int) -> list[Email]:
        """Finished letters of the campaign, as ours."""
        with self.filled(count) as (engine, ready):
            from winback.operations import campaign_run

            run = campaign_run.current(engine, ready, now=mailing.NOW)
            writer = Writer(ready, engine)
            desk = Desk(Ledger(engine, run, writer, "bench", lambda: mailing.NOW), {ChannelName.EMAIL: AcceptingChannel()}, count)
            found = [writer.write(each.claimed, each.candidate, each.recipient, each.send, now=mailing.NOW) for each in desk.next().passed]
        return [each for each in found if isinstance(each, Email)]


def figures() -> list[Figure]:
    with places.folder() as root, places.server(root) as server, sink() as port:

        def place(name: str, kind: str = "SQLite", **more: Any) -> _Place:
            (root / name).mkdir(exist_ok=True)
            return _Place(root / name, port, kind, server, **more)

        plain = place("plain")
        letters = plain.written(max(BY_NODE, 500))
        size = int(statistics.median(len(mime.build(each)) for each in letters))
        told = f"{LETTERS:,} personal letters of {size / 1000:.0f} kB, claimed to recorded"
        return [
            *compared(
                "sending",
                told,
                plain.microseconds,
                (
                    "smtp-source, finished bytes",
                    lambda: source(port, letters=LETTERS, size=size, connections=mailing.CONNECTIONS) * 1e6 / LETTERS,
                    SOURCE_BAR,
                ),
                *_by_node(root, port, letters[:BY_NODE]),
                ("premailer, EmailMessage and a commit for each", lambda: _by_hand(root, port, letters[:BY_HAND]), BY_HAND_BAR),
                unit="us",
                rounds=ROUNDS,
            ),
            *_beside(f"{told}, two processes", lambda: plain.microseconds(processes=2), ("one", plain.microseconds, TWO_PROCESSES_BAR)),
            *_beside(f"{told}, PostgreSQL", place("postgresql", "PostgreSQL").microseconds, ("SQLite", plain.microseconds, POSTGRESQL_BAR)),
            *_beside(f"{told}, signed by RSA", place("rsa", **_signed("rsa")).microseconds, ("unsigned", plain.microseconds, RSA_BAR)),
            *_beside(
                f"{told}, signed by Ed25519", place("ed25519", **_signed("ed25519")).microseconds, ("unsigned", plain.microseconds, ED25519_BAR)
            ),
            *link.figures(port, letters[0], OVER_A_LINK, DELAY_SECONDS, LINK_BAR),
            *_growth(plain),
        ]


def _beside(name: str, ours: Callable[[], float], *references: tuple[str, Callable[[], float], float | None]) -> list[Figure]:
    return compared("sending", name, ours, *references, unit="us", rounds=ROUNDS)


def _signed(kind: str) -> dict[str, Any]:
    """A project that signs by a key made just now."""
    _, pem = dkim.new_key(kind)
    line = "  # dkim: [{domain: news.zerno.example, selector: wb1}]"
    return {"environment": {"WINBACK_DKIM_WB1": pem}, "changes": ((line, "  dkim: [{domain: zerno.example, selector: wb1}]"),)}


def _growth(place: _Place) -> list[Figure]:
    few, many = (place.send(count)[0] for count in (LETTERS, MANY))
    of = f"at {MANY:,} letters"
    each = many["seconds"] * 1e6 / MANY
    before = few["seconds"] * 1e6 / LETTERS
    return [
        Figure("sending", f"time for a letter {of} / at {LETTERS:,}", each, "us", 1, 0.0, before, TIME_GROWTH_BAR),
        Figure("sending", f"peak memory {of} / at {LETTERS:,}", many["megabytes"], "MB", 1, 0.0, few["megabytes"], MEMORY_GROWTH_BAR),
        Figure("sending", f"peak memory {of}", many["megabytes"], "MB", 1, 0.0, bar=MEMORY_BAR_MEGABYTES),
    ]


def _by_hand(root: Path, port: int, letters: Sequence[Email]) -> float:
    """The obvious way: styles inlined into each letter, EmailMessage, one connection, and a commit for each."""
    styled = [_unstyled(each.html) for each in letters]
    path = root / "by-hand.db"
    path.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as connection, SMTP(HOST, port) as server:
        connection.execute("CREATE TABLE sent (id INTEGER PRIMARY KEY, at TEXT)")
        began = time.perf_counter()
        for letter, html in zip(letters, styled, strict=True):
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = f"{letter.sender_name} <{letter.sender_address}>", letter.to, letter.subject
            message.set_content(letter.text)
            message.add_alternative(premailer.transform(html), subtype="html")
            server.send_message(message)
            connection.execute("INSERT INTO sent (at) VALUES (datetime())")
            connection.commit()
        return (time.perf_counter() - began) * 1e6 / len(letters)


def _unstyled(html: str) -> str:
    """The letter with a style sheet to put into it."""
    rules = "".join(f".c{number} {{ color: #33{number:02d}44; padding: {number}px; }} " for number in range(30))
    return html.replace("<head>", f"<head><style>p {{ margin: 0 0 16px; }} td {{ vertical-align: top; }} {rules}</style>", 1)


def _by_node(root: Path, port: int, letters: Sequence[Email]) -> Iterator[tuple[str, Callable[[], float], float]]:
    """nodemailer with a pool of as many connections, building and sending the same letters; their texts are given to it."""
    folder = root / "node"
    folder.mkdir()
    if shutil.which("npm") is None:
        raise Unavailable("npm is missing; nodemailer is what end-to-end sending is compared with.")
    subprocess.run(
        ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), "nodemailer@7"], check=True, stdout=subprocess.DEVNULL
    )
    given = [
        {
            "from": {"name": each.sender_name, "address": each.sender_address},
            "to": each.to,
            "replyTo": each.reply_to,
            "subject": each.subject,
            "text": each.text,
            "html": each.html,
            "messageId": each.message_id,
            "headers": {
                "List-Unsubscribe": f"<{each.unsubscribe_url}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                "Feedback-ID": each.feedback_id,
            },
        }
        for each in letters
    ]
    (folder / "letters.json").write_text(json.dumps(given), encoding="utf-8")
    (folder / "send.js").write_text(_NODE, encoding="utf-8")

    def measure() -> float:
        done = subprocess.run(["node", "send.js", str(port), str(mailing.CONNECTIONS)], cwd=folder, check=True, capture_output=True, text=True)
        return float(done.stdout) * 1e6 / len(letters)

    yield "nodemailer building and sending them", measure, NODE_BAR


_NODE = """
const letters = require('./letters.json');
const pool = require('nodemailer').createTransport({
  host: '127.0.0.1', port: +process.argv[2], secure: false, ignoreTLS: true, pool: true, maxConnections: +process.argv[3], maxMessages: Infinity });
const began = process.hrtime.bigint();
Promise.all(letters.map(letter => pool.sendMail(letter))).then(() => {
  console.log(Number(process.hrtime.bigint() - began) / 1e9);
  pool.close();
});
"""
