"""Which extra of the package brings a library that only some projects need, and what to write where it is missing."""

from __future__ import annotations

from collections.abc import Mapping

from winback.errors import ConfigError, Problem

BRINGS: Mapping[str, tuple[str, str]] = {
    "psycopg": ("postgres", "PostgreSQL"),
    "telegram": ("telegram", "Telegram"),
    "pyarrow": ("parquet", "Parquet files and tables of experiments"),
    "apprise": ("alarms", "alarms to mail and messengers"),
    "httptools": ("serve", "the public pages"),
    "uvloop": ("serve", "the public pages"),
    "uvicorn": ("serve,studio", "the web server"),
    "argon2": ("studio", "people of the studio"),
    "joserfc": ("studio", "signing in by a provider of identities"),
    "fastapi": ("serve,studio", "pages"),
    "starlette": ("serve,studio", "pages"),
    "python_multipart": ("serve,studio", "pages"),
    "prometheus_client": ("serve,studio", "metrics"),
    "prefect": ("flows", "flows"),
    "aiosmtpd": ("demo", "the demo"),
}
"""Module -> the extra (or several) of pyproject.toml that brings it, and what it is needed for."""


def missing(error: ImportError) -> ConfigError | None:
    """The refusal that says which extra to install; None when the module is none of an extra's, so that the error is a fault of ours."""
    module = (error.name or "").partition(".")[0]
    if module not in BRINGS:
        return None
    extra, purpose = BRINGS[module]
    return ConfigError(Problem("", None, f"the package {module} is missing; it is for {purpose}.", f"Write: pip install 'winback[{extra}]'"))
