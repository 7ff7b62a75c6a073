"""The studio's page templates."""

from __future__ import annotations

import jinja2

TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("winback.studio"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.i18n"],
)
TEMPLATES.install_null_translations(newstyle=True)  # type: ignore[attr-defined]  # the extension's


def render(name: str, **values: object) -> str:
    """A page's HTML; every value is escaped."""
    return TEMPLATES.get_template(name).render(**values)
