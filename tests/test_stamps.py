"""Stamps of files: every file below a folder once, by the name that messages give it."""

from __future__ import annotations

import os

import pytest

from tests import projects
from winback import stamps


def test_a_project_has_one_of_every_file_by_the_name_that_messages_give_it(tmp_path):
    project = projects.make(tmp_path / "shop")
    files = [path for folder in (project.config(), project.templates) for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 100
    assert project.stamps() == {project.shown(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in files}


@pytest.mark.parametrize(("shown", "name"), [("templates", "templates/deep/a.txt"), ("../elsewhere", "../elsewhere/deep/a.txt"), (".", "deep/a.txt")])
def test_a_folder_is_shown_as_it_is_called(tmp_path, shown, name):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.txt").write_text("abc")
    ((found, (_, length)),) = stamps.below(tmp_path, shown)
    assert (found, length) == (name, 3)


def test_what_is_saved_has_another_and_what_goes_away_has_none(tmp_path):
    kept, gone = tmp_path / "kept", tmp_path / "gone"
    kept.write_text("a")
    gone.write_text("a")
    before = dict(stamps.below(tmp_path, "x"))
    os.utime(kept, ns=(1, 1))
    gone.unlink()
    (tmp_path / "broken").symlink_to(gone)
    after = dict(stamps.below(tmp_path, "x"))
    assert after == {"x/kept": (1, 1)}
    assert before["x/kept"] != after["x/kept"]
    assert before.keys() == {"x/kept", "x/gone"}
    assert dict(stamps.below(tmp_path / "nowhere", "x")) == {}


def test_a_file_that_goes_away_while_the_others_are_asked_about_is_none(tmp_path):
    for name in "abc":
        (tmp_path / name).write_text(name)
    asked = stamps.below(tmp_path, "x")
    first, _ = next(asked)
    for name in {"a", "b", "c"} - {first.removeprefix("x/")}:
        (tmp_path / name).unlink()
    assert list(asked) == []
