"""Alarms to whoever runs this, over any service that apprise speaks to. Customers are never written to by it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

logging.getLogger("apprise").setLevel(logging.CRITICAL)  # what it says of a failure may name the address, and a token is a part of it


def send(urls: Sequence[str], title: str, text: str) -> list[str]:
    """Tell every address once. Returns what kinds of them didn't take it (`json`, `mailto`...): the rest of an address is a secret."""
    try:
        import apprise
    except ModuleNotFoundError:  # whoever sends goes on without it
        return ["any address, because nothing tells them: pip install 'winback[alarms]'"] if urls else []
    failed = []
    for url in urls:
        told = apprise.Apprise()
        if not (told.add(url) and told.notify(body=text, title=title, notify_type=apprise.NotifyType.FAILURE)):
            failed.append(url.partition(":")[0] if "://" in url else "(no address)")
    return failed
