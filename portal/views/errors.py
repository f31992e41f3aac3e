"""The pages for what Django itself finds wrong."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template

from portal.middleware import error_page


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 400, "")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 403, "")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """With the sentence of a Http404 raised by our views; never with Django's own about patterns."""
    said = exception.args[0] if exception.args else ""
    return error_page(request, 404, said if isinstance(said, str) else "")


def server_error(request: HttpRequest) -> HttpResponse:
    """Plain and without a query: whatever broke may be broken here too."""
    response = HttpResponse(get_template("500.html").render(), status=500)
    response.headers["Cache-Control"] = "no-store"
    return response
