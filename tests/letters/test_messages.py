"""What a messenger text may hold besides words: pictures, albums, buttons of three kinds, the days of an offer."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests import projects
from tests.letters.drafts import sample_values
from winback.letters import bare, bounds, buttons, check, library, looks, values
from winback.letters.buttons import Pressed
from winback.letters.template import RenderedMessage
from winback.letters.values import OfferValues
from winback.model import ChannelName, Picture

TELEGRAM = ChannelName.TELEGRAM
PNG = b"\x89PNG\r\n\x1a\n" + b"tea" * 10
WAY_OUT = "\n\nTo hear from us no more, send /stop."
TODAY = date(2026, 11, 24)


@pytest.fixture
def project(tmp_path):
    project = projects.make(tmp_path / "shop")
    (project.templates / "images").mkdir(exist_ok=True)
    (project.templates / "images" / "tea.png").write_bytes(PNG)
    projects.speak_only(project.root, "en")
    projects.forget_languages(project, "uk", "ru", "ro", "uz", "mn")
    return projects.settings.open_project(project.root, {"WINBACK_SECRET": "k" * 32})


def written(project, text: str) -> Path:
    path = project.templates / "messages" / "we-miss-you" / "text.html"
    path.write_text(text + WAY_OUT, encoding="utf-8")
    return path


def rendered(project, text: str) -> RenderedMessage:
    written(project, text)
    letters = library.open_library(project)
    return letters.message("we-miss-you", "en").render(sample_values(letters, TELEGRAM, "we-miss-you", "en"))


def problems(project, text: str) -> list[str]:
    path = written(project, text)
    letters = library.open_library(project)
    signing = check._anybody(project)
    shown = project.shown(path)
    return [str(each).removeprefix(shown) for each in check.of_letter(letters, TELEGRAM, "we-miss-you", signing)]


def test_pictures_are_taken_out_of_the_text_and_paragraphs_stay(project):
    message = rendered(
        project, """One.\n\n<img src="{{ image('tea.png') }}" alt="Tea">\n\nTwo.\n<img src="https://zerno.example/b.jpg" alt="">\nThree."""
    )
    assert message.text.startswith("One.\n\nTwo.\nThree.")
    ours, other = message.pictures
    assert isinstance(ours, Picture)
    assert (ours.name, ours.data, other) == ("tea.png", PNG, "https://zerno.example/b.jpg")


def test_buttons_open_ask_and_copy(project):
    message = rendered(
        project,
        """Hello.\n<button copy="TEA &amp; 1">Copy</button>\n<button press="score" value="4" href="{{ link('new') }}">4</button>\n<button press="person">A &lt;person&gt;</button>""",
    )
    assert message.buttons == (
        Pressed("Copy", copies="TEA & 1"),
        Pressed("4", "https://zerno.example/new", "score", "4"),
        Pressed("A <person>", press="person"),
    )
    assert "button" not in message.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hi.\n<button>Go</button>", ":2: a button says nowhere what it does."),
        ('Hi.\n\n<button press="sing">Go</button>', ":3: nobody knows what `sing` asks the bot for. Write one of later, not-interested"),
        ('<button copy="A" press="later">Go</button>', ":1: a button copies a text, and something else."),
        ('<button press="score">4</button>', ":1: a button's `value` is the number that a score gives."),
        ('Hi.\n<img src="{{ image(\'cup.png\') }}" alt="">', ":2: there is no templates/images/cup.png. Did you mean `tea.png`?"),
        ('<img src="http://zerno.example/a.png" alt="">Hi', ":1: `src` is http://zerno.example/a.png"),
        ("<video></video>", ":1: Telegram knows no <video>."),
        ("x" * 5000, ":1: in en it is 5,038 characters long; Telegram takes 4,096."),
        (
            '<img src="https://zerno.example/b.jpg" alt="">' + "x" * 1100,
            "Telegram takes 1,024 below pictures. Shorten it, or leave the pictures out.",
        ),
        ("Hi\n" + "\n".join(f'<img src="https://zerno.example/{n}.jpg" alt="">' for n in range(11)), "it has 11 pictures; an album holds 10."),
        (
            '<img src="https://zerno.example/1.jpg" alt=""><img src="https://zerno.example/2.jpg" alt="">Hi<button press="later">Later</button>',
            "an album has no buttons, and what they ask the bot for is no link.",
        ),
        ("Hi" + "".join(f'<button press="later">Later {n}</button>' for n in range(9)), "it has 9 buttons below each other; 8 are as many"),
    ],
)
def test_what_telegram_would_refuse_is_found_where_it_is_written(project, text, said):
    found = problems(project, text)
    assert any(said in each for each in found), found


def test_a_text_for_phones_is_as_long_as_its_gateway_takes(project):
    gateway = 'gateways: {sms: {via: http, url: "http://127.0.0.1:9/", body: {to: "{to}", text: "{text}"}, longest: 100}}\nemail:\n'
    projects.edit(project.config("settings.yaml"), "email:\n", gateway)
    told = problems(projects.settings.open_project(project.root, {"WINBACK_SECRET": "k" * 32}), "x" * 120)
    assert any("by sms it is 158 characters long; the gateway takes 100." in each for each in told), told
    assert any("by sms there is no way to unsubscribe." in each for each in told)


def test_what_counts_as_a_character_is_what_telegram_counts():
    assert bounds.characters("<b>Чай &amp; мед</b> 🍵") == len("Чай & мед 🍵") + 1


def test_an_album_has_links_in_its_text_instead_of_buttons():
    message = RenderedMessage(
        "New <b>teas</b>", (Pressed("See & buy", "https://zerno.example/?a=1&b=2"), Pressed("Copy", copies="A")), ("https://a", "https://b")
    )
    assert looks.with_links(message) == 'New <b>teas</b>\n\n<a href="https://zerno.example/?a=1&amp;b=2">See &amp; buy</a>'
    page = looks.bubble(message, sender="Zerno", language="en")
    assert page.count("<img ") == 2
    assert 'class="button' not in page


def test_a_text_for_phones_has_no_markup_and_its_links_written_out():
    message = RenderedMessage(
        'Hello &amp; <b>welcome</b>, <a href="https://a.example/?x=1&amp;y=2">rather less</a>?\n\n\n\nZerno',
        (Pressed("New", "https://b"), Pressed("Later", press="later")),
    )
    assert bare.text(message) == "Hello & welcome, rather less https://a.example/?x=1&y=2?\n\nZerno\n\nNew: https://b"


DAYS = {
    "en": {1: "1 day left.", 3: "3 days left.", 5: "5 days left."},
    "uk": {1: "Залишився 1 день.", 3: "Залишилося 3 дні.", 5: "Залишилося 5 днів."},
    "ru": {1: "Остался 1 день.", 3: "Осталось 3 дня.", 5: "Осталось 5 дней."},
    "ro": {1: "A mai rămas 1 zi.", 3: "Au mai rămas 3 zile.", 5: "Au mai rămas 5 zile."},
    "uz": {1: "1 kun qoldi.", 3: "3 kun qoldi.", 5: "5 kun qoldi."},
    "mn": {1: "1 өдөр үлдлээ.", 3: "3 өдөр үлдлээ.", 5: "5 өдөр үлдлээ."},
}


@pytest.mark.parametrize("language", DAYS)
def test_an_offer_counts_its_days_in_every_language(letters, language):
    for days, said in DAYS[language].items():
        offer = values.plain(OfferValues("a tin of tea", "TEA", TODAY + timedelta(days=days), days_left=days))
        filled = {**sample_values(letters, TELEGRAM, "gift-reminder", language), "offer": offer, "today": TODAY}
        assert said in letters.message("gift-reminder", language).render(filled).text
    far = values.plain(OfferValues("a tin of tea", "TEA", TODAY + timedelta(days=30), days_left=30))
    text = letters.message("gift-reminder", language).render({**sample_values(letters, TELEGRAM, "gift-reminder", language), "offer": far}).text
    assert DAYS[language][5].replace("5", "30") not in text, "far days aren't counted"


def test_every_press_that_a_button_may_ask_for_has_its_verb():
    from winback.sending import messages

    assert set(messages._VERBS) == set(buttons.PRESSES)
