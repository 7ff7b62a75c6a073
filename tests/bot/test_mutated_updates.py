"""Updates as Telegram tells them, with anything at all in the place of anything: the webhook takes each in, and stumbles over none."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter

import pytest

from tests.letterbox import NOW
from winback.bot import answers, hook, listening
from winback.bot.dialogue import Scene
from winback.demo import bot_updates
from winback.tracking import presses
from winback.tracking.presses import Verb

CHAT = 501
GONE = object()
ODD: tuple[object, ...] = (
    *(GONE, None, True, False, 0, -1, 7, 2**31, 2**63, -(2**63), 10**30, 0.5, float("nan"), float("inf")),
    *("", "x", "\x00", "\ud800", "\u202e", "-1", "9" * 40, "x" * 5_000),
    *("/start", "/start ", "/start " + "x" * 200, "/stop", "/language", "/settings@zerno_bot", "/nothing"),
    *([], {}, [1], ["x"], [[1]], [None], {"id": 1}, {"id": "x"}, {"type": "private"}, {"id": CHAT, "type": "private"}, {"text": {"text": "x"}}),
)


def _updates(data: str) -> list[dict[str, object]]:
    shown = bot_updates.message(3, CHAT, "Hello", "uk") | {"from": {"id": 1, "is_bot": True, "first_name": "Zerno"}}
    person = bot_updates.person(CHAT, "uk")
    bot = {"id": 1, "is_bot": True, "first_name": "Zerno", "username": "zerno_bot"}
    return [
        {"message": bot_updates.message(1, CHAT, "Вітаю", "uk")},
        {"message": bot_updates.message(1, CHAT, "/start token", "uk")},
        {"edited_message": bot_updates.message(1, CHAT, "Вітаю!", "uk") | {"edit_date": 1}},
        {"message": bot_updates.contact(1, CHAT, "+380671234567", CHAT, "uk")},
        {"message": bot_updates.photo(1, CHAT, "Ось", "uk")},
        {"message": bot_updates.in_group(1, -100500, person, "Two", topic=9, reply_to=2)},
        {"message": bot_updates.in_group(1, -100500, person, "Two", topic=9, photo=True)},
        {"callback_query": bot_updates.press(7, shown, person, data)},
        {"my_chat_member": bot_updates.membership(bot, CHAT, "member", "kicked", "uk")},
    ]


def _places(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The way to everything inside a value of JSON."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, each in inner for place in ((*path, key), *_places(each, (*path, key)))]


def _with(update: dict[str, object], path: tuple[object, ...], value: object) -> dict[str, object]:
    changed = copy.deepcopy(update)
    inside: object = changed
    for key in path[:-1]:
        inside = inside[key]  # type: ignore[index]
    if value is GONE:
        del inside[path[-1]]  # type: ignore[attr-defined]
    else:
        inside[path[-1]] = value  # type: ignore[index]
    return changed


@pytest.fixture
def store(shop, project):
    """Olena has had a letter, and her chat is known."""
    _, letter = shop.written_to("olena", email="olena@mail.example", chat=str(CHAT))
    return shop, _updates(presses.write(project.link_keys, str(CHAT), Verb.LATER, letter)), Scene(project, answers.read(project), NOW)


@pytest.mark.parametrize("part", range(4))
def test_an_update_with_anything_in_any_place_is_taken_in_or_nothing_to_us(store, part):
    shop, known, scene = store
    for seed in range(part * 60, part * 60 + 60):
        chance = random.Random(seed)
        said = {"update_id": seed + 1, **known[seed % len(known)]}
        for _ in range(chance.randint(1, 3)):
            if places := [place for place in _places(said) if place != ("update_id",)]:
                said = _with(said, chance.choice(places), chance.choice(ODD))
        heard = hook._read(json.dumps(said).encode())
        assert heard is not None
        assert heard.update_id == seed + 1
        counts: Counter[str] = Counter()
        listening.take_in_batch(shop.engine, [heard], scene, counts)
        assert counts[listening.FAILED] == 0, said
