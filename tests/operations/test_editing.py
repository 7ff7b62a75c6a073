"""Files of the project edited by people: nothing broken, nothing lost, nothing elsewhere."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import threading
from datetime import UTC, datetime

import pytest

from tests import projects
from winback.errors import ConfigError
from winback.operations import as_if, checking, drafts, editing, project_files, revisions
from winback.operations.drafts import Draft
from winback.operations.editing import Change, Conflict, Faults, Saved
from winback.store import audit, database

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
COHORT = "config/cohorts/buying-less.yaml"
SUBJECT = "templates/emails/tips/subject.txt"
GREETING = "templates/emails/greeting/body.html"
OLENA, BAT = {"by": "Olena", "email": "olena@zerno.example"}, {"by": "Bat", "email": "bat@zerno.example"}


@pytest.fixture
def store(tmp_path):
    """A database on SQLite: where a test asks little of it."""
    engine = database.open_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def project(tmp_path):
    """With two letters and no campaign: looking at all of them takes long."""
    made = projects.make(tmp_path / "shop", environment={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    projects.keep_only(made, "tips", "greeting")
    return made


@pytest.fixture
def repository(project):
    git(project, "init", "-q", "-b", "main")
    (project.root / ".gitignore").write_text(".winback/\nout/\n")
    git(project, "add", ".")
    git(project, "-c", "user.name=Ivan", "-c", "user.email=ivan@zerno.example", "commit", "-q", "-m", "The shop's letters")
    return project


def git(project, *words):
    environment = {"PATH": os.environ["PATH"], "HOME": str(project.root.parent)}
    done = subprocess.run(["git", *words], cwd=project.root, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def edited(project, path, old, new):
    """The file with one word changed, as its editor would hand it back."""
    file = editing.open(project, path)
    assert old in file.text
    return Change(path, file.text.replace(old, new), file.version)


def save(project, engine, change, **by):
    return editing.save(project, engine, change.path, change.text, change.version, **(by or OLENA), now=NOW)


def test_what_is_saved_stands_there_in_the_style_of_the_file_and_is_audited(engine, project):
    path = project.root / COHORT
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    path.chmod(0o640)
    file = editing.open(project, COHORT)
    assert "\r" not in file.text
    assert not file.text.startswith("\ufeff")
    saved = editing.save(project, engine, COHORT, f"# less\n{file.text}".replace("\n", "\r\n"), file.version, **OLENA, now=NOW)
    assert isinstance(saved, Saved)
    assert (saved.commit, saved.note) == ("", "")
    assert path.read_bytes() == b"\xef\xbb\xbf" + f"# less\n{file.text}".replace("\n", "\r\n").encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert saved.files == (editing.open(project, COHORT),)
    assert not [each for each in path.parent.iterdir() if each.name.startswith(".")]
    with database.reading(engine) as connection:
        (row,) = audit.listed(connection)
        assert audit.verify(connection) is None
    assert (row.who, row.deed, row.about) == ("Olena", "edited", f"file {COHORT}")
    assert json.loads(row.detail)["after"] == saved.files[0].version[:16]


def test_who_changes_nothing_saves_nothing(store, project):
    file = editing.open(project, COHORT)
    assert isinstance(editing.save(project, store, COHORT, file.text, file.version, **OLENA, now=NOW), Saved)
    with database.reading(store) as connection:
        assert audit.listed(connection) == []


@pytest.mark.parametrize(
    ("path", "old", "new", "where"),
    [
        (COHORT, "rules:", "rule:", COHORT),
        (SUBJECT, "{% trans", "{% tran", SUBJECT),
        (GREETING, "{% block body %}", "{% block body %}<p>{{ offer.text }}</p>", GREETING),
        ("config/value.yaml", "silver: 0.95", "silver: 0.5", "config/value.yaml"),
        ("templates/locales/uk/LC_MESSAGES/letters.po", 'msgstr "З теплом,"', 'msgstr ""', "templates/locales/uk"),
    ],
)
def test_what_the_check_refuses_does_not_replace_the_good_file(store, project, path, old, new, where):
    before = (project.root / path).read_bytes()
    answer = save(project, store, edited(project, path, old, new))
    assert isinstance(answer, Faults)
    assert any(problem.file.startswith(where) for problem in answer.problems)
    assert (project.root / path).read_bytes() == before
    with database.reading(store) as connection:
        assert audit.listed(connection) == []


def test_a_letter_that_breaks_a_campaign_is_refused(store, tmp_path):
    shop = projects.make(tmp_path / "whole")
    path = "templates/emails/gift-with-code/sample.yaml"
    cohort = "config/cohorts/silent-1-2-years-3-orders.yaml"
    answer = save(shop, store, edited(shop, "templates/emails/gift-with-code/subject.txt", "offer.ends_on", "offer.ends_in"))
    assert isinstance(answer, Faults)
    answer = save(shop, store, edited(shop, path, "kind: offer", "kind: greeting"))
    assert isinstance(answer, Faults)
    broken = save(shop, store, edited(shop, cohort, "title:", "titel:"))
    assert {problem.file for problem in broken.problems} == {cohort}


def test_two_mistakes_can_be_mended_one_by_one_and_a_third_is_still_refused(store, project):
    for name in ("tips", "greeting"):
        projects.edit(project.templates / "emails" / name / "subject.txt", "{% trans", "{% tran")
    assert len(checking.problems(project)) >= 2
    assert isinstance(save(project, store, edited(project, SUBJECT, "{% tran ", "{% trans ")), Saved)
    assert isinstance(save(project, store, edited(project, SUBJECT, "{% trans", "{% tran")), Faults)
    projects.edit(project.config("value.yaml"), "silver: 0.95", "silver: 0.5")
    assert isinstance(save(project, store, edited(project, "config/value.yaml", "silver: 0.5", "silver: 0.95")), Saved)


def test_a_letter_and_its_translations_are_saved_together_or_not_at_all(store, project):
    catalogues = [f"templates/locales/{language}/LC_MESSAGES/letters.po" for language in ("mn", "ro", "ru", "uk", "uz")]
    old = editing.open(project, SUBJECT).text.split("%}", 1)[1].split("{%", 1)[0].strip()
    changes = [edited(project, path, old, f"{old}, again") for path in (SUBJECT, *catalogues)]
    assert isinstance(save(project, store, changes[0]), Faults)
    assert isinstance(editing.save_together(project, store, changes[:3], **OLENA, now=NOW), Faults)
    assert isinstance(editing.save_together(project, store, changes, **OLENA, now=NOW), Saved)
    assert all(f"{old}, again" in editing.open(project, path).text for path in (SUBJECT, *catalogues))
    assert checking.problems(project) == []


def test_what_somebody_else_saved_meanwhile_is_shown_and_not_overwritten(store, project):
    mine, theirs = (edited(project, COHORT, "\n", f"\n# {who}\n") for who in ("Olena", "Bat"))
    assert isinstance(save(project, store, theirs, **BAT), Saved)
    answer = save(project, store, mine)
    assert isinstance(answer, Conflict)
    (clash,) = answer.clashes
    assert clash.theirs == editing.open(project, COHORT)
    assert clash.yours == mine.text
    assert {line for line in clash.diff if line[1:].startswith("# ")} >= {"-# Bat", "+# Olena"}
    again = Change(COHORT, mine.text, clash.theirs.version)  # having seen it, on purpose
    assert isinstance(save(project, store, again), Saved)


def test_of_two_who_save_at_once_one_is_told_of_the_other(engine, repository):
    changes = {who: edited(repository, COHORT, "\n", f"\n# {who}\n") for who in ("Olena", "Bat", "Ana")}
    start, answers = threading.Barrier(len(changes)), {}

    def go(who):
        start.wait()
        answers[who] = save(repository, engine, changes[who], by=who, email=f"{who}@zerno.example")

    threads = [threading.Thread(target=go, args=(who,)) for who in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = (who for who, answer in answers.items() if isinstance(answer, Saved))
    assert sum(isinstance(answer, Conflict) for answer in answers.values()) == 2
    assert editing.open(repository, COHORT).text == changes[winner].text
    assert git(repository, "log", "-1", "--format=%an") == winner
    assert git(repository, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    "path",
    [
        "../outside.yaml",
        "config/../../outside.yaml",
        "/etc/passwd",
        "config//value.yaml",
        "config/./value.yaml",
        ".winback/secret",
        "winback.db",
        "config",
        "config/cohorts",
        "config/new.sh",
        "config/deep/er/new.yaml",
        "config/.hidden.yaml",
        "config/schema/new.json",
        "templates/emails/gift.html",
        "templates/emails/tips/picture.png",
        "templates/emails/x\n/body.html",
        "templates/emails/" + "x" * 101 + "/body.html",
        "config/a\x00.yaml",
        "config/linked.yaml",
        "config/linked/new.yaml",
        "config/cohorts/\u202eevil.yaml",
        "",
    ],
)
def test_nothing_elsewhere_is_read_or_written(store, project, path, tmp_path):
    (tmp_path / "outside.yaml").write_text("a: 1\n")
    (tmp_path / "folder").mkdir()
    project.config("linked.yaml").symlink_to(tmp_path / "outside.yaml")
    project.config("linked").symlink_to(tmp_path / "folder", target_is_directory=True)
    (project.templates / "emails" / "tips" / "picture.png").write_bytes(b"\x89PNG\x00")
    with pytest.raises(ConfigError):
        editing.open(project, path)
    with pytest.raises(ConfigError):
        editing.save(project, store, path, "a: 2\n", "", **OLENA, now=NOW)
    assert (tmp_path / "outside.yaml").read_text() == "a: 1\n"
    assert list((tmp_path / "folder").iterdir()) == []


@pytest.mark.parametrize(
    ("text", "says"), [("a\x00b", "sign that no keyboard has"), ("a\ud800b", "half a sign"), ("x" * (project_files.LARGEST + 1), "the most")]
)
def test_what_is_no_text_is_refused(store, project, text, says):
    file = editing.open(project, COHORT)
    with pytest.raises(ConfigError, match=says):
        editing.save(project, store, COHORT, text, file.version, **OLENA, now=NOW)
    assert editing.open(project, COHORT) == file


def test_a_file_that_is_no_text_is_not_opened(project):
    (project.templates / "emails" / "tips" / "body.html").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        editing.open(project, "templates/emails/tips/body.html")


def test_a_new_file_is_made_once(store, project):
    text, path = editing.open(project, COHORT).text, "config/cohorts/new-one.yaml"
    assert editing.open(project, path).version == ""
    saved = editing.save(project, store, path, text, "", **OLENA, now=NOW)
    assert isinstance(saved, Saved)
    assert isinstance(editing.save(project, store, path, f"# other\n{text}", "", **BAT, now=NOW), Conflict)


def test_a_folder_that_cannot_be_written_is_said_and_nothing_is_half_there(store, project):
    change = edited(project, COHORT, "\n", "\n# more\n")
    (project.config("cohorts") / ".buying-less.yaml.saving").mkdir()  # stands in the way, for root too
    with pytest.raises(ConfigError, match="can't be written"):
        save(project, store, change)
    assert "# more" not in editing.open(project, COHORT).text


def test_a_repository_gets_a_commit_by_the_person_of_that_file_only(store, repository):
    (repository.root / "config" / "notes.txt").write_text("staged by somebody else\n")
    git(repository, "add", "config/notes.txt")
    saved = save(repository, store, edited(repository, COHORT, "\n", "\n# less\n"), by='O"lena <x>\n', email="olena@zerno.example")
    assert saved.note == ""
    assert git(repository, "log", "-1", "--format=%H|%an|%ae|%s") == f'{saved.commit}|O"lena x|olena@zerno.example|Edit {COHORT}'
    assert git(repository, "show", "--name-only", "--format=", "HEAD").splitlines() == [COHORT]
    assert git(repository, "status", "--porcelain") == "A  config/notes.txt"
    first, second = revisions.history(repository, [COHORT])
    assert [first.said, second.said] == [f"Edit {COHORT}", "The shop's letters"]
    assert first.when.tzinfo is not None
    assert revisions.text_at(repository, COHORT, first.id) == editing.open(repository, COHORT).text
    assert "# less" not in revisions.text_at(repository, COHORT, second.id)
    assert "+# less" in revisions.changes(repository, [COHORT], first.id)
    assert revisions.text_at(repository, "config/cohorts/never.yaml", first.id) is None
    for wrong in ("HEAD", "--output=x", "main"):
        with pytest.raises(ConfigError, match="no revision"):
            revisions.text_at(repository, COHORT, wrong)


def test_a_new_file_is_committed_too_and_so_is_one_in_a_folder_of_a_larger_repository(store, tmp_path):
    project = projects.make(tmp_path / "all" / "shop", environment={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    subprocess.run(["git", "init", "-q", str(tmp_path / "all")], check=True, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    text = editing.open(project, COHORT).text
    saved = editing.save(project, store, "config/cohorts/new-one.yaml", text, "", **OLENA, now=NOW)
    assert saved.commit
    assert git(project, "show", "--name-only", "--format=%s", "HEAD").split("\n\n") == [
        "Add config/cohorts/new-one.yaml",
        "shop/config/cohorts/new-one.yaml",
    ]
    assert revisions.text_at(project, "config/cohorts/new-one.yaml", saved.commit) == text


def test_a_commit_that_fails_loses_nothing_and_is_said(store, repository):
    hook = repository.root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'ask Ivan first' >&2\nexit 1\n")
    hook.chmod(0o755)
    saved = save(repository, store, edited(repository, COHORT, "\n", "\n# less\n"))
    assert isinstance(saved, Saved)
    assert (saved.commit, saved.note) == ("", "ask Ivan first")
    assert "# less" in editing.open(repository, COHORT).text


def test_without_a_repository_there_is_no_history(project):
    assert not revisions.is_kept(project)
    assert revisions.history(project, [COHORT]) == []
    assert revisions.commit(project, [COHORT], **OLENA, message="x") == revisions.Committed()


def test_drafts_are_kept_for_each_person_where_nothing_reads_them(project):
    clean = project.stamps()
    for who, text in (("olena@zerno.example", "{% tran"), ("bat@zerno.example", "<script>")):
        drafts.keep(project, who, Draft("templates/emails/tips", who, NOW, {SUBJECT: text}, {SUBJECT: "v"}, {"uk": "Поради"}))
    assert project.stamps() == clean
    mine = drafts.find(project, "olena@zerno.example", "templates/emails/tips")
    assert (mine.texts, mine.more, mine.at) == ({SUBJECT: "{% tran"}, {"uk": "Поради"}, NOW)
    assert {each.by for each in drafts.of(project, "templates/emails/tips")} == {"olena@zerno.example", "bat@zerno.example"}
    assert drafts.find_by_key(project, mine.key, "templates/emails/tips") == mine
    assert drafts.find_by_key(project, "../../x", "templates/emails/tips") is None
    drafts.drop(project, "olena@zerno.example", "templates/emails/tips")
    drafts.drop(project, "olena@zerno.example", "templates/emails/tips")
    assert [each.by for each in drafts.every(project)] == ["bat@zerno.example"]


def test_a_project_as_if_it_were_changed_is_read_like_the_real_one(project):
    project.key  # noqa: B018  is made
    with as_if.changed(project, {SUBJECT: b"{% tran %}", "config/cohorts/new-one.yaml": b"x"}) as after:
        assert SUBJECT in {problem.file for problem in checking.problems(after, {("email", "tips")})} | {
            problem.file for problem in checking.unread(after)
        } | {SUBJECT for each in after.names("cohorts") if each == "new-one"}
        assert (after.root / SUBJECT).read_text() == "{% tran %}"
        assert after.key == project.key
    assert "new-one" not in project.names("cohorts")
    assert "{% tran %}" not in (project.root / SUBJECT).read_text()
