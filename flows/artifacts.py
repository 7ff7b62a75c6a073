"""What Prefect's pages show of a report beside the flow run: sentences and tables, who returned, and where the page lies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact


def keep(name: str, *, markdown: str, table: Sequence[Mapping[str, Any]], page: Path, about: str) -> None:
    """Three artifacts, `report-NAME`, `figures-NAME` and `page-NAME`: each new one is a version of the one before."""
    key = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    create_markdown_artifact(markdown, key=f"report-{key}", description=about)
    create_table_artifact([dict(row) for row in table], key=f"figures-{key}", description=about)
    create_link_artifact(page.resolve().as_uri(), link_text=page.name, key=f"page-{key}", description=about)
