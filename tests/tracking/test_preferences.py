"""The preference page through a real socket, on both databases: what is shown, stored, obeyed and undone."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from tests.letterbox import NOW
from winback.demo.serving import Serving
from winback.journey.eligibility import Tracking
from winback.journey.policy import Rules
from winback.journey.wishes import NO_DAY, Topic, Wishes
from winback.model import ChannelName
from winback.store.preferences import Card, Door
from winback.store.tables import consent_proofs, consent_wordings, consents, customers, deliveries, events, preferences, suppressions
from winback.tracking import addresses, preference_form, tokens
from winback.tracking.app import create_app
from winback.tracking.tokens import Purpose

ROOT = Path(__file__).parents[2]


@pytest.fixture
def web(project, engine):
    """The real pages, with the shop's real texts."""
    shutil.copytree(ROOT / "templates", project.templates)
    for name in ("brand.yaml", "policy.yaml"):
        shutil.copy(ROOT / "config" / name, project.config())
    with Serving(create_app(project, engine, clock=lambda: NOW)) as serving, httpx.Client(base_url=serving.url, timeout=30) as client:
        yield client


@pytest.fixture
def olena(shop):
    who, _ = shop.written_to("olena", email="olena@mail.example", chat="77", locale="en")
    return who


@pytest.fixture
def page(project, olena):
    return addresses.preferences("", project.key, olena)


def main_form(answer):
    """The page's own form, after one that undoes."""
    return html.document_fromstring(answer.text, base_url=str(answer.url)).forms[-1]


def sent(form, **changes):
    """What a browser would send of a form, with some fields chosen otherwise."""
    fields: dict[str, list[str]] = {}
    for name, value in form.form_values():
        fields.setdefault(name, []).append(value)
    for name, value in changes.items():
        fields[name] = value if isinstance(value, list) else [value]
    return fields


def wishes_of(shop):
    return [(row.channels_off, row.topics_off, row.most_letters, row.paused_until, row.locale, row.favourite_day) for row in shop.rows(preferences)]


def test_looking_at_it_changes_nothing_and_shows_what_stands(shop, web, page):
    answer = web.get(page)
    assert (answer.status_code, answer.headers["cache-control"], "set-cookie" in answer.headers) == (200, "no-store", False)
    assert web.head(page).status_code == 200
    assert web.put(page).status_code == 405
    fields = sent(main_form(answer))
    assert fields == {
        "form": ["preferences"],
        "channel": ["email", "telegram"],
        "topic": ["offers", "news", "greetings", "surveys"],
        "most": ["0"],
        "pause": ["0"],
        "language": ["en"],
        "day": [""],
        "month": [""],
    }
    assert (wishes_of(shop), shop.rows(events), shop.rows(suppressions)) == ([], [], [])


