"""What `winback check` says of letters before one is sent."""

from __future__ import annotations

import pytest

from tests import projects
from tests.letters.drafts import SAMPLE
from winback.errors import TemplateError
from winback.letters import check
from winback.letters.confined import Exceeded
from winback.model import ChannelName


def said(shop) -> list[str]:
    return [str(problem) for problem in check.problems_here(shop.project)]


def test_the_shipped_letters_have_no_problems(letters):
    assert check.problems_here(letters.project) == []


def test_a_sound_draft_has_no_problems(shop):
    shop.email("<p>{{ offer.text }}</p>")
    shop.message("{{ salutation }} <b>{{ offer.text }}</b> /stop")
    assert said(shop) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (
            "\n<p>{{ custmer.given_name }}</p>",
            "templates/emails/draft/body.html:4: `custmer.given_name` is not known here. Did you mean `customer.given_name`?",
        ),
        ("<p>{{ sender.name | safe }}</p>", "templates/emails/draft/body.html:3: `| safe` would let a customer's name be markup. Take it out."),
        ("<p title=x>x</p>", 'templates/emails/draft/body.html:3: an attribute of <p> has no quotes. Write name="value".'),
        (
            '<a href="http://zerno.example">x</a>',
            "templates/emails/draft/body.html:3: `href` is http://zerno.example; letters link to https addresses only.",
        ),
        ("{% autoescape false %}x{% endautoescape %}", "templates/emails/draft/body.html:3: {% autoescape %} is not allowed"),
        (
            "{% trans %}Never translated{% endtrans %}",
            "templates/locales/uk/LC_MESSAGES/letters.po: “Never translated” (templates/emails/draft/body.html:3)",
        ),
        (f"<p>{'x' * 102_000}</p>", "templates/emails/draft/body.html:1: in en its HTML is 108,"),
    ],
)
def test_a_problem_is_told_with_file_line_and_what_to_write(shop, body, problem):
    shop.email(body)
    assert any(told.startswith(problem) for told in said(shop)), said(shop)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("kind: offer", "kind: ofer", "templates/emails/draft/sample.yaml:1: kind is ofer; a letter is one of"),
        ("about:", "abuot:", "templates/emails/draft/sample.yaml:2: `abuot` is not known here. Did you mean `about`?"),
        ("orders_count: 6", "orders_count: many", "templates/emails/draft/sample.yaml:7: `orders_count` is many; a whole number is expected."),
        ("occasion: {en: Easter, uk: Великдень}\n", "", "the letter can't be written without `occasion`, and the sample has none."),
    ],
)
def test_a_sample_is_read_strictly_and_has_what_the_letter_needs(shop, old, new, problem):
    shop.email("<p>{{ occasion }}</p>", sample=SAMPLE.replace(old, new))
    assert any(problem in told for told in said(shop)), said(shop)


def test_a_missing_file_of_a_letter_is_named(shop):
    shop.email("<p>x</p>")
    (shop.project.templates / "emails/draft/subject.txt").unlink()
    assert said(shop) == ["templates/emails/draft/subject.txt: there is no such file. Write it, or take out what names it."]


def test_a_messenger_text_longer_than_telegram_takes_is_told(shop):
    shop.message("/stop " + "x" * 4091)
    assert said(shop) == ["templates/messages/draft/text.html:1: in every language it is 4,097 characters long; Telegram takes 4,096. Shorten it."]


def test_the_process_of_its_own_finds_the_same_as_this_one(shop):
    shop.email("<p>{{ nobody }}</p>", subject="Now!!!")
    shop.message("{{ salutation }}")
    projects.edit(shop.project.root / "config/brand.yaml", '"#6d6058"', '"#bdb6b0"')
    found = check.problems(shop.project)
    assert found == check.problems_here(shop.project)
    assert {problem.file for problem in found} == {
        "config/brand.yaml",
        "templates/emails/draft/body.html",
        "templates/messages/draft/text.html",
    }


def test_a_letter_that_is_stopped_is_named_with_what_it_had_too_much_of():
    told = check.too_much(Exceeded("memory"), "templates/emails/draft/body.html")
    assert str(told) == (
        "templates/emails/draft/body.html:1: it takes more memory than a letter may, and was stopped. "
        "Look for loops, names that are made of themselves, and long style sheets."
    )
    assert "broke down" in str(check.too_much(Exceeded(""), "templates/emails/draft/body.html"))


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        (
            "config/brand.yaml",
            "shop: https://",
            "shop: http://",
            "config/brand.yaml:37: links has http://zerno.example/ for `shop`; letters link to https addresses only.",
        ),
        ("config/brand.yaml", '"#7a3b1d"', "brown", "config/brand.yaml:46: colours has brown for `accent`; a colour is six hexadecimal digits."),
        ("config/senders.yaml", "olena@news.zerno.example", "olena", "config/senders.yaml:14: email is olena; one plain e-mail address is expected."),
    ],
)
def test_brand_and_senders_are_read_strictly(shop, file, old, new, problem):
    projects.edit(shop.project.root / file, old, new)
    assert any(told.startswith(problem) for told in said(shop)), said(shop)


def test_a_letter_that_nobody_wrote_is_named_with_the_nearest(shop):
    with pytest.raises(TemplateError, match=r"templates/emails/we-mis-you: there is no such letter\. Did you mean `we-miss-you`\?"):
        shop.library().flats(ChannelName.EMAIL, "we-mis-you")
    with pytest.raises(TemplateError, match="there is no such letter"):
        shop.library().email("we-mis-you", "en")
