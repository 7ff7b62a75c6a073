"""Сайн байна уу, Батбаяр гуай! - Mongolians are called by their own name; the ovog is their father's and is never used. No gender."""

from __future__ import annotations

from winback.letters.names import field
from winback.letters.names.address import Address, Card
from winback.letters.names.doubt import Doubt, Doubtful


def address(card: Card) -> Address:
    given = field.read(card.given, "mn")
    name = given.name
    return Address(
        neutral=f"Сайн байна уу, {name} гуай!" if name else "Сайн байна уу!",
        formal=f"Эрхэм хүндэт {name} танаа," if name else "Эрхэм хүндэт үйлчлүүлэгч танаа,",
        friendly=f"Сайн уу, {name}!" if name else "Сайн уу!",
        given=name,
        called=name,
        sex="",
        doubts=() if name else (Doubtful("given_name", given.doubt or Doubt.NO_NAME),),
    )
