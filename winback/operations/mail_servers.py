"""The mail servers that letters leave through, as the doctor visits them."""

from __future__ import annotations

from dataclasses import dataclass

from winback.settings import Project


@dataclass(frozen=True, slots=True)
class MailServer:
    """One of them, and what its password, or its token, is called in the environment."""

    relay: str  # its name in settings.yaml
    host: str
    port: int
    security: str
    user: str
    secret: str
    has_token: bool

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"


def listed(project: Project) -> list[MailServer]:
    """Those of settings.yaml, in its order; also where letters stay in a folder as yet."""
    email = project.settings.email
    return [
        MailServer(relay.name, relay.host, relay.port, relay.security, relay.user, email.secret(relay), has_token=relay.auth == "xoauth2")
        for relay in email.relays
    ]
