"""Hello Olena, - the name as it is, since English inflects none and asks for no sex."""

from __future__ import annotations

from winback.letters.names import field
from winback.letters.names.address import Address, Card
from winback.letters.names.doubt import Doubt, Doubtful


def address(card: Card) -> Address:
    given, family = field.read(card.given, "en"), field.read(card.family, "en", given=False)
    doubts = [Doubtful("given_name", given.doubt or Doubt.NO_NAME)] if not given.name else []
    if family.doubt:
        doubts.append(Doubtful("family_name", family.doubt))
    name = given.name
    full = f"{name} {family.name}".rstrip()
    return Address(
        neutral=f"Hello {name}," if name else "Hello,",
        formal=f"Dear {full}," if name else "Good day,",
        friendly=f"Hi {name}!" if name else "Hi there!",
        given=name,
        called=name,
        sex="",
        doubts=tuple(doubts),
    )
