"""From a form on a page to decisions: on each row one, each with name and reason, refusals in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from aggregator.errors import PortalError
from portal.monitoring.access import Role, staff_user

T = TypeVar("T")

DECIDERS = (Role.ADMIN,)  # who may decide; all others look on
MOST_SHOWN = 5  # refusals told one by one


def by(request: HttpRequest) -> str:
    """The name under which decisions of this request are kept."""
    return staff_user(request).get_username()


def reason(request: HttpRequest) -> str:
    return request.POST.get("alasan", "")


def numbers(request: HttpRequest, name: str) -> list[int]:
    """The ticked rows of a list."""
    return [int(text) for text in request.POST.getlist(name) if text.isascii() and text.isdigit()][:1000]


def each(request: HttpRequest, rows: Iterable[T], decide: Callable[[T], object], done: str) -> int:
    """Decide on every row; what is refused says why, the others stand. `done` is a sentence with one %d."""
    count, refused = 0, []
    for row in rows:
        try:
            decide(row)
        except PortalError as error:
            refused.append(error.message)
        else:
            count += 1
    if count:
        messages.success(request, done % count)
    if not count and not refused:
        said = _("Tidak ada yang diputuskan: tidak ada yang dipilih, atau semuanya sudah diputuskan.")
        messages.error(request, said)
    for message in refused[:MOST_SHOWN]:
        messages.error(request, message)
    return count


def once(request: HttpRequest, decide: Callable[[], object], done: str) -> bool:
    """One decision; `done` is what is said when it was taken."""
    try:
        decide()
    except PortalError as error:
        messages.error(request, error.message)
        return False
    messages.success(request, done)
    return True


def back(request: HttpRequest, otherwise: str) -> HttpResponse:
    """To the page the form stood on (`kembali`), or the usual one."""
    goal = request.POST.get("kembali", "")
    if goal.startswith("/pantauan") and url_has_allowed_host_and_scheme(goal, None):
        return redirect(goal)
    return redirect(otherwise)
