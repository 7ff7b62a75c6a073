"""A letter sent to one of us: real headers over a real channel, marked, and without a trace in the store."""

from __future__ import annotations

import asyncio
import email
import json
from datetime import UTC, datetime
from email.policy import default

import pytest

from tests import projects
from tests.letters.drafts import Shop
from tests.store import world
from winback import settings
from winback.demo.bot_api import NO_SUCH_CHAT, BotApi
from winback.demo.mailbox import MailServer
from winback.errors import ConfigError, Refused, TemplateError
from winback.operations import trying_out
from winback.operations.scenes import Wanted
from winback.store import database

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TO = "olena@zerno.example"


@pytest.fixture
def shop(tmp_path) -> Shop:
    return Shop(projects.make(tmp_path / "shop"))


def reopened(shop: Shop, *changes: tuple[str, str, str], **environment: str) -> Shop:
    """The same folder with other settings."""
    for file, old, new in changes:
        projects.edit(shop.project.root / file, old, new)
    return Shop(settings.open_project(shop.project.root, {"WINBACK_SECRET": "k" * 32, **environment}))


def send(shop: Shop, to: str = TO, engine=None, **wanted):
    return asyncio.run(trying_out.send(shop.project, engine, Wanted(**wanted), to, now=NOW))


def read(path):
    return email.message_from_bytes(path.read_bytes(), policy=default)


def test_a_letter_lies_in_the_mailbox_folder_while_the_settings_say_file(shop):
    (sent,) = send(shop, letter="we-miss-you")
    assert sent.file == shop.project.out / "mailbox/tests/email/1.eml"
    assert sent.how == f"Write `via: smtp` under `email:` in config/settings.yaml to send it to {TO}."
    letter = read(sent.file)
    assert letter["Subject"] == "[test] Давно не бачилися, а в нас є що скуштувати"
    assert letter["To"] == TO
    assert letter["List-Unsubscribe"] == "<http://localhost:8000/u/preview>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]


def test_the_next_one_lies_beside_it_and_no_real_letter_is_overwritten(shop):
    real = shop.project.out / "mailbox/email/1.eml"
    real.parent.mkdir(parents=True)
    real.write_text("a real one")
    first, second = (send(shop, letter="we-miss-you")[0].file for _ in range(2))
    assert (first.name, second.name) == ("1.eml", "2.eml")
    assert real.read_text() == "a real one"


def test_links_lead_straight_to_the_shop_and_nothing_counts_who_opens_it(shop):
    (sent,) = send(shop, letter="gift-with-code", locale="en")
    html = read(sent.file).get_body(("html",)).get_content()
    assert 'href="https://zerno.example/gift"' in html
    assert "/c/" not in html
    assert "<img" not in html


def test_it_leaves_over_the_server_that_the_settings_name(shop, tmp_path):
    with MailServer(tmp_path / "mail") as mail:
        (sent,) = send(reopened(shop, *projects.through(mail.host, mail.port)), letter="we-miss-you", locale="en")
        (received,) = mail.received
    assert (received.recipient, received.mail_from) == (TO, "andriy@news.zerno.example")
    assert sent.file is None
    letter = read(received.path)
    assert letter["Subject"].startswith("[test] It has been a while")
    assert letter["Message-ID"].startswith("<test.")


def test_a_refused_address_and_a_closed_server_are_told(shop, tmp_path):
    with MailServer(tmp_path / "mail", replies={TO: "550 5.1.1 No such user"}, drops=["lost@zerno.example"]) as mail:
        through = reopened(shop, *projects.through(mail.host, mail.port))
        with pytest.raises(Refused, match=r"olena@zerno\.example was refused: .*No such user"):
            send(through, letter="we-miss-you")
        with pytest.raises(Refused, match=r"nobody knows whether it reached lost@zerno\.example"):
            send(through, "lost@zerno.example", letter="we-miss-you")
    with pytest.raises(ConfigError, match=r"config/settings\.yaml:\d+: no mail server answers at 127\.0\.0\.1:"):
        send(through, letter="we-miss-you")
    named = reopened(shop, ("config/settings.yaml", 'user: ""', "user: shop"))
    with pytest.raises(ConfigError, match=r"config/settings\.yaml:\d+: a user is named, but there is no password\. Set WINBACK_SMTP_PASSWORD\."):
        send(named, letter="we-miss-you")


