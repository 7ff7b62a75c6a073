"""winback dkim, as whoever sets up the shop's mail uses it."""

from __future__ import annotations

import json
import stat

import pytest
from typer.testing import CliRunner

from tests import projects
from winback import settings
from winback.cli import app
from winback.errors import ConfigError
from winback.sending import lanes

NEW = ("dkim", "new", "--domain", "news.zerno.example")


def call(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


def named(tmp_path, environment: dict[str, str]):
    change = (
        "config/settings.yaml",
        "  # dkim: [{domain: news.zerno.example, selector: wb1}]",
        "  dkim: [{domain: news.zerno.example, selector: wb1}]",
    )
    return projects.make(tmp_path / "shop", change, environment=environment)


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_new_key_lies_in_a_file_of_its_own_and_signs(tmp_path, kind, monkeypatch):
    path = tmp_path / "key.pem"
    result = call(*NEW, "--kind", kind, "--out", str(path))
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"WINBACK_DKIM_WB1_FILE={path}" in result.output
    project = named(tmp_path, {"WINBACK_DKIM_WB1_FILE": str(path)})
    (signer,) = lanes.signers(project)
    name, text = signer.record()
    assert name in result.output
    assert text in result.output
    monkeypatch.setenv("WINBACK_DKIM_WB1_FILE", str(path))
    shown = call("dkim", "show", "--json", "--project", str(project.root))
    assert json.loads(shown.output) == [{"name": name, "text": text, "algorithm": f"{kind}-sha256"}]


def test_a_key_that_is_there_is_never_overwritten(tmp_path):
    path = tmp_path / "key.pem"
    path.write_text("in use", encoding="utf-8")
    result = call(*NEW, "--out", str(path))
    assert isinstance(result.exception, ConfigError)
    assert "never overwritten" in str(result.exception)
    assert path.read_text(encoding="utf-8") == "in use"


@pytest.mark.parametrize("option", [("--domain", "no domain"), ("--domain", ""), ("--selector", "wb_1")])
def test_a_name_that_dns_cannot_hold_is_refused(tmp_path, option):
    result = call(*NEW, *option, "--out", str(tmp_path / "key.pem"))
    assert isinstance(result.exception, ConfigError)
    assert not (tmp_path / "key.pem").exists()


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, r"config/settings\.yaml:\d+: the DKIM key `wb1` is not there\. Set WINBACK_DKIM_WB1"),
        ({"WINBACK_DKIM_WB1": "nonsense"}, r"config/settings\.yaml:\d+: the DKIM key in WINBACK_DKIM_WB1 can't be used: it is no private key"),
    ],
)
def test_a_key_that_is_missing_or_no_key_is_told_before_anything_leaves(tmp_path, environment, sentence):
    with pytest.raises(ConfigError, match=sentence):
        lanes.signers(named(tmp_path, environment))


def test_without_a_key_the_mail_server_signs(tmp_path):
    project = projects.make(tmp_path / "shop")
    assert lanes.signers(settings.open_project(project.root, {})) == []
