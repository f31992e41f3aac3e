"""Pages of a list in the order of falling numbers: no row is skipped or repeated when new ones come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from aggregator.errors import BadParameter
from portal.forms import read_text

M = TypeVar("M", bound=Model)
SIZE = 50


@dataclass(frozen=True)
class Page(Generic[M]):
    """`next` is the value of `sebelum` for the page after this one, None on the last."""

    rows: list[M]
    next: int | None
    is_first: bool


def paged(request: HttpRequest, rows: QuerySet[M], size: int = SIZE) -> Page[M]:
    """One page of rows ordered by -pk. Raises BadParameter."""
    before = read_number(request, "sebelum")
    found = list((rows.filter(pk__lt=before) if before else rows)[: size + 1])
    return Page(found[:size], found[size - 1].pk if len(found) > size else None, before is None)


def read_number(request: HttpRequest, name: str) -> int | None:
    text = read_text(request, name)
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadParameter(name, _("Parameter “%s” bukan penanda halaman dari portal ini.") % name)
    return int(text) if text else None
