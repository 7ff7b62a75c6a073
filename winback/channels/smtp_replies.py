"""What an SMTP server's refusal means for us: the address, the moment, or our own side (RFC 5321, RFC 3463).

tests/channels/replies.yaml is the table of cases.
"""

from __future__ import annotations

import re

from winback.channels import refusal_words
from winback.channels.refusal_words import Cause
from winback.errors import ChannelError, LaneError, PermanentError, TemporaryError

NO_SUCH_MAILBOX = "no-such-mailbox"
"""The one refusal that closes an address for good."""

GREYLISTED = "greylisted"
"""Put off on principle: the same letter is taken at a later try, and the try doesn't count."""

SLOW_DOWN = "slow-down"
"""Too much at once for those who keep the recipient's mailbox: others may be written to meanwhile."""

POLICY = "refused-by-policy"
"""Our authentication, our reputation or what we wrote: every address is innocent of it."""

TOO_LARGE = "too-large"
MAILBOX_FULL = "mailbox-full"
PUT_OFF = "put-off"
"""For now, without a cause that we know."""

_NO_SUCH_ADDRESS = {(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1)}
_NOT_THE_SENDERS = {(1, 7), (1, 8)}
_FULL = (2, 2)
_TOO_LARGE = {(2, 3), (3, 4)}
_DAILY_LIMIT = (4, 5)  # Gmail's: whom we log in as has sent what they may in a day
_GREY = (7, 1)
_TOO_FAST = {(7, 28), (7, 500), (7, 650)}  # Gmail's rate; Microsoft's "server busy" and "rate limited"
_UNAUTHENTICATED = {(7, number) for number in (20, 21, 22, 23, 24, 25, 26, 27, 29, 30, 31, 32, 33)}  # RFC 7372, and Gmail's

_ENHANCED = re.compile(r"^[ \t]*([245])\.([0-9]{1,3})\.([0-9]{1,3})\b", re.MULTILINE)  # at the beginning of a line: addresses hold numbers too
_UNKNOWN_USER = re.compile(
    r"user (is )?unknown|unknown user|no such (user|mailbox|recipient)|(user|mailbox|recipient|account) not found|does not exist"
    r"|mailbox unavailable|account .*(disabled|terminated)",
    re.IGNORECASE,
)
_OUR_ACCOUNT = re.compile(r"\byour\b.{0,20}\baccount\b", re.IGNORECASE)  # the relay's, with whom we log in
_OPENING = re.compile(r"^message was not accepted\b", re.IGNORECASE)  # so Mail.ru begins, whatever the cause
_GREYLISTED = re.compile(r"gr[ae]y-?list", re.IGNORECASE)
_BLOCK_LIST = re.compile(r"spamhaus|spamcop|barracuda|block ?list|black ?list|\brbl\b|dnsbl|poor reputation|spam message rejected", re.IGNORECASE)
_RATE = re.compile(
    r"rate[ -]?limit|unusual rate|too (many|fast|quickly|much)|at a rate|throttl|temporarily deferred|unexpected volume", re.IGNORECASE
)
_AUTHENTICATION = re.compile(r"authenticat|\bSPF\b|\bDKIM\b|\bDMARC\b|whitelist|TLS required|will be permanently deferred", re.IGNORECASE)
_MAILBOX_FULL = re.compile(r"mailbox (is )?full|over ?quota|quota exceeded|out of storage", re.IGNORECASE)


def classify(code: int, text: str) -> ChannelError:
    """The error to raise for a refusal (a 4yz or 5yz reply) and its text, at RCPT or after DATA.

    Enhanced codes decide where there are any, a refusal's words elsewhere; "unknown" or "doesn't exist" among words that speak of us is no
    word about the recipient: it is our sender, our domain or our account that the server doesn't know. x.1.1, x.1.2, x.1.3, x.1.6, x.1.10 and x.2.1 name the
    recipient's address. x.1.7 and x.1.8 (the sender's address), x.6.* and x.7.* (authentication, policy, reputation) are about us, so the
    address stays innocent and the lane stops; but 4.7.1 is what greylisting says, and 421 and 4.7.28 ask for patience with one provider.
    Any other 4yz is for later.
    """
    found = _ENHANCED.search(text)
    place = (int(found[2]), int(found[3])) if found else (0, 0)
    line = f"{code} {' '.join(text.split())}"
    return _later(code, place, text, line) if code < 500 else _never(code, place, text, line)


def _later(code: int, place: tuple[int, int], text: str, line: str) -> ChannelError:
    if _GREYLISTED.search(text):
        return TemporaryError(GREYLISTED, line)
    if place in _UNAUTHENTICATED or place in _NOT_THE_SENDERS or (code == 421 and place[0] == 7 and _AUTHENTICATION.search(text)):
        return LaneError(POLICY, line)
    if code == 421 or place in _TOO_FAST or (place[0] != 2 and _RATE.search(text)):
        return TemporaryError(SLOW_DOWN, line)
    if place == _GREY:
        return TemporaryError(GREYLISTED, line)
    if place[0] in {6, 7} or (place == (0, 0) and _BLOCK_LIST.search(text)):
        return LaneError(POLICY, line)
    if place == _FULL or (place == (0, 0) and _MAILBOX_FULL.search(text)):
        return TemporaryError(MAILBOX_FULL, line)
    return TemporaryError(PUT_OFF, line)


def _never(code: int, place: tuple[int, int], text: str, line: str) -> ChannelError:
    is_plain = place == (0, 0)
    if place[0] in {6, 7} or place in _NOT_THE_SENDERS or place == _DAILY_LIMIT or (is_plain and _BLOCK_LIST.search(text)):
        return LaneError(POLICY, line)
    if place == _FULL or (is_plain and _MAILBOX_FULL.search(text)):
        return PermanentError(MAILBOX_FULL, line)
    if is_plain and _UNKNOWN_USER.search(text):
        return LaneError(POLICY, line) if _is_about_us(text) else PermanentError(NO_SUCH_MAILBOX, line)
    if place in _NO_SUCH_ADDRESS:
        return PermanentError(NO_SUCH_MAILBOX, line)
    if place in _TOO_LARGE:
        return PermanentError(TOO_LARGE, line)
    if code in {530, 535}:
        return LaneError("login-refused", line)
    return PermanentError("refused", line)


def _is_about_us(text: str) -> bool:
    return Cause.US in refusal_words.causes(_OPENING.sub("", text)) or _OUR_ACCOUNT.search(text) is not None
