"""winback lanes, as it is typed."""

from __future__ import annotations

import json

from tests.commands.terminal import winback


def test_lanes_are_listed_stopped_and_resumed(shop, capsys):
    code, said, _ = winback(capsys, "lanes", "--json")
    assert code == 0
    assert [(lane["lane"], lane["state"]) for lane in json.loads(said)["lanes"]] == [("email", "open"), ("telegram", "open")]
    assert winback(capsys, "lanes", "stop", "group:gmail", "--note", "calls came in", "--by", "Olena")[0] == 0
    listed = winback(capsys, "lanes")[1]
    assert "group:gmail" in listed
    assert "Olena stopped it (calls came in)" in listed
    assert "winback lanes resume group:gmail" in listed
    code, _, told = winback(capsys, "lanes", "resume", "group:gmail")
    assert (code, "it isn't said what was done about it" in told) == (1, True)
    code, said, _ = winback(capsys, "lanes", "resume", "group:gmail", "--note", "wrote to them", "--by", "Ivan")
    assert (code, "0 have waited" in said) == (0, True)
    (stop,) = json.loads(winback(capsys, "lanes", "history", "--json")[1])["stops"]
    assert (stop["lane"], stop["cause"], stop["stopped_by"], stop["resumed_by"], stop["note"]) == (
        "group:gmail", "person", "Olena", "Ivan", "wrote to them",
    )  # fmt: skip
    assert "wrote to them" in winback(capsys, "lanes", "history")[1]
    code, _, told = winback(capsys, "lanes", "stop", "gmail")
    assert code == 1
    assert "there is no lane `gmail`" in told