def test_a_yes_to_being_seen_is_proved_with_the_words_that_were_asked_and_a_no_holds_at_once(project, shop, engine, page, olena):
    shutil.copytree(ROOT / "templates", project.templates)
    shutil.copy(ROOT / "config" / "brand.yaml", project.config())
    project.config("policy.yaml").write_text("default: {open_tracking: consent}\n", encoding="utf-8")
    (letter,) = (row.id for row in shop.rows(deliveries))
    pixel = addresses.pixel("", project.key, letter)

    def opens(agent, served):
        with httpx.Client(base_url=served.url, headers={"User-Agent": f"Mozilla/5.0 (X11) Firefox/{agent}"}, timeout=30) as client:
            assert client.get(pixel).status_code == 200

    def says(served, **changes):
        with httpx.Client(base_url=served.url, timeout=30) as client:
            answer = client.post(page, data=sent(main_form(client.get(page)), **changes))
            assert answer.status_code == 200
            return answer

    def kept():
        return [row.signals["user_agent"].rpartition("/")[2] for row in shop.rows(events, kind="open")]

    def served():
        return Serving(create_app(project, engine, clock=lambda: NOW))

    with served() as web:
        opens("1", web)  # nothing was said
        assert "see" not in sent(main_form(says(web)))
    assert kept() == []
    with served() as web:
        for _ in range(2):
            answer = says(web, see="yes")
        assert "We may see whether you open our letters." in answer.text
        opens("2", web)
    assert kept() == ["2"]
    proofs = [(row.channel, row.purpose, row.deed, row.way, row.source, row.wording_id is not None) for row in shop.rows(consent_proofs)]
    assert proofs == [(channel, "open-tracking", "given", "page", "preference page", True) for channel in ("email", "telegram")]
    (wording,) = shop.rows(consent_wordings)
    assert wording.text.startswith("What we may see\n\nMay we see whether you open our letters, and which of their links you follow?")
    assert wording.text.endswith("Yes, you may\n\nNo, please do not")
    with served() as web:
        answer = says(web, see="no")
        assert "We do not look whether you open our letters." in answer.text
        opens("3", web)  # the letter that was sent before
    assert kept() == ["2"]
    assert [(row.channel, row.withdrawn_at) for row in shop.rows(consents, purpose="open-tracking")] == [("email", NOW), ("telegram", NOW)]
    assert (shop.rows(suppressions), shop.standing(olena)) == ([], [("active", "")])
    with served() as web:
        undo = html.document_fromstring(says(web, see="yes").text).forms[0]
        with httpx.Client(base_url=web.url, timeout=30) as client:
            client.post(page, data=sent(undo))
        opens("4", web)
    assert kept() == ["2"]


@pytest.mark.parametrize(
    ("rules", "said", "asks"),
    [
        ({"open_tracking": "consent"}, Tracking.UNSAID, True),
        ({"open_tracking": True}, Tracking.UNSAID, True),
        ({"open_tracking": False, "click_tracking": True}, Tracking.UNSAID, True),
        ({"open_tracking": False, "click_tracking": False}, Tracking.UNSAID, False),
        ({"open_tracking": False, "click_tracking": False}, Tracking.GIVEN, True),
        ({"open_tracking": False, "click_tracking": False}, Tracking.WITHDRAWN, True),
    ],
)
def test_who_could_be_seen_is_asked_and_who_answered_may_change_their_mind(rules, said, asks):
    known = Card(1, Wishes(), "uk", "UA", "", (Door(ChannelName.EMAIL, b"h"),), said)
    assert preference_form.asks_to_see(known, Rules.model_validate(rules)) is asks
    assert not preference_form.asks_to_see(replace(known, doors=()), Rules.model_validate(rules))


def test_undoing_a_first_yes_is_a_no_and_a_first_no_stays():
    unsaid = Card(1, Wishes(), "uk", "UA", "", (Door(ChannelName.EMAIL, b"h"),))
    yes, no = replace(unsaid, tracking=Tracking.GIVEN), replace(unsaid, tracking=Tracking.WITHDRAWN)

    def undone(before, now):
        shown = preference_form.shown(now, (), "uk", "uk", NOW.date(), before=(before, "uk"))
        return [field.value for field in shown.before if field.name == "see"]

    assert undone(unsaid, yes) == ["no"]
    assert undone(unsaid, no) == ["no"]
    assert undone(yes, no) == ["yes"]
    assert undone(yes, yes) == []


@pytest.mark.parametrize(("month", "offers"), [(4, False), ("none", True), (5, True)])
def test_four_a_month_is_offered_where_more_might_come(month, offers):
    known = Card(1, Wishes(), "uk", "UA", "", ())
    rules = Rules.model_validate({"caps": {"week": 1, "month": month, "year": "none"}})
    assert preference_form.shown(known, (), "uk", "uk", NOW.date(), rules=rules).offers_four is offers
    kept = replace(known, wishes=Wishes(most_letters=4))
    assert preference_form.shown(kept, (), "uk", "uk", NOW.date(), rules=rules).offers_four, "what they chose stays to be seen"


def test_one_button_leaves_good_wishes_alone(shop, web, page):
    document = html.document_fromstring(web.get(page).text)
    (button,) = document.xpath("//button[@name='only']")
    answer = web.post(page, data={**sent(document.forms[-1]), "only": button.get("value")})
    assert wishes_of(shop) == [("", "|news|offers|surveys|", None, None, "", "")]
    assert not html.document_fromstring(answer.text).xpath("//button[@name='only']"), "there is nothing left to take away"
    assert shop.rows(suppressions) == []


