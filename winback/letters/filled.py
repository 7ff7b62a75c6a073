"""What can be seen of a letter only when it is filled in: with everything that its sample has, and without all that may be absent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from winback.errors import Problem, Refused
from winback.letters import bare, bounds, inbox, joining_code, links, phrases, shown, vocabulary, whereabouts
from winback.letters.library import Library
from winback.letters.sample import Kind
from winback.letters.template import Rendered, RenderedMessage
from winback.letters.values import LetterValues
from winback.model import ChannelName

_CLIPPED_AT = 102_000  # bytes of HTML after which Gmail hides the rest, the way to unsubscribe with it
_TOKEN = "x" * 40  # what stands in the addresses of a real letter
_OURS = "https://u.example.com/"
_JOINING = f"https://t.me/example_bot?start={_TOKEN}"


def problems(letters: Library, channel: ChannelName, name: str, language: str, values: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with a letter in a language that it exists in, filled in with the values of its sample."""
    looked = Looked(letters, channel, name, language)
    try:
        for filled in (_with_everything(values), _bare(values, letters.needs(channel, name))):
            if channel is ChannelName.EMAIL:
                template = letters.email(name, language)
                yield from looked.email(template.render(filled), template.subjects(filled), filled)
            else:
                yield from looked.message(letters.message(name, language).render(filled), filled)
                for gateway, settings in letters.project.settings.gateways.items():
                    plain = bare.text(letters.message(name, language).render({**filled, "channel": str(gateway)}))
                    yield from looked.plain(plain, gateway, settings.longest, filled)
    except Refused as refused:
        yield from refused.problems


def _with_everything(values: Mapping[str, Any]) -> dict[str, Any]:
    """With addresses as long as real ones, and those that not every letter has."""
    return {
        **values,
        "link": lambda name: f"{_OURS}c/{_TOKEN}{name}",
        "unsubscribe_url": f"{_OURS}u/{_TOKEN}",
        "view_url": f"{_OURS}v/{_TOKEN}",
        "preferences_url": f"{_OURS}p/{_TOKEN}",
        "pixel_url": f"{_OURS}o/{_TOKEN}.gif",
        "trap_url": f"{_OURS}c/{_TOKEN}",
        "telegram_url": _JOINING,
        "telegram_code_url": joining_code.address(_JOINING),
        "confirm_url": f"{_OURS}k/{_TOKEN}",
    }


def _bare(values: Mapping[str, Any], needs: frozenset[str]) -> dict[str, Any]:
    """Without what may be absent and the letter says that it can do without."""
    optional = {path for path, word in vocabulary.words(LetterValues).items() if word.optional and "." not in path}
    absent = optional - {need.partition(".")[0] for need in needs}
    return {**_with_everything(values), "pixel_url": "", "trap_url": "", "telegram_url": "", "telegram_code_url": "", **dict.fromkeys(absent)}


def _addresses(value: Any) -> Iterator[str]:
    """Every value that is an address as a whole: it was made for the letter, and is counted."""
    match value:
        case str() if value.startswith("https://") and " " not in value:
            yield value
        case Mapping() | list() | tuple():
            for part in value.values() if isinstance(value, Mapping) else value:
                yield from _addresses(part)


