"""A mailbox on an IMAP server (RFC 9051), read without a trace: nothing is marked as seen, nothing is ever deleted."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from winback.channels.mail_folders import LARGEST
from winback.errors import ConfigError, Problem, Refused
from winback.ways_in import ImapSettings

if TYPE_CHECKING:
    from imapclient import IMAPClient

_AT_ONCE_BYTES = 8_000_000
_AT_ONCE = 100
_LINE = 4_000_000  # imaplib gives up on longer lines; a SEARCH of a big mailbox answers in one


class Mailbox:
    """One folder that is open. Raises Refused when the server goes away: nothing is lost by that."""

    def __init__(self, client: IMAPClient, settings: ImapSettings, uid_validity: int) -> None:
        self._client, self._settings = client, settings
        self.uid_validity = uid_validity

    def uids(self, after: int = 0) -> list[int]:
        """The numbers of the mails behind `after`, in order."""
        found = self._ask(lambda: self._client.search(["UID", f"{after + 1}:*"]))
        return sorted(uid for uid in found if uid > after)  # `*` is the last mail even if its number is smaller

    def mails(self, uids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """Each mail's beginning; those that somebody took away meanwhile are left out."""
        for batch in _batches(self._sizes(uids)):
            found = self._ask(lambda batch=batch: self._client.fetch(batch, [f"BODY.PEEK[]<0.{LARGEST}>"]))
            for uid in batch:
                content = next((value for key, value in found.get(uid, {}).items() if key.startswith(b"BODY[]")), None)
                if isinstance(content, bytes):
                    yield uid, content

    def move(self, uids: Sequence[int]) -> bool:
        """Move mails to the settings' other folder, which is made if it isn't there. False: the server can't, and they stay."""
        if not self._client.has_capability("MOVE"):
            return False
        if not uids:
            return True
        target = self._settings.move_to
        if not self._ask(lambda: self._client.folder_exists(target)):
            self._ask(lambda: self._client.create_folder(target))
        for start in range(0, len(uids), _AT_ONCE):
            self._ask(lambda start=start: self._client.move(list(uids[start : start + _AT_ONCE]), target))
        return True

    def close(self) -> None:
        """Log out; whatever goes wrong by then is nobody's business."""
        try:
            self._client.logout()
        except Exception:  # noqa: BLE001
            self._client.shutdown()

    def _sizes(self, uids: Sequence[int]) -> list[tuple[int, int]]:
        sizes: list[tuple[int, int]] = []
        for start in range(0, len(uids), 500):
            found = self._ask(lambda start=start: self._client.fetch(list(uids[start : start + 500]), ["RFC822.SIZE"]))
            sizes += [(uid, int(found[uid].get(b"RFC822.SIZE", LARGEST))) for uid in uids[start : start + 500] if uid in found]
        return sizes

    def _ask(self, what: Any) -> Any:
        try:
            return what()
        except _errors() as error:
            raise _gone(self._settings, error) from error


def open_mailbox(settings: ImapSettings, password: str, tls: ssl.SSLContext | None = None) -> Mailbox:
    """Log in over TLS and open the folder for reading. Raises ConfigError when the server doesn't let us in, Refused when it can't be reached.

    `tls` is for tests; otherwise the machine's own certificate authorities say whom to trust.
    """
    import imaplib

    from imapclient import IMAPClient
    from imapclient.exceptions import IMAPClientError, LoginError

    imaplib._MAXLINE = max(imaplib._MAXLINE, _LINE)  # type: ignore[attr-defined]  # noqa: SLF001  there is no other way to say it
    tls = tls or ssl.create_default_context()
    try:
        is_tls = settings.security == "tls"
        client = IMAPClient(settings.host, settings.port, ssl=is_tls, ssl_context=tls if is_tls else None, timeout=settings.timeout_seconds)
        if not is_tls:
            client.starttls(tls)
    except _errors() as error:
        raise _gone(settings, error) from error
    try:
        client.login(settings.user, password)
        opened = client.select_folder(settings.folder, readonly=not settings.move_to)
    except (LoginError, imaplib.IMAP4.abort) as error:
        client.shutdown()
        if isinstance(error, imaplib.IMAP4.abort) or isinstance(error.__context__, imaplib.IMAP4.abort):
            raise _gone(settings, error) from error  # it hung up
        how = "Look at `user:` and WINBACK_IMAP_PASSWORD."
        raise ConfigError(Problem("", None, f"{settings.host} doesn't let {settings.user} in: {_said(error)}.", how)) from error
    except IMAPClientError as error:
        client.shutdown()
        how = "Write the folder's name as the server knows it."
        raise ConfigError(Problem("", None, f"{settings.host} has no folder {settings.folder} for {settings.user}: {_said(error)}.", how)) from error
    except _errors() as error:
        client.shutdown()
        raise _gone(settings, error) from error
    return Mailbox(client, settings, int(opened[b"UIDVALIDITY"]))


def _errors() -> tuple[type[Exception], ...]:
    from imapclient.exceptions import IMAPClientError

    return IMAPClientError, OSError, ssl.SSLError, EOFError


def _gone(settings: ImapSettings, error: Exception) -> Refused:
    return Refused(Problem("", None, f"the mailbox at {settings.host} can't be read now: {_said(error)}.", "Nothing is lost: run it again later."))


def _said(error: Exception) -> str:
    return re.sub(r"^b'(.*)'$", r"\1", " ".join(str(error).split()))[:300].rstrip(".") or type(error).__name__


def _batches(sizes: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Mails that are fetched together: not more than can be held."""
    batch, bytes_in_it = list[int](), 0
    for uid, size in sizes:
        size = min(size, LARGEST)  # noqa: PLW2901
        if batch and (bytes_in_it + size > _AT_ONCE_BYTES or len(batch) >= _AT_ONCE):
            yield batch
            batch, bytes_in_it = [], 0
        batch.append(uid)
        bytes_in_it += size
    if batch:
        yield batch
