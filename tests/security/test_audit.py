"""The audit of what we stand on sees what it looks for."""

from __future__ import annotations

import pytest

from tests import audit


def test_locks_licences_and_documentation_are_in_order():
    assert len(audit.pinned("requirements.lock")) > 50
    assert [*audit.faults_of_locks(), *audit.faults_of_licences(), *audit.faults_of_documentation()] == []


@pytest.mark.parametrize(
    ("said", "may_be_used"),
    [
        ("MIT", True),
        ("LGPL-3.0-only", True),
        ("License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)", True),
        ("GPL-3.0-or-later", False),
        ("GNU General Public License v2 (GPLv2)", False),
        ("AGPL-3.0", False),
        ("Artistic License, GNU General Public License v2 or later (GPLv2+)", True),
    ],
)
def test_a_licence_is_told_from_its_lesser_sister(said, may_be_used):
    assert audit.is_refused(said) != may_be_used


@pytest.mark.parametrize(
    ("found", "asked"),
    [
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', True),
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}]}', True),
        ('{"dependencies": [{"name": "a", "skip_reason": "not found"}]}', False),
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "not found"}]}', False),
        ('{"dependencies": []}', False),
        ("", False),
    ],
)
def test_what_could_not_be_asked_is_never_called_good(found, asked):
    assert audit.judged(found, "ConnectionError")[0] == asked
