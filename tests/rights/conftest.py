from __future__ import annotations

import pytest

from tests import letterbox


@pytest.fixture
def project(tmp_path):
    return letterbox.project(tmp_path / "project")
