"""Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from winback.audience.rows import Chunk, Rows
from winback.errors import Problem, SourceError

ROWS = 100_000
"""Rows read at a time."""


@contextmanager
def opened(path: Path, wanted: Sequence[str], *, shown: str) -> Iterator[Rows]:
    """The columns `wanted` of the file, as far as it has them. Raises SourceError when it isn't whole Parquet."""
    from pyarrow.parquet import ParquetFile  # late: 0.1 s, and few shops need it

    with ExitStack() as stack:
        with _told(shown):
            file = stack.enter_context(ParquetFile(path))
            header = tuple(file.schema_arrow.names)
        yield Rows(header, _chunks(file, [name for name in header if name in wanted], shown))


def _chunks(file: Any, names: list[str], shown: str) -> Iterator[Chunk]:
    row = 1
    with _told(shown):
        for batch in file.iter_batches(batch_size=ROWS, columns=names):
            columns = {name: batch.column(name).to_pylist() for name in names}
            yield Chunk(columns, range(row, row + batch.num_rows))
            row += batch.num_rows


@contextmanager
def _told(shown: str) -> Iterator[None]:
    from pyarrow import ArrowException

    try:
        yield
    except (ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise SourceError(Problem(shown, None, f"the file can't be read as Parquet: {reason}.", "Ask for it again, or export it again.")) from error
