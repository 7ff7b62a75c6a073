"""A large, personal letter to measure with, in a project of its own: about 13 kB of HTML and 2.6 kB of text with goods, prices, days and counts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from winback import settings
from winback.letters import catalogue, check, library, locales, names, pages, sender
from winback.letters.library import Library
from winback.model import ChannelName
from winback.settings import Project

ROOT = Path(__file__).resolve().parents[1]
NAME = "everything-new"
LANGUAGES = ("en", "uk", "ru", "ro", "uz", "mn")

_GOODS = (
    (
        "Washed Ethiopian coffee that smells of bergamot",
        (
            "Grown at two thousand metres by a hundred families around Yirgacheffe, washed in spring water and dried for two weeks in the shade. We roast it"
            " lightly on Tuesdays and send it on Wednesdays; it likes a paper filter, water that has rested for a minute after boiling, and no sugar at all."
        ),
        385,
    ),
    (
        "Mountain tea, gathered in the Carpathians this summer",
        (
            "Thyme, wild strawberry leaves, fireweed and a little mint, picked above the last houses of Verkhovyna in July and dried in an attic. Five minutes"
            " under a lid are enough; what is left in the pot tastes as good cold, with a slice of apple and a spoon of buckwheat honey from the same slope."
        ),
        240,
    ),
    (
        "Green cardamom that you can smell through the tin",
        (
            "The large, tightly closed pods of this year's first harvest from Idukki. Open two of them over the coffee, or crush a handful for rice and buns;"
            " bought as powder it loses half its smell within a month, so we sell it whole and give you a small brass mortar with the first three tins."
        ),
        165,
    ),
    (
        "Long pepper from Kampot, in a small mill",
        "Warm and sweet, a little like nutmeg, and sharper than it looks: good with game, with pears, and with chocolate.",
        310,
    ),
    (
        "Smoked paprika, sweet and dark",
        "Dried over oak for two weeks in La Vera and ground between stones. A spoon of it makes a soup of beans a meal.",
        95,
    ),
    (
        "Vanilla from Madagascar, two pods in a glass",
        "Soft, oily and long as a hand. Once the seeds are out, leave the pods in a jar of sugar: it lasts the winter.",
        420,
    ),
)
_ROW = """\
<tr><td class="contact"><strong class="contact">{{% trans %}}{name}{{% endtrans %}}</strong><br>
{{% trans %}}{about}{{% endtrans %}}<br>
{{% if months_silent and months_silent > {number} %}}{{% trans price={price} | money("UAH"), day=today | day %}}{{{{ price }}}} until {{{{ day }}}}{{% endtrans %}}\
{{% else %}}{{{{ {price} | money("UAH") }}}}{{% endif %}}</td>
<td align="right"><a href="{{{{ link('new') }}}}" class="small-link">{{% trans name=sender.name %}}Ask {{{{ name }}}}{{% endtrans %}}</a></td></tr>
"""
_BODY = """\
{{% extends "_base/letter.html" %}}
{{% block preheader %}}{{% trans %}}What has arrived, for you alone.{{% endtrans %}}{{% endblock %}}
{{% block body %}}
<p class="text">{{% trans name=sender.name, brand=brand.name %}}This is {{{{ name }}}} from {{{{ brand }}}}.{{% endtrans %}}
{{% if customer.city %}}{{% trans city=customer.city %}}We deliver to {{{{ city }}}} within a day.{{% endtrans %}}{{% endif %}}
{{% if last_order_on %}}{{% trans day=last_order_on | date %}}Your last parcel left on {{{{ day }}}}.{{% endtrans %}}{{% endif %}}
{{% trans count=orders_count %}}You have ordered {{{{ count }}}} time.{{% pluralize %}}You have ordered {{{{ count }}}} times.{{% endtrans %}}</p>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
{rows}</table>
{{% if offer %}}<p class="text">{{% trans gift=offer.text, day=offer.ends_on | day %}}{{{{ gift }}}} until {{{{ day }}}}{{% endtrans %}}</p>{{% endif %}}
<p class="text"><a href="{{{{ link('new') }}}}" class="action-link">{{% trans %}}Look around{{% endtrans %}}</a></p>
{{% endblock %}}
"""
_TEXT = """\
{{% extends "_base/letter.txt" %}}
{{% block body %}}
{{% trans name=sender.name, brand=brand.name %}}This is {{{{ name }}}} from {{{{ brand }}}}.{{% endtrans %}}

{rows}
{{% if offer %}}
{{% trans gift=offer.text, day=offer.ends_on | day %}}{{{{ gift }}}} until {{{{ day }}}}{{% endtrans %}}
{{% endif %}}
{{% endblock %}}
"""
_SAMPLE = """\
kind: offer
about: Measured, never sent.
customer: {given_name: {en: Iryna, uk: Ірина}, city: {en: Kyiv, uk: Київ}, sex: f}
offer: {text: {en: a tin of winter tea, uk: баночка зимового чаю}, code: TEA-FOR-TWO, ends_on: 2026-12-29}
last_order_on: 2025-09-14
orders_count: 6
today: 2026-11-24
"""


def project(folder: Path) -> Project:
    """The shipped config and templates with the large letter beside the others, and every sentence translated into every language.

    Where the shop has no translation yet, the English sentence in quotes stands in its place.
    """
    shipped(folder)
    rows = "".join(_ROW.format(name=name, about=about, price=price, number=number) for number, (name, about, price) in enumerate(_GOODS))
    lines = "".join(
        f'- {{% trans %}}{name}{{% endtrans %}}: {{{{ {price} | money("UAH") }}}}\n  {{% trans %}}{about}{{% endtrans %}}\n'
        for name, about, price in _GOODS
    )
    files = {"subject.txt": "{% trans %}What is new{% endtrans %}", "body.html": _BODY.format(rows=rows), "body.txt": _TEXT.format(rows=lines)}
    letter = folder / "templates" / "emails" / NAME
    letter.mkdir()
    for file, content in (files | {"sample.yaml": _SAMPLE}).items():
        (letter / file).write_text(content, encoding="utf-8")
    opened = settings.open_project(folder, {"WINBACK_SECRET": "k" * 32})
    for language in languages():
        _translate(opened, language)
    return opened


def shipped(folder: Path) -> Path:
    """The shipped config and templates alone."""
    for name in ("config", "templates"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def languages() -> list[str]:
    """Those of the six in which anybody can be addressed so far, English first."""
    return [language for language in LANGUAGES if language in names.languages()]


def values(letters: Library, language: str) -> dict[str, Any]:
    """The values of a customer, made anew."""
    signing = next(iter(sender.read(letters.project).senders.values()))
    return check.sample_values(letters, ChannelName.EMAIL, NAME, language, signing)


def _translate(project: Project, language: str) -> None:
    if language == "en":
        return
    target = catalogue.path(project.templates, language)
    catalog = locales.open_catalogue(target, language, target.name) if target.exists() else locales.new_catalogue(language)
    catalog.update(catalogue.extract([*library.open_library(project).texts(), *pages.flats(project).values()]))
    for message in catalog:
        plural = not isinstance(message.id, str)
        if message.id and (message.fuzzy or not message.string or (plural and not all(message.string))):
            message.string = (f"«{message.id[-1]}»",) * catalog.num_plurals if plural else f"«{message.id}»"
            message.flags.discard("fuzzy")
    locales.write_catalogue(target, catalog)