@dataclass(frozen=True, slots=True)
class Looked:
    """One letter in one language, looked at."""

    letters: Library
    channel: ChannelName
    name: str
    language: str

    def email(self, letter: Rendered, subjects: Sequence[str], values: Mapping[str, Any]) -> Iterator[Problem]:
        """What is wrong with a finished e-mail and every variant of its subject; its links are those of `_with_everything`."""
        seen = shown.look(letter.html)
        yield from self.in_mailbox(letter, subjects, seen.preheader)
        yield from self._ways_out(letter, seen, values)
        for file, text in (("body.html", seen.text), ("body.txt", letter.text)):
            yield from self._written_out(file, text, values)
            yield from self._asks(file, text)
        for subject in subjects:
            yield from self._asks("subject.txt", subject)

    def in_mailbox(self, letter: Rendered, subjects: Sequence[str], preheader: str) -> Iterator[Problem]:
        """What is wrong with how a mailbox shows the letter: subjects, preheader, and whether it shows the whole of it."""
        for subject in subjects or [""]:
            for message, how in inbox.subject(subject, self.language):
                yield self._said("subject.txt", subject, message, how)
            for message, how in inbox.preheader(preheader, subject, self.language):
                yield self._said("body.html", preheader, message, how)
        if (size := len(letter.html.encode())) > _CLIPPED_AT:
            message = f"its HTML is {size:,} bytes; Gmail cuts it at {_CLIPPED_AT:,}, and the way to unsubscribe with it."
            yield self._said("body.html", "", message, "Shorten it.")

    def message(self, letter: RenderedMessage, values: Mapping[str, Any]) -> Iterator[Problem]:
        """The same of a finished messenger text."""
        text = shown.look(letter.text).text
        for message, how in bounds.excesses(letter):
            yield self._said("text.html", "", message, how)
        if "/stop" not in text:
            yield self._said(
                "text.html", "", "it doesn't say how to stop these messages.", "Add a line such as: To hear from us no more, send /stop."
            )
        yield from self._written_out("text.html", text, values)
        yield from self._asks("text.html", " ".join([text, *(button.label for button in letter.buttons)]))

    def plain(self, text: str, gateway: ChannelName, longest: int, values: Mapping[str, Any]) -> Iterator[Problem]:
        """The same of a text for phones."""
        if len(text) > longest:
            how = "Shorten it, or write a larger `longest:` for the gateway in config/settings.yaml."
            yield self._said("text.html", "", f"by {gateway} it is {len(text):,} characters long; the gateway takes {longest:,}.", how)
        if str(values["unsubscribe_url"]) not in text:
            how = "Write {{ unsubscribe_url }} for channels that aren't telegram, or include _parts/stop.html."
            yield self._said("text.html", "", f"by {gateway} there is no way to unsubscribe.", how)

    def _ways_out(self, letter: Rendered, seen: shown.Shown, values: Mapping[str, Any]) -> Iterator[Problem]:
        """A letter says from where it is written and how to hear no more, whoever gets it: the law of most countries asks for it."""
        unsubscribe, address = str(values["unsubscribe_url"]), " ".join(str(values["brand"]["address"]).split())
        for file, has_way, text in (
            ("body.html", unsubscribe in seen.hrefs, seen.text),
            ("body.txt", unsubscribe in letter.text, " ".join(letter.text.split())),
        ):
            if not has_way:
                yield self._said(file, "", "there is no way to unsubscribe.", "Link to {{ unsubscribe_url }}, or include _parts/foot.")
            if address not in text:
                yield self._said(file, "", "there is no postal address.", "Write {{ brand.address }}, or include _parts/foot.")

    def _written_out(self, file: str, text: str, values: Mapping[str, Any]) -> Iterator[Problem]:
        """Addresses in translations and values; those in templates are found where they are written."""
        ours = (_OURS, *_addresses(values), *filter(None, (values["brand"]["site"], values["sender"]["site"])))  # a site is part of a name card
        for offset, message, how in links.written_out(text):
            if not text.startswith(ours, offset):
                yield self._said(file, message.partition(" ")[0], message, how)

    def _asks(self, file: str, text: str) -> Iterator[Problem]:
        """A greeting is a greeting: whoever congratulates sells nothing and asks for nothing."""
        if self.letters.sample(self.channel, self.name).value.kind is not Kind.GREETING:
            return
        if said := phrases.said(phrases.ASKS, text, self.language):
            yield self._said(
                file, said, f"a greeting says “{said}”.", "A greeting only congratulates: take it out, or write a letter of another kind."
            )
        if said := phrases.price(text):
            yield self._said(file, said, f"a greeting names a price: “{said}”.", "A greeting only congratulates: take it out.")

    def _said(self, file: str, words: str, message: str, how: str) -> Problem:
        """A problem with words of a text, where they are written."""
        flats, (stem, _, ending) = self.letters.flats(self.channel, self.name), file.partition(".")
        flat = flats.get(f"{stem}.{self.language}.{ending}") or flats[file]  # a language may have a text of its own
        where, line = whereabouts.find(flat, self.letters.catalogue(self.language), words) if words else (flat.name, 1)
        return Problem(where, line, message, how)
