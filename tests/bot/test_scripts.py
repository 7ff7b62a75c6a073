from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from tests import projects
from tests.bot.playing import LANGUAGES, STAFF, Play
from tests.letterbox import Letterbox
from winback import settings
from winback.demo.bot_api import BotApi
from winback.store import database

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = {
    f"{path.stem}: {name}": script
    for path in sorted(Path(__file__).with_name("scripts").glob("*.yaml"))
    for name, script in yaml.safe_load(path.read_text(encoding="utf-8")).items()
}
CHAINS = "{" + ", ".join(f"{language}: [{language}]" for language in LANGUAGES) + "}"
POLICY = "default: {channels: [email, telegram]}\ncountries: {RU: {channels: [email]}}\n"


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """A database file at the newest schema, to copy."""
    file = tmp_path_factory.mktemp("empty") / "winback.db"
    database.open_engine(f"sqlite:///{file}", lasts=False).dispose()
    return file


def in_group(project, api):
    """The project with a group in which its people answer, and senders to sign for them."""
    shutil.copy(ROOT / "config" / "senders.yaml", project.config())
    projects.edit(project.config("senders.yaml"), "    reply_to: olena@zerno.example", '    telegram_chat: "42"\n    reply_to: olena@zerno.example')
    telegram = f"telegram: {{bot: zerno_bot, via: bot-api, api_url: {api.url}, staff_chat: '{STAFF}'}}"
    projects.edit(project.config("settings.yaml"), "telegram: {bot: zerno_bot}", telegram)
    return settings.open_project(project.root, {**project.environment, "WINBACK_TELEGRAM_TOKEN": api.token})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
async def test_a_conversation_goes_as_it_is_written_down(script, language, project, empty, tmp_path):
    projects.edit(project.config("settings.yaml"), "locales: {uk: [uk], en: [en]}", f"locales: {CHAINS}")
    project.config("policy.yaml").write_text(POLICY, encoding="utf-8")
    project = settings.open_project(project.root, project.environment)
    engine = database.open_engine(f"sqlite:///{shutil.copy(empty, tmp_path)}", lasts=False)
    with BotApi() as api:
        if script.get("group"):
            project = in_group(project, api)
        await Play(project, Letterbox(engine, project.key), api, language).play(script)
    engine.dispose()
