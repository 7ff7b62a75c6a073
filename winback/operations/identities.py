"""Who somebody is, by the word of a provider of identities: OpenID Connect's code flow with PKCE and a nonce.

OpenID Connect Core 1.0, 3.1; OAuth 2.0 Security Best Current Practice (RFC 9700); RFC 7636 (PKCE); RFC 9207 (iss).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from winback.errors import WinbackError
from winback.operations import tokens
from winback.settings import Project
from winback.ways_in import OidcSettings

SECRET = "WINBACK_OIDC_SECRET"  # noqa: S105  what it is called in the environment
_SECONDS = 10
_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]  # all by a key of the provider's; never `none`, never our own secret
_LEEWAY = 60  # seconds that clocks may differ


class NotKnownError(WinbackError):
    """The provider's word isn't there, or isn't good. The text is for the log and names nobody."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser must bring back: kept in a cookie of its own until then."""

    state: str
    nonce: str
    verifier: str
    back_to: str  # the address that the provider sends the browser to
    wanted: str  # the page of ours that they wanted

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def ask(settings: OidcSettings, *, back_to: str, wanted: str) -> tuple[str, Asked]:
    """(the provider's address to go to, what must come back). Raises NotKnownError when the provider can't be asked."""
    asked = Asked(tokens.new(), tokens.new(), tokens.new(), back_to, wanted)
    with httpx.Client(timeout=_SECONDS) as client:
        about = _about(client, settings)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(asked.verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": back_to,
        "scope": "openid email",
        "state": asked.state,
        "nonce": asked.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    there = _endpoint(about, "authorization_endpoint")
    return f"{there}{'&' if '?' in there else '?'}{urlencode(query)}", asked


def email(project: Project, settings: OidcSettings, asked: Asked, answer: Mapping[str, str], *, now: datetime) -> str:
    """The address that the provider vouches for. Raises NotKnownError for anything that isn't as it must be."""
    if not tokens.is_same(answer.get("state", ""), asked.state):
        raise NotKnownError("the state is another")
    if answer.get("iss", settings.issuer) != settings.issuer:
        raise NotKnownError("the answer is another provider's")
    if "code" not in answer:
        raise NotKnownError(f"no code: {answer.get('error', '')[:60]!r}")
    with httpx.Client(timeout=_SECONDS) as client:
        about = _about(client, settings)
        token = _token(client, about, asked, code=answer["code"], settings=settings, secret=project.secret(SECRET))
        claims = _claims(token, _json(_reach(client, "GET", _endpoint(about, "jwks_uri"))), settings, asked, now)
    if claims.get("email_verified") is not True or not isinstance(claims.get("email"), str):
        raise NotKnownError("the provider vouches for no address")
    return str(claims["email"])


def _about(client: httpx.Client, settings: OidcSettings) -> dict[str, Any]:
    """What the provider says of itself."""
    about = _json(_reach(client, "GET", f"{settings.issuer}/.well-known/openid-configuration"))
    if str(about.get("issuer", "")).rstrip("/") != settings.issuer:
        raise NotKnownError("the provider calls itself otherwise than settings.yaml")
    return about


def _token(client: httpx.Client, about: Mapping[str, Any], asked: Asked, *, code: str, settings: OidcSettings, secret: str) -> str:
    """The signed word, for a code."""
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": asked.back_to, "code_verifier": asked.verifier}
    basic = None
    if "client_secret_basic" in about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
        basic = httpx.BasicAuth(settings.client_id, secret)
    else:
        fields |= {"client_id": settings.client_id, "client_secret": secret}
    told = _json(_reach(client, "POST", _endpoint(about, "token_endpoint"), data=fields, auth=basic))
    if not isinstance(told.get("id_token"), str):
        raise NotKnownError("no id_token")
    return str(told["id_token"])


def _claims(token: str, keys: dict[str, Any], settings: OidcSettings, asked: Asked, now: datetime) -> dict[str, Any]:
    """What the word says, once it is the provider's, for us, of now, and an answer to what was asked."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        read = jwt.decode(token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)  # type: ignore[arg-type]  # as it came
        registry = jwt.JWTClaimsRegistry(
            now=lambda: int(now.timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.client_id},
            exp={"essential": True},
            nonce={"essential": True, "value": asked.nonce},
        )
        registry.validate(read.claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise NotKnownError(f"the word isn't good: {type(error).__name__}") from error
    if read.claims.get("azp", settings.client_id) != settings.client_id:
        raise NotKnownError("the word is for somebody else")
    return dict(read.claims)


def _endpoint(about: Mapping[str, Any], name: str) -> str:
    address = str(about.get(name, ""))
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}):
        raise NotKnownError(f"the provider has no safe {name}")
    return address


def _reach(client: httpx.Client, method: str, address: str, **more: Any) -> httpx.Response:
    try:
        return client.request(method, address, **more)
    except httpx.HTTPError as error:
        raise NotKnownError(f"the provider can't be asked: {type(error).__name__}") from error


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        raise NotKnownError(f"the provider answers {answer.status_code}") from error
    if not isinstance(told, dict):
        raise NotKnownError("the provider answers with no object")
    return told
