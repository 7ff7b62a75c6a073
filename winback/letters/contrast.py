"""Whether text can be read on its ground: WCAG 2.2, 1.4.3, in light and in dark mode.

Text needs a contrast of 4.5 to 1, large text (24 px, or 18.66 px bold) 3 to 1; 1 is no contrast, black on white is 21.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import floor

from winback.errors import Problem
from winback.letters import cascade, marks
from winback.letters.brand import Brand
from winback.letters.cascade import UNKNOWN
from winback.letters.source import Flat
from winback.strictyaml import Document


def stand_ins(brand: Brand) -> Brand:
    """The brand with a colour of its own for each name, so that a painted letter tells which name stands where."""
    return brand.model_copy(update={"colours": {name: f"#{0x01F0A0 + number:06x}" for number, name in enumerate(brand.colours)}})


@dataclass(frozen=True, slots=True)
class Pair:
    """A text colour on its ground: names of the brand's colours, or six digits where a template writes them."""

    text: str
    ground: str
    dark: bool
    needed: float
    file: str  # of a text that looks so
    line: int | None


def pairs(flat: Flat, painted_with: Brand, *, inlined: bool) -> Iterator[Pair]:
    """What stands on what in a text that was painted with stand-ins."""
    marked = marks.mark(flat)
    names = {colour: name for name, colour in painted_with.colours.items()}
    for dark in (False, True):
        for seen in cascade.seen(marked, dark=dark, inlined=inlined):
            look = seen.look
            if UNKNOWN not in {look.colour, look.ground}:
                large = look.pixels >= 24 or (look.bold and look.pixels >= 18.66)
                file, line = marked.place(seen.offset)
                yield Pair(names.get(look.colour, look.colour), names.get(look.ground, look.ground), dark, 3 if large else 4.5, file, line)


def problems(found: Iterable[Pair], brand: Document[Brand]) -> Iterator[Problem]:
    """Each text colour that can't be read on some ground, once for each mode, with a colour that could be."""
    colours = brand.value.colours
    faint: dict[tuple[str, bool], list[Pair]] = {}
    for pair in found:
        if ratio(colours.get(pair.text, pair.text), colours.get(pair.ground, pair.ground)) < pair.needed:
            faint.setdefault((pair.text, pair.dark), []).append(pair)
    for (text, dark), all_pairs in faint.items():
        worst = min(all_pairs, key=lambda pair: ratio(colours.get(text, text), colours.get(pair.ground, pair.ground)) / pair.needed)
        yield _problem(worst, all_pairs, brand, " in dark mode" if dark else "")


def _problem(worst: Pair, all_pairs: list[Pair], brand: Document[Brand], mode: str) -> Problem:
    colours = brand.value.colours
    text, ground = colours.get(worst.text, worst.text), colours.get(worst.ground, worst.ground)
    size = "large text" if worst.needed < 4.5 else "text"
    message = (
        f"{_shown(worst.text, colours)} on {_shown(worst.ground, colours)} has a contrast of {floor(ratio(text, ground) * 10) / 10:g} to 1{mode};"
        f" {size} needs {worst.needed:g}."
    )
    better = readable(text, [(colours.get(pair.ground, pair.ground), pair.needed) for pair in all_pairs])
    how = f'Write for example "{better}".' if better else "Choose a lighter or darker ground."
    if worst.text in colours:
        return brand.problem(("colours", worst.text), message, how)
    if worst.ground in colours and not better:
        return brand.problem(("colours", worst.ground), message, how)
    return Problem(worst.file, worst.line, message, how)


def _shown(colour: str, colours: Mapping[str, str]) -> str:
    return f"`{colour}` {colours[colour]}" if colour in colours else colour


def ratio(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, grounds: Iterable[tuple[str, float]]) -> str:
    """The nearest colour between this one and black or white that has the contrast needed on every ground; empty when none has."""
    wanted = list(grounds)
    for step in range(1, 101):
        for end in ("#000000", "#ffffff"):
            mixed = _mixed(colour, end, step / 100)
            if all(ratio(mixed, ground) >= needed for ground, needed in wanted):
                return mixed
    return ""


def _mixed(colour: str, other: str, share: float) -> str:
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(_channels(colour), _channels(other), strict=True))


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour, 0 to 1."""
    red, green, blue = (part / 255 for part in _channels(colour))
    return 0.2126 * _linear(red) + 0.7152 * _linear(green) + 0.0722 * _linear(blue)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
