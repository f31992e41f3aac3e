"""What several reports share: who a row is about, and a table that says what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from django.urls import reverse
from django.utils.translation import gettext as _

from aggregator.models import Satker
from portal.monitoring.asked import Asked
from portal.monitoring.tables import Cell, Column, Link, Table


def office_columns() -> list[Column]:
    return [Column(_("Kode")), Column(_("Satker"), "name"), Column(_("Provinsi"), "name")]


def office(satker: Satker) -> tuple[str, Link, str]:
    """Code, name as the way to its page, province."""
    return satker.code, office_link(satker), satker.province.name if satker.province else ""


def office_link(satker: Satker) -> Link:
    return Link(satker.name, _address(satker.code))


@lru_cache(maxsize=2048)
def _address(code: str) -> str:
    return reverse("monitoring:office_activity", args=[code])


def table(
    asked: Asked,
    name: str,
    title: str,
    columns: list[Column],
    rows: Sequence[Sequence[Cell]],
    *,
    summary: str,
    counted: str,
) -> Table:
    place = asked.province.name if asked.province else ""
    time = f"{asked.period.first:%Y%m%d}-{asked.period.last:%Y%m%d}"
    file = " ".join(filter(None, (name, place, time)))
    return Table(
        file,
        title,
        columns,
        rows,
        as_of=asked.now,
        filters=asked.filters,
        summary=summary,
        counted=counted,
    )
