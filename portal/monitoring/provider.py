"""Signing in with an identity provider (OpenID Connect, authorization code with PKCE): to it, and back with
whom it has seen. We hold its word to one issuer and one audience, and take an address only as it was
verified; the protocol itself is the library's (`provider_talk`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from aggregator.errors import PortalError

if TYPE_CHECKING:
    from portal.monitoring.provider_talk import Provider

LEEWAY = 60  # seconds that the provider's clock may be off
PENDING_SECONDS = 600  # within which somebody must come back
GOAL = "provider_goal"  # session key: where they wanted to go
LONGEST_SUBJECT = 255  # https://openid.net/specs/openid-connect-core-1_0.html#IDToken


class ProviderFault(PortalError):
    """Codes: `state` nothing of the kind is under way in this browser, `denied` given up or refused there,
    `refused` the provider does not take our question, `token` its word is not proven, `rubbish` it cannot be
    read, `unreachable`, `busy`. The sentence is for the log."""

    code = "rubbish"


@dataclass(frozen=True, slots=True)
class Proven:
    """Whom the provider has seen, after all proofs."""

    issuer: str
    subject: str
    email: str  # empty unless the provider has verified it
    has_second_factor: bool


def is_on() -> bool:
    return bool(settings.OIDC_ISSUER)


def address_here() -> str:
    """Where the provider sends people back to; registered there."""
    return settings.BASE_URL + reverse("monitoring:provider_answer")


def begin(request: HttpRequest, goal: str) -> str:
    """The address at the provider to go to. What must come back is remembered in a new session."""
    from portal.monitoring import provider_talk

    app = provider_talk.app()
    with provider_talk.talking():
        told = app.create_authorization_url(address_here())
    request.session.flush()
    app.save_authorize_data(request, redirect_uri=address_here(), **told)
    request.session[GOAL] = goal
    request.session.set_expiry(PENDING_SECONDS)
    return str(told["url"])


def finish(request: HttpRequest) -> Proven:
    """Who came back. Whatever comes of it, the same answer is good only once."""
    from portal.monitoring import provider_talk

    app = provider_talk.app()
    if not app.framework.get_state_data(request.session, request.GET.get("state")):
        raise ProviderFault("No sign-in with this state is under way in this browser.", code="state")
    try:
        if error := request.GET.get("error"):
            code = "denied" if error == "access_denied" else "refused"
            raise ProviderFault(f"The provider says {error[:60]!r}.", code=code)
        with provider_talk.talking():
            return _prove(app, request)
    finally:
        request.session.flush()


def describe() -> str:
    """Asks the provider who it is, for `doctor`. Raises ProviderFault."""
    from portal.monitoring import provider_talk

    with provider_talk.talking():
        said = provider_talk.app().load_server_metadata()
    return f"{said['issuer']}, back to {address_here()}"


def _prove(app: Provider, request: HttpRequest) -> Proven:
    expected = {
        "iss": {"essential": True, "value": settings.OIDC_ISSUER},
        "aud": {"essential": True, "value": settings.OIDC_CLIENT_ID},
        "sub": {"essential": True},
    }
    token = app.authorize_access_token(request, claims_options=expected, leeway=LEEWAY)
    claims = token.get("userinfo")
    if claims is None:
        raise ProviderFault("The answer holds no identity token.", code="token")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise ProviderFault("The subject cannot be used.", code="token")
    return Proven(
        settings.OIDC_ISSUER, subject, _email(_about(app, token, claims)), _has_second_factor(claims)
    )


def _about(app: Provider, token: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
    """What tells the address: the token itself or, with many providers, only an answer of its own."""
    if "email_verified" in claims or "userinfo_endpoint" not in app.load_server_metadata():
        return claims
    said: dict[str, Any] = app.userinfo(token=token)
    if said.get("sub") != claims["sub"]:
        raise ProviderFault("The provider tells of another subject than it has signed.", code="token")
    return said


def _email(about: dict[str, Any]) -> str:
    """Only plain letters: others can look alike, and databases take some of them for each other."""
    email = about.get("email")
    is_good = about.get("email_verified") is True and isinstance(email, str) and email.isascii()
    return str(email).strip() if is_good else ""


def _has_second_factor(claims: dict[str, Any]) -> bool:
    said = [claims.get("acr"), *(claims.get("amr") or [])]
    return any(value in settings.OIDC_SECOND_FACTOR for value in said)
