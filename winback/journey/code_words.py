"""Codes as words: how those of a customer's own are made, how a pool's file is read, and when two of them are the same."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from winback.errors import ConfigError, Problem
from winback.journey.offer import Offer
from winback.settings import Project

ALPHABET = "23456789CDFGHJKMNPQRTVWXY"
"""Nothing that is taken for another when it is read out or typed (0 O, 1 I L, 5 S, 8 B), and no vowels, so that no words come about."""
LONGEST = 100
_LENGTH, _GROUP = 8, 4


def same(code: str) -> str:
    """What is equal for two codes that mean the same: tills and people write them small, or with blanks."""
    return "".join(code.split()).upper()


def made(key: bytes, run: str, customer: str, number: int, prefix: str) -> str:
    """A customer's own code in a run, the same however often it is made; `number` counts on where another customer has it already.

    25 letters and figures at eight places are 150 thousand million codes: with a million given out, one guess in 150 thousand meets one.
    """
    digest = hmac.digest(key, f"winback code\n{run}\n{customer}\n{number}".encode(), "sha256")
    place, letters = int.from_bytes(digest, "big"), []
    for _ in range(_LENGTH):
        place, rest = divmod(place, len(ALPHABET))
        letters.append(ALPHABET[rest])
    word = "".join(letters)
    return "-".join([prefix, *(word[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))])


def of_file(project: Project, offer: Offer) -> dict[str, int]:
    """The codes of an offer's file, each with its line. Raises ConfigError with every line that can't be meant."""
    path = project.config(*offer.file.split("/"))
    shown = project.shown(path)
    try:
        lines = path.read_bytes().decode("utf-8-sig").splitlines()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise ConfigError(Problem(shown, None, "there is no such file of codes.", "Write it, one code a line.")) from error
    except UnicodeDecodeError as error:
        raise ConfigError(Problem(shown, None, f"byte {error.start} is not UTF-8.", "Save the file as UTF-8.")) from error
    found: dict[str, int] = {}
    if problems := list(_read(lines, shown, found)):
        raise ConfigError(problems)
    if not found:
        raise ConfigError(Problem(shown, None, "there is no code in it.", "Write one code a line."))
    return found


def _read(lines: list[str], shown: str, found: dict[str, int]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        code = line.strip()
        if not code or code.startswith("#"):
            continue
        if len(code) > LONGEST or not code.isprintable():
            yield Problem(
                shown, number, "this is no code: it is too long, or has signs that can't be printed.", f"A code has {LONGEST} letters at most."
            )
        elif (word := same(code)) in seen:
            yield Problem(shown, number, f"`{code}` stands in line {seen[word]} too.", "Take one of them out: nobody may get the code of another.")
        else:
            seen[word], found[code] = number, number
