"""Everything that can be known of letters before one is sent, for `winback check`: each problem with its file, line and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator

from winback.errors import Problem, Refused
from winback.letters import catalogue, library, pages, sender, values
from winback.letters.library import Library
from winback.letters.sample import Kind, Sample
from winback.letters.sender import Sender
from winback.letters.wording import in_locale
from winback.model import ChannelName
from winback.settings import Project
from winback.strictyaml import Document, nearest

_CLIPPED_AT = 102_000  # bytes of HTML after which Gmail hides the rest, the way to unsubscribe with it
_LONGEST_MESSAGE = 4096  # characters, by the Bot API
_MAIN_FILE = {ChannelName.EMAIL: "body.html", ChannelName.TELEGRAM: "text.html"}
_SAMPLE_URL = "https://u.example.com/sample"


def problems(project: Project) -> list[Problem]:
    """What is wrong with the project's brand, senders, letters, samples, pages and translations; nothing is sent or written."""
    try:
        letters = library.open_library(project)
        signing = next(iter(sender.read(project).senders.values()))
    except Refused as refused:
        return list(refused.problems)
    found = [problem for channel in ChannelName for name in letters.names(channel) for problem in _letter(letters, channel, name, signing)]
    found += _pages(project, letters)
    return sorted(dict.fromkeys(found), key=lambda problem: (problem.file, problem.line or 0))


def _letter(letters: Library, channel: ChannelName, name: str, signing: Sender) -> Iterator[Problem]:
    try:
        sample = letters.sample(channel, name)
    except Refused as refused:
        yield from refused.problems
        sample = None
    faults = letters.faults(channel, name)
    yield from faults
    if faults:
        return
    if channel is ChannelName.EMAIL:
        yield from _ways_out(letters, name)
    if sample is None:
        return
    yield from _fits_its_kind(letters, channel, name, sample)
    if unknown := list(_unknown_links(letters, sample)):
        yield from unknown
        return
    for language in letters.languages():
        missing = letters.problems_in(channel, name, language)
        yield from missing
        if not missing:
            yield from _filled(letters, channel, name, language, signing)


def _ways_out(letters: Library, name: str) -> Iterator[Problem]:
    """A letter says who writes, from where, and how to hear no more: the law of most countries, and every mailbox provider, ask for it."""
    for file in (file for file in letters.flats(ChannelName.EMAIL, name) if file.startswith("body.")):
        used = letters.said(ChannelName.EMAIL, name)[file].used
        shown = letters.flats(ChannelName.EMAIL, name)[file].name
        if "unsubscribe_url" not in used:
            yield Problem(shown, None, "there is no way to unsubscribe.", "Link to {{ unsubscribe_url }}, or include _parts/foot.")
        if "brand.address" not in used:
            yield Problem(shown, None, "there is no postal address.", "Write {{ brand.address }}, or include _parts/foot.")


def _fits_its_kind(letters: Library, channel: ChannelName, name: str, sample: Document[Sample]) -> Iterator[Problem]:
    """A greeting is a greeting: whoever congratulates may not sell."""
    speaks_of_offer = any("offer" in path.split(".")[0] for said in letters.said(channel, name).values() for path in said.used)
    if sample.value.kind is Kind.GREETING and speaks_of_offer:
        yield sample.problem(("kind",), "a greeting speaks of an offer.", "Take the offer out, or make it a letter of kind offer.")
    for need in sorted(letters.needs(channel, name)):
        if not sample.value.has(need.partition(".")[0]):
            yield sample.problem((), f"the letter can't be written without `{need}`, and the sample has none.", f"Add `{need.partition('.')[0]}:`.")


def _unknown_links(letters: Library, sample: Document[Sample]) -> Iterator[Problem]:
    for place, link in sample.value.content.links():
        if link not in letters.brand.links:
            how = nearest(link, letters.brand.links, "Links")
            yield sample.problem(("content", *place), f"there is no link `{link}` in config/brand.yaml.", how)


def _filled(letters: Library, channel: ChannelName, name: str, language: str, signing: Sender) -> Iterator[Problem]:
    """The letter with its sample values: whether it can be filled in, and is short enough to arrive whole."""
    filled = sample_values(letters, channel, name, language, signing)
    shown = letters.flats(channel, name)[_MAIN_FILE[channel]].name
    try:
        if channel is ChannelName.EMAIL:
            size = len(letters.email(name, language).render(filled).html.encode())
            if size > _CLIPPED_AT:
                yield Problem(shown, None, f"its HTML is {size:,} bytes in {language}; Gmail cuts it at {_CLIPPED_AT:,}.", "Shorten it.")
        elif (length := len(letters.message(name, language).render(filled).text)) > _LONGEST_MESSAGE:
            yield Problem(shown, None, f"it is {length:,} characters long in {language}; Telegram takes {_LONGEST_MESSAGE:,}.", "Shorten it.")
    except Refused as refused:
        yield from refused.problems


def sample_values(letters: Library, channel: ChannelName, name: str, language: str, signing: Sender) -> dict[str, object]:
    """The made-up values of a letter's sample.yaml, as `values.for_letter` gives them."""
    sample = letters.sample(channel, name).value
    currency, link = letters.project.settings.currency, letters.brand.links.__getitem__
    return values.for_letter(
        person=sample.person(language),
        locale=language,
        sender=signing,
        brand=letters.brand,
        offer=sample.offer_values(language),
        occasion=in_locale(sample.occasion, language) if sample.occasion else None,
        last_order_on=sample.last_order_on,
        orders_count=sample.orders_count,
        told=sample.told(language, currency, link),
        standing=sample.standing(language, currency),
        today=sample.today,
        link=link,
        unsubscribe_url=_SAMPLE_URL,
        pixel_url="",
        telegram_url="",
        preview=True,
    )


def _pages(project: Project, letters: Library) -> Iterator[Problem]:
    try:
        flats = pages.flats(project)
    except Refused as refused:
        yield from refused.problems
        return
    for flat in flats.values():
        yield from pages.faults(flat)
        for language in letters.languages():
            yield from catalogue.missing(flat, letters.catalogue(language))
