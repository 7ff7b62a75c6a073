"""What Prefect's pages show of a report beside the flow run: sentences and tables, charts, who returned, and where the page lies."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prefect.artifacts import create_image_artifact, create_link_artifact, create_markdown_artifact, create_table_artifact

Rows = Sequence[Mapping[str, Any]]


def keep(name: str, *, markdown: str, table: Rows, about: str, page: Path | None = None, charts: Mapping[str, str] | None = None) -> None:
    """Artifacts `report-NAME`, `figures-NAME`, `page-NAME`, and `chart-NAME-CHART` of each SVG: a new one is a version of the one before."""
    key = _key(name)
    create_markdown_artifact(markdown, key=f"report-{key}", description=about)
    tabulate(name, table, about=about)
    for chart, svg in (charts or {}).items():
        coded = base64.b64encode(svg.encode()).decode("ascii")
        create_image_artifact(image_url=f"data:image/svg+xml;base64,{coded}", key=f"chart-{key}-{_key(chart)}", description=f"{chart}: {about}")
    if page is not None:
        create_link_artifact(page.resolve().as_uri(), link_text=page.name, key=f"page-{key}", description=about)


def tabulate(name: str, table: Rows, *, about: str) -> None:
    """A table alone, `figures-NAME`."""
    create_table_artifact([dict(row) for row in table], key=f"figures-{_key(name)}", description=about)


def _key(name: str) -> str:
    """As Prefect allows it: small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
