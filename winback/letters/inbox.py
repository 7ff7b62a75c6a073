"""What a mailbox shows of a letter before it is opened: the subject and the preheader. Each answer is a message and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from winback.letters import phrases

LONGEST_SUBJECT = 78  # characters: a line of a header by RFC 5322; mailboxes show about 60, phones 40
LONGEST_PREHEADER = 110
MOST_PICTURES = 2

_FALSE_REPLY = re.compile(r"\s*(?:re|fwd?|aw|sv|răsp|отв|пер|відп|хариу)\s*:", re.IGNORECASE)
_MARKS = re.compile(r"!{2,}|\?{2,}|[!?]{3,}|[$€£₴₽₮]{2,}|\*{2,}|\.{4,}")
_SPREAD_OUT = re.compile(r"(?<!\w)[^\W\d_](?:[ .\-_*][^\W\d_]){3,}(?!\w)")
_LOOKALIKES = frozenset("aceiopxyABCEHIKMOPTXY")  # Latin letters that have Cyrillic doubles
_PICTURE = re.compile(r"(?:[\U0001f1e6-\U0001f1ff]{2}|[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff])[\ufe0f\u200d\U0001f3fb-\U0001f3ff]*")


def subject(text: str, language: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a finished subject."""
    if not text.strip():
        yield "the subject is empty.", "Write a few words that say what the letter is about."
        return
    if len(text) > LONGEST_SUBJECT:
        yield (
            f"the subject has {len(text)} characters: “{text}”. Mailboxes show about 60, and no line of a header is longer than {LONGEST_SUBJECT}.",
            "Shorten it.",
        )
    if _FALSE_REPLY.match(text):
        yield f"the subject pretends to be an answer: “{text}”.", f"Take out “{text[: text.index(':') + 1].strip()}”; filters and readers mind it."
    yield from _shouting("subject", text, language)


def preheader(text: str, subject_text: str, language: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a finished preheader; an empty one lets mailboxes show whatever the letter begins with."""
    if not text:
        how = "Fill {% block preheader %} with a sentence that goes on where the subject stops."
        yield "there is no preheader: beside the subject, mailboxes would show how the letter begins.", how
        return
    if len(text) > LONGEST_PREHEADER:
        yield f"the preheader has {len(text)} characters: “{text}”. Mailboxes show {LONGEST_PREHEADER} at most.", "Shorten it."
    if text.strip(" .!").casefold() == subject_text.strip(" .!").casefold():
        yield "the preheader says what the subject says.", "Let it go on where the subject stops."
    yield from _shouting("preheader", text, language)


def _shouting(what: str, text: str, language: str) -> Iterator[tuple[str, str]]:
    """What looks like spam to filters, and to readers."""
    letters = [character for character in text if character.isalpha()]
    capitals = sum(character.isupper() for character in letters)
    loud = [word for word in re.findall(r"[^\W\d_]{4,}", text) if word.isupper()]
    if (len(letters) >= 8 and capitals > 0.7 * len(letters)) or len(loud) >= 3:
        yield f"the {what} shouts: “{text}”.", "Write it in small letters."
    if found := _MARKS.search(text):
        yield f"the {what} has `{found[0]}`, as spam has: “{text}”.", "One mark is enough."
    elif text.count("!") >= 3:
        yield f"the {what} has {text.count('!')} exclamation marks: “{text}”.", "One is enough."
    if found := _SPREAD_OUT.search(text):
        yield f"the {what} spreads letters out, as spam does: “{found[0]}”.", "Write the word as it is."
    if len(_PICTURE.findall(text)) > MOST_PICTURES:
        yield f"the {what} has {len(_PICTURE.findall(text))} pictures: “{text}”.", "One is enough."
    if said := phrases.said(phrases.SPAM, text, language):
        yield f"the {what} says “{said}”, as spam does.", "Say it as you would to a customer at the counter."
    for word in re.findall(r"\w+", text):
        if _is_mixed(word):
            yield f"“{word}” in the {what} mixes Latin and Cyrillic letters that look alike, as spam does.", "Type the word anew in one alphabet."


def _is_mixed(word: str) -> bool:
    latin = {character for character in word if "a" <= character.lower() <= "z"}
    return bool(latin) and latin <= _LOOKALIKES and any("\u0400" <= character <= "\u04ff" for character in word)
