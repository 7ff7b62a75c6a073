"""Здравствуйте, Елена Викторовна! - with the patronymic where it is a whole one; Уважаемый or Уважаемая only where the sex is certain.

Russian calls people in the nominative; oblique cases (для Елены) are pytrovich's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from pytrovich import enums
from pytrovich.detector import PetrovichGenderDetector
from pytrovich.maker import PetrovichDeclinationMaker

from winback.letters.names import field, sexes
from winback.letters.names.address import Address, Card, Case
from winback.letters.names.doubt import Doubt, Doubtful

_PATRONYMICS = {  # Ukrainian ones end in -йович, -ьович, -івна: half a translation is none
    "m": re.compile(r"(?<![йь])(?:ович|евич)$|(?:ильич|кузьмич|лукич|фомич|никитич|саввич|фокич|силыч)$"),
    "f": re.compile(r"(?<![йь])(?:овна|евна)$|(?:ильинична|кузьминична|лукинична|фоминична|никитична|саввична|фокична)$"),
}
_GENDERS = {"f": enums.Gender.FEMALE, "m": enums.Gender.MALE}
_CASES = {Case.GENITIVE: enums.Case.GENITIVE, Case.DATIVE: enums.Case.DATIVE}

_detect: Callable[..., enums.Gender] = PetrovichGenderDetector().detect
_maker = PetrovichDeclinationMaker()


def address(card: Card) -> Address:
    given = field.read(card.given, "ru")
    name, looks = given.name, _looks(given.name) if given.name else ""
    patronymic, told, doubts = _patronymic(card.patronymic)
    sex, sex_doubts = sexes.agreed(card.sex, told)
    if not name:
        doubts = (Doubtful("given_name", given.doubt or Doubt.NO_NAME), *doubts)
    elif sex and looks not in {"", sex}:
        sex, doubts = "", (*doubts, Doubtful("given_name", Doubt.SEX_CONTRADICTED))
    else:
        doubts += sex_doubts
    full = f"{name} {patronymic}" if name and patronymic and sex == told else name
    respected = {"f": "Уважаемая", "m": "Уважаемый"}.get(sex)
    return Address(
        neutral=f"Здравствуйте, {full}!" if name else "Здравствуйте!",
        formal=f"{respected} {full}!" if name and respected else f"Добрый день, {full}!" if name else "Добрый день!",
        friendly=f"Привет, {name}!" if name else "Привет!",
        given=name,
        called=name,
        sex=sex if name else "",
        doubts=doubts,
    )


@lru_cache(maxsize=8192)
def in_case(name: str, sex: str, case: Case) -> str:
    """The name in an oblique case; empty where the sex isn't known, or rules and usage part (Адель, Николь)."""
    if not name or not sex:
        return ""
    inflected = str(_maker.make(enums.NamePart.FIRSTNAME, _GENDERS[sex], _CASES[case], name))
    return "" if inflected == name and name.endswith(("ь", "а", "я", "й")) else inflected


def _patronymic(written: str) -> tuple[str, str, tuple[Doubtful, ...]]:
    """The patronymic where it is a whole Russian one, and the sex it tells."""
    name = field.read(written, "ru", given=False).name
    told = sexes.told_by(name, _PATRONYMICS)
    return (name, told, ()) if told else ("", "", (Doubtful("patronymic", Doubt.NOT_PATRONYMIC),) if written.strip() else ())


@lru_cache(maxsize=8192)
def _looks(name: str) -> str:
    """The sex that the given name speaks for by pytrovich's rules; empty when it may be either."""
    found = _detect(firstname=name)
    return next((sex for sex, gender in _GENDERS.items() if found is gender), "")
