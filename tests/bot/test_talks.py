"""Conversations that buttons of a journey's messages begin, each in six languages over HTTP: what the bot answers, what is then in the store."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from tests import projects
from tests.bot.playing import LANGUAGES
from tests.bot.talking import Talk
from tests.letterbox import Letterbox
from winback import settings
from winback.bot import order_words
from winback.demo.bot_api import BotApi
from winback.store import database

HERE = Path(__file__).parent
SCRIPTS = {
    f"{path.stem}: {name}": script
    for path in sorted((HERE / "scripts" / "talks").glob("*.yaml"))
    for name, script in yaml.safe_load(path.read_text(encoding="utf-8")).items()
}
CHAINS = "{" + ", ".join(f"{language}: [{language}]" for language in LANGUAGES) + "}"
WORDS = yaml.safe_load((HERE / "order_words.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """A database file at the newest schema, to copy."""
    file = tmp_path_factory.mktemp("empty") / "winback.db"
    database.open_engine(f"sqlite:///{file}", lasts=False).dispose()
    return file


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
async def test_a_conversation_goes_as_it_is_written_down(script, language, project, empty, tmp_path):
    projects.edit(project.config("settings.yaml"), "locales: {uk: [uk], en: [en]}", f"locales: {CHAINS}")
    project.config("policy.yaml").write_text("default: {channels: [email, telegram]}\n", encoding="utf-8")
    shutil.copy(HERE.parents[1] / "config" / "reasons.yaml", project.config())
    project = settings.open_project(project.root, project.environment)
    engine = database.open_engine(f"sqlite:///{shutil.copy(empty, tmp_path)}", lasts=False)
    with BotApi() as api:
        await Talk(project, Letterbox(engine, project.key), api, language).play(script)
    engine.dispose()


@pytest.mark.parametrize("words", WORDS["asks"])
def test_words_that_ask_where_an_order_is(words):
    assert order_words.ask(words)


@pytest.mark.parametrize("words", WORDS["asks not"])
def test_words_that_ask_something_else(words):
    assert not order_words.ask(words)