@pytest.mark.parametrize("kind", ["data", "files"])
def test_what_is_sent_in_either_encoding_is_kept_and_told_and_the_same_again_changes_nothing(shop, web, page, kind):
    said = sent(main_form(web.get(page)), topic=["news"], channel=["email"], most="1", pause="3", language="uk", day="19", month="05")
    body = {"data": said} if kind == "data" else {"files": [(name, (None, value)) for name, values in said.items() for value in values]}
    for _ in range(2):
        answer = web.post(page, **body)
        assert answer.status_code == 200
    assert wishes_of(shop) == [("|telegram|", "|greetings|offers|surveys|", 1, date(2027, 2, 24), "uk", "05-19")]
    (card,) = shop.rows(customers)
    assert (card.locale, card.favourite_day) == ("uk", "05-19")
    document = html.document_fromstring(answer.text)
    assert document.get("lang") == "uk"
    assert document.xpath("string(//*[@role='status'])")
    assert shop.rows(events) == []
    stands = sent(main_form(answer))
    assert stands == {**said, "pause": ["2027-02-24"], "most": ["1"]}


def test_undoing_brings_back_what_stood(shop, web, page):
    before = sent(main_form(web.get(page)))
    saved = web.post(page, data={**before, "topic": ["news"], "pause": "1", "nothing": "1"})
    assert [row.reason for row in shop.rows(suppressions)] == ["unsubscribed", "unsubscribed"]
    undo = html.document_fromstring(saved.text).forms[0]
    assert web.post(page, data=sent(undo)).status_code == 200
    assert sent(main_form(web.get(page))) == before
    assert shop.rows(suppressions) == []


def test_wanting_nothing_on_any_channel_is_unsubscribing_and_coming_back_is_a_consent(shop, web, page, olena):
    fields = sent(main_form(web.get(page)))
    for _ in range(2):
        answer = web.post(page, data={name: value for name, value in fields.items() if name != "channel"})
    assert "We will not write to you any more." in answer.text
    assert [(row.kind, row.verdict, row.signals) for row in shop.rows(events)] == [("unsubscribe", "human", {"by": "preferences"})] * 2
    assert shop.standing(olena) == [("stopped", "unsubscribed")]
    assert [(row.channel, row.reason) for row in shop.rows(suppressions)] == [("email", "unsubscribed"), ("telegram", "unsubscribed")]
    web.post(page, data={**fields, "channel": ["email"]})
    assert [row.channel for row in shop.rows(suppressions)] == ["telegram"]
    assert [(row.channel, row.purpose, row.given_at, row.source, row.withdrawn_at) for row in shop.rows(consents)] == [
        ("email", "marketing", NOW, "preference page", None),
        ("telegram", "marketing", None, "", NOW),
    ]
    assert [(row.channel, row.deed, row.way) for row in shop.rows(consent_proofs)] == [
        ("email", "withdrawn", "page"),
        ("telegram", "withdrawn", "page"),
        ("email", "given", "page"),
    ]


def test_who_unsubscribed_by_a_letter_sees_it_and_an_address_that_complained_is_not_opened(project, shop, web, engine):
    who, letter = shop.written_to("ivan", email="ivan@mail.example", locale="en")
    page = addresses.preferences("", project.key, who)
    done = web.post(addresses.unsubscribe("", project.key, letter))
    link = html.document_fromstring(done.text).xpath("//main//a[contains(@href, '/p/')]/@href")
    assert done.url.join(link[0]) == web.base_url.join(page)
    assert "channel" not in sent(main_form(web.get(page)))
    with engine.begin() as connection:
        connection.execute(suppressions.update().values(reason="complained"))
    answer = web.post(page, data={"form": "preferences", "channel": "email"})
    assert answer.status_code == 200
    assert [row.reason for row in shop.rows(suppressions)] == ["complained"]


