"""`email:` in settings.yaml: one server or several, and what can't be meant."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests import letterbox
from tests.channels.test_email import letter
from winback import settings
from winback.channels.relays import NoRelayOpenError, Relays
from winback.demo.mailbox import MailServer
from winback.errors import ConfigError, LaneError, NotLetInError
from winback.model import ChannelName
from winback.sending import lanes

TWO = """\
email:
  via: smtp
  relays:
    - name: own
      host: mail.zerno.example
      user: shop
      weight: 3
    - name: second-relay
      host: smtp.relay.example
      port: 465
      security: tls
      user: zerno
      auth: xoauth2
      connections: 4
      letters_per_connection: 100
      idle_seconds: 10
      dsn: true
"""


def opened(folder, email: str, **environment: str):
    (folder / "config").mkdir(parents=True, exist_ok=True)
    (folder / "config" / "settings.yaml").write_text(letterbox.SETTINGS + email, encoding="utf-8")
    return settings.open_project(folder, {"WINBACK_SECRET": "k" * 32, "WINBACK_ENVIRONMENT": "production", **environment})


def test_without_relays_the_one_server_is_named_main(tmp_path):
    email = opened(tmp_path, "email: {via: smtp, host: mail.zerno.example, port: 2525, user: shop, connections: 3}\n").settings.email
    (relay,) = email.relays
    assert (relay.name, relay.host, relay.port, relay.user, relay.connections, relay.weight) == (*("main", "mail.zerno.example", 2525, "shop", 3, 1),)
    assert email.secret(relay) == "WINBACK_SMTP_PASSWORD"
    assert opened(tmp_path, "").settings.email.relays[0].host == "localhost"


def test_several_relays_each_say_their_own(tmp_path):
    email = opened(tmp_path, TWO).settings.email
    own, second = email.relays
    assert (own.port, own.security, own.weight, own.auth, own.dsn) == (587, "starttls", 3, "password", False)
    assert (second.port, second.security, second.connections, second.letters_per_connection, second.idle_seconds, second.dsn) == (
        *(465, "tls", 4, 100, 10, True),
    )
    assert [email.secret(relay) for relay in email.relays] == ["WINBACK_SMTP_PASSWORD_OWN", "WINBACK_SMTP_TOKEN_SECOND_RELAY"]


@pytest.mark.parametrize(
    ("email", "line", "said"),
    [
        ("email:\n  host: a.example\n  port: 25\n  relays: [{name: b, host: b.example}]\n", 6, "has `relays:`, and beside it `host:`, `port:`"),
        ("email:\n  relays:\n    - {name: b}\n    - {name: b, port: 25}\n", 6, "has two relays named `b`"),
        ("email:\n  relays:\n    - {name: a}\n    - {name: Big Relay}\n", 9, "a relay's name is a short word in small letters"),
        ("email:\n  relays:\n    - {host: b.example}\n", 8, "`name` is missing"),
        ("email:\n  relays:\n    - {name: a, via: smtp}\n", 8, "`via` is not known here"),
        ("email:\n  relays:\n    - {name: a, weight: 0}\n", 8, "weight` is 0"),
        ("email:\n  relays:\n    - {name: a, auth: xoauth2}\n", 8, "asks for `auth: xoauth2` without a user"),
        (
            "email:\n  relays:\n    - {name: a}\n    - {name: b, host: b.example, user: shop, security: none}\n",
            9,
            "would tell the password of `shop` to b.example without encryption",
        ),
        ("email: {host: b.example, user: shop, security: none, auth: xoauth2}\n", 6, "would tell the token of `shop` to b.example"),
        ("email: {user: shop, auth: cram-md5}\n", 6, "`email.auth` is cram-md5"),
        ("email:\n  timeout_seconds: 100\n  relays: [{name: a}, {name: b}]\n", None, "one letter may take longer than that"),
    ],
)
def test_what_cant_be_meant_is_refused_with_its_line(tmp_path, email, line, said):
    with pytest.raises(ConfigError) as refused:
        opened(tmp_path, email)
    (problem,) = refused.value.problems
    assert said in str(problem)
    assert line is None or problem.line == line
    assert problem.how or "weight" in said or "auth" in said


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_this_machine_may_be_logged_in_to_without_encryption(tmp_path, host):
    assert opened(tmp_path, f'email: {{host: "{host}", user: shop, security: none}}\n').settings.email.relays[0].user == "shop"


def test_a_relay_that_is_elsewhere_asks_for_links_that_reach_customers(tmp_path):
    text = letterbox.SETTINGS.replace("https://u.zerno.example", "http://localhost:8000") + TWO
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="lets letters leave, but their links would lead to http://localhost:8000"):
        settings.open_project(tmp_path, {})


def test_a_missing_password_or_token_is_told_at_its_relay(tmp_path):
    with pytest.raises(ConfigError, match=r"settings\.yaml:11: a user is named, but there is no password\. Set WINBACK_SMTP_PASSWORD_OWN\."):
        lanes.open_channel(opened(tmp_path, TWO), ChannelName.EMAIL)
    with pytest.raises(
        ConfigError, match=r"settings\.yaml:17: a user is named, but there is no access token\. Set WINBACK_SMTP_TOKEN_SECOND_RELAY\."
    ):
        lanes.open_channel(opened(tmp_path, TWO, WINBACK_SMTP_PASSWORD_OWN="s3cret"), ChannelName.EMAIL)
    both = opened(tmp_path, TWO, WINBACK_SMTP_PASSWORD_OWN="s3cret", WINBACK_SMTP_TOKEN_SECOND_RELAY="t0ken")
    assert isinstance(lanes.open_channel(both, ChannelName.EMAIL), Relays)


def test_a_relay_that_is_elsewhere_asks_whether_this_is_production(tmp_path):
    """One is enough: letters through it would reach customers."""
    email = "email:\n  via: smtp\n  relays:\n    - {name: here}\n    - {name: there, host: mail.zerno.example}\n"
    with pytest.raises(ConfigError, match="letters would leave, and nothing says whether this is production"):
        lanes.open_channel(opened(tmp_path, email, WINBACK_ENVIRONMENT=""), ChannelName.EMAIL)


def test_a_token_file_is_read_anew_each_time(tmp_path):
    file = tmp_path / "token"
    file.write_text("old\n")
    project = opened(tmp_path, TWO, WINBACK_SMTP_PASSWORD_OWN="s3cret", WINBACK_SMTP_TOKEN_SECOND_RELAY_FILE=str(file))
    relays = lanes.open_channel(project, ChannelName.EMAIL)
    token = relays._relays[1].channel._server.token
    assert token() == "old"
    file.write_text("new\n")
    assert token() == "new"


def test_relays_with_a_pace_are_known_to_the_channel(tmp_path):
    project = opened(tmp_path, TWO, WINBACK_SMTP_PASSWORD_OWN="s3cret", WINBACK_SMTP_TOKEN_SECOND_RELAY="token")
    project.config("pace.yaml").write_text("relays: {second-relay: {per_hour: 60}}\n", encoding="utf-8")
    assert [relay.is_paced for relay in lanes.open_channel(project, ChannelName.EMAIL)._relays] == [False, True]


def test_letters_leave_through_the_relays_that_the_settings_name(tmp_path):
    with MailServer(tmp_path / "one") as one, MailServer(tmp_path / "two", user="shop", password="s3cret") as two:
        email = f"""\
