"""The registry of KPU work units: from a CSV file into the database and back.

`load` reads the columns of `aggregator/data/satker.csv`, and optionally `migration_status` and `feed_url`.
A file with any bad line is rejected whole. Loading twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from aggregator.errors import RegistryError
from aggregator.models import Satker
from aggregator.registry import reference
from aggregator.registry.read import MAX_BYTES, Rejection, Sheet, cross_check, read
from aggregator.registry.write import refusals, write

__all__ = ["Report", "check", "load"]


@dataclass(frozen=True, slots=True)
class Report:
    """What a load did, in satker; with anything in `rejected` (line, sentence) nothing was written."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def load(path: Path | None = None) -> Report:
    """Load a registry file, the built-in one by default. Also ensures provinces, topics and stages.

    Raises RegistryError for a file that is no such table at all."""
    data = _bytes(path or reference.SATKER_CSV)
    with transaction.atomic():
        sheet = check(data)
        if sheet.rejected:
            return Report(rejected=sheet.rejected, notes=sheet.notes)
        reference.ensure()
        added, changed, unchanged = write(sheet.rows)
    return Report(added, changed, unchanged, notes=sheet.notes)


def check(data: bytes) -> Sheet:
    """The rows of a file and every objection to them, also against what is stored. Writes nothing.

    Raises RegistryError for a file that is no such table at all."""
    sheet = read(data)
    provinces = {row["code"]: row["name"] for row in reference.rows(reference.DATA / "province_tiles.csv")}
    cross_check(sheet, dict(Satker.objects.values_list("code", "level")), provinces)
    sheet.rejected = sorted([*sheet.rejected, *refusals(sheet.rows)])
    return sheet


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise RegistryError(
            _("Berkas %(path)s tidak terbaca: %(why)s.") % {"path": path, "why": error.strerror}
        ) from error
