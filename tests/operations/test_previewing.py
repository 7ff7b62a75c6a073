"""Letters to look at: which files there are, what stands in them, and what is refused before anything is written."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests import projects
from tests.letters.drafts import Shop
from tests.store import world
from winback.errors import ConfigError, TemplateError
from winback.letters import check, rendering
from winback.letters.confined import Exceeded, Limits
from winback.letters.rendering import Order
from winback.operations import previewing, scenes
from winback.operations.scenes import Wanted
from winback.store import database

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path) -> Shop:
    return Shop(projects.make(tmp_path / "shop"))


@pytest.fixture
def store(tmp_path):
    """Two customers: Олена in Ukraine, and one whose id is no file name."""
    engine = database.open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    with database.writing(engine) as connection:
        for key, name in (("A2", "Олена"), ("../B/7", "Тарас")):
            who = world.customer(connection, key, given_name=name, sex="f" if name == "Олена" else "m", country="UA", locale="uk", manager="andriy")
            world.order(connection, who, "2025-03-11 12:00:00", 100)
    yield engine
    engine.dispose()


def look(shop, engine=None, **wanted) -> dict[str, str]:
    """Content by file name."""
    folder = shop.project.root / "seen"
    previewed = previewing.preview(shop.project, engine, Wanted(**wanted), folder=folder, now=NOW)
    assert {path.name for path in previewed.paths} == {path.name for path in folder.iterdir()}
    return {path.name: path.read_text(encoding="utf-8") for path in previewed.paths}


def test_a_letter_is_written_in_each_language_with_a_sheet_of_all(shop):
    seen = look(shop, letter="gift-with-code")
    languages = ("en", "mn", "ro", "ru", "uk", "uz")
    assert list(seen) == [*(f"gift-with-code.{language}.{ending}" for language in languages for ending in ("html", "txt")), "index.html"]
    assert "Вітаємо, Ірино!" in seen["gift-with-code.uk.html"]
    assert seen["gift-with-code.uk.txt"].startswith("Для вас є невеликий подарунок")
    for expected in ("gift-with-code.uk.html", "Андрій Мельник", "Для вас є невеликий подарунок", "We have put something aside for you"):
        assert expected in seen["index.html"]


def test_a_messenger_text_looks_as_in_the_messenger(shop):
    seen = look(shop, letter="gift-reminder", locale="uk")
    assert list(seen) == ["gift-reminder.uk.telegram.txt", "gift-reminder.uk.telegram.html", "index.html"]
    page = seen["gift-reminder.uk.telegram.html"]
    assert '<a class="button leads" href="https://zerno.example/gift">Забрати подарунок</a>' in page
    assert "<b>баночка зимового чаю на двох</b>" in page
    assert 'lang="uk"' in page
    assert "gift-reminder.uk.telegram.html" in seen["index.html"]


def test_a_campaign_is_shown_for_each_stage_and_tactic_on_its_days(shop):
    seen = look(shop, campaign="winter-tea", locale="uk")
    assert [name for name in seen if name.endswith((".html", "l.txt"))] == [
        "we-miss-you.first-letter.warm-word.uk.html",
        "gift-with-code.first-letter.gift-first.uk.html",
        "gift-reminder.reminder.warm-word.uk.telegram.html",
        "gift-with-code.reminder.warm-word.uk.html",
        "gift-reminder.reminder.gift-first.uk.telegram.html",
        "gift-with-code.reminder.gift-first.uk.html",
        "last-day-of-offer.last-day.warm-word.uk.html",
        "last-day-of-offer.last-day.gift-first.uk.html",
        "index.html",
    ]
    assert "Привіт, Ірино!" in seen["we-miss-you.first-letter.warm-word.uk.html"], "the campaign's tone is friendly"
    assert "до 29 грудня" in seen["gift-with-code.reminder.warm-word.uk.html"], "35 days after the campaign's first"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"tactic": "warm-word", "stage": "first-letter"}, {"we-miss-you.first-letter.warm-word"}),
        ({"letter": "gift-with-code", "tactic": "gift-first"}, {"gift-with-code.first-letter.gift-first", "gift-with-code.reminder.gift-first"}),
    ],
)
def test_a_part_of_a_campaign_can_be_asked_for(shop, wanted, expected):
    seen = look(shop, campaign="winter-tea", locale="en", **wanted)
    assert {name.removesuffix(".en.html") for name in seen if name.endswith(".en.html")} == expected


def test_an_offer_is_shown_in_the_languages_that_it_has(shop):
    projects.edit(shop.project.root / "config/campaigns/winter-tea.yaml", "      en: a tin of winter tea for two\n", "")
    assert not [name for name in look(shop, campaign="winter-tea") if ".en." in name]
    with pytest.raises(ConfigError, match=r"winter-tea\.yaml:\d+: `offers\.tea-for-two\.text` has no `en`\. Add `en:`\."):
        look(shop, campaign="winter-tea", locale="en")


def test_a_customer_is_shown_with_their_own_name_orders_and_manager(shop, store):
    seen = look(shop, store, letter="we-miss-you", customers=("A2",), locale="uk")
    assert [name for name in seen if "telegram" not in name] == ["we-miss-you.uk.html", "we-miss-you.uk.txt", "index.html"]
    for expected in ("Вітаємо, Олено!", "минуло 20 місяців", "Андрій Мельник"):
        assert expected in seen["we-miss-you.uk.txt"]


def test_several_customers_are_shown_side_by_side_under_names_that_are_files(shop, store):
    seen = look(shop, store, letter="we-miss-you", customers=("A2", "../B/7"), locale="uk")
    assert [name for name in seen if "telegram" not in name] == [
        "we-miss-you.uk.1-A2.html",
        "we-miss-you.uk.1-A2.txt",
        "we-miss-you.uk.2--B-7.html",
        "we-miss-you.uk.2--B-7.txt",
        "index.html",
    ]
    assert "Вітаємо, Тарасе!" in seen["we-miss-you.uk.2--B-7.html"]


def test_a_customer_is_shown_with_their_own_results_and_only_what_a_letter_needs_is_made_up(shop, store):
    (own,) = scenes.gather(shop.project, store, Wanted("results-together", "en", ("A2",)), now=NOW)
    assert own.values["together"]["orders"] == 1
    assert own.values["benefits"] is None
    apology = scenes.gather(shop.project, store, Wanted("apology-and-compensation", "en", ("A2",)), now=NOW)[0]
    assert apology.values["compensation"]["order"] == "20417", "nothing went wrong for this customer, so the sample's order stands there"


def test_a_picture_of_the_letter_is_shown_in_the_file(shop):
    path = shop.project.templates / "images" / "tea.png"
    path.parent.mkdir()
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    shop.email('<p><img src="{{ image(\'tea.png\') }}" alt=""></p>')
    page = look(shop, letter="draft", locale="en")["draft.en.html"]
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in page


def test_a_campaign_tells_its_own_content(shop):
    path = shop.project.root / "config/campaigns/winter-tea.yaml"
    content = "content:\n  tips:\n    - title: {en: Warm the pot}\n      text: {en: Then pour.}\n"
    path.write_text(path.read_text(encoding="utf-8") + content, encoding="utf-8")
    (gathered,) = scenes.gather(shop.project, None, Wanted("we-miss-you", "en", campaign="winter-tea"), now=NOW)
    assert [tip["title"] for tip in gathered.values["tips"]] == ["Warm the pot"]
    with pytest.raises(ConfigError, match=r"`content\.tips\.0\.title` has no `uk`"):
        look(shop, campaign="winter-tea", locale="uk")


def test_looking_changes_nothing_in_the_store(shop, store, tmp_path):
    before = (tmp_path / "store.db").read_bytes()
    look(shop, store, letter="we-miss-you", customers=("A2",))
    assert (tmp_path / "store.db").read_bytes() == before


def test_a_letter_that_is_not_translated_is_shown_in_the_languages_it_has(shop):
    shop.email("<p>{% trans %}Never translated{% endtrans %}</p>")
    assert list(look(shop, letter="draft")) == ["draft.en.html", "draft.en.txt", "index.html"]
    with pytest.raises(TemplateError, match="“Never translated”"):
        look(shop, letter="draft", locale="uk")


def test_what_mailboxes_would_not_show_well_is_told_beside_the_letter(shop):
    projects.edit(shop.project.root / "config/campaigns/winter-tea.yaml", "a tin of winter tea for two", "tea " * 30)
    wanted = Wanted(campaign="winter-tea", stage="first-letter", tactic="gift-first", locale="en")
    previewed = previewing.preview(shop.project, None, wanted, folder=shop.project.root / "seen", now=NOW)
    (note,) = previewed.notes
    assert str(note).startswith("templates/emails/gift-with-code/body.html:2: in en the preheader has 157 characters")
    assert "the preheader has 157 characters" in previewed.paths[-1].read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({}, "nothing is named to look at. Give a letter, or --campaign NAME for all of its letters."),
        ({"letter": "gift-with-kode"}, "there is no letter `gift-with-kode`. Did you mean `gift-with-code`?"),
        ({"letter": "we-miss-you", "stage": "reminder"}, "--stage reminder belongs to a campaign. Add --campaign NAME."),
        ({"letter": "we-miss-you", "tactic": "warm-word"}, "--tactic warm-word belongs to a campaign."),
        ({"campaign": "winter"}, "config/campaigns/winter.yaml: there is no campaign `winter`. Did you mean `winter-tea`?"),
        ({"campaign": "winter-tea", "stage": "last"}, "config/campaigns/winter-tea.yaml: it has no stage `last`. Did you mean `last-day`?"),
        ({"campaign": "winter-tea", "tactic": "warm"}, "it has no tactic `warm`. Did you mean `warm-word`?"),
        ({"campaign": "winter-tea", "letter": "we-miss-you", "tactic": "gift-first"}, "winter-tea.yaml: no stage has this letter for this tactic."),
        ({"campaign": "winter-tea", "letter": "we-mis-you"}, "it has no letter `we-mis-you`. Did you mean `we-miss-you`?"),
    ],
)
def test_what_is_not_there_is_named_with_the_nearest(shop, wanted, sentence):
    with pytest.raises(ConfigError) as refused:
        look(shop, **wanted)
    assert sentence in str(refused.value)
    assert not (shop.project.root / "seen").exists()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("<p>\n{{ nobody }}</p>", "templates/emails/draft/body.html:4: `nobody` is not known here."),
        ("<p>{{ 'a' * 10**9 }}</p>", "templates/emails/draft/body.html:3: templates do not calculate."),
        ("<p>" + "tea " * 12_000_000 + "</p>", "templates/emails/draft/body.html:1: it has 48,000,"),
    ],
    ids=["unknown", "calculating", "48 megabytes"],
)
def test_a_wrong_letter_is_told_with_its_line_and_nothing_is_written(shop, body, sentence):
    shop.email(body)
    with pytest.raises(TemplateError) as refused:
        look(shop, letter="draft")
    assert str(refused.value).startswith(sentence)
    assert not (shop.project.root / "seen").exists()


def test_a_letter_that_takes_too_long_is_told_and_the_others_are_filled_in(shop):
    """Styles are given to elements one by one: many of both are a letter that only looks harmless."""
    rules = "".join(f".x{number} .y{number} {{ color: var(--ink); margin: {number}px }}\n" for number in range(4000))
    shop.email(f"<style>{rules}</style>" + "".join(f'<p class="x{number}">x</p>' for number in range(2000)))
    gathered = [scene for letter in ("draft", "gift-with-code") for scene in scenes.gather(shop.project, None, Wanted(letter, "en"), now=NOW)]
    orders = [Order(scene.channel, scene.letter, scene.language, scene.values) for scene in gathered]
    long, short = rendering.render(shop.project, orders, Limits(seconds=3))
    assert [str(problem) for problem in long.wrong] == [str(check.too_much(Exceeded("time"), "templates/emails/draft/body.html"))]
    assert short.email is not None


@pytest.mark.parametrize("locale", ["xx", "../uk"])
def test_a_language_that_has_no_letters_is_named(shop, locale):
    with pytest.raises(TemplateError, match=f"templates/locales/{locale}/LC_MESSAGES/letters.po: "):
        look(shop, letter="we-miss-you", locale=locale)
    assert not (shop.project.root / "seen").exists()


def test_values_come_through_as_they_were():
    values = {"day": date(2026, 3, 9), "sum": Decimal("1.50"), "none": None, "list": ["a", {"b": 1}], "link": {"shop": "u"}.__getitem__, "yes": True}
    back = rendering._unpacked(rendering._packed(values, ["shop"]))
    assert back.pop("link")("shop") == "u"
    del values["link"]
    assert back == values