email:
  via: smtp
  relays:
    - {{name: one, host: {one.host}, port: {one.port}, security: none}}
    - {{name: two, host: {two.host}, port: {two.port}, security: none, user: shop, weight: 2}}
"""
        project = opened(tmp_path, email, WINBACK_SMTP_PASSWORD_TWO="s3cret")

        async def send():
            async with lanes.open_channel(project, ChannelName.EMAIL) as out:
                return [await out.send(replace(letter(number), relay="one" if number == 9 else "")) for number in range(1, 10)]

        receipts = asyncio.run(send())
    assert [receipt.relay for receipt in receipts].count("two") == two.accepted == 5
    assert receipts[-1].relay == "one"


def named(reason: str, text: str = "", relay: str = "") -> LaneError:
    error = NotLetInError(reason, text)
    error.relay = relay
    return error


def test_a_closed_relay_is_told_with_its_line_and_what_to_do(tmp_path):
    project = opened(tmp_path, TWO)
    problem = lanes.problem(project, ChannelName.EMAIL, named("login-refused", "535 no", "second-relay"))
    assert str(problem) == (
        "config/settings.yaml:17: the mail server refused the login of `zerno` (535 no). "
        "Set the right token in WINBACK_SMTP_TOKEN_SECOND_RELAY, or mend `user:`."
    )
    problem = lanes.problem(project, ChannelName.EMAIL, named("unreachable", "", "own"))
    assert str(problem).startswith("config/settings.yaml:10: no mail server answers at mail.zerno.example:587.")
    problem = lanes.problem(project, ChannelName.EMAIL, named("refused-by-policy", "550 5.7.1 spam", "own"))
    assert str(problem) == (
        "config/settings.yaml:7: email stopped: refused-by-policy (550 5.7.1 spam). Mend what the other side says, then run again: nothing is lost."
    )


def test_when_all_are_closed_each_is_told(tmp_path):
    closed = {"own": named("unreachable", "refused"), "second-relay": named("no-token", "there is none")}
    problem = lanes.problem(opened(tmp_path, TWO), ChannelName.EMAIL, NoRelayOpenError(closed))
    assert problem.line == 8
    assert problem.message == (
        "no relay takes letters. `own` (line 10): no mail server answers at mail.zerno.example:587 (refused); "
        "`second-relay` (line 18): there is no access token to log in with (there is none)."
    )
    assert "WINBACK_SMTP_TOKEN_SECOND_RELAY_FILE" in problem.how
    assert "Mend `host:`" in problem.how


def test_a_delivery_is_meant_for_one_relay_by_weight_where_a_relay_has_a_pace_and_always_for_the_same(tmp_path):
    email = opened(tmp_path, TWO).settings.email
    meant = [lanes.relay_of(email, ["own"], number) for number in range(4000)]
    assert meant == [lanes.relay_of(email, ["own"], number) for number in range(4000)]
    assert 0.72 < meant.count("own") / len(meant) < 0.78, "three of four"
    assert {lanes.relay_of(email, [], number) for number in range(50)} == {""}
    again = [lanes.relay_of(email, ["own"], number, attempts=1) for number in range(4000)]
    assert all(before != after for before, after in zip(meant, again, strict=True)), "the other one's turn"
    assert [lanes.relay_of(email, ["own"], number, attempts=2) for number in range(4000)] == meant
    assert lanes.relay_of(opened(tmp_path, "").settings.email, ["main"], 7) == "main"


@pytest.mark.parametrize(
    ("email", "leaves"),
    [
        ("", False),
        ("email: {host: mail.zerno.example}\n", False),
        ("email: {via: smtp}\n", False),
        ("email: {via: smtp, host: mail.zerno.example}\n", True),
        ("email: {via: smtp, relays: [{name: a}, {name: b, host: mail.zerno.example}]}\n", True),
        ("email: {via: smtp, relays: [{name: a}, {name: b, host: 127.0.0.1}]}\n", False),
    ],
)
def test_whether_letters_leave_this_machine(tmp_path, email, leaves):
    assert opened(tmp_path, email).settings.email.leaves is leaves
