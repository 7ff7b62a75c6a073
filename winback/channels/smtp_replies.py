"""What an SMTP server's refusal means for us: the address, the moment, or our own side (RFC 5321, RFC 3463)."""

from __future__ import annotations

import re

from winback.errors import ChannelError, LaneError, PermanentError, TemporaryError

NO_SUCH_MAILBOX = "no-such-mailbox"
"""The one refusal that closes an address for good."""

_ENHANCED = re.compile(r"\b([245])\.([0-9]{1,3})\.([0-9]{1,3})\b")
_UNKNOWN_USER = re.compile(
    r"user (is )?unknown|unknown user|no such (user|mailbox|recipient)|does not exist|mailbox unavailable|account .*(disabled|terminated)",
    re.IGNORECASE,
)
_GREYLISTED = re.compile(r"gr[ae]y-?list", re.IGNORECASE)


def classify(code: int, text: str) -> ChannelError:
    """The error to raise for a reply code and its text, at MAIL, RCPT or after DATA.

    Enhanced codes decide where there are any: x.1.1, x.1.2, x.1.3, x.1.6, x.1.10 and x.2.1 name the address; x.7.* and x.6.* are
    about us (authentication, policy, reputation), so the address stays innocent and the lane stops; 4yz is for later.
    """
    found = _ENHANCED.search(text)
    subject, detail = (int(found[2]), int(found[3])) if found else (0, 0)
    line = " ".join(text.split())
    if _GREYLISTED.search(text) and code < 500:
        return TemporaryError("greylisted", line)
    if subject in {6, 7}:
        return LaneError("refused-by-policy", f"{code} {line}")
    if code < 500:
        return TemporaryError("busy" if code == 421 else "put-off", f"{code} {line}")
    if (subject == 1 and detail in {1, 2, 3, 6, 10}) or (subject, detail) == (2, 1) or (not found and _UNKNOWN_USER.search(text)):
        return PermanentError(NO_SUCH_MAILBOX, f"{code} {line}")
    if code in {530, 535}:
        return LaneError("login-refused", f"{code} {line}")
    return PermanentError("refused", f"{code} {line}")
