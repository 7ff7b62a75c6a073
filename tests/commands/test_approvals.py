"""winback approve, campaign, and what run says meanwhile, as they are typed."""

from __future__ import annotations

import json

import pytest

from tests import projects
from tests.commands.terminal import table, winback

WAITS = "waiting-for-approval"


@pytest.fixture
def strict(shop, capsys):
    """The same shop, where every letter must be approved."""
    projects.edit(shop / "config/settings.yaml", "approve_above: 200", "approve_above: 0")
    projects.edit(shop / "config/campaigns/winter-tea.yaml", "holdout: 0.25", "holdout: 0")
    winback(capsys, "import")
    return shop


def test_run_waits_approve_shows_and_lets_it_go(strict, capsys):
    code, out, _ = winback(capsys, "run", "winter-tea", "--json")
    ran = json.loads(out)
    assert (code, ran["status"], ran["approval"]["people"]) == (0, WAITS, 2)
    assert table(strict, "recipients") == 0
    code, out, _ = winback(capsys, "run", "winter-tea")
    assert "winter-tea would write to 2 people; above 0 (`approve_above:` in config/settings.yaml) somebody must look at it first." in out
    assert "winback approve winter-tea" in out
    assert json.loads(winback(capsys, "campaign", "winter-tea", "--json")[1])["status"] == WAITS
    shown = json.loads(winback(capsys, "approve", "winter-tea", "--json")[1])
    assert (shown["status"], shown["approval"]["languages"]) == (WAITS, {"en": 1, "uk": 1})
    assert (strict / "out/approval/winter-tea/index.html").exists()
    code, _, err = winback(capsys, "approve", "winter-tea")
    assert (code, "nothing is approved: nobody is here to ask" in err) == (1, True)
    code, out, _ = winback(capsys, "approve", "winter-tea", "--by", "Olena", "--yes")
    assert (code, "winter-tea is approved. It begins with: winback run winter-tea" in out) == (0, True)
    assert "Sample letters, to real customers: out/approval/winter-tea/index.html" in out
    assert "was approved on" in winback(capsys, "approve", "winter-tea")[1]
    assert json.loads(winback(capsys, "run", "winter-tea", "--json")[1])["enrolled"] == 3
    projects.edit(strict / "config/campaigns/winter-tea.yaml", "cost: 85", "cost: 95")
    code, out, _ = winback(capsys, "run", "winter-tea")
    assert (code, "winter-tea still writes to 2 people, with files that nobody has approved" in out) == (0, True)
    assert "offers.tea-for-two.cost was 85, and is 95, since the approval of " in out
    code, out, _ = winback(capsys, "campaign", "winter-tea")
    assert "run 1, begun on" in out
    assert "offers.tea-for-two.cost was 85, and is 95." in out
    told = json.loads(winback(capsys, "explain", "A1", "--campaign", "winter-tea", "--json")[1])
    assert "approved by Olena: letters to 2 people" in [step["found"] for step in told["steps"]]
    assert winback(capsys, "resume", "winter-tea")[0] == 1
    assert winback(capsys, "approve", "winter-tea", "--yes", "--json")[0] == 0
    code, out, _ = winback(capsys, "approve", "winter-tea", "--withdraw", "--by", "Andriy", "--json")
    assert (code, json.loads(out)["status"]) == (0, "withdrawn")
    assert "its approval was withdrawn by Andriy" in winback(capsys, "run", "winter-tea")[1]


def test_plan_says_whether_it_waits(strict, capsys):
    assert json.loads(winback(capsys, "plan", "winter-tea", "--json")[1])["approval"] == {"above": 0, "needed": True, "given": False}
    assert "somebody must approve it first" in winback(capsys, "plan", "winter-tea")[1]
    winback(capsys, "approve", "winter-tea", "--yes")
    assert json.loads(winback(capsys, "plan", "winter-tea", "--json")[1])["approval"]["given"] is True


def test_two_campaigns_of_one_name_or_title_are_refused_with_both_places(strict, capsys):
    folder = strict / "config/campaigns"
    (folder / "Winter-Tea.yaml").write_bytes((folder / "winter-tea.yaml").read_bytes())
    for command in ("run", "approve", "plan"):
        code, _, err = winback(capsys, command, "winter-tea")
        assert code == 1
        assert "config/campaigns/winter-tea.yaml: config/campaigns/Winter-Tea.yaml has the same name." in err
    (folder / "Winter-Tea.yaml").rename(folder / "winter-tea.yml")
    assert "config/campaigns/winter-tea.yml has the same name" in winback(capsys, "run", "winter-tea")[2]
    (folder / "winter-tea.yml").rename(folder / "second.yaml")
    assert (
        "config/campaigns/winter-tea.yaml:2: the campaign in config/campaigns/second.yaml:2 has the same title."
        in winback(capsys, "run", "winter-tea")[2]
    )
    out = winback(capsys, "check")[1]
    assert "config/campaigns/second.yaml:2: the campaign in config/campaigns/winter-tea.yaml:2 has the same title." in out
    assert table(strict, "campaign_runs") == 0


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["campaign", "winter-te"], "there is no campaign `winter-te`. Did you mean `winter-tea`?"),
        (["approve", "winter-te", "--yes"], "there is no campaign `winter-te`. Did you mean `winter-tea`?"),
        (["approve", "winter-tea", "--withdraw"], "no approval of `winter-tea` stands. To stop it: winback pause winter-tea"),
    ],
)
def test_what_cannot_be_approved_gets_a_sentence(strict, capsys, command, sentence):
    code, _, err = winback(capsys, *command)
    assert (code, sentence in err) == (1, True)
