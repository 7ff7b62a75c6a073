"""config/reasons.yaml: why customers leave, in the words that the shop counts them by, and what helps against each."""

from __future__ import annotations

import re
from datetime import date
from hashlib import sha256
from zlib import crc32

from pydantic import Field, field_validator

from winback.settings import Project
from winback.strictyaml import Shape, nearest, refusal

FILE = "reasons.yaml"
_LONGEST_KEY = 200


class Reason(Shape):
    """One reason for leaving."""

    title: str = Field(min_length=1)  # as lists and reports show it
    method: str = ""  # what to do about it, for the people who win such customers back
    says: dict[str, str] = Field(default_factory=dict)  # as customers say it of themselves, in each language; a survey offers no others
    to_person: bool = False  # a complaint: whoever gives it in the chat is answered by a person


_DEFAULT = {
    "service": Reason(
        title="Poor service",
        method="Apologise, put it right, and say that it is put right; another manager, or a call from the head.",
        to_person=True,
    ),
    "indifference": Reason(title="Nobody cared", method="A personal word from their own manager, and thanks without an offer.", to_person=True),
    "goods": Reason(
        title="The goods disappointed",
        method="Ask what was wrong, apologise, give back 20 % of that order; say what is better now.",
        to_person=True,
    ),
    "price": Reason(title="Too dear", method="Rarely the main reason, so ask once more; then a gift, or a discount that grows with the amount."),
    "competitor": Reason(title="A competitor's offer", method="An offer made for them alone; show what is new since they left."),
    "acquaintances": Reason(title="Buys from acquaintances", method="Stay in touch with useful letters; no pressure."),
    "moved": Reason(title="Moved away", method="Offer delivery if you have it; else say goodbye kindly and leave them alone."),
    "forgot": Reason(title="Forgot us", method="A reminder of the benefits they still have; new arrivals; an invitation."),
    "need-ended": Reason(title="Needs it no more", method="Leave them alone for half a year, then news of other goods."),
    "other": Reason(title="Something else", method="Write a note; ask why they stopped buying, and what would change their mind."),
}


class Reasons(Shape):
    """The reasons file; a project without one goes by these."""

    reasons: dict[str, Reason] = Field(default=_DEFAULT, min_length=1)

    @field_validator("reasons")
    @classmethod
    def _names(cls, value: dict[str, Reason]) -> dict[str, Reason]:
        for name in value:
            if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name) > 40:
                raise refusal(f"has a reason `{name}`; names are small Latin letters, digits and hyphens.", "Write for example late-delivery.")
        return value

    def word(self, written: str) -> str | None:
        """The reason that is named by its word or by its title, without regard to capitals; None for any other."""
        plain = written.casefold()
        return next((word for word, reason in self.reasons.items() if plain in {word, reason.title.casefold()}), None)

    def hint(self, written: str) -> str:
        """What may have been meant by a reason that isn't known."""
        return nearest(written.casefold(), self.reasons, "Reasons")


def mark(word: str) -> int:
    """A number below 2**32 by which a button names a reason, whatever becomes of the file's order (CRC-32)."""
    return crc32(word.encode())


def read(project: Project) -> Reasons:
    """The project's reasons.yaml. Raises ConfigError."""
    return project.read(Reasons, FILE).value if project.config(FILE).exists() else Reasons()


def key(source: str, customer: str, day: date, reason: str) -> str:
    """What a reason is known by where the shop gives it no id: one for each customer, day and reason."""
    written = f"{source}:{customer}:{day.isoformat()}:{reason}"
    return written if len(written) <= _LONGEST_KEY else f"{source}:{sha256(written.encode()).hexdigest()}"
