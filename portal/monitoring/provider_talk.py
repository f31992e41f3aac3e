"""Talking with the identity provider: Authlib speaks the protocol and proves the tokens
(https://docs.authlib.org/), over our own guarded way out, bounded in time and size, and never by more threads
than can be spared. Loaded only where somebody signs in so: it takes a tenth of a process's start.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import DjangoIntegration, DjangoOAuth2App
from authlib.integrations.requests_client import OAuth2Session
from django.conf import settings
from joserfc.errors import JoseError
from requests.adapters import BaseAdapter
from requests.exceptions import HTTPError, InvalidJSONError, RequestException
from requests.structures import CaseInsensitiveDict

from aggregator.errors import FetchError
from aggregator.outbound import Outbound, Response
from aggregator.records import FetchPolicy
from portal.env import is_confidential
from portal.monitoring.provider import PENDING_SECONDS, ProviderFault

SECONDS = 5.0  # for one answer; a sign-in asks three or four times at most
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# Signed with a key that only the provider has: a shared secret would do for whoever reads our settings.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519", "EdDSA"),
)

_lines = BoundedSemaphore(max(1, settings.WEB_THREADS // 2))  # a slow provider must not take all threads


@contextmanager
def talking() -> Iterator[None]:
    """One conversation; the one place that knows the library's errors and ours."""
    if not _lines.acquire(blocking=False):
        raise ProviderFault("As many sign-ins as may wait for the provider do so already.", code="busy")
    try:
        yield
    except (HTTPError, AuthlibBaseError) as error:
        code = "unreachable" if _status(error) >= 500 else "refused"
        raise ProviderFault(f"{type(error).__name__}: {error}", code=code) from error
    except JoseError as error:
        raise ProviderFault(f"{error.error}: {error.description or error}", code="token") from error
    except InvalidJSONError as error:
        raise ProviderFault(f"Not JSON: {error}") from error
    except RequestException as error:
        raise ProviderFault(str(error), code="unreachable") from error
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        raise ProviderFault(f"{type(error).__name__}: {error}") from error
    finally:
        _lines.release()


def _status(error: Exception) -> int:
    answer = getattr(error, "response", None)
    return answer.status_code if isinstance(answer, requests.Response) else 0


def app() -> Provider:
    hour = int(time.time() // 3600)  # what a provider says of itself, and its keys, are asked for anew
    return _made(settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET, hour)


@lru_cache(maxsize=1)
def _made(issuer: str, client_id: str, secret: str, _hour: int) -> Provider:
    kept = DjangoIntegration("oidc")
    kept.expires_in = PENDING_SECONDS
    return Provider(
        kept,
        "oidc",
        client_id=client_id,
        client_secret=secret,
        server_metadata_url=issuer.rstrip("/") + "/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email",
            "code_challenge_method": "S256",
            "leeway": 0,  # some give tokens of a minute, and we use them at once
            "trust_env": False,
        },
    )


class _Way(BaseAdapter):
    """How `requests` reaches the provider: by our own way out. Which networks may be asked is not limited
    here, as whoever sets OIDC_ISSUER names a machine of their own choice."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        try:
            answer = asyncio.run(_ask(request))
        except FetchError as error:
            raise RequestException(f"{error.code}: {error}", request=request) from error
        if 300 <= answer.status < 400:
            raise RequestException(f"{request.url} leads elsewhere.", request=request)
        response = requests.Response()
        response.reason = ""
        response.status_code, response.url, response.request = answer.status, answer.final_url, request
        response.headers = CaseInsensitiveDict(answer.headers)
        response.raw = io.BytesIO(answer.body)
        return response

    def close(self) -> None:
        """Nothing is kept open."""


async def _ask(request: requests.PreparedRequest) -> Response:
    url, headers = str(request.url), {name: str(value) for name, value in request.headers.items()}
    if not is_confidential(url):
        raise FetchError(f"{url} is not https.", code="plain")
    headers.pop("Accept-Encoding", None)  # what the way out can read is its own business
    headers.pop("Content-Length", None)
    policy = FetchPolicy(
        user_agent=f"KPU-Portal-Pantauan/{settings.VERSION} (+{settings.BASE_URL})",
        timeout=SECONDS,
        connect_timeout=SECONDS,
        idle_timeout=SECONDS,
        max_bytes=256_000,
        max_redirects=0,
        host_spacing=0.0,
        allowed_networks=("0.0.0.0/0", "::/0"),
        allowed_ports=(urlsplit(url).port or (443 if url.startswith("https:") else 80),),
    )
    async with Outbound(policy) as outbound:
        if request.method == "POST":
            body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
            return await outbound.post(url, body, headers=headers)
        return await outbound.get(url, headers=headers, approved_hosts=frozenset())


class _Session(OAuth2Session):  # type: ignore[misc]
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Way())


class Provider(DjangoOAuth2App):  # type: ignore[misc]
    client_cls = _Session
    server_metadata: dict[str, Any]

    def load_server_metadata(self) -> dict[str, Any]:
        """What the provider says of itself, once: only what is used here, and only after it is judged, as
        everything else in it would become an option of the library's session."""
        if not self.server_metadata:
            with self._get_session() as session:
                answer = session.get(self._server_metadata_url, withhold_token=True)
            answer.raise_for_status()
            self.server_metadata = _judged(answer.json())
        return self.server_metadata


def _judged(said: Any) -> dict[str, Any]:
    if not isinstance(said, dict) or said.get("issuer") != settings.OIDC_ISSUER:
        named = said.get("issuer") if isinstance(said, dict) else None
        raise ProviderFault(
            f"The provider calls itself {named!r}, OIDC_ISSUER says {settings.OIDC_ISSUER!r}."
        )
    kept = {name: said[name] for name in ("issuer", *ENDPOINTS)}
    if "userinfo_endpoint" in said:
        kept["userinfo_endpoint"] = said["userinfo_endpoint"]
    for name, address in kept.items():
        if not isinstance(address, str) or not is_confidential(address):
            raise ProviderFault(f"{name} is no https address: {address!r}.")
    signed_by = said.get("id_token_signing_alg_values_supported") or []
    kept["id_token_signing_alg_values_supported"] = [a for a in ALGORITHMS if a in signed_by] or ["RS256"]
    ways = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    is_basic = "client_secret_basic" in ways
    kept["token_endpoint_auth_method"] = "client_secret_basic" if is_basic else "client_secret_post"
    return kept
