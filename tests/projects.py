"""A project folder for tests: the bundled config and templates in a temporary folder, with small changes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from winback import settings
from winback.settings import Project

ROOT = Path(__file__).resolve().parents[1]


def make(folder: Path, *changes: tuple[str, str, str], environment: dict[str, str] | None = None) -> Project:
    """The repository's own config and templates, copied; each change is (file, what stands there, what to put)."""
    for name in ("config", "templates"):
        shutil.copytree(ROOT / name, folder / name)
    for file, old, new in changes:
        edit(folder / file, old, new)
    return settings.open_project(folder, {"WINBACK_SECRET": "k" * 32, **(environment or {})})


def through(host: str, port: int) -> tuple[tuple[str, str, str], ...]:
    """The changes that let a project send through a mail server on this machine."""
    file = "config/settings.yaml"
    return (
        (file, "  via: file                           # file: letters", "  via: smtp                           # file: letters"),
        (file, "  host: localhost", f"  host: {host}"),
        (file, "  port: 587", f"  port: {port}"),
        (file, "security: starttls", "security: none"),
    )


def forget_languages(project: Project, *languages: str) -> None:
    """Take away the catalogues of these languages, as in a shop that never had them."""
    for language in languages:
        shutil.rmtree(project.templates / "locales" / language)


def speak_only(folder: Path, *languages: str) -> None:
    """Leave only these languages in settings.yaml: nobody is written to in another one, so texts need no other."""
    path = folder / "config" / "settings.yaml"
    text = path.read_text(encoding="utf-8")
    begin = text.index("locales:\n")
    chains = "".join(f"  {language}: [{language}]\n" for language in languages)
    path.write_text(f"{text[:begin]}locales:\n{chains}\n{text[text.index('return_window:') :]}", encoding="utf-8")


def keep_only(project: Project, *letters: str, campaigns: tuple[str, ...] = ()) -> Project:
    """Take away all other letters and campaigns: to look at every letter in six languages takes seconds."""
    for channel in ("emails", "messages"):
        for folder in (project.templates / channel).glob("[a-z]*"):
            if folder.name not in letters:
                shutil.rmtree(folder)
    for path in project.config("campaigns").glob("*.yaml"):
        if path.stem not in campaigns:
            path.unlink()
    return project


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} isn't in {path}"
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with the file channel."""
    return make(tmp_path / "shop")
