"""What the release script refuses, and what it writes down."""

from __future__ import annotations

import yaml

from tests import release
from tests.projects import ROOT


def shop(tmp_path, heading):
    (tmp_path / "winback").mkdir()
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    (tmp_path / "winback" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n## {heading}\n")
    for arguments in (["init", "-q"], ["add", "."], ["-c", "user.name=x", "-c", "user.email=x@shop.example", "commit", "-qm", "x"]):
        release.git(*arguments, root=tmp_path)
    return tmp_path


def test_a_tree_in_order_has_no_faults(tmp_path):
    assert list(release.faults("1.2.3", shop(tmp_path, "1.2.3 (2026-12-01)"))) == []


def test_each_thing_that_is_not_in_order_is_named(tmp_path):
    root = shop(tmp_path, "1.2.4 (unreleased)")
    (root / "CHANGELOG.md").write_text("## 1.2.4 (unreleased)\n\nmore\n")
    release.git("tag", "v1.2.4", root=root)
    said = " ".join(release.faults("1.2.4", root))
    for words in ("isn't clean", "v1.2.4 is there already", "pyproject.toml says 1.2.3", "says another version", "has no heading"):
        assert words in said
    assert list(release.faults("next", root)) == ["next is no version: write 1.2.3."]


def test_the_schema_of_a_release_is_written_down_beside_the_others():
    text = (ROOT / "tests" / "store" / "released.yaml").read_text(encoding="utf-8")
    twice = release.recorded(release.recorded(text, "9.0.0", "0023"), "9.1.0", "0024")
    assert yaml.safe_load(twice)["released"] == yaml.safe_load(text)["released"] | {"9.0.0": "0023", "9.1.0": "0024"}
    assert twice.startswith(text.partition("released:")[0])
