from __future__ import annotations

import pytest

from tests import projects
from tests.api.asking import Shop


@pytest.fixture
def shop(tmp_path, engine) -> Shop:
    return Shop(projects.make(tmp_path / "shop"), engine)


CUSTOMERS = [
    {"customer": "A1", "email": "emma@post.example", "country": "GB", "locale": "en", "given_name": "Emma"},
    {"customer": "A2", "email": "liam@post.example", "country": "GB", "locale": "en", "given_name": "Liam"},
]
