"""Questions to the database that end when nobody waits for the answer any more, or when it takes too long."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from time import monotonic
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Engine, event

_LOOK_EVERY = 10_000  # steps of SQLite's machine: a few times in a millisecond
_CANCELLED = "57014"  # PostgreSQL's query_canceled: by us, or by its clock


class Interrupted(Exception):
    """Nobody waits for the answer any more."""


class TooSlow(Interrupted):
    """The answer took longer than it may."""


class Question:
    """Something that one thread asks of the database, in any number of statements, and another one may end.

    `seconds`: how long all its statements together may take, from the first one on.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: float | None = None
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._asked: Any = None  # the driver's connection, as long as it is ours
        self._was_cancelled = False

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    @property
    def is_late(self) -> bool:
        return self._until is not None and monotonic() >= self._until

    def end(self) -> None:
        """No further statement begins, and the one that runs is cancelled. May be called from any thread, and again.

        A statement that was on its way to the server just now is reached by the second call.
        """
        self._over.set()
        with self._lock:
            if self._asked is not None and hasattr(self._asked, "cancel_safe"):
                self._was_cancelled = True
                with contextlib.suppress(Exception):  # the server ends it by its clock then
                    self._asked.cancel_safe(timeout=2)

    def go_on(self) -> None:
        """Raises Interrupted when nobody waits any more, TooSlow when it is too late."""
        if self.is_over:
            raise Interrupted
        if self.is_late:
            raise TooSlow

    @contextlib.contextmanager
    def over(self, connection: Connection) -> Iterator[None]:
        """Statements on this connection are part of the question, until the block ends."""
        self._until = self._until or monotonic() + self._seconds
        self.go_on()
        event.listen(connection, "before_cursor_execute", self._begin)
        driver: Any = connection.connection.driver_connection
        self._take(driver)
        try:
            yield
        except sqlalchemy.exc.DBAPIError as error:
            if self._ended_it(error):
                raise (Interrupted if self.is_over else TooSlow) from error
            raise
        finally:
            self._give_back(driver)
            if self._was_cancelled:  # a cancellation that arrives late must not meet the next one's statement
                connection.invalidate()

    def _take(self, driver: Any) -> None:
        with self._lock:
            self._asked = driver
        if hasattr(driver, "set_progress_handler"):
            driver.set_progress_handler(lambda: int(self.is_over or self.is_late), _LOOK_EVERY)

    def _give_back(self, driver: Any) -> None:
        with self._lock:
            self._asked = None
        if hasattr(driver, "set_progress_handler"):
            driver.set_progress_handler(None, 0)

    def _begin(self, connection: Connection, *_: object) -> None:
        self.go_on()
        if connection.dialect.name == "postgresql" and self._until is not None:
            left = max(1, int((self._until - monotonic()) * 1000))
            driver: Any = connection.connection.driver_connection
            driver.execute(f"SET LOCAL statement_timeout = {left}")

    def _ended_it(self, error: sqlalchemy.exc.DBAPIError) -> bool:
        found = error.orig
        return getattr(found, "sqlstate", None) == _CANCELLED or ((self.is_over or self.is_late) and "interrupted" in str(found))


def asked(engine: Engine, question: Question) -> Engine:
    """The same database for whoever asks this question: what `database.reading` opens on it can be ended."""
    return engine.execution_options(question=question)


@contextlib.contextmanager
def listening(connection: Connection) -> Iterator[None]:
    """What is asked on the connection ends with its question, where it belongs to one."""
    question = connection.get_execution_options().get("question")
    if question is None:
        yield
        return
    with question.over(connection):
        yield
