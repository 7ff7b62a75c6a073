from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from winback import settings
from winback.bot import answers, conversation
from winback.bot.answers import Answer
from winback.bot.dialogue import Acknowledge, Conclude, Known, Say
from winback.bot.handing_over import HandOver
from winback.bot.joining import Join
from winback.bot.updates import Heard, Kind
from winback.errors import ConfigError
from winback.model import ChannelName
from winback.store.chats import Invited
from winback.store.correspondence import Correspondent
from winback.tracking.presses import Press, Verb

CASES = yaml.safe_load((Path(__file__).parent / "conversation.yaml").read_text(encoding="utf-8"))
CUSTOMERS = {"olena": 1, "ivan": 2}
HERE, ELSEWHERE, TOKEN = "501", "999", "t" * 40


def decide(heard, known):
    """What the dialogues say of themselves: none of these cases needs more from the store."""
    return next(deeds for dialogue in conversation.DIALOGUES if (deeds := dialogue.decide(heard, known)) is not None)


def known(case) -> Known:
    chat, link = case.get("chat"), case.get("link")
    return Known(
        who=Correspondent(CUSTOMERS[chat], ChannelName.TELEGRAM, "uk", b"") if chat else None,
        is_open=case.get("open", False),
        invited=Invited(CUSTOMERS[link], "uk", {"here": HERE, "elsewhere": ELSEWHERE}.get(case.get("joined from"), "")) if link else None,
        language="uk",
        press=Press(Verb.JOIN, (CUSTOMERS[link], 0, 0)) if link and case["heard"] == "press" else None,
    )


def told(deed) -> str:
    match deed:
        case Join(customer_id):
            return f"join {next(name for name, number in CUSTOMERS.items() if number == customer_id)}"
        case Say(answer, _, rows):
            return f"say {answer}{' with a button' if rows else ''}"
        case HandOver(why):
            return f"hand over {why}"
        case Conclude(answer, _):
            return f"conclude {answer}"
        case Acknowledge(answer, _):
            return f"acknowledge {answer}"
    return type(deed).__name__.lower()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_the_bot_does_about_what_it_hears(case):
    heard = Heard(1, Kind(case["heard"]), HERE, case.get("text", TOKEN if "link" in case else ""))
    assert [told(deed) for deed in decide(heard, known(case))] == case["deeds"]


@pytest.mark.parametrize("answer", Answer)
def test_every_answer_is_there_in_every_language_of_the_shipped_letters(project, answer):
    phrasebook = answers.read(project)
    filled = dict.fromkeys(answers.values(answer), "14:30")
    english, ukrainian = phrasebook.say(answer, "en-GB", filled), phrasebook.say(answer, "uk", filled)
    assert english != ukrainian
    assert "{" not in english + ukrainian
    assert phrasebook.say(answer, "xx", filled) == english


def _without_russian(project) -> None:
    file = project.templates / "messages" / "_bot" / "answers.yaml"
    text = re.sub(r"^  ru:(?: \|-\n(?:    .*\n)+| .*\n)", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert "  ru:" not in text
    file.write_text(text, encoding="utf-8")


def test_an_answer_that_lacks_a_language_is_said_in_the_next_one_of_the_chain(project):
    file = project.config("settings.yaml")
    file.write_text(file.read_text(encoding="utf-8").replace("locales: {uk: [uk]", "locales: {uk: [uk], ru: [ru, uk]"), encoding="utf-8")
    _without_russian(project)
    phrasebook = answers.read(settings.open_project(project.root, project.environment))
    assert phrasebook.say(Answer.THANKS, "ru") == phrasebook.say(Answer.THANKS, "uk")


def test_a_language_that_answers_lack_is_named_with_each_of_them(project):
    assert answers.unworded(project, ["en", "uk", "ru", "ro", "uz", "mn"]) == []
    _without_russian(project)
    missing = answers.unworded(project, ["en", "ru"])
    assert len(missing) == len(Answer)
    assert all("has no `ru`. Add `ru:`" in str(problem) for problem in missing)
    assert str(missing[1]).startswith("templates/messages/_bot/answers.yaml:20: `agree`")


def test_an_answer_that_is_missing_is_refused_with_its_name(project):
    file = project.templates / "messages" / "_bot" / "answers.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("stranger:", "strangers:"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"_bot/answers.yaml:\d+: `strangers` is not known here. Did you mean `stranger`\?"):
        answers.read(project)
