"""Pictures inside letters: named in templates, checked where they are named, travelling only with letters that show them."""

from __future__ import annotations

import struct
import zlib

import pytest

from tests import projects
from tests.letters.drafts import sample_values
from winback import settings
from winback.errors import ConfigError, TemplateError
from winback.letters import brand, check, pictures
from winback.model import ChannelName

EMAIL = ChannelName.EMAIL
TEA = '<img src="{{ image(\'tea.png\') }}" width="40" height="20" alt="Tea">'
LOGO = '{% if brand.logo %}<img src="{{ image(brand.logo.image) }}" width="{{ brand.logo.width }}" alt="{{ brand.logo.alt }}">{% endif %}'
BODY_HTML = "templates/emails/draft/body.html"


def png(weight: int = 0) -> bytes:
    """A white picture of two by one pixels, made heavier by a comment of that many bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 0, 0, 0, 0))
    comment = chunk(b"tEXt", b"Comment\0" + b"x" * weight) if weight else b""
    return b"\x89PNG\r\n\x1a\n" + header + comment + chunk(b"IDAT", zlib.compress(b"\x00\xff\xff")) + chunk(b"IEND", b"")


def put(shop, name: str, content: bytes) -> None:
    path = shop.project.templates / "images" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def with_logo(shop, image: str) -> None:
    logo = f"logo: {{image: {image}, width: 120, height: 40, alt: {{en: Zerno shop, uk: Крамниця «Зерно»}}}}\nsite: zerno.example"
    projects.edit(shop.project.config("brand.yaml"), "site: zerno.example", logo)


def rendered(shop, locale: str = "en", **changes):
    letters = shop.library()
    return letters.email("draft", locale).render(sample_values(letters, EMAIL, "draft", locale, **changes))


def said(shop) -> list[str]:
    return [str(problem) for problem in check.problems(shop.project)]


def test_a_picture_of_the_project_travels_with_the_letter_that_shows_it(shop):
    put(shop, "tea.png", png())
    shop.email(TEA)
    assert said(shop) == []
    (picture,) = rendered(shop).pictures
    assert (picture.name, picture.content_type, picture.data) == ("tea.png", "image/png", png())
    assert f'<img src="{picture.url}" width="40"' in rendered(shop).html
    assert picture.url == f"cid:{picture.content_id}"


def test_the_same_picture_has_the_same_id_and_a_changed_one_another(shop):
    put(shop, "tea.png", png())
    shop.email(TEA)
    before = rendered(shop).pictures
    assert rendered(shop).pictures == before
    put(shop, "tea.png", png(weight=5))
    assert rendered(shop).pictures[0].content_id != before[0].content_id


def test_a_picture_that_this_letter_does_not_show_stays_at_home(shop):
    put(shop, "tea.png", png())
    put(shop, "coffee.png", png(weight=1))
    shop.email(f"{{% if occasion %}}{TEA}{{% else %}}{TEA.replace('tea', 'coffee')}{{% endif %}}")
    assert [picture.name for picture in rendered(shop).pictures] == ["tea.png"]
    assert [picture.name for picture in rendered(shop, occasion=None).pictures] == ["coffee.png"]


def test_a_picture_on_the_web_is_only_named(shop):
    shop.email('<img src="{{ image(\'https://zerno.example/tea.png\') }}" alt=""><img src="https://zerno.example/a.png" alt="">')
    assert said(shop) == []
    assert rendered(shop).pictures == ()
    assert 'src="https://zerno.example/tea.png"' in rendered(shop).html


@pytest.mark.parametrize(
    ("start", "kind"),
    [(b"\xff\xd8\xff\xe0", "image/jpeg"), (b"GIF89a", "image/gif"), (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"), (png(), "image/png")],
)
def test_what_a_picture_is_its_first_bytes_say(shop, start, kind):
    put(shop, "tea.png", start + b"\0" * 20)
    shop.email(TEA)
    assert rendered(shop).pictures[0].content_type == kind


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("tee.png", png(), "there is no templates/images/tea.png. Did you mean `tee.png`?"),
        ("tea.png", b"<svg/>", "templates/images/tea.png is no PNG, JPEG, GIF or WebP. Save it as one of these"),
        ("tea.png", png(100_001), "templates/images/tea.png weighs 100 kB; at most 100 kB may travel. Make it smaller, or write its https address"),
    ],
)
def test_a_picture_that_cannot_travel_is_told_where_it_is_named(shop, name, content, problem):
    put(shop, name, content)
    shop.email(f"<p>x</p>\n{TEA}")
    assert said(shop)[0].startswith(f"{BODY_HTML}:4: {problem}")
    with pytest.raises(TemplateError, match="tea.png"):
        rendered(shop)


def test_a_project_without_pictures_says_where_they_go(shop):
    shop.email(TEA)
    assert said(shop) == [f"{BODY_HTML}:3: there is no templates/images/tea.png. Put the file into templates/images/."]


def test_all_pictures_of_a_letter_together_are_bounded_too(shop):
    for name in ("tea.png", "coffee.png", "spice.png"):
        put(shop, name, png(70_000))
    shop.email("".join(TEA.replace("tea", name) for name in ("tea", "coffee", "spice")))
    (problem,) = said(shop)
    assert problem.startswith(f"{BODY_HTML}: its pictures weigh 210 kB; at most 200 kB may travel.")
    assert "`email: pictures_kilobytes:` in config/settings.yaml is the limit." in problem
    projects.edit(shop.project.config("settings.yaml"), "pictures_kilobytes: 200", "pictures_kilobytes: 220")
    assert check.problems(settings.open_project(shop.project.root, {})) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<img src="{{ image(\'../secret.png\') }}" alt="">', "`../secret.png` is not the name of a picture."),
        ('<img src="{{ image(sender.name) }}" alt="">', "a picture is named by a plain text."),
        ("<a href=\"{{ image('tea.png') }}\">x</a>", "`href` is {{ image('tea.png') }}; letters link to https addresses only."),
        ('<img src="tea.png" alt="">', "`src` is tea.png; pictures come from https addresses or travel in the letter. Write {{ image('tea.png') }}"),
        ('<img src="{{ link(\'shop\') }}" alt="">', "`src` is {{ link('shop') }}; "),
    ],
)
def test_a_picture_is_named_in_one_way_only(shop, body, problem):
    put(shop, "tea.png", png())
    shop.email(body)
    assert said(shop)[0].startswith(f"{BODY_HTML}:3: {problem}")


def test_there_are_no_pictures_in_plain_text_and_pages(shop):
    put(shop, "tea.png", png())
    shop.email("<p>x</p>", text="{% extends \"_base/letter.txt\" %}\n{% block body %}\n{{ image('tea.png') }}\n{% endblock %}\n")
    page = shop.project.templates / "pages" / "unsubscribed.html"
    page.write_text(page.read_text(encoding="utf-8").replace("<h1", f"{TEA}<h1", 1), encoding="utf-8")
    assert sum("a picture can't be shown here. Write it into body.html of an e-mail." in problem for problem in said(shop)) == 2


def test_the_brands_logo_travels_or_is_on_the_web(shop):
    put(shop, "logo.png", png())
    with_logo(shop, "logo.png")
    shop.email(LOGO)
    assert said(shop) == []
    assert [picture.name for picture in rendered(shop).pictures] == ["logo.png"]
    assert 'width="120" alt="Крамниця «Зерно»"' in rendered(shop, "uk").html
    projects.edit(shop.project.config("brand.yaml"), "image: logo.png", "image: https://zerno.example/logo.png")
    assert rendered(shop).pictures == ()
    assert '<img src="https://zerno.example/logo.png" width="120" alt="Zerno shop">' in rendered(shop).html


def test_a_letter_does_without_a_logo_where_the_brand_has_none(shop):
    shop.email(LOGO)
    assert said(shop) == []
    assert "<img" not in rendered(shop, pixel_url="").html


def test_a_logo_that_is_not_there_is_told_of_in_the_brand_when_a_letter_shows_it(shop):
    with_logo(shop, "logo.png")
    shop.email(LOGO)
    written = shop.project.config("brand.yaml").read_text(encoding="utf-8")
    line = 2 + written[: written.index("\nlogo: {image")].count("\n")
    assert said(shop)[0].startswith(f"config/brand.yaml:{line}: there is no templates/images/logo.png.")


@pytest.mark.parametrize("image", ["http://zerno.example/logo.png", "../logo.png", "'logo one.png'"])
def test_a_logo_is_a_file_or_an_https_address(shop, image):
    with_logo(shop, image)
    with pytest.raises(ConfigError, match="a picture is a file of templates/images/ or an https address"):
        brand.read(shop.project)


def test_a_browser_shows_a_previewed_letter_with_its_pictures(shop):
    put(shop, "tea.png", png())
    shop.email(TEA)
    found = rendered(shop)
    alone = pictures.with_pictures_inside(found.html, found.pictures)
    assert "cid:" not in alone
    assert 'src="data:image/png;base64,iVBORw0KGgo' in alone
