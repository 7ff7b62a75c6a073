"""The doctor against real servers on this machine: mail, Telegram, web, DNS; nothing is sent."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import timedelta

import pytest

from tests import projects
from tests.channels.name_server import NameServer
from winback import clock
from winback.channels import dkim
from winback.channels.dns_lookup import Lookup
from winback.demo.bot_api import BotApi
from winback.demo.mailbox import MailServer, make_maildir
from winback.demo.serving import Serving
from winback.limits import FuseCause
from winback.operations import diagnosing_house, diagnosing_names, diagnosing_ways, doctor
from winback.operations.diagnosis import Finding, State
from winback.store import database, fuses, runs
from winback.store.tables import campaign_runs
from winback.tracking import app

SETTINGS = "config/settings.yaml"
DOMAIN = "news.zerno.example"
_, RSA = dkim.new_key("rsa")
_, ED25519 = dkim.new_key("ed25519")
PUBLISHED = dkim.Signer(DOMAIN, "wb1", dkim.read_key(RSA)).record()[1]
OTHER = dkim.Signer(DOMAIN, "wb1", dkim.read_key(ED25519)).record()[1]
GOOD = {
    f"{DOMAIN} TXT": ["v=spf1 ip4:203.0.113.25 -all"],
    f"wb1._domainkey.{DOMAIN} TXT": [PUBLISHED],
    f"_dmarc.{DOMAIN} TXT": ["v=DMARC1; p=none; rua=mailto:dmarc@zerno.example"],
    f"{DOMAIN} MX": ["10 mx.zerno.example."],
    "mx.zerno.example A": ["203.0.113.25"],
    "25.113.0.203.in-addr.arpa PTR": ["mx.zerno.example."],
}
SIGNS = (SETTINGS, "  # dkim: [{domain: news.zerno.example, selector: wb1}]", "  dkim: [{domain: news.zerno.example, selector: wb1}]")


@pytest.fixture
def signing(tmp_path):
    """Letters leave, signed here."""
    return projects.make(tmp_path / "shop", SIGNS, projects.through("localhost", 587)[0], environment={"WINBACK_DKIM_WB1": RSA})


def dns(project, records, leaves_from=("203.0.113.25",), **options) -> dict[str, Finding]:
    with NameServer(records, **options) as server:
        found = list(diagnosing_names.look(project, server.lookup(0.5), leaves_from))
    assert len({finding.subject for finding in found}) == len(found)
    return {finding.subject: finding for finding in found}


def states(found: dict[str, Finding]) -> dict[str, str]:
    return {subject: str(finding.state) for subject, finding in found.items()}


def test_a_sender_whose_records_are_all_there(signing):
    assert states(dns(signing, GOOD)) == {
        f"SPF of {DOMAIN}": "ok",
        f"DKIM wb1 of {DOMAIN}": "ok",
        f"DMARC of {DOMAIN}": "ok",
        f"MX of {DOMAIN}": "ok",
        "PTR of 203.0.113.25": "ok",
    }


def test_what_is_not_there_is_shown_as_it_is_to_be_published(signing):
    found = dns(signing, {})
    assert set(states(found).values()) == {"missing"}
    assert all(finding.is_bad for finding in found.values())
    assert {subject: str(finding.record) for subject, finding in found.items() if finding.record} == {
        f"SPF of {DOMAIN}": f"{DOMAIN} TXT v=spf1 ip4:203.0.113.25 -all",
        f"DKIM wb1 of {DOMAIN}": f"wb1._domainkey.{DOMAIN} TXT {PUBLISHED}",
        f"DMARC of {DOMAIN}": f"_dmarc.{DOMAIN} TXT v=DMARC1; p=none; rua=mailto:dmarc@{DOMAIN}",
        f"MX of {DOMAIN}": f"{DOMAIN} MX 10 mx.{DOMAIN}.",
    }


def test_what_is_missing_stands_in_nobodys_way_while_letters_stay_in_a_folder(tmp_path):
    found = dns(projects.make(tmp_path / "shop"), {}, leaves_from=())
    assert set(states(found).values()) == {"missing"}
    assert not any(finding.is_bad for finding in found.values())
    assert str(found[f"SPF of {DOMAIN}"].record) == f"{DOMAIN} TXT v=spf1 ip4:ADDRESS -all"
    assert "--from-ip" in found[f"SPF of {DOMAIN}"].how


def test_what_was_published_as_shown_is_right(signing):
    shown = {f"{finding.record.name} {finding.record.type}": [finding.record.value] for finding in dns(signing, {}).values() if finding.record}
    again = states(dns(signing, {**shown, f"mx.{DOMAIN} A": ["203.0.113.25"]}))
    assert {subject for subject, state in again.items() if state != "ok"} == {"PTR of 203.0.113.25"}


@pytest.mark.parametrize(
    ("name", "texts", "subject", "sentence"),
    [
        (DOMAIN, ["v=spf1 ip4:198.51.100.7 -all"], "SPF", "doesn't let 203.0.113.25 send (fail)"),
        (DOMAIN, ["v=spf1 -all", "v=spf1 a -all"], "SPF", "2 SPF records"),
        (f"wb1._domainkey.{DOMAIN}", ["v=DKIM1; k=rsa; p="], "DKIM wb1", "revoked"),
        (f"wb1._domainkey.{DOMAIN}", [PUBLISHED.replace("MIIB", "MIIC")], "DKIM wb1", "another key is published"),
        (f"wb1._domainkey.{DOMAIN}", [PUBLISHED.replace("k=rsa", "k=ed25519")], "DKIM wb1", "another key is published"),
        (f"wb1._domainkey.{DOMAIN}", [PUBLISHED, OTHER], "DKIM wb1", "there are 2 keys"),
        (f"wb1._domainkey.{DOMAIN}", [f"{PUBLISHED}; t=y"], "DKIM wb1", "as a trial"),
        (f"_dmarc.{DOMAIN}", ["v=DMARC1; p=nothing"], "DMARC", "says nothing that receivers know"),
        (f"_dmarc.{DOMAIN}", ["v=DMARC1; rua=mailto:x@zerno.example"], "DMARC", "says nothing that receivers know"),
    ],
)
def test_a_record_that_is_wrong_is_told_with_the_right_one(signing, name, texts, subject, sentence):
    finding = dns(signing, {**GOOD, f"{name} TXT": texts})[f"{subject} of {DOMAIN}"]
    assert finding.state is State.WRONG
    assert sentence in finding.message
    assert finding.record is not None
    assert finding.record.name == name


@pytest.mark.parametrize(
    "text",
    [PUBLISHED.replace("p=", "p= "), PUBLISHED.replace("v=DKIM1; ", ""), PUBLISHED.replace("k=rsa; ", "")],
    ids=["a blank", "no version", "no kind of key"],
)
def test_a_key_may_be_published_in_other_words(signing, text):
    assert states(dns(signing, {**GOOD, f"wb1._domainkey.{DOMAIN} TXT": [text]}))[f"DKIM wb1 of {DOMAIN}"] == "ok"


def test_what_lets_an_address_send_is_put_before_the_rest(signing):
    found = dns(signing, {**GOOD, f"{DOMAIN} TXT": ["v=spf1 include:esp.example ~all"], "esp.example TXT": ["v=spf1 ip4:198.51.100.7 -all"]})
    record = found[f"SPF of {DOMAIN}"].record
    assert record is not None
    assert record.value == "v=spf1 ip4:203.0.113.25 include:esp.example ~all"


def bounces_to(tmp_path, address: str, *changes, **options):
    return projects.make(tmp_path / "shop", (SETTINGS, '  user: ""', f'  user: ""\n  bounces_to: {address}'), *changes, **options)


def test_an_envelope_of_another_house_is_saved_by_the_signature(tmp_path):
    project = bounces_to(tmp_path, "b@bounces.example", SIGNS, environment={"WINBACK_DKIM_WB1": RSA})
    found = dns(project, {**GOOD, "_dmarc.bounces.example TXT": ["v=DMARC1; p=none"]})
    assert "aligned with the DKIM signature." in found[f"DMARC of {DOMAIN}"].message
    assert states(found)["SPF of bounces.example"] == "missing"
    assert states(found)["MX of bounces.example"] == "missing"


def test_an_envelope_of_another_house_without_a_signature_of_ours_cannot_be_judged(tmp_path):
    finding = dns(bounces_to(tmp_path, "b@bounces.example"), GOOD)[f"DMARC of {DOMAIN}"]
    assert finding.state is State.UNKNOWN
    assert "what the mail server signs can't be seen" in finding.message


def test_a_strict_domain_wants_the_very_same_envelope(tmp_path):
    project = bounces_to(tmp_path, "b@bounces.zerno.example")
    house = {"_dmarc.zerno.example TXT": ["v=DMARC1; p=none"]}
    relaxed = dns(project, {**GOOD, **house})
    assert "aligned with the envelope sender (SPF)." in relaxed[f"DMARC of {DOMAIN}"].message
    strict = dns(project, {**GOOD, **house, f"_dmarc.{DOMAIN} TXT": ["v=DMARC1; p=none; aspf=s"]})
    assert strict[f"DMARC of {DOMAIN}"].state is State.UNKNOWN


def test_a_key_of_a_stranger_and_an_envelope_of_another_are_wrong(tmp_path):
    signs = (SETTINGS, SIGNS[1], "  dkim: [{domain: other.example, selector: wb1}]")
    project = bounces_to(tmp_path, "b@bounces.example", signs, environment={"WINBACK_DKIM_WB1": RSA})
    finding = dns(project, GOOD)[f"DMARC of {DOMAIN}"]
    assert finding.state is State.WRONG
    assert f"winback dkim new --domain {DOMAIN}" in finding.how


def test_a_domain_that_takes_no_mail_cannot_take_bounces(signing):
    found = dns(signing, {**GOOD, f"{DOMAIN} MX": ["0 ."]})
    assert "takes no mail" in found[f"MX of {DOMAIN}"].message
    assert states(dns(signing, {**GOOD, f"{DOMAIN} MX": ["10 gone.example."]}))[f"MX of {DOMAIN}"] == "wrong"


def test_a_name_that_does_not_lead_back_is_wrong(signing):
    finding = dns(signing, {**GOOD, "25.113.0.203.in-addr.arpa PTR": ["host25.provider.example."]})["PTR of 203.0.113.25"]
    assert (finding.state, str(finding.record)) == (State.WRONG, "host25.provider.example A 203.0.113.25")


def test_a_mail_server_on_this_machine_says_nothing_of_where_letters_leave_from(signing):
    found = dns(signing, GOOD, leaves_from=())
    assert states(found)[f"SPF of {DOMAIN}"] == "unknown"
    assert "--from-ip" in found[f"SPF of {DOMAIN}"].how
    assert not [subject for subject in found if subject.startswith("PTR")]


def test_a_mail_server_that_may_send_from_elsewhere_is_not_called_wrong(tmp_path):
    project = projects.make(tmp_path / "shop", (SETTINGS, "  host: localhost", "  host: smtp.esp.example"))
    found = dns(project, {**GOOD, "smtp.esp.example A": ["8.8.8.8"]}, leaves_from=())
    assert states(found)[f"SPF of {DOMAIN}"] == "unknown"
    assert "it may send from elsewhere" in found[f"SPF of {DOMAIN}"].message


def test_a_silent_name_server_is_told_once_with_what_should_stand_there(signing):
    found = dns(signing, GOOD, silent=True)
    assert set(states(found).values()) == {"unknown"}
    assert not any(finding.is_bad for finding in found.values())
    assert "no name server answered within 0.5 seconds" in found["DNS"].message
    assert str(found[f"DKIM wb1 of {DOMAIN}"].record) == f"wb1._domainkey.{DOMAIN} TXT {PUBLISHED}"


def test_no_name_server_at_all_is_told_the_same_way(signing):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    found = {finding.subject: finding for finding in diagnosing_names.look(signing, Lookup(f"127.0.0.1:{port}", 1.0), ["203.0.113.25"])}
    assert {finding.state for finding in found.values()} == {State.UNKNOWN}


def test_one_domain_in_trouble_does_not_hide_the_others(signing):
    found = dns(signing, GOOD, fails=[f"wb1._domainkey.{DOMAIN}"])
    assert states(found) == {
        f"SPF of {DOMAIN}": "ok",
        "DNS": "unknown",
        f"DMARC of {DOMAIN}": "ok",
        f"MX of {DOMAIN}": "ok",
        "PTR of 203.0.113.25": "ok",
    }


def mail(project) -> list[Finding]:
    return list(diagnosing_ways.mail(project, clock.now()))


def test_a_mail_server_that_lets_us_in_is_asked_what_it_offers(tmp_path):
    with MailServer(tmp_path / "mail", user="shop", password="open sesame") as server:
        changes = (*projects.through(server.host, server.port), (SETTINGS, 'user: ""', "user: shop"))
        project = projects.make(tmp_path / "shop", *changes, environment={"WINBACK_SMTP_PASSWORD": "open sesame"})
        answers, offers = mail(project)
        assert (answers.state, answers.message) == (State.OK, "answers, not secured, lets shop in.")
        assert "PIPELINING" in offers.message
        assert "SIZE" in offers.message
        wrong = projects.make(tmp_path / "other", *changes, environment={"WINBACK_SMTP_PASSWORD": "guess"})
        (refused,) = mail(wrong)
        assert refused.state is State.WRONG
        assert "refused the login of `shop`" in refused.message
        assert "guess" not in refused.message + refused.how
        (unsecured,) = mail(projects.make(tmp_path / "third", *changes[:3]))
        assert unsecured.state is State.WRONG
        assert server.accepted == 0


def test_a_mail_server_that_is_not_there_is_told_with_its_line(tmp_path):
    with MailServer(tmp_path / "mail") as server:
        pass
    (finding,) = mail(projects.make(tmp_path / "shop", *projects.through(server.host, server.port)))
    assert finding.state is State.WRONG
    assert f"no mail server answers at 127.0.0.1:{server.port}" in finding.message
    assert finding.message.startswith("config/settings.yaml:")


def test_every_relay_is_visited_with_its_own_password_and_told_with_its_own_line(tmp_path):
    with MailServer(tmp_path / "mail", user="shop", password="open sesame") as server:
        listed = "".join(
            f"\n    - {{name: {name}, host: {server.host}, port: {server.port}, security: none, user: shop{more}}}"
            for name, more in (("one", ""), ("two", ""), ("three", ", auth: xoauth2"))
        )
        changes = (
            *projects.through(server.host, server.port)[:1],
            (SETTINGS, '  host: localhost\n  port: 587\n  security: starttls\n  user: ""\n', f"  relays:{listed}\n"),
        )
        words = {"WINBACK_SMTP_PASSWORD_ONE": "open sesame", "WINBACK_SMTP_PASSWORD_TWO": "guess", "WINBACK_SMTP_TOKEN_THREE": "t0ken"}
        project = projects.make(tmp_path / "shop", *changes, environment=words)
        found = mail(project)
        lines = [project.document.line("email", "relays", place) for place in range(3)]
    assert [found[place].state for place in (0, 2, 3)] == [State.OK, State.WRONG, State.WRONG]
    assert found[0].message.endswith("lets shop in.")
    assert found[2].message.startswith(f"config/settings.yaml:{lines[1]}: the mail server refused the login of `shop`")
    assert "WINBACK_SMTP_PASSWORD_TWO" in found[2].message + found[2].how
    assert found[3].message.startswith(f"config/settings.yaml:{lines[2]}: the mail server refused the login of `shop`"), "it takes no tokens"
    assert "t0ken" not in found[3].message + found[3].how


def test_a_server_that_offers_little_is_lacking_and_in_nobodys_way(tmp_path):
    with MailServer(tmp_path / "mail", pipelining=False) as server:
        _, offers = mail(projects.make(tmp_path / "shop", *projects.through(server.host, server.port)))
    assert (offers.state, offers.is_bad) == (State.MISSING, False)
    assert "PIPELINING (one round trip" in offers.how


def with_bot(tmp_path, api, name="zerno_bot", token=None):
    changes = ((SETTINGS, "telegram:\n  via: file", f"telegram:\n  api_url: {api.url}\n  via: bot-api"), (SETTINGS, '  bot: ""', f"  bot: {name}"))
    return projects.make(tmp_path / name, *changes, environment={"WINBACK_TELEGRAM_TOKEN": token or api.token})


def test_the_bot_is_known_by_its_token_and_called_by_its_name(tmp_path):
    with BotApi(username="zerno_bot") as api:
        (right,) = diagnosing_ways.bot(with_bot(tmp_path, api))
        (other,) = diagnosing_ways.bot(with_bot(tmp_path, api, "zerna_bot"))
        (refused,) = diagnosing_ways.bot(with_bot(tmp_path, api, "third", token="1:nonsense"))
    assert (right.state, right.message) == (State.OK, "@zerno_bot answers.")
    assert (other.state, other.how) == (State.WRONG, "Write bot: zerno_bot.")
    assert refused.state is State.WRONG
    assert "nonsense" not in refused.message + refused.how
    assert api.sent == []


def test_the_public_pages_are_asked_whether_they_are_ours(tmp_path):
    project = projects.make(tmp_path / "shop")
    engine = database.open_engine(project.database_url)
    with Serving(app.create_app(project, engine)) as pages:
        here = projects.make(tmp_path / "here", (SETTINGS, "http://localhost:8000", pages.url))
        (right,) = diagnosing_ways.pages(here, clock.now())
        assert (right.state, right.message) == (State.OK, f"{pages.url} answers.")
        assert "Set both clocks right." in [finding.how for finding in diagnosing_ways.pages(here, clock.now() - timedelta(hours=1))]
    (gone,) = diagnosing_ways.pages(here, clock.now())
    assert gone.state is State.UNKNOWN, "nothing leaves yet"
    engine.dispose()

    async def other(scope, receive, send):
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with Serving(other) as stranger:
        (wrong,) = diagnosing_ways.pages(projects.make(tmp_path / "there", (SETTINGS, "http://localhost:8000", stranger.url)), clock.now())
    assert "is not winback" in wrong.message


def house(project, url, now=None) -> dict[str, Finding]:
    """With one letter, which is enough to be looked at; `test_everything_together_on_a_new_project` has them all."""
    projects.keep_only(project, "tips")
    project.environment["WINBACK_DATABASE_URL"] = url
    return {finding.subject: finding for finding in diagnosing_house.look(project, now or clock.now())}


def test_a_house_in_order(engine, database_url, tmp_path):
    found = house(projects.make(tmp_path / "shop"), database_url)
    assert states(found) == {
        "settings and letters": "ok",
        "signing key": "ok",
        "WINBACK_ALARM_URLS": "missing",
        "database": "ok",
        "clock": "ok",
    }
    assert not any(finding.is_bad for finding in found.values())
    assert ("PostgreSQL" if engine.dialect.name == "postgresql" else "SQLite") in found["database"].message


def test_a_lane_that_stands_and_a_clock_that_goes_wrong_are_told(engine, database_url, tmp_path):
    now = clock.now()
    with database.writing(engine) as connection:
        fuses.blow(connection, "email", FuseCause.BOUNCES, now, counts={"bad": 20, "of": 100, "above": 0.05})
        values = {"campaign": "x", "number": 1, "status": "active", "salt": "s", "started_at": now, "went_on_at": now, "plan": {}}
        connection.execute(campaign_runs.insert().values(**values))
        assert runs.latest(connection, "x") is not None
    project = projects.make(tmp_path / "shop")
    found = house(project, database_url, now + timedelta(seconds=5))
    assert (found["lane email"].state, found["clock"].state) == (State.WRONG, State.OK)
    assert "winback lanes resume email" in found["lane email"].how
    slow = house(project, database_url, now - timedelta(hours=1))["clock"]
    assert (slow.state, "shows an earlier time" in slow.message) == (State.WRONG, True)


def test_a_database_that_cannot_be_opened_and_files_that_cannot_be_meant_are_told(tmp_path):
    project = projects.make(tmp_path / "shop", ("config/policy.yaml", 'hours: "09:00-20:00"', 'hours: "20:00-09:00"'))
    found = house(project, "postgresql://nobody:hunter2@127.0.0.1:1/x")
    assert (found["database"].state, found["settings and letters"].state) == (State.WRONG, State.WRONG)
    assert "hunter2" not in str(found)
    assert found["settings and letters"].message.startswith("config/policy.yaml:")


def test_secrets_are_asked_for_where_they_are_needed_and_never_told(tmp_path):
    changes = (
        (SETTINGS, "  via: file                           # file: letters", "  via: smtp                           # file: letters"),
        (SETTINGS, 'user: ""', "user: shop"),
        (SETTINGS, 'replies: ""', "replies: mail"),
        SIGNS,
    )
    project = projects.make(tmp_path / "shop", *changes)
    url = f"sqlite:///{tmp_path / 'x.db'}"
    found = house(project, url)
    assert found["WINBACK_SMTP_PASSWORD"].is_bad
    assert "WINBACK_DKIM_WB1" in found["DKIM keys"].how
    assert found["replies"].state is State.WRONG
    make_maildir(project.root / "mail")
    project.environment.update({"WINBACK_SMTP_PASSWORD": "sesame-1", "WINBACK_DKIM_WB1": ED25519, "WINBACK_ALARM_URLS": "json://127.0.0.1/sesame-2"})
    found = house(project, url)
    assert set(states(found).values()) == {"ok"}
    assert "sesame" not in str(found)
    assert "PRIVATE" not in str(found)


def test_a_key_that_others_may_read_is_wrong(tmp_path):
    project = projects.make(tmp_path / "shop")
    del project.environment["WINBACK_SECRET"]
    url = f"sqlite:///{tmp_path / 'x.db'}"
    assert house(project, url)["signing key"].state is State.OK
    (project.root / ".winback" / "secret").chmod(0o644)
    assert "chmod 600" in house(project, url)["signing key"].how


def test_link_keys_that_leave_old_letters_without_an_unsubscribing_link_are_pointed_out(tmp_path):
    project = projects.make(tmp_path / "shop")
    project.environment["WINBACK_LINK_KEYS"] = "n" * 32
    found = house(project, f"sqlite:///{tmp_path / 'x.db'}")["signing key"]
    assert (found.state, "the word `secret`" in found.how) == (State.MISSING, True)
    rotated = replace(project, environment={**project.environment, "WINBACK_LINK_KEYS": f"{'n' * 32} secret"})
    assert house(rotated, f"sqlite:///{tmp_path / 'x.db'}")["signing key"].state is State.OK


def test_everything_together_on_a_new_project(tmp_path):
    project = projects.make(tmp_path / "shop")
    with NameServer(GOOD) as server:
        found = list(doctor.examine(project, server.lookup(), now=clock.now()))
    assert [finding.area for finding in found] == sorted((finding.area for finding in found), key=["house", "mail", "telegram", "web", "dns"].index)
    assert {finding.area for finding in found} == {"house", "mail", "telegram", "web", "dns"}
    assert not [finding for finding in found if finding.is_bad]


def test_schedules_by_another_clock_than_the_shops_are_said(tmp_path):
    project = projects.make(tmp_path / "shop", ("config/settings.yaml", "time_zone: Europe/Kyiv", "time_zone: Europe/Chisinau"))
    (path := project.root / "prefect.yaml").write_text((projects.ROOT / "prefect.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (said,) = diagnosing_house._schedules(project)
    assert (said.subject, said.state, said.optional) == ("prefect.yaml", State.MISSING, True)
    assert str(said.message).startswith("its schedules go by the clock of Europe/Kyiv, and `time_zone:` of config/settings.yaml is Europe/Chisinau")
    assert said in list(diagnosing_house.look(project, clock.now()))
    path.write_text(path.read_text(encoding="utf-8").replace("Europe/Kyiv", "Europe/Chisinau"), encoding="utf-8")
    assert list(diagnosing_house._schedules(project)) == []
