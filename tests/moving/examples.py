"""The shops of examples/shops as projects."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import create_engine

from tests.operations import shopdata
from winback import settings

SHOPS = Path(__file__).resolve().parents[2] / "examples" / "shops"


def brought(folder: Path, name: str, environment: dict[str, str] | None = None) -> settings.Project:
    """A project with the example's files; its sample database, where it has one, is SQLite's."""
    shop = SHOPS / name
    (folder / "config").mkdir(parents=True)
    (folder / "config/settings.yaml").write_text(shopdata.SETTINGS, encoding="utf-8")
    shutil.copy(shop / "sources.yaml", folder / "config/sources.yaml")
    for path in shop.glob("*.csv"):
        shutil.copy(path, folder / path.name)
    if (shop / "sample.sql").is_file():
        engine = create_engine(f"sqlite:///{folder / 'shop.db'}")
        with engine.begin() as connection:
            for statement in (shop / "sample.sql").read_text(encoding="utf-8").split(";\n"):
                connection.exec_driver_sql(statement)
        engine.dispose()
    return settings.open_project(folder, {"WINBACK_SECRET": "k" * 32, "SHOP_URL": "sqlite:///shop.db", **(environment or {})})
