"""How many mails that came back are read and understood in a second: reports by the standard, told in words, and answers, taking turns.

Figures of the area `tracking`; benchmarks/tracking.py shows them.
"""

from __future__ import annotations

import itertools
import statistics
import time

from benchmarks.figure import Figure
from winback.tracking import replies

_MAILS = 1_500
_ROUNDS = 5
_BAR = 1 / 300
"""Seconds for one mail, at most."""

_LETTER = (
    "To: anna@mail.example\nMessage-ID: <wb.spring.7.0123456789abcdef@zerno.example>\nContent-Type: text/html; charset=utf-8\n\n"
    + "<p>We miss you.</p>\n" * 600
)
_FAILED = (
    "From: MAILER-DAEMON@mx.example (Mail Delivery System)\nTo: bounce@zerno.example\nSubject: Undelivered Mail Returned to Sender\n"
    "Message-ID: <{number}@mx.example>\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
)
_STANDARD = (
    f"{_FAILED}--b\nContent-Type: text/plain\n\nThis is the mail system at host mx.example.\n\n<anna{{number}}@mail.example>: host said: 550 5.1.1 no such user\n\n"
    "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; anna{number}@mail.example\nAction: failed\n"
    f"Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 No such user here\n\n--b\nContent-Type: message/rfc822\n\n{_LETTER}\n--b--\n"
)
_WORDLESS = (
    f"{_FAILED}--b\nContent-Type: text/plain\n\nYour message could not be delivered.\n\n--b\nContent-Type: message/delivery-status\n\n"
    f"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; anna{{number}}@mail.example\nAction: failed\nStatus: 5.0.0\n\n--b\nContent-Type: message/rfc822\n\n{_LETTER}\n--b--\n"
)
_TOLD = (
    "From: MAILER-DAEMON@old.example\nTo: bounce@zerno.example\nSubject: failure notice\nMessage-ID: <{number}@old.example>\n\n"
    "Hi. This is the program at old.example. I wasn't able to deliver your message.\n\n<anna{number}@mail.example>:\nSorry, no mailbox here by that name.\n\n"
    f"--- Below this line is a copy of the message.\n\n{_LETTER}"
)
_NAMELESS = "From: postmaster@odd.example\nSubject: Undeliverable\nMessage-ID: <{number}@odd.example>\n\nYour mail could not be delivered: the user is unknown.\n"
_ANSWER = (
    "From: anna@mail.example\nTo: care@zerno.example\nSubject: Re: We miss you\nMessage-ID: <{number}@mail.example>\nContent-Type: text/plain; charset=utf-8\n\n"
    "Дякую, зайду у суботу!\n\n> " + "We miss you. " * 100 + "\n"
)
_KINDS = (_STANDARD, _WORDLESS, _TOLD, _NAMELESS, _ANSWER)


def figures(mails: int = _MAILS, rounds: int = _ROUNDS) -> list[Figure]:
    """One figure: seconds for one mail, in one process; its bar is a 300th."""
    contents = [kind.format(number=number).encode() for number, kind in zip(range(mails), itertools.cycle(_KINDS), strict=False)]
    taken = [_round(contents) for _ in range(rounds + 1)][1:]
    median = statistics.median(taken)
    return [Figure("tracking", "a mail that came back, read and understood", median, "s", rounds, (max(taken) - min(taken)) / median, None, _BAR)]


def _round(contents: list[bytes]) -> float:
    started = time.perf_counter()
    for content in contents:
        replies.classify(replies.parse(content))
    return (time.perf_counter() - started) / len(contents)
