"""Double opt-in: who is asked, how often, and what each button of the page does; on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import select

from tests import projects
from tests.store import world
from winback.audience.consents import MARKETING, ConsentWay
from winback.channels.memory import MemoryChannel
from winback.demo.serving import Serving
from winback.errors import LaneError, TemporaryError, UncertainError
from winback.journey import eligibility, policy
from winback.journey.wishes import Wishes
from winback.model import ChannelName, Reason
from winback.operations import confirming, lane_control
from winback.store import audit, candidates, consents, contact_log, database, preferences
from winback.store.as_of import AsOf
from winback.store.consents import Withdrawn
from winback.store.tables import consent_proofs, consent_requests, contacts, events, suppressions, touches
from winback.tracking import confirm_page, consequences, mail, replies, tokens
from winback.tracking.app import create_app
from winback.tracking.tokens import Purpose

NOW = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
EMAIL = ChannelName.EMAIL
GERMANY = ("config/policy.yaml", "countries:\n", "countries:\n  DE:\n    consent: confirmed\n    channels: [email, telegram]\n")


class Failing(MemoryChannel):
    """Takes nothing."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def send(self, letter):
        raise self.error


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop", GERMANY)


@pytest.fixture
def greta(engine) -> int:
    """Agreed, with proof, in a country that asks for a yes from the address itself."""
    with database.writing(engine) as connection:
        who = world.customer(connection, "greta", given_name="Greta", country="DE", locale="en")
        world.reach(connection, who, address="greta@post.example")
        return who


def ask(project, engine, channel, now=NOW, **more):
    return dict(asyncio.run(confirming.ask(project, engine, signer="olena", limit=10, now=now, open_channel=lambda *_: channel, **more)).counts)


def verdict(project, engine, who):
    with database.reading(engine) as connection:
        found = candidates.find(connection, [who], AsOf.of(project, NOW + timedelta(days=1)), run_id=None)[who]
    return eligibility.usable(found.reach, (EMAIL,), policy.read(project).for_country("DE"))


def rows(engine, table):
    with database.reading(engine) as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def test_who_agreed_is_asked_once_and_again_only_in_its_time(project, engine, greta):
    channel = MemoryChannel()
    days = [ask(project, engine, channel, NOW + timedelta(days=day)) for day in (0, 1, 29, 30, 90)]
    assert days == [{"sent": 1}, {"waiting": 1}, {"waiting": 1}, {"sent": 1}, {"waiting": 1}], "twice at the most"
    letter = channel.letters[0]
    assert letter.to == "greta@post.example"
    assert letter.unsubscribe_url in letter.html
    assert letter.unsubscribe_url in letter.text
    assert ".gif?" not in letter.html.replace('.gif"', ".gif?")
    assert "/c/" not in letter.html


def test_hours_gap_and_wishes_hold_for_such_a_letter_and_it_counts_as_a_contact(project, engine, greta):
    channel = MemoryChannel()
    assert ask(project, engine, channel, NOW.replace(hour=3)) == {"not-now": 1}, "it is four in the morning there"
    with database.writing(engine) as connection:
        connection.execute(touches.insert().values(key="call", customer_id=greta, touched_at=NOW - timedelta(days=1)))
    assert ask(project, engine, channel) == {"not-now": 1}
    with database.writing(engine) as connection:
        connection.execute(touches.delete())
        preferences.say(connection, greta, Wishes(paused_until=NOW.date() + timedelta(days=5)), NOW)
    assert ask(project, engine, channel) == {"not-now": 1}
    assert rows(engine, consent_requests) == []
    assert ask(project, engine, channel, NOW + timedelta(days=6)) == {"sent": 1}
    with database.reading(engine) as connection:
        assert contact_log.contacts(connection, [greta], NOW + timedelta(days=7)) == {greta: [NOW + timedelta(days=6)]}


def test_the_pace_holds_and_what_has_no_place_is_asked_with_a_later_call(project, engine, greta):
    with database.writing(engine) as connection:
        world.reach(connection, world.customer(connection, "hans", country="DE", locale="en"), address="hans@post.example")
    project.config("pace.yaml").write_text("email: {per_hour: 60, burst: 1}\n", encoding="utf-8")
    channel = MemoryChannel()
    assert ask(project, engine, channel) == {"sent": 1, "pace": 1}
    assert ask(project, engine, channel, NOW + timedelta(minutes=2)) == {"waiting": 1, "sent": 1}
    assert [letter.to for letter in channel.letters] == ["greta@post.example", "hans@post.example"]


def test_a_lane_that_was_stopped_lets_none_of_them_go(project, engine, greta):
    lane_control.stop(engine, "email", by="olha", note="", now=NOW)
    assert ask(project, engine, MemoryChannel()) == {"lane-stopped": 1}
    assert rows(engine, consent_requests) == []


