"""The same content has the same fingerprint, and what differs is told by name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from winback.journey import fingerprint
from winback.journey.fingerprint import Changed, Fingerprint

CAMPAIGN = {
    "title": "Tea",
    "stages": [{"name": "first", "wait": "0 days"}, {"name": "reminder", "wait": "7 days", "channels": ["email"]}],
    "worth_it": False,
}


def test_the_order_of_keys_and_files_makes_no_difference():
    one = fingerprint.of({"a.yaml": {"x": 1, "y": 2}, "b.yaml": {}}, {"c.html": b"<p>"})
    other = fingerprint.of({"b.yaml": {}, "a.yaml": {"y": 2, "x": 1}}, {"c.html": b"<p>"})
    assert one.digest == other.digest
    assert len(one.digest) == 64
    assert fingerprint.of({"a.yaml": {"x": 1, "y": 2}, "b.yaml": {}}, {"c.html": b"<p >"}).digest != one.digest
    assert fingerprint.of({"z.yaml": {"x": 1, "y": 2}, "b.yaml": {}}, {"c.html": b"<p>"}).digest != one.digest


def test_what_was_changed_is_told_by_file_and_by_key():
    stages = [CAMPAIGN["stages"][0], {"name": "reminder", "wait": "8 days", "channels": ["email", "telegram"]}]
    before = fingerprint.of({"tea.yaml": CAMPAIGN}, {"body.html": b"a", "old.html": b"x"})
    now = fingerprint.of({"tea.yaml": {"title": "Tea", "stages": stages, "worth_it": True, "salt": "s"}}, {"body.html": b"b", "new.html": b"y"})
    assert [sentence for each in fingerprint.differing(before, now) for sentence in each.told()] == [
        "body.html is another now.",
        "new.html is new.",
        "old.html is gone.",
        "tea.yaml: stages.reminder.channels was email, and is email, telegram.",
        "tea.yaml: stages.reminder.wait was 7 days, and is 8 days.",
        "tea.yaml: worth_it was false, and is true.",
        "tea.yaml: salt was not there, and is s.",
    ]
    assert fingerprint.differing(before, before) == []


def test_what_the_store_kept_is_what_was_given():
    found = fingerprint.of({"tea.yaml": CAMPAIGN}, {"body.html": b"a"})
    assert Fingerprint.from_json(found.as_json()) == found
    changed = fingerprint.differing(Fingerprint.from_json(None), found)
    assert [Changed.from_json(each.as_json()) for each in changed] == changed
    assert {each.what for each in changed} == {"new"}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@given(values, values)
def test_two_contents_differ_exactly_when_their_fingerprints_do(one, other):
    before, now = fingerprint.of({"a.yaml": one}, {}), fingerprint.of({"a.yaml": other}, {})
    assert (before.digest == now.digest) == (fingerprint.differing(before, now) == [])
    assert one != other or repr(one) != repr(other) or before.digest == now.digest
