"""What an SMTP server's refusal means for us: the address, the moment, or our own side (RFC 5321, RFC 3463)."""

from __future__ import annotations

import re

from winback.errors import ChannelError, LaneError, PermanentError, TemporaryError

NO_SUCH_MAILBOX = "no-such-mailbox"
"""The one refusal that closes an address for good."""

GREYLISTED = "greylisted"
"""Put off on principle: the same letter is taken at a later try, and the try doesn't count."""

_NO_SUCH_ADDRESS = {(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1)}

_ENHANCED = re.compile(r"^\s*([245])\.([0-9]{1,3})\.([0-9]{1,3})\b", re.MULTILINE)  # at the beginning of a line: addresses hold numbers too
_UNKNOWN_USER = re.compile(
    r"user (is )?unknown|unknown user|no such (user|mailbox|recipient)|does not exist|mailbox unavailable|account .*(disabled|terminated)",
    re.IGNORECASE,
)
_GREYLISTED = re.compile(r"gr[ae]y-?list", re.IGNORECASE)
_BLOCK_LIST = re.compile(r"spamhaus|spamcop|barracuda|block ?list|black ?list|\brbl\b|dnsbl|poor reputation", re.IGNORECASE)


def classify(code: int, text: str) -> ChannelError:
    """The error to raise for a refusal (a 4yz or 5yz reply) and its text, at MAIL, RCPT or after DATA.

    Enhanced codes decide where there are any: x.1.1, x.1.2, x.1.3, x.1.6, x.1.10 and x.2.1 name the recipient's address; x.1.7, x.1.8
    (the sender's address), x.6.* and x.7.* (authentication, policy, reputation) are about us, so the address stays innocent and the lane
    stops; 4.7.1 is what greylisting says; any other 4yz is for later.
    """
    found = _ENHANCED.search(text)
    place = (int(found[2]), int(found[3])) if found else (0, 0)
    line = f"{code} {' '.join(text.split())}"
    if code < 500 and (_GREYLISTED.search(text) or place == (7, 1)):
        return TemporaryError(GREYLISTED, line)
    if place[0] in {6, 7} or place in {(1, 7), (1, 8)} or (not found and _BLOCK_LIST.search(text)):
        return LaneError("refused-by-policy", line)
    if code < 500:
        return TemporaryError("busy" if code == 421 else "put-off", line)
    if place in _NO_SUCH_ADDRESS or (not found and _UNKNOWN_USER.search(text)):
        return PermanentError(NO_SUCH_MAILBOX, line)
    if code in {530, 535}:
        return LaneError("login-refused", line)
    return PermanentError("refused", line)