def test_who_asked_how_many_is_a_deed_and_a_rehearsal_is_none(project, engine, greta):
    ask(project, engine, MemoryChannel(), dry_run=True)
    ask(project, engine, MemoryChannel())
    ask(project, engine, MemoryChannel(), NOW + timedelta(days=1))
    with database.reading(engine) as connection:
        (deed,) = audit.listed(connection)
        assert audit.verify(connection) is None
    assert (deed.who, deed.deed, deed.about, deed.detail) == (project.user, "asked", "consents", '{"sent":1}')


@pytest.mark.parametrize(("status", "text", "word", "closed"), [("5.1.1", "no such user", "hard", True), ("4.2.2", "mailbox full", "soft", False)])
def test_what_comes_back_of_such_a_letter_is_known_by_its_envelope(project, engine, greta, status, text, word, closed):
    settings = project.config("settings.yaml")
    settings.write_text(
        settings.read_text(encoding="utf-8").replace("email:\n", "email:\n  bounces_to: returns@zerno.example\n", 1), encoding="utf-8"
    )
    project = projects.settings.open_project(project.root, project.environment)
    channel = MemoryChannel()
    ask(project, engine, channel)
    envelope = channel.letters[0].mail_from
    assert envelope.startswith("returns+")
    forged = "returns+" + tokens.sign(project.link_keys[0], Purpose.BOUNCE, greta, 1) + "@zerno.example"
    for to, told in ((forged, "unknown"), (envelope, word), (envelope, word)):
        content = report(to, status, text)
        with database.writing(engine) as connection:
            assert consequences.take(connection, replies.classify(mail.parse(content)), project, NOW + timedelta(hours=1)) == told
    assert [(row.customer_id, row.delivery_id, row.verdict) for row in rows(engine, events)] == [(greta, None, word)]
    assert bool(rows(engine, suppressions)) is closed
    (request,) = rows(engine, consent_requests)
    assert (request.status, request.detail) == ("sent", f"{word} {status}")


def report(to: str, status: str, text: str) -> bytes:
    """A delivery report (RFC 3464) as it comes to an envelope's address."""
    lines = (
        "From: MAILER-DAEMON@post.example",
        f"To: {to}",
        f"Message-ID: <{status}.{to[:30]}@post.example>",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "MIME-Version: 1.0",
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        text,
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; post.example",
        "",
        "Final-Recipient: rfc822; greta@post.example",
        "Action: failed",
        f"Status: {status}",
        f"Diagnostic-Code: smtp; 550 {status} {text}",
        "",
        "--b--",
        "",
    )
    return "\r\n".join(lines).encode()


def test_only_who_agreed_and_can_be_reached_is_asked(project, engine):
    with database.writing(engine) as connection:
        for key, country in (("never", "DE"), ("elsewhere", "GB"), ("left", "DE"), ("listed", "DE"), ("confirmed", "DE")):
            who = world.customer(connection, key, country=country, locale="en", black_list="debt" if key == "listed" else "")
            world.reach(connection, who, consent=key != "never")
            if key == "left":
                consents.withdraw(connection, Withdrawn(who, ConsentWay.PAGE, EMAIL), NOW)
            if key == "confirmed":
                consents.give(connection, consents.Given(who, EMAIL, ConsentWay.LETTER, "letter", NOW, is_confirmed=True), NOW)
    assert ask(project, engine, MemoryChannel()) == {}


@pytest.mark.parametrize(
    ("error", "first", "next_day"),
    [
        (UncertainError("silence after DATA"), {"uncertain": 1}, {"waiting": 1}),
        (TemporaryError("greylisted"), {"failed": 1}, {"sent": 1}),
    ],
)
def test_a_letter_in_doubt_isnt_repeated_and_one_that_is_known_not_to_have_left_is(project, engine, greta, error, first, next_day):
    assert ask(project, engine, Failing(error)) == first
    assert ask(project, engine, MemoryChannel(), NOW + timedelta(days=1)) == next_day


def test_a_crash_while_sending_leaves_a_mark_and_no_second_letter(project, engine, greta):
    with pytest.raises(RuntimeError):
        ask(project, engine, Failing(RuntimeError("power cut")))
    assert [row.status for row in rows(engine, consent_requests)] == ["handed_over"]
    assert ask(project, engine, MemoryChannel(), NOW + timedelta(days=1)) == {"waiting": 1}


def test_a_channel_that_is_closed_to_all_stops_the_rest(project, engine, greta):
    with database.writing(engine) as connection:
        world.reach(connection, world.customer(connection, "hans", country="DE", locale="en"))
    channel = Failing(LaneError("authentication"))
    told = asyncio.run(confirming.ask(project, engine, signer="olena", limit=10, now=NOW, open_channel=lambda *_: channel))
    assert dict(told.counts) == {"failed": 1}
    assert told.stopped_by