def test_a_messenger_text_goes_to_a_chat(shop):
    with BotApi() as bot:
        change = (
            "config/settings.yaml",
            "  via: file                           # file, or",
            f"  api_url: {bot.url}\n  via: bot-api                        # file, or",
        )
        through = reopened(shop, change, WINBACK_TELEGRAM_TOKEN=bot.token)
        (sent,) = send(through, "77", letter="gift-reminder")
        assert sent.what == "gift-reminder (uk)"
        (message,) = bot.sent
        assert message.chat_id == "77"
        assert message.text.startswith("[test]\nВітаємо, Ірино!")
        assert [button["url"] for button in message.buttons if "url" in button] == ["https://zerno.example/gift"]
        bot.fail(78, NO_SUCH_CHAT)
        with pytest.raises(Refused, match="78 was refused"):
            send(through, "78", letter="gift-reminder")


def test_a_messenger_text_is_written_to_a_file_while_the_settings_say_so(shop):
    (sent,) = send(shop, "77", letter="gift-reminder", locale="en")
    assert json.loads(sent.file.read_text(encoding="utf-8"))["text"].startswith("[test]\nHello Iryna,")


def test_a_customer_of_ours_is_written_to_in_their_language_and_nothing_is_recorded(shop, tmp_path):
    engine = database.open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    with database.writing(engine) as connection:
        who = world.customer(connection, "B7", given_name="Emma", country="GB", locale="en")
        world.order(connection, who, "2025-03-11 12:00:00", 100)
        world.reach(connection, who)
    before = (tmp_path / "store.db").read_bytes()
    (sent,) = send(shop, engine=engine, letter="we-miss-you", customers=("B7",))
    assert "Hello Emma," in read(sent.file).get_body(("plain",)).get_content()
    assert read(sent.file)["To"] == TO
    assert (tmp_path / "store.db").read_bytes() == before
    engine.dispose()


def test_a_stage_of_a_campaign_goes_out_with_its_offer(shop):
    sent = send(shop, campaign="winter-tea", stage="last-day", locale="en")
    assert [each.what for each in sent] == ["last-day-of-offer (en, last-day, warm-word)", "last-day-of-offer (en, last-day, gift-first)"]


@pytest.mark.parametrize(
    ("to", "wanted", "sentence"),
    [
        ("olena", {"letter": "we-miss-you"}, "`olena` is neither an e-mail address nor the number of a chat."),
        ("a@b@c.example", {"letter": "we-miss-you"}, "is neither an e-mail address nor"),
        ("77", {"letter": "gift-with-code"}, "`gift-with-code` doesn't go to the number of a chat like 77. Write an e-mail address."),
        (TO, {"letter": "gift-reminder"}, "`gift-reminder` doesn't go to an e-mail address like olena@zerno.example. Write the number of a chat."),
        (TO, {}, "nothing is named to send. Give a letter, or --campaign NAME."),
        (TO, {"letter": "we-mis-you"}, "there is no letter `we-mis-you`. Did you mean `we-miss-you`?"),
    ],
)
def test_what_cannot_be_sent_is_told_and_nothing_is_written(shop, to, wanted, sentence):
    with pytest.raises(ConfigError) as refused:
        send(shop, to, **wanted)
    assert sentence in str(refused.value)
    assert not shop.project.out.exists()


def test_a_letter_that_is_not_right_is_not_sent(shop):
    shop.email("<p>{% trans %}Never translated{% endtrans %}</p>")
    assert send(shop, letter="draft")[0].what == "draft (en)"
    with pytest.raises(TemplateError, match="“Never translated”"):
        send(shop, letter="draft", locale="uk")
    shop.email("<p>{{ nobody }}</p>")
    with pytest.raises(TemplateError, match="`nobody` is not known here"):
        send(shop, letter="draft")


def test_outside_production_a_test_reaches_those_on_the_allow_list_only(shop, tmp_path):
    with MailServer(tmp_path / "mail") as mail:
        here = ("config/settings.yaml", "currency: UAH", 'environment: development\nallow: ["@zerno.example"]\ncurrency: UAH')
        through = reopened(shop, here, *projects.through(mail.host, mail.port))
        send(through, letter="we-miss-you")
        with pytest.raises(
            Refused, match=r"config/settings\.yaml:\d+: emma@post\.example is not written to: this is development.*Add it to `allow:`\."
        ):
            send(through, "emma@post.example", letter="we-miss-you")
        assert [received.recipient for received in mail.received] == [TO]
