"""Whose fault it is that a letter came back: the address, the moment, or us. By the status code, and by the words where it says nothing."""

from __future__ import annotations

import re
from enum import StrEnum

from winback.channels import refusal_words
from winback.channels.refusal_words import Cause


class Fault(StrEnum):
    """What a returned letter says of the address."""

    HARD = "hard"  # it doesn't exist
    SOFT = "soft"  # it didn't take the letter, this time
    LANE = "lane"  # it is innocent: we were refused
    GREYLISTED = "greylisted"  # nothing: the letter was to be tried again


_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?:^|[\s;:<\"'(#\[=>])([45][0-5]\d)(?=[\s\-:;,.\])]|$)")
_NO_SUCH_ADDRESS = {(1, 0), (1, 1), (1, 2), (1, 3), (1, 6), (1, 9), (1, 10), (2, 1)}
_SENDER = {(1, 7), (1, 8)}
_FULL_OR_TOO_LARGE = {(2, 2), (2, 3), (3, 4)}
_OWNER_CHANGED = {(7, 17), (7, 18)}  # RFC 7293: somebody else has this address by now
_NOT_IN_DIRECTORY = re.compile(r"recipient address rejected: access denied", re.IGNORECASE)  # Exchange Online's words for an address it doesn't have
_ANY_POLICY = {(7, 0), (7, 1)}  # said of everything, from spam to "no such user"
_OUR_COMMANDS = re.compile(
    r"in reply to (?:end of )?(?:mail from|data|helo|ehlo|bdat|sending message body)|(?:after|to|following|response to|during|at) (?:the )?(?:end[ -]of[ -]data|end of message|mail from|data\b|ehlo|helo|initial connection|message body)"
    r"|after pipelined (?:mail|end)|\[(?:data|mail_from|connect)\]",
    re.IGNORECASE,
)


def code(status: str, said: str) -> str:
    """The enhanced status code (RFC 3463) that says most: that of the Status field, unless it is a general one and the words have a better."""
    found = [each for text in (status, said) for each in _CODE.finditer(text[: refusal_words.LENGTH])]
    told = [each[0] for each in found if each[1] != "2"]
    special = (each[0] for each in found if each[1] != "2" and each[3] != "0" and (each[2], each[3]) != ("5", "0") and each[0] != "4.4.7")
    return next(special, told[0] if told else found[0][0] if found else "")


def fault(status: str, said: str, *, default: Fault = Fault.SOFT) -> Fault:
    """Hard only where the code or the words say that there is no such address, and nothing said speaks for another cause.

    An address that is closed wrongly is a customer lost; one that is left open wrongly comes back again, and is counted. So what says
    nothing is soft.
    """
    found = _CODE.fullmatch(code(status, said))
    place = (int(found[2]), int(found[3])) if found else (0, 0)
    replies = _REPLY.findall(said)
    is_final = _is_final(found[1] if found else "", place, replies)
    causes = refusal_words.causes(said)
    if Cause.GREYLISTED in causes:
        return Fault.GREYLISTED
    if place[0] in {6, 7} or place in _SENDER:
        return Fault.HARD if place in _OWNER_CHANGED and is_final else _about_us(place, causes, is_final=is_final)
    if place in _FULL_OR_TOO_LARGE or causes & {Cause.FULL, Cause.TOO_LARGE, Cause.BUSY}:
        return Fault.SOFT
    if place in _NO_SUCH_ADDRESS:
        return _of_an_address(said, causes, place) if is_final else default
    return _by_words(said, causes, replies, place, is_final=is_final) or default


def _of_an_address(said: str, causes: frozenset[Cause], place: tuple[int, int]) -> Fault:
    """A code that names the address, beside words that name us: the words are believed where they are plain ones."""
    is_theirs = Cause.US not in causes or causes & {Cause.NO_MAILBOX, Cause.NO_DOMAIN} or (place == (1, 1) and not _is_spam(said))
    return Fault.HARD if is_theirs else Fault.LANE


def _by_words(said: str, causes: frozenset[Cause], replies: list[str], place: tuple[int, int], *, is_final: bool) -> Fault | None:
    """None: they say nothing."""
    if place == (4, 1) and is_final and _NOT_IN_DIRECTORY.search(said):
        return Fault.HARD
    nobody = bool(causes & {Cause.NO_MAILBOX, Cause.NO_DOMAIN})
    if Cause.US in causes and not (nobody and not _is_spam(said)):
        return Fault.LANE
    if is_final and (nobody or (Cause.UNAVAILABLE in causes and Cause.SYSTEM not in causes)):
        return Fault.HARD
    if replies and replies[0] in {"530", "535"}:
        return Fault.LANE
    at_ours = is_final and bool(replies) and Cause.SYSTEM not in causes and _OUR_COMMANDS.search(said) is not None
    return Fault.LANE if at_ours else None  # not at the recipient's address: what we are, or what we wrote


def _is_final(digit: str, place: tuple[int, int], replies: list[str]) -> bool:
    """A 5xx. Where the code is a general one, the number of the server's own reply counts more."""
    if digit and (place[1] or not replies):
        return digit == "5"
    if replies:
        return replies[-1].startswith("5")
    return True


def _about_us(place: tuple[int, int], causes: frozenset[Cause], *, is_final: bool) -> Fault:
    if place in _ANY_POLICY:
        if Cause.NO_MAILBOX in causes and is_final:
            return Fault.HARD  # some say so of an address that they don't have
        if Cause.FULL in causes:
            return Fault.SOFT
        if not is_final and place == (7, 1) and Cause.US not in causes:
            return Fault.GREYLISTED
    return Fault.LANE


_SPAM = re.compile(
    r"\bspam\b(?! ?(?:filter|assassin)? ?gateway)|black ?-?list|block ?-?list|spamhaus|\brbl\b|dnsbl|reputation|unsolicited|\bspf\b|\bdmarc\b|\bdkim\b",
    re.IGNORECASE,
)


def _is_spam(said: str) -> bool:
    return _SPAM.search(refusal_words.plain(said)) is not None


def says_nothing(said: str) -> bool:
    """Whether the words name no cause."""
    return not refusal_words.causes(said)
