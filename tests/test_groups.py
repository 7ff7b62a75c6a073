"""Of what is slow to start, one is started for all tests of a group: they run in one process, or each would begin with a house of its own."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("of-groups")
def test_tests_of_a_group_are_handed_out_together(request):
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("there is one process: pytest -n 2 --dist loadgroup has several")
    assert request.node.nodeid.endswith("@of-groups"), "this pytest-xdist doesn't know this pytest: see pyproject.toml"
