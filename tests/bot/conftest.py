from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests import letterbox

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path):
    project = letterbox.project(tmp_path / "project")
    shutil.copytree(ROOT / "templates" / "messages" / "_bot", project.templates / "messages" / "_bot")
    shutil.copytree(ROOT / "templates" / "pages", project.templates / "pages")
    shutil.copy(ROOT / "config" / "brand.yaml", project.config())
    project.config("policy.yaml").write_text("default: {open_tracking: true, channels: [email, telegram]}\n", encoding="utf-8")
    return project


@pytest.fixture
def shop(project, engine):
    return letterbox.Letterbox(engine, project.key)
