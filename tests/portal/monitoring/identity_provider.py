"""A real OpenID provider on loopback that misbehaves on demand.

    with IdentityProvider() as provider:
        provider.person = {"sub": "17", "email": "ani@kpu.example", "email_verified": True}
        back = provider.approve(authorization_url)   # what the browser is sent back with
        provider.claims["nonce"] = "lain"            # in the signed token, over what is right
        provider.answers["/jwks"] = (200, b"[]")     # instead of the right answer

Discovery, keys (RS256), authorization with PKCE and nonce, token with client authentication, user info.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "portal", "rahasia & panjang: sekali"
ANI = {"sub": "ani-17", "email": "Viewer@KPU.example", "email_verified": True}

Answer = tuple[int, bytes] | Callable[[], tuple[int, bytes]]


@lru_cache(maxsize=2)
def key(name: str = "kunci-1") -> RSAKey:
    return RSAKey.generate_key(2048, parameters={"kid": name, "use": "sig"}, private=True)


class IdentityProvider:
    def __init__(self) -> None:
        self.person: dict[str, Any] = dict(ANI)
        self.claims: dict[str, Any] = {}  # in the token, over what is right; None: left out
        self.answers: dict[str, Answer] = {}
        self.said: dict[str, Any] = {}  # of itself, over what is right
        self.signed_with, self.algorithm = key(), "RS256"
        self.in_token = True  # the address is in the token, not in the user info alone
        self.asked: list[str] = []
        self.grants: dict[str, dict[str, str]] = {}

    def __enter__(self) -> Self:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def settings(self) -> dict[str, object]:
        return {
            "OIDC_ISSUER": self.issuer,
            "OIDC_CLIENT_ID": CLIENT,
            "OIDC_CLIENT_SECRET": SECRET,
            "OIDC_NAME": "SSO Contoh",
        }

    def approve(self, address: str) -> str:
        """Go there as a browser would; the address that leads back."""
        connection = HTTPConnection("127.0.0.1", self.server.server_port, timeout=5)
        connection.request("GET", address.removeprefix(self.issuer))
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status == 302, answer.status
        return answer.headers["Location"]

    # --- what it answers --------------------------------------------------------------------------

    def answer(self, path: str, query: dict[str, str], headers: Any, body: bytes) -> tuple[int, bytes]:
        self.asked.append(path)
        if path in self.answers:
            given = self.answers[path]
            return given() if callable(given) else given
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps(self._about_itself()).encode()
        if path == "/jwks":
            public = [one.as_dict(private=False) for one in (key(), key("kunci-2"))]
            return 200, json.dumps({"keys": public}).encode()
        if path == "/authorize":
            return self._authorize(query)
        if path == "/token":
            return self._token(dict(parse_qsl(body.decode())), headers.get("Authorization", ""))
        if path == "/userinfo" and headers.get("Authorization") == "Bearer kunci-masuk":
            return 200, json.dumps(self.person).encode()
        return 404, b""

    def _about_itself(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "verify": False,  # a trap: would be an option of the session that asks
        } | self.said

    def _authorize(self, query: dict[str, str]) -> tuple[int, bytes]:
        wanted = {"response_type": "code", "client_id": CLIENT, "code_challenge_method": "S256"}
        assert wanted.items() <= query.items(), query
        assert {"openid", "email"} <= set(query["scope"].split())
        code = secrets.token_urlsafe(8)
        self.grants[code] = query
        there = query["redirect_uri"] + "?" + urlencode({"code": code, "state": query["state"]})
        return 302, there.encode()

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, bytes]:
        expected = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        by_form = form.get("client_id") == CLIENT and form.get("client_secret") == SECRET
        if authorization != f"Basic {expected}" and not by_form:
            return 401, b'{"error": "invalid_client"}'
        grant = self.grants.pop(form["code"], None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            grant is None
            or grant["code_challenge"] != challenge
            or grant["redirect_uri"] != form["redirect_uri"]
        ):
            return 400, b'{"error": "invalid_grant"}'
        token = {"access_token": "kunci-masuk", "token_type": "Bearer", "expires_in": 60}
        return 200, json.dumps(token | {"id_token": self.token(grant["nonce"])}).encode()

    def token(self, nonce: str) -> str:
        now = int(time.time())
        right = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        person = self.person if self.in_token else {"sub": self.person["sub"]}
        claims = {name: value for name, value in (right | person | self.claims).items() if value is not None}
        return _signed(claims, self.signed_with, self.algorithm)


def _signed(claims: dict[str, Any], by: RSAKey, algorithm: str) -> str:
    header = {"alg": algorithm, "kid": by.kid}
    if algorithm == "none":
        parts = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)
        ]
        return b".".join([*parts, b""]).decode()
    with_key = by if algorithm != "HS256" else OctKey.import_key(SECRET)
    return jwt.encode(header, claims, with_key, algorithms=[algorithm])


def _handler(provider: IdentityProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, said = provider.answer(parts.path, query, self.headers, body)
            self.send_response(status)
            if status in (301, 302):
                self.send_header("Location", said.decode())
                said = b""
            self.send_header("Content-Length", str(len(said)))
            with suppress(ConnectionError):  # who asked may have gone
                self.end_headers()
                self.wfile.write(said)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_said: object) -> None:
            """Quiet."""

    return Handler
