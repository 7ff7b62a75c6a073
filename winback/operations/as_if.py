"""A project as it would be with other texts in some of its files, while its own files stay as they are."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from winback import settings
from winback.settings import Project


@contextlib.contextmanager
def changed(project: Project, contents: Mapping[str, bytes | None]) -> Iterator[Project]:
    """The project with these contents by path, without the files that have none. It is made of links to the real files and goes when it is left; to be read only.

    Raises ConfigError when its settings can't be meant any more.
    """
    own = {(project.root / path).parent for path in contents} | {project.config()}
    real = {project.root} | {folder for each in own for folder in (each, *each.parents) if folder.is_relative_to(project.root)}
    with tempfile.TemporaryDirectory(prefix="winback-as-if-") as folder:
        root = Path(folder).resolve()
        _mirror(project.root, root, real)
        for path, content in contents.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            if content is not None:
                target.write_bytes(content)
            else:
                with contextlib.suppress(OSError):  # a folder of which nothing is left goes too, as git has it
                    target.parent.rmdir()
        yield settings.open_project(root, project.environment)


def _mirror(source: Path, target: Path, real: set[Path]) -> None:
    """Links to everything; only folders in which something is changed are folders."""
    with os.scandir(source) as entries:
        for entry in entries:
            path, copy = source / entry.name, target / entry.name
            if path in real and entry.is_dir():
                copy.mkdir()
                _mirror(path, copy, real)
            else:
                copy.symlink_to(path, target_is_directory=entry.is_dir())
