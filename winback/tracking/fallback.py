"""Bounces in the odd formats that flufl.bounce knows: the last one to be asked. It says only whom they are about."""

from __future__ import annotations

import logging
from email.message import Message

from winback.tracking import mail, reports

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it tells of every detector that breaks down; the others go on

_LENGTH = 30_000
"""Bytes of a mail that it gets: some of its detectors look at every line many times."""
_HEADERS = 50_000
"""Characters of headers above which a mail is nothing for it."""


def recipients(message: Message) -> list[str]:
    """Addresses that flufl.bounce finds in a bounce, in the order of the alphabet. It knows no codes, and what it calls permanent may be our own fault."""
    from flufl.bounce import all_failures

    if sum(len(name) + len(str(value)) for part in mail.parts(message) for name, value in part.items()) > _HEADERS:
        return []
    try:
        temporary, permanent = all_failures(mail.parse(message.as_bytes()[:_LENGTH]))
    except Exception:  # noqa: BLE001  its detectors assume more of a mail than some mails keep to
        return []
    found = {address.decode("utf-8", "replace") if isinstance(address, bytes) else str(address) for address in {*temporary, *permanent}}
    return sorted(address for address in found if reports.is_address(address))