def test_a_dry_run_counts_and_asks_nobody(project, engine, greta):
    channel = MemoryChannel()
    assert ask(project, engine, channel, dry_run=True) == {"would-be-asked": 1}
    assert (channel.letters, rows(engine, consent_requests)) == ([], [])


@pytest.fixture
def link(project, engine, greta):
    """The letter's address, below the server's."""
    channel = MemoryChannel()
    ask(project, engine, channel)
    return channel.letters[0].unsubscribe_url.removeprefix(project.settings.public_url)


@pytest.fixture
def web(project, engine, link):
    with (
        Serving(create_app(project, engine, clock=lambda: NOW + timedelta(hours=1))) as serving,
        httpx.Client(base_url=serving.url, timeout=20) as client,
    ):
        yield client


def test_looking_changes_nothing_and_the_button_confirms_once(project, engine, greta, link, web):
    assert verdict(project, engine, greta) == eligibility.Skip(Reason.CONSENT_NOT_CONFIRMED)
    page = web.get(link)
    assert (page.status_code, "Yes, write to me" in page.text) == (200, True)
    web.head(link)
    assert verdict(project, engine, greta) == eligibility.Skip(Reason.CONSENT_NOT_CONFIRMED)
    for _ in range(2):
        assert "We may write to you now" in web.post(link, data={"answer": "yes"}).text
    assert verdict(project, engine, greta) == (EMAIL,)
    (proof,) = rows(engine, consent_proofs)
    assert (proof.deed, proof.way, proof.source, proof.happened_at) == ("confirmed", "letter", "confirmation letter", NOW + timedelta(hours=1))
    assert proof.evidence["request"] == 1
    with database.reading(engine) as connection:
        (told,) = consents.proofs(connection, greta)
        assert "With the first button you agree to get letters from us at this address" in told.wording
    assert [row.answered_at for row in rows(engine, consent_requests)] == [NOW + timedelta(hours=1)]


@pytest.mark.parametrize("form", [{"answer": "no"}, {"List-Unsubscribe": "One-Click"}])
def test_a_no_takes_the_consent_back(project, engine, greta, link, web, form):
    assert web.post(link, data=form).status_code == 200
    assert verdict(project, engine, greta) == eligibility.Skip(Reason.SUPPRESSED)
    assert [(row.purpose, row.deed, row.way) for row in rows(engine, consent_proofs)] == [(MARKETING, "withdrawn", "letter")]


def test_whoever_says_yes_after_a_no_is_written_to_again(project, engine, greta, link, web):
    web.post(link, data={"answer": "no"})
    web.post(link, data={"answer": "yes"})
    assert verdict(project, engine, greta) == (EMAIL,)
    assert rows(engine, suppressions) == []


@pytest.mark.parametrize("body", [b"", b"answer=maybe", b"answer=yes&answer=maybe", b"\xff\x00", b"&".join([b"a=1"] * 50), b"x" * 20_000])
def test_a_form_that_says_nothing_clear_asks_again(project, engine, greta, link, web, body):
    answered = web.post(link, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert (answered.status_code, "Yes, write to me" in answered.text) == (200, True)
    assert rows(engine, consent_proofs) == []


def test_tokens_of_others_open_nothing(project, engine, greta, link, web):
    key = project.link_keys[0]
    other = [
        tokens.sign(key, Purpose.UNSUBSCRIBE, greta, 1),
        tokens.sign(key, Purpose.CONFIRM, greta + 1, 1),
        tokens.sign(key, Purpose.CONFIRM, greta, 2),
        "A" * 40,
        "x",
    ]
    assert {web.get(f"/k/{token}").status_code for token in other} == {404}
    assert {web.post(f"/k/{token}", data={"answer": "yes"}).status_code for token in other} == {404}
    assert rows(engine, consent_proofs) == []


def test_the_yes_of_an_address_that_isnt_theirs_any_more_confirms_nothing(project, engine, greta, link, web):
    with database.writing(engine) as connection:
        connection.execute(contacts.update().values(address="new@post.example", address_hash=b"n" * 32))
    assert web.post(link, data={"answer": "yes"}).status_code == 404
    assert rows(engine, consent_proofs) == []


def test_a_yes_comes_too_late_and_a_no_never_does(project, engine, greta, link):
    late = NOW + confirm_page.VALID_FOR + timedelta(days=1)
    with Serving(create_app(project, engine, clock=lambda: late)) as serving, httpx.Client(base_url=serving.url, timeout=20) as client:
        assert client.post(link, data={"answer": "yes"}).status_code == 404
        assert rows(engine, consent_proofs) == []
        assert client.post(link, data={"answer": "no"}).status_code == 200
    assert [row.deed for row in rows(engine, consent_proofs)] == ["withdrawn"]
