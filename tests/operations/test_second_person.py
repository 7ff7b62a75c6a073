"""Who changed a campaign's files last doesn't approve it, where the settings ask for a second person."""

from __future__ import annotations

import subprocess

import pytest

from tests import projects
from winback.errors import ConfigError
from winback.operations import second_person

FILES = ("config/campaigns/winter-tea.yaml", "templates/emails/we-miss-you/body.html", "no file at all")
OLENA = {"by": "Olena Savchenko", "email": "olena@zerno.example"}


@pytest.fixture
def project(tmp_path):
    return projects.make(
        tmp_path / "shop", ("config/settings.yaml", "approve_above: 200", "studio: {second_person: true}\napprove_above: 200"), environment={}
    )


def git(project, *words: str) -> None:
    subprocess.run(["git", "-c", "user.name=Machine", "-c", "user.email=m@x.example", *words], cwd=project.root, check=True, capture_output=True)


def commit(project, author: str, file: str = "config/campaigns/winter-tea.yaml") -> None:
    path = project.root / file
    path.write_text(path.read_text(encoding="utf-8") + "\n# another line\n", encoding="utf-8")
    git(project, "add", ".")
    git(project, "commit", "-q", f"--author={author}", "-m", "x")


@pytest.fixture
def kept(project):
    git(project, "init", "-q")
    commit(project, "Ivan Koval <ivan@zerno.example>")
    return project


def test_somebody_else_may(kept):
    second_person.check(kept, FILES, **OLENA)


@pytest.mark.parametrize("author", ["Olena <OLENA@zerno.example>", "olena savchenko <other@zerno.example>"])
def test_the_last_who_changed_it_may_not_and_is_told_so(kept, author):
    commit(kept, author)
    with pytest.raises(ConfigError, match=r"changed it last, so a second person approves it\. Ask somebody else who may approve\."):
        second_person.check(kept, FILES, **OLENA)
    commit(kept, author, "config/brand.yaml")
    with pytest.raises(ConfigError, match="changed it last"):
        second_person.check(kept, FILES, **OLENA)
    commit(kept, "Ivan <ivan@zerno.example>")
    second_person.check(kept, FILES, **OLENA)


def test_files_of_other_campaigns_count_for_nothing(kept):
    commit(kept, "Olena <olena@zerno.example>", "config/brand.yaml")
    second_person.check(kept, FILES, **OLENA)


def test_what_is_not_committed_is_nobodys(kept):
    projects.edit(kept.root / FILES[1], "{% block body %}", "{% block body %}<p>Hello.</p>")
    with pytest.raises(ConfigError, match=r"templates/emails/we-miss-you/body\.html: it has changes that aren't committed"):
        second_person.check(kept, FILES, **OLENA)


def test_without_a_repository_it_is_said_instead_of_passed_over(project):
    with pytest.raises(ConfigError, match="the project is no git repository"):
        second_person.check(project, FILES, **OLENA)


def test_nobody_asks_for_it_unless_the_settings_do(tmp_path):
    second_person.check(projects.make(tmp_path / "plain"), FILES, **OLENA)