def test_the_unsubscribe_page_offers_rather_less(project, shop, web):
    who, letter = shop.written_to("ivan", email="ivan@mail.example", locale="uk")
    asked = web.get(addresses.unsubscribe("", project.key, letter))
    (link,) = html.document_fromstring(asked.text).xpath("//main//a/@href")
    assert web.get(asked.url.join(link)).status_code == 200
    assert link.endswith(addresses.preferences("", project.key, who))


def test_every_wrong_link_gets_the_same_answer_whoever_asks_for_what(project, shop, web, olena):
    _, letter = shop.written_to("ivan", email="ivan@mail.example")
    right = tokens.sign(project.key, Purpose.PREFERENCES, olena)
    wrong = (
        "",
        "nonsense",
        right[:-1],
        right[:-1] + ("A" if right[-1] != "A" else "B"),
        tokens.sign(b"another key" * 3, Purpose.PREFERENCES, olena),
        tokens.sign(project.key, Purpose.UNSUBSCRIBE, letter),
        tokens.sign(project.key, Purpose.PREFERENCES, 99_999),
    )
    answers = {(answer.status_code, answer.text) for token in wrong for answer in [web.get(f"/p/{token}")]}
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    posted = {web.post(f"/p/{token}", data={"form": "preferences"}).status_code for token in wrong}
    assert posted == {404}
    assert wishes_of(shop) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"data": {"List-Unsubscribe": "One-Click"}}, 400),
        ({"data": {"form": "survey"}}, 400),
        ({"content": b"\xff\xfe", "headers": {"Content-Type": "multipart/form-data"}}, 400),
        ({"content": b"--x\r\n" * 1000, "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 400),
        ({"content": b"form=preferences&a=" + b"x" * 70_000, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 413),
    ],
)
def test_what_is_not_the_pages_own_form_changes_nothing(shop, web, page, body, status):
    assert web.post(page, **body).status_code == status
    assert (wishes_of(shop), shop.rows(suppressions)) == ([], [])


doors = st.lists(st.sampled_from(ChannelName), unique=True).map(lambda found: tuple(Door(channel, b"h") for channel in found))
words = st.sampled_from(
    [
        "",
        "0",
        "1",
        "2",
        "3",
        "4",
        "yes",
        "no",
        "greetings",
        "email",
        "telegram",
        "offers",
        "news",
        "uk",
        "xx",
        "2027-01-31",
        "9999-99-99",
        "02",
        "31",
        "\x00",
        "-",
    ]
)
fields = st.dictionaries(
    st.sampled_from(["channel", "topic", "most", "pause", "language", "day", "month", "nothing", "see", "only"]), st.lists(words).map(tuple)
)


@given(fields, doors, st.dates(date(2024, 1, 1), date(2030, 12, 31)))
def test_whatever_is_sent_is_a_wish_that_can_be_kept(said, known, today):
    card = Card(1, Wishes(topics_off=frozenset({Topic.NEWS})), "uk", "UA", "05-19", known)
    found = preference_form.wishes(said, card, ("uk", "en"), "uk", today)
    assert found.channels_off <= {door.channel for door in known}
    assert found.locale in {"", "en"}
    assert found.most_letters in {None, 1, 2, 4}
    assert found.paused_until is None or today < found.paused_until <= today + timedelta(days=400)
    assert found.favourite_day in {"", NO_DAY, *(f"{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 32))}
    assert preference_form.shown(card, ("uk", "en"), "uk", "uk", today).before == ()


@pytest.mark.parametrize(
    ("today", "months", "until"),
    [
        (date(2026, 11, 24), "1", date(2026, 12, 24)),
        (date(2026, 11, 30), "3", date(2027, 2, 28)),
        (date(2027, 11, 30), "3", date(2028, 2, 29)),
        (date(2026, 6, 30), "6", date(2026, 12, 30)),
        (date(2026, 12, 31), "6", date(2027, 6, 30)),
    ],
)
def test_a_pause_of_months_ends_on_the_same_day_or_the_months_last(today, months, until):
    card = Card(1, Wishes(), "uk", "UA", "", ())
    assert preference_form.wishes({"pause": (months,)}, card, (), "uk", today).paused_until == until
