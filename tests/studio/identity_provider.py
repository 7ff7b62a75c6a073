"""A small provider of identities, spoken to over HTTP: it lets in whoever comes, and says of them what a test wants."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT, SECRET = "winback", "a secret of the provider's"


class IdentityProvider:
    """`claims` go over what an honest provider would say; `key` signs."""

    def __init__(self) -> None:
        self.key = self.published = ECKey.generate_key("P-256", {"kid": "1"})
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {"alg": "ES256", "kid": "1"}
        self.url = self.calls_itself = ""
        self.codes: dict[str, dict[str, str]] = {}
        self.now = 0

    def authorize(self, query: dict[str, str]) -> str:
        """A code for what a browser asks in our name."""
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        self.codes[f"code-{len(self.codes)}"] = query
        return f"code-{len(self.codes) - 1}"

    def token(self, fields: dict[str, str], authorization: str) -> dict[str, Any] | None:
        expected = base64.b64encode(f"{CLIENT}:{SECRET}".replace(" ", "%20").encode()).decode()
        plain = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self.codes.pop(fields.get("code", ""), None)
        if asked is None or authorization not in {f"Basic {expected}", f"Basic {plain}"} or fields.get("redirect_uri") != asked["redirect_uri"]:
            return None
        challenge = base64.urlsafe_b64encode(hashlib.sha256(fields["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if challenge != asked["code_challenge"]:
            return None
        said = {"iss": self.url, "aud": CLIENT, "sub": "1", "iat": self.now, "exp": self.now + 300, "nonce": asked["nonce"], "email_verified": True}
        claims = {name: value for name, value in {**said, **self.claims}.items() if value is not None}
        return {
            "access_token": "x",
            "token_type": "Bearer",
            "id_token": jwt.encode(self.header, claims, self.key, algorithms=["ES256", "HS256", "none"]),
        }


@contextmanager
def serving(provider: IdentityProvider) -> Iterator[IdentityProvider]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/.well-known/openid-configuration":
                url = provider.url
                self._say(
                    {
                        "issuer": provider.calls_itself,
                        "authorization_endpoint": f"{url}/in",
                        "token_endpoint": f"{url}/token",
                        "jwks_uri": f"{url}/keys",
                    }
                )
            elif self.path == "/keys":
                self._say({"keys": [provider.published.as_dict(private=False)]})
            else:
                self._say(None)

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._say(provider.token({name: values[0] for name, values in parse_qs(body).items()}, self.headers.get("authorization", "")))

        def _say(self, told):
            self.send_response(200 if told else 400)
            self.end_headers()
            self.wfile.write(json.dumps(told or {"error": "invalid_grant"}).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    provider.url = provider.calls_itself = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
