"""How the API answers: its description (OpenAPI), and errors as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import ValidationError
from ninja.openapi.schema import OpenAPISchema

from aggregator.errors import BadParameter, IndexUnavailable, QueryRefused, UnknownValue
from portal.api.schemas import Problem

PROBLEM_TYPE = "application/problem+json"
TITLES = {
    400: gettext_lazy("Permintaan tidak dapat dibaca"),
    404: gettext_lazy("Tidak ditemukan"),
    410: gettext_lazy("Tidak lagi terbit"),
    429: gettext_lazy("Terlalu banyak permintaan"),
    503: gettext_lazy("Sedang tidak tersedia"),
}
DESCRIPTION = """\
Everything that the pages of the portal show, for programs: posts of all 553 offices of KPU, Indonesia's
election commission, with the same filters as the search page. No key is needed; see /api/ for a guide.

Lists are paged by `next`, an address that neither skips nor repeats a post when new ones arrive. Answers
carry an ETag. Errors are problem details (RFC 9457). Texts belong to the offices that publish them."""


class Gone(Exception):
    """What was public once and is no longer."""


class Api(NinjaAPI):
    def __init__(self) -> None:
        super().__init__(
            title="Berita KPU",
            version="1",
            description=DESCRIPTION,
            docs_url=None,  # ninja's own pages load scripts from elsewhere; ours is /api/
            urls_namespace="api",
        )
        for error, status in STATUSES.items():
            self.add_exception_handler(error, _handler(status))
        self.add_exception_handler(ValidationError, _invalid)

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        """Ninja's, where HEAD is a GET whose body the server leaves out, and pages of others may read."""
        found, app, name = super().urls
        for pattern in found:
            if isinstance(pattern, URLPattern):
                home = pattern.name == "api-root"
                pattern.callback = _to_guide if home else _open(pattern.callback)
        return found, app, name

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Ninja's description, with the public address, and the media type of problems where it is due."""
        described = super().get_openapi_schema(**options)
        described["servers"] = [{"url": settings.BASE_URL}]
        described["components"]["securitySchemes"] = {
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": KEY}
        }
        described["security"] = [{}, {"key": []}]
        for operations in described["paths"].values():
            for operation in operations.values():
                _describe(operation)
        return described


def _to_guide(request: HttpRequest, **_names: Any) -> HttpResponse:
    return HttpResponseRedirect("/api/")


def _open(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    @csrf_exempt
    def opened(request: HttpRequest, **names: Any) -> HttpResponseBase:
        if request.method == "HEAD":
            request.method = "GET"
        response = view(request, **names)
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After, RateLimit, RateLimit-Policy"
        return response

    return opened


KEY = "Optional: a key from KPU-RI allows more requests a minute."


def problem(status: int, detail: str, **more: str) -> HttpResponse:
    """A problem details answer; `more` are further members, such as the parameter at fault."""
    body = Problem(title=str(TITLES[status]), status=status, detail=detail, **more)
    response = HttpResponse(body.model_dump_json(exclude_none=True), status=status, content_type=PROBLEM_TYPE)
    response.headers["Cache-Control"] = "no-store" if status >= 500 else "public, max-age=10"
    if status == 503:
        response.headers["Retry-After"] = "30"
    return response


def _handler(status: int) -> Callable[[HttpRequest, Exception | type[Exception]], HttpResponse]:
    def handle(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
        parameter = getattr(error, "parameter", None)
        more = {"parameter": parameter} if parameter else {}
        return problem(status, str(error) or str(TITLES[status]), **more)

    return handle


STATUSES: dict[type[Exception], int] = {
    BadParameter: 400,
    QueryRefused: 400,
    UnknownValue: 404,
    Http404: 404,
    Gone: 410,
    IndexUnavailable: 503,
}


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """A value of the wrong kind: 404 in the path, 400 in the query string, with the parameter's name."""
    place, *names = (str(part) for part in error.errors[0]["loc"])
    name = names[-1] if names else place
    if place == "path":
        return problem(404, _("Tidak ada “%s” seperti itu.") % name, parameter=name)
    detail = _("Parameter “%s” tidak dapat dibaca.") % name
    return problem(400, f"{detail} ({error.errors[0]['msg']})", parameter=name)


def _describe(operation: dict[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        if int(status) >= 400 and "content" in answer:
            answer["content"] = {PROBLEM_TYPE: answer["content"].pop("application/json")}
    operation["responses"][429] = {
        "description": "Too many requests; see Retry-After and RateLimit",
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
