"""Keys of links are changed while letters with old links are still lying in mailboxes."""

from __future__ import annotations

import pytest

from tests import letterbox
from winback import settings
from winback.errors import ConfigError
from winback.tracking import addresses, tokens
from winback.tracking.tokens import Purpose

OWN = "a secret of thirty-two characters"
NEW, NEWEST = "n" * 32, "o" * 40


@pytest.fixture
def opened(tmp_path):
    letterbox.project(tmp_path)

    def opened(**environment: str) -> settings.Project:
        return settings.open_project(tmp_path, {"WINBACK_SECRET": OWN, **environment})

    return opened


def test_without_a_word_the_projects_own_key_signs_links(opened):
    assert opened().link_keys == (OWN.encode(),)


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        (NEW, [NEW]),
        (f"{NEW} secret", [NEW, OWN]),
        (f"{NEWEST}\n{NEW}\n secret\n", [NEWEST, NEW, OWN]),
        (f"secret {NEW} secret", [OWN, NEW]),
        ("  ", [OWN]),
    ],
)
def test_link_keys_are_written_newest_first_and_the_word_secret_stands_for_the_projects_own(opened, tmp_path, written, keys):
    wanted = tuple(key.encode() for key in keys)
    assert opened(WINBACK_LINK_KEYS=written).link_keys == wanted
    (tmp_path / "keys").write_text(written)
    assert opened(WINBACK_LINK_KEYS_FILE=str(tmp_path / "keys")).link_keys == wanted


def test_addresses_of_suppressions_keep_the_projects_own_key(opened):
    assert opened(WINBACK_LINK_KEYS=NEW).key == opened().key


def test_a_short_link_key_is_refused_without_being_shown(opened):
    with pytest.raises(ConfigError, match=r"one of WINBACK_LINK_KEYS is shorter than 32 characters\. Write for example") as refused:
        _ = opened(WINBACK_LINK_KEYS=f"{NEW} short").link_keys
    assert "short " not in str(refused.value).replace("shorter", "")
    assert NEW not in str(refused.value)


def test_an_old_link_lives_until_its_key_is_retired(opened):
    link = addresses.unsubscribe("", opened().link_keys[0], 7).removeprefix(addresses.UNSUBSCRIBE)
    first, second, third = (opened(WINBACK_LINK_KEYS=written) for written in (f"{NEW} secret", f"{NEWEST} {NEW} secret", f"{NEWEST} {NEW}"))
    assert tokens.read(first.link_keys, Purpose.UNSUBSCRIBE, link) == (7, 0)
    assert tokens.read(second.link_keys, Purpose.UNSUBSCRIBE, link) == (7, 0)
    assert tokens.read(third.link_keys, Purpose.UNSUBSCRIBE, link) is None
    newer = tokens.sign(second.link_keys[0], Purpose.UNSUBSCRIBE, 8)
    assert tokens.read(third.link_keys, Purpose.UNSUBSCRIBE, newer) == (8, 0)
    assert tokens.read(opened().link_keys, Purpose.UNSUBSCRIBE, newer) is None
