"""Webhooks over TLS: the address is the one that was looked at, the certificate is the name's."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections.abc import Sequence
from datetime import timedelta

import pytest

from tests.api.test_webhooks import Receiver, Told
from tests.channels import certificates
from tests.commands.terminal import winback
from winback.channels import webhook
from winback.errors import ConfigError
from winback.model import EventKind
from winback.operations import webhook_file, webhooks

CRM = "crm.zerno.example"  # no name server knows it


@pytest.fixture
def certificate(tmp_path):
    return certificates.make(tmp_path, CRM)


@pytest.fixture
def crm(certificate):
    receiver = Receiver(certificates.shown(certificate))
    yield receiver
    receiver.close()


class Names:
    """Answers with these addresses, each time with the next ones, and notes what it was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked: list[tuple[str, int]] = []
        self._answers = list(answers)

    async def find(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self._answers.pop(0)


def post(crm, names: Names, *, host: str = CRM, private: bool = True, trusted=None) -> webhook.Answer:
    return asyncio.run(webhook.post(f"https://{host}:{crm.port}/hooks", b"{}", {}, private=private, trusted=trusted, find=names.find))


def test_the_address_that_was_found_is_connected_to_with_the_certificate_of_the_name(crm, certificate):
    names = Names(["127.0.0.1"])  # asked twice it would have no answer
    assert post(crm, names, trusted=certificates.trusted(certificate)).is_taken
    assert names.asked == [(CRM, crm.port)]
    ((headers, _),) = crm.heard
    assert headers["host"] == f"{CRM}:{crm.port}"


def test_an_address_that_does_not_answer_gives_way_to_the_next(crm, certificate):
    assert post(crm, Names(["127.0.0.2", "127.0.0.1"]), trusted=certificates.trusted(certificate)).is_taken
    assert len(crm.heard) == 1


def test_a_name_with_one_address_inside_is_refused_before_anybody_is_called(crm, certificate):
    answer = post(crm, Names(["1.1.1.1", "127.0.0.1"]), private=False, trusted=certificates.trusted(certificate))
    assert (answer.status, answer.said) == (0, "a private address")
    assert crm.heard == []


def test_a_name_without_addresses_is_told(crm):
    assert post(crm, Names([])).said == "no address"


@pytest.mark.parametrize("knows_the_authority", [True, False])
def test_the_certificate_of_another_name_or_of_an_unknown_authority_gets_no_message(crm, certificate, knows_the_authority):
    trusted = certificates.trusted(certificate) if knows_the_authority else None
    answer = post(crm, Names(["127.0.0.1"]), host="other.example" if knows_the_authority else CRM, trusted=trusted)
    assert (answer.status, answer.said) == (0, "a certificate that nobody vouches for")
    assert crm.heard == []


def test_an_expired_certificate_gets_no_message(tmp_path):
    expired = certificates.make(tmp_path, CRM, lasts_for=timedelta(days=-1))
    crm = Receiver(certificates.shown(expired))
    try:
        assert post(crm, Names(["127.0.0.1"]), trusted=certificates.trusted(expired)).said == "a certificate that nobody vouches for"
        assert crm.heard == []
    finally:
        crm.close()


@pytest.fixture
def told(tmp_path, engine):
    """A project that tells a program at this machine's own name, which the shop's own authority vouches for."""
    certificate = certificates.make(tmp_path, "localhost")
    receiver = Receiver(certificates.shown(certificate))
    told = Told(tmp_path / "project", engine, receiver)
    told.receiver = receiver
    shutil.copy(certificate, told.project.config("our-ca.pem"))
    told.file.write_text(f"out:\n  crm: {{url: 'https://localhost:{receiver.port}/hooks', private: true, authority: our-ca.pem}}\n")
    assert told.send()["noted"] == 0
    told.now += timedelta(minutes=5)
    yield told
    receiver.close()


def test_an_endpoint_that_our_own_authority_vouches_for_is_told(told):
    told.happen(EventKind.REPLY, "r")
    assert told.send() == {"noted": 1, "taken": 1, "put-off": 0, "given-up": 0}
    ((headers, body),) = told.receiver.heard
    assert headers["webhook-signature"].startswith("v1,")
    assert json.loads(body)["type"] == "replied"


def test_without_it_the_message_waits_and_the_reason_is_listed(told):
    told.file.write_text(told.file.read_text().replace(", authority: our-ca.pem", ""))
    told.happen(EventKind.REPLY, "r")
    assert told.send()["put-off"] == 1
    (listed,) = webhooks.listed(told.engine)
    assert (listed["status"], listed["answer"]) == ("waiting", "a certificate that nobody vouches for")
    assert told.receiver.heard == []


@pytest.mark.parametrize(
    ("authority", "sentence"),
    [("missing.pem", "there is no such file"), ("webhooks.yaml", "holds no certificates"), ("../secret", "is the name of a file in config/")],
)
def test_an_authority_that_cannot_be_meant_is_refused_with_a_sentence(told, authority, sentence):
    told.file.write_text(told.file.read_text().replace("our-ca.pem", authority))
    with pytest.raises(ConfigError, match=sentence):
        told.send()


def test_check_reads_the_authority_too(told, capsys):
    told.file.write_text(told.file.read_text().replace("our-ca.pem", "missing.pem"))
    with pytest.raises(ConfigError, match=r"missing\.pem"):
        webhook_file.trusted(told.project, "crm", webhook_file.read(told.project).out["crm"])
    code, out, _ = winback(capsys, "--project", str(told.project.root), "check", "--json")
    assert (code, "missing.pem" in out) == (1, True)


def test_the_names_of_this_machine_are_found():
    assert set(asyncio.run(webhook.addresses_of("localhost", 443))) <= {"127.0.0.1", "::1"}
    with pytest.raises(socket.gaierror):
        asyncio.run(webhook.addresses_of("nobody.invalid", 443))
