"""Letters: what filling one in costs beside premailer for each and beside plain Jinja2; compiling one in six languages; winback check."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment

from benchmarks import big_letter
from benchmarks.figure import Figure, alone, compared
from winback.letters import check as letters_check
from winback.letters import library, locales, sender, styles
from winback.letters.catalogue import Catalogue
from winback.letters.library import Library
from winback.letters.sandbox import FILTERS
from winback.model import ChannelName

WINBACK = Path(sys.executable).with_name("winback")
PREMAILER_BAR = 1 / 30
JINJA_BAR = 2.0
LETTER_BAR_MICROSECONDS = 500  # 2,000 a second
COMPILING_BAR_SECONDS = 1.0
CHECK_BAR_SECONDS = 5.0
LANGUAGE = "uk"
FILLED = 300  # letters in a round; premailer gets fewer


def figures() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="winback-bench-") as name:
        project = big_letter.project(Path(name) / "shop")
        letters = library.open_library(project)
        shown = f"{len(big_letter.languages())} languages"
        return [
            *_filling(letters),
            alone("letters", "a letter with its values, CPU of one core", _letter_with_values(letters), unit="us", bar=LETTER_BAR_MICROSECONDS),
            alone("letters", f"compiling a letter in {shown}, CPU", lambda: _compiling(project.root), bar=COMPILING_BAR_SECONDS),
            alone("letters", f"winback check of every letter in {shown}, CPU", lambda: _check(project.root), bar=CHECK_BAR_SECONDS, rounds=3),
        ]


def _filling(letters: Library) -> list[Figure]:
    """HTML, text and subject of one letter; all three ways must give the same."""
    values = big_letter.values(letters, LANGUAGE)
    ours = letters.email(big_letter.NAME, LANGUAGE)
    bare = _bare(letters)
    unstyled = _plain(letters.catalogue(LANGUAGE), markup=True).from_string(letters.flats(ChannelName.EMAIL, big_letter.NAME)["body.html"].text)

    def by_premailer() -> tuple[str, str, str]:
        _, text, subject = bare(values)
        return styles.inlined(unstyled.render(values)), text, subject

    filled = ours.render(values)
    if bare(values)[0] != filled.html or by_premailer()[0] != filled.html:
        raise RuntimeError("the three ways of filling a letter in differ")
    return compared(
        "letters",
        f"CPU of filling in {len(filled.html.encode()) / 1000:.0f} kB of HTML and its text",
        _microseconds(lambda: ours.render(values), FILLED),
        ("premailer for each letter", _microseconds(by_premailer, 5), PREMAILER_BAR),
        ("bare Jinja2", _microseconds(lambda: bare(values), FILLED), JINJA_BAR),
        unit="us",
    )


def _bare(letters: Library) -> Callable[[dict[str, Any]], tuple[str, str, str]]:
    """The same sources, styles put in, by a plain Jinja2 with the same filters: no sandbox, no strictness."""
    flats = letters.flats(ChannelName.EMAIL, big_letter.NAME)
    markup, text = (_plain(letters.catalogue(LANGUAGE), markup=markup) for markup in (True, False))
    html = markup.from_string(styles.inline(flats["body.html"]))
    plain, subject = text.from_string(flats["body.txt"].text), text.from_string(flats["subject.txt"].text)
    return lambda values: (html.render(values), plain.render(values), subject.render(values))


def _plain(sentences: Catalogue, *, markup: bool) -> Environment:
    made = Environment(extensions=["jinja2.ext.i18n"], autoescape=markup)  # the text part is no markup
    made.install_gettext_callables(sentences.gettext, sentences.ngettext, newstyle=True, pgettext=sentences.pgettext, npgettext=sentences.npgettext)
    made.filters = {name: made.filters[name] for name in FILTERS & made.filters.keys()} | locales.filters(sentences.locale)
    return made


def _letter_with_values(letters: Library) -> Callable[[], float]:
    """Microseconds of CPU for a customer's values and the letter filled in with them."""
    ours = letters.email(big_letter.NAME, LANGUAGE)
    signing = next(iter(sender.read(letters.project).senders.values()))

    def measure() -> float:
        begin = time.process_time()
        for _ in range(FILLED):
            ours.render(letters_check.sample_values(letters, ChannelName.EMAIL, big_letter.NAME, LANGUAGE, signing))
        return (time.process_time() - begin) / FILLED * 1e6

    return measure


def _compiling(folder: Path) -> float:
    """Seconds of CPU from opening the library to the letter ready in every language, in a process that has done nothing before."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.letters", str(folder)], capture_output=True, text=True, check=True, cwd=big_letter.ROOT)
    return float(done.stdout)


def _compile(folder: Path) -> None:
    from winback import settings

    project = settings.open_project(folder, {})
    begin = time.process_time()
    letters = library.open_library(project)
    for language in big_letter.languages():
        letters.email(big_letter.NAME, language)
    print(time.process_time() - begin)


def _check(folder: Path) -> float:
    """Seconds of CPU, user and system, of the command as a process of its own."""
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    process = os.posix_spawn(WINBACK, [str(WINBACK), "check", "--project", str(folder)], os.environ, file_actions=silent)
    _, status, usage = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(f"winback check ended with status {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime


def _microseconds(work: Callable[[], object], times: int) -> Callable[[], float]:
    def measure() -> float:
        begin = time.process_time()
        for _ in range(times):
            work()
        return (time.process_time() - begin) / times * 1e6

    return measure


if __name__ == "__main__":
    _compile(Path(sys.argv[1]))
