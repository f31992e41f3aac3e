"""What holds for every answer: the language of the address, the security headers, and errors in words."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_cache_control

from aggregator.errors import BadParameter, IndexUnavailable, QueryRefused, UnknownValue
from portal import forms

Handler = Callable[[HttpRequest], HttpResponse]

# https://www.w3.org/TR/CSP3/: nothing but our own files; no inline script or style.
PUBLIC_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
    " manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
STAFF_POLICY = (
    "default-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
OWN_QUESTIONS = (
    *("/feeds", "/hub", "/pantauan", "/masuk", "/keluar", "/api", "/websub", "/static"),
    *("/sisipan", "/oembed"),
)
PERMISSIONS = "camera=(), microphone=(), geolocation=(), browsing-topics=()"


def language_of_address(get_response: Handler) -> Handler:
    """`/en/…` is English, everything else Indonesian. Neither a cookie nor Accept-Language decides, so
    that an address always means one page and shared caches hold one copy of it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        english = request.path_info == "/en" or request.path_info.startswith("/en/")
        language = "en" if english else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = get_response(request)
            response.headers.setdefault("Content-Language", language)
            return response

    return middleware


def known_host(get_response: Handler) -> Handler:
    """Only names we answer to, checked before anything is kept under an address; and of the question only
    the parameters that pages read, so that what others add makes no new page in any cache."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.get_host()  # raises DisallowedHost: 400
        if request.method in ("GET", "HEAD") and not request.path_info.removeprefix("/en").startswith(
            OWN_QUESTIONS
        ):
            forms.keep_known_parameters(request)
        return get_response(request)

    return middleware


def security_headers(get_response: Handler) -> Handler:
    """A strict content policy on every page; anonymous pages may be kept for a short time by caches."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        staff = request.path_info.startswith("/pantauan")
        response.headers.setdefault("Content-Security-Policy", STAFF_POLICY if staff else PUBLIC_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if not staff and request.method in ("GET", "HEAD") and "Cache-Control" not in response.headers:
            patch_cache_control(
                response, public=True, max_age=30, stale_while_revalidate=30, stale_if_error=900
            )
        return response

    return middleware


class ErrorsInWords:
    """Requests that cannot be answered as they are get a page that says why and what to do."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, BadParameter | QueryRefused):
            return error_page(request, 400, error.message)
        if isinstance(error, UnknownValue):
            return error_page(request, 404, error.message)
        if isinstance(error, IndexUnavailable):
            response = error_page(request, 503, "")
            response.headers["Retry-After"] = "30"
            return response
        return None


def error_page(request: HttpRequest, status: int, message: str) -> HttpResponse:
    """The page of that status, `message` in it as its explanation."""
    context = {"message": message, "languages": []}  # an address may carry what must not be told
    response = render(request, f"{status}.html", context, status=status)
    response.headers["Cache-Control"] = "no-store" if status >= 500 else "public, max-age=10"
    return response
