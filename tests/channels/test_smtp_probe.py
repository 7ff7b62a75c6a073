"""The doctor's visit to a mail server: secured or not, trusted or not; nothing is sent."""

from __future__ import annotations

import base64
import ipaddress
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from winback.channels import smtp_probe
from winback.errors import LaneError

UNTIL = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Of 127.0.0.1, signed by itself: (the certificate's file, its key's)."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(UNTIL)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "c.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "k.pem").write_bytes(secret)
    return folder / "c.pem", folder / "k.pem"


class Server:
    """Speaks as much SMTP as a visit hears, once; remembers what it was told."""

    def __init__(self, certificate, *, at_once: bool, offers: str = "STARTTLS") -> None:
        self.told: list[str] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*certificate)
        self._at_once, self._offers = at_once, offers
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listening.close()
        self._thread.join()

    def _serve(self) -> None:
        line, _ = self._listening.accept()
        try:
            if self._at_once:
                line = self._context.wrap_socket(line, server_side=True)
            line.sendall(b"220 mail.example\r\n")
            while said := line.recv(1000):
                word = said.split()[0].decode().upper()
                self.told.append(word)
                if word == "EHLO":
                    line.sendall(f"250-mail.example\r\n250-{self._offers}\r\n250 SIZE 1000\r\n".encode())
                elif word == "AUTH":
                    self.login = base64.b64decode(said.split()[2]).decode()
                    line.sendall(b"235 welcome\r\n" if "token-1" in self.login else b"535 5.7.8 no\r\n")
                elif word == "STARTTLS":
                    line.sendall(b"220 go on\r\n")
                    line = self._context.wrap_socket(line, server_side=True)
                else:
                    line.sendall(b"221 bye\r\n")
        except (ssl.SSLError, ConnectionError):
            pass  # the visitor didn't trust us
        finally:
            line.close()


@pytest.mark.parametrize(("security", "at_once"), [("starttls", False), ("tls", True)])
def test_a_server_that_is_trusted_shows_its_certificate(certificate, monkeypatch, security, at_once):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with Server(certificate, at_once=at_once) as server:
        seen = smtp_probe.visit("127.0.0.1", server.port, security=security)
    assert seen.tls.startswith("TLS")
    assert seen.certificate_until == UNTIL
    assert "SIZE 1000" in seen.extensions
    assert not seen.logged_in
    assert set(server.told) <= {"EHLO", "STARTTLS", "QUIT"}


@pytest.mark.parametrize(("security", "at_once"), [("starttls", False), ("tls", True)])
def test_a_stranger_is_not_trusted(certificate, security, at_once):
    with Server(certificate, at_once=at_once) as server, pytest.raises(LaneError) as refused:
        smtp_probe.visit("127.0.0.1", server.port, security=security, user="shop", secret="sesame")
    assert refused.value.reason == "certificate-refused"
    assert "AUTH" not in server.told


def test_a_server_without_the_security_that_was_asked_for_hears_no_password(certificate):
    with Server(certificate, at_once=False, offers="PIPELINING") as server, pytest.raises(LaneError) as refused:
        smtp_probe.visit("127.0.0.1", server.port, security="starttls", user="shop", secret="sesame")
    assert refused.value.reason == "not-supported"
    assert "AUTH" not in server.told


def test_a_token_logs_in_as_such(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with Server(certificate, at_once=True, offers="AUTH XOAUTH2") as server:
        seen = smtp_probe.visit("127.0.0.1", server.port, security="tls", user="shop", secret="token-1", is_token=True)
    assert seen.logged_in
    assert server.login == "user=shop\1auth=Bearer token-1\1\1"
    with Server(certificate, at_once=True, offers="AUTH XOAUTH2") as server, pytest.raises(LaneError, match="login-refused"):
        smtp_probe.visit("127.0.0.1", server.port, security="tls", user="shop", secret="old", is_token=True)
