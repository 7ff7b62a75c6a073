"""Outside production a campaign, a test, a reminder and the bot reach nobody but those on the allow-list: the servers are the judges."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import projects
from tests.operations.lost import CAMPAIGN, START, populate
from tests.store import world
from tests.test_architecture import imported, name, sources
from winback import settings
from winback.channels.accepting import AcceptingChannel
from winback.channels.file import FileChannel
from winback.demo.bot_api import BotApi
from winback.demo.mailbox import MailServer
from winback.errors import ConfigError
from winback.model import ChannelName, DeliveryStatus, Reason
from winback.operations import checking, rehearsing, running
from winback.sending import allowing, lanes, prepared
from winback.store import contact_log, database
from winback.store.tables import deliveries, recipients

SETTINGS = "config/settings.yaml"
COLLEAGUES = ("c0@post.example", "c1@post.example")


def here(environment: str, *allow: str) -> tuple[str, str, str]:
    """The line that says where a project runs, and the one with its allow-list."""
    said = f"environment: {environment}\n" if environment else ""
    return SETTINGS, "currency: UAH", f"{said}{f'allow: {json.dumps(allow)}' + chr(10) if allow else ''}currency: UAH"


def afar() -> tuple[tuple[str, str, str], ...]:
    """A mail server on another machine."""
    return (*projects.through("smtp.zerno.example", 587), (SETTINGS, "public_url: http://localhost:8000", "public_url: https://u.zerno.example"))


def run(ready, engine, now=START):
    return asyncio.run(running.go(ready, engine, now=lambda: now, worker=f"w-{now}"))


def became(engine) -> dict[tuple[str, str, str], set[int]]:
    """Customers by stage, status and reason of their delivery."""
    found: dict[tuple[str, str, str], set[int]] = {}
    with database.reading(engine) as connection:
        for row in connection.execute(select(deliveries).where(deliveries.c.status != DeliveryStatus.HELD_OUT)):
            found.setdefault((row.stage, row.status, row.reason), set()).add(row.customer_id)
    return found


def test_a_campaign_in_development_reaches_those_on_the_list_and_skips_the_others(engine, tmp_path):
    ids = populate(engine, 30)
    with MailServer(tmp_path / "mail") as server:
        no_holdout = ("config/campaigns/winter-tea.yaml", "holdout: 0.25", "holdout: 0")
        colleagues = [f"c{who}@post.example" for who in ids[:2]]
        project = projects.make(tmp_path / "shop", *projects.through(server.host, server.port), no_holdout, here("development", *colleagues))
        ready = prepared.prepare(project, CAMPAIGN)
        ran = run(ready, engine)
        assert {letter.recipient for letter in server.received} == set(colleagues)
        assert became(engine) == {
            ("first-letter", DeliveryStatus.SENT, ""): set(ids[:2]),
            ("first-letter", DeliveryStatus.SKIPPED, Reason.NOT_ALLOWED_HERE): set(ids[2:]),
        }
        assert ran.held_back == ran.as_json()["held_back"] == 28
        later = run(ready, engine, START + timedelta(days=7))
        assert later.held_back == 28, "the journey goes on as if the letter had been one that couldn't be written"
        assert len(server.received) == 4
    with database.reading(engine) as connection:
        logged = contact_log.contacts(connection, ids, START + timedelta(days=8))
    assert {who for who, contacts in logged.items() if contacts} == set(ids[:2]), "a letter that was held back is no contact"


def test_with_nobody_on_the_list_nothing_leaves(engine, tmp_path):
    populate(engine, 8)
    with MailServer(tmp_path / "mail") as server:
        project = projects.make(tmp_path / "shop", *projects.through(server.host, server.port), here("development"))
        ran = run(prepared.prepare(project, CAMPAIGN), engine)
        assert ran.held_back == ran.deliveries[DeliveryStatus.SKIPPED] > 0
        assert server.received == []


@pytest.mark.parametrize("environment", ["production", ""])
def test_in_production_and_on_this_machine_everybody_is_written_to(engine, tmp_path, environment):
    ids = populate(engine, 8)
    with MailServer(tmp_path / "mail") as server:
        project = projects.make(tmp_path / "shop", *projects.through(server.host, server.port), here(environment))
        ran = run(prepared.prepare(project, CAMPAIGN), engine)
        assert len(server.received) == ran.deliveries[DeliveryStatus.SENT] > len(ids) / 2
        assert (ran.held_back, allowing.told(project, 0)) == (0, "")


def test_a_letter_that_is_held_back_on_one_channel_is_not_sent_on_another(engine, tmp_path):
    """In production it would have gone to the chat: what development shows is what production does."""
    ids = populate(engine, 8)
    with database.writing(engine) as connection:
        for who in ids:
            world.reach(connection, who, ChannelName.TELEGRAM, str(1000 + who))
    with MailServer(tmp_path / "mail") as server, BotApi() as bot:
        project = projects.make(
            tmp_path / "shop",
            *projects.through(server.host, server.port),
            (SETTINGS, "  via: file                           # file, or", f"  api_url: {bot.url}\n  via: bot-api                        # file, or"),
            here("development", "@post.example", f"{1000 + ids[0]}"),
            environment={"WINBACK_TELEGRAM_TOKEN": bot.token},
        )
        ready = prepared.prepare(project, CAMPAIGN)
        run(ready, engine)
        first = len(server.received)
        ran = run(ready, engine, START + timedelta(days=7))
        assert {message.chat_id for message in bot.sent} <= {f"{1000 + ids[0]}"}
        assert ran.held_back == first - len(bot.sent) > 0
        assert len(server.received) == first


def test_a_rehearsal_and_a_folder_hold_nobody_back(engine, tmp_path):
    populate(engine, 6)
    project = projects.make(tmp_path / "shop", *afar(), here("development", *COLLEAGUES))
    played = asyncio.run(
        rehearsing.rehearse(prepared.prepare(project, CAMPAIGN), engine, start=START, until=START + timedelta(days=1), worker="r", letters=False)
    )
    assert not any("not-allowed-here" in word for word in played.recipients)
    assert played.calendar
    assert isinstance(lanes.rehearsal_channel(None, ChannelName.EMAIL), AcceptingChannel)
    at_home = projects.make(tmp_path / "home", here("development"))
    assert isinstance(lanes.open_channel(at_home, ChannelName.EMAIL), FileChannel)
    ran = run(prepared.prepare(at_home, CAMPAIGN), engine)
    assert ran.held_back == 0
    assert len(list((at_home.out / "mailbox/email").glob("*.eml"))) == ran.deliveries[DeliveryStatus.SENT] > 0


def test_letters_leave_this_machine_only_where_somebody_said_what_it_is(engine, tmp_path):
    populate(engine, 4)
    project = projects.make(tmp_path / "shop", *afar())
    with pytest.raises(
        ConfigError, match=r"config/settings\.yaml:\d+: letters would leave, and nothing says whether this is production\."
    ) as refused:
        run(prepared.prepare(project, CAMPAIGN), engine)
    assert "environment: production" in str(refused.value)
    with database.reading(engine) as connection:
        assert connection.execute(select(recipients)).first() is None, "nothing was begun"


@pytest.mark.parametrize(
    ("file", "variable", "guarded"),
    [
        ("", "development", True),
        ("production", "development", True),
        ("development", "production", False),
        ("development", "", True),
        ("production", "", False),
        ("", "production", False),
    ],
)
def test_the_variable_goes_before_the_file(tmp_path, file, variable, guarded):
    project = projects.make(tmp_path / "shop", *afar(), here(file), environment={"WINBACK_ENVIRONMENT": variable})
    assert (allowing.allow_list(project, ChannelName.EMAIL) is not None) is guarded


def test_a_variable_that_says_nothing_known_is_refused(tmp_path):
    project = projects.make(tmp_path / "shop", *afar(), environment={"WINBACK_ENVIRONMENT": "prod"})
    with pytest.raises(ConfigError, match="WINBACK_ENVIRONMENT is `prod`. Set it to one of production, development"):
        lanes.open_channel(project, ChannelName.EMAIL)
    assert [problem.message for problem in checking.problems(project)] == ["WINBACK_ENVIRONMENT is `prod`."]


@pytest.mark.parametrize(
    ("changes", "variable", "sentence"),
    [
        ([here("production", "@zerno.example")], "", "in production it holds nobody back"),
        ([here("production", "@zerno.example")], "development", "in production it holds nobody back"),
        ([here("development", "@zerno.example")], "production", ""),
        ([here("development", "@zerno.example")], "", ""),
        ([here("", "@zerno.example")], "", "nothing says that this is development"),
        ([here("development")], "", ""),
        ([here("development"), *afar()], "", "development without an allow-list: nobody would be written to"),
        ([here("development", "@zerno.example"), *afar()], "", ""),
        ([here("production"), *afar()], "", ""),
        ([here(""), *afar()], "", "nothing says whether this is production"),
        ([here("")], "", ""),
    ],
)
def test_check_tells_what_cannot_be_meant_together(tmp_path, changes, variable, sentence):
    project = projects.make(tmp_path / "shop", *changes, environment={"WINBACK_ENVIRONMENT": variable})
    found = allowing.problems(project)
    assert [sentence in problem.message for problem in found] == ([True] if sentence else [])
    assert all(problem.file == SETTINGS and problem.line and problem.how for problem in found)


@pytest.mark.parametrize("entry", ["zerno", "*@zerno.example", "a b@zerno.example", "olena@", "", "Olena <olena@zerno.example>", "true"])
def test_what_is_no_address_is_refused_with_how_to_write_it(tmp_path, entry):
    project = projects.make(tmp_path / "shop")
    projects.edit(project.config("settings.yaml"), "currency: UAH", f"allow: ['{entry}']\ncurrency: UAH")
    with pytest.raises(
        ConfigError, match=r"config/settings\.yaml:\d+: allow has .*an allow-list holds addresses, domains, chats and phones.*Write for example"
    ):
        settings.open_project(project.root, {})


def test_numbers_of_chats_need_no_quotes_and_capitals_mean_nothing(tmp_path):
    project = projects.make(
        tmp_path / "shop", (SETTINGS, "currency: UAH", 'allow: [123456789, -100, Olena@Zerno.Example, "@News.example"]\ncurrency: UAH')
    )
    assert project.settings.allow == ("123456789", "-100", "olena@zerno.example", "@news.example")


def test_the_sentence_says_how_many(tmp_path):
    project = projects.make(tmp_path / "shop", *afar(), here("development", "@zerno.example"))
    assert allowing.told(project, 1_200) == "This is development: only addresses on the allow-list are written to; 1,200 were held back."
    assert allowing.told(project, 1).endswith("; 1 was held back.")
    assert allowing.told(project, 0).endswith("; nothing was held back.")
    assert (
        allowing.told(projects.make(tmp_path / "home", here("development")), 0) == "This is development: letters lie in a folder, and nothing leaves."
    )


DOORS = {
    "winback.channels.email": ("winback/channels/", "winback/sending/lanes.py"),
    "winback.channels.telegram": ("winback/channels/", "winback/sending/lanes.py", "winback/bot/line.py", "winback/bot/staff_line.py"),
    "winback.bot.line": ("winback/bot/shift.py",),
    "winback.bot.staff_line": ("winback/bot/staff_topics.py", "winback/operations/tending.py"),
}
"""What can write to a stranger -> the only places that may know it; the list stands in front of each of them."""


@pytest.mark.parametrize("module", DOORS)
def test_whatever_leaves_goes_through_a_door_with_the_list_in_front(module):
    found = {name(path) for path in sources() for each, _ in imported(path) if each == module}
    assert found
    assert not [place for place in found if not place.startswith(DOORS[module])], "open it by lanes.open_channel, which knows the allow-list"
