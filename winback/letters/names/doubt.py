"""What can be doubtful about a customer's name: the words that `winback names check` lists."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from winback.speech import N_, said, worded


class Doubt(StrEnum):
    """Why a name isn't used as it might be. The word is what --json says."""

    NO_NAME = "no-name"  # the field is empty
    SEVERAL_WORDS = "several-words"  # given and family name in one field, two given names, a description
    INITIALS = "initials"  # one letter, or letters with dots
    E_MAIL = "e-mail"  # an address where a name belongs
    NOT_LETTERS = "not-letters"  # digits, emoji, signs
    COMPANY = "company"  # a legal form, a trade, a word that shops are called by
    NOBODY = "nobody"  # Test, Customer, Unknown, what fingers type on a keyboard
    MIXED_SCRIPTS = "mixed-scripts"  # Latin and Cyrillic letters in one word, mostly lookalikes
    OTHER_SCRIPT = "other-script"  # a Latin name in a Ukrainian letter, a Cyrillic one in a Romanian letter
    OTHER_ALPHABET = "other-alphabet"  # letters that the language doesn't have: ы in Ukrainian, і in Russian
    UNREADABLE = "unreadable"  # no vowel, a letter three times over, longer than names are
    NOT_GIVEN = "not-given"  # a family name or patronymic where the given name belongs
    NOT_PATRONYMIC = "not-patronymic"  # initials, or a word that no patronymic ends like
    SEX_UNKNOWN = "sex-unknown"  # neither stored nor told by the patronymic
    SEX_CONTRADICTED = "sex-contradicted"  # the stored sex, the patronymic and the name don't go together
    FOREIGN_FORM = "foreign-form"  # Сергей, Наталья in a Ukrainian letter: kept as it is, not inflected


MEANING = {
    Doubt.NO_NAME: N_("no name"),
    Doubt.SEVERAL_WORDS: N_("two words or more"),
    Doubt.INITIALS: N_("initials only"),
    Doubt.E_MAIL: N_("an e-mail address"),
    Doubt.NOT_LETTERS: N_("not only letters"),
    Doubt.COMPANY: N_("looks like a company"),
    Doubt.NOBODY: N_("nobody's name"),
    Doubt.MIXED_SCRIPTS: N_("Latin and Cyrillic letters mixed"),
    Doubt.OTHER_SCRIPT: N_("letters of another script"),
    Doubt.OTHER_ALPHABET: N_("letters that the language doesn't have"),
    Doubt.UNREADABLE: N_("can't be read as a name"),
    Doubt.NOT_GIVEN: N_("a family name or patronymic, it seems"),
    Doubt.NOT_PATRONYMIC: N_("not a whole patronymic"),
    Doubt.SEX_UNKNOWN: N_("sex unknown"),
    Doubt.SEX_CONTRADICTED: N_("doesn't go with the sex"),
    Doubt.FOREIGN_FORM: N_("form of another language"),
}
"""What each word means, for people."""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A doubt and the field of the customer's card that it is about."""

    field: str  # given_name, patronymic, family_name or sex
    doubt: Doubt

    @property
    def meaning(self) -> str:
        means = said(MEANING[self.doubt])
        return means if self.field == "sex" else said("%(field)s: %(means)s", field=worded(self.field, "field"), means=means)
