"""What the registry rests on: provinces, topics and election stages, from `aggregator/data/`."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _noop

from aggregator.models import Province, Stage, Topic

DATA = Path(__file__).resolve().parent.parent / "data"
SATKER_CSV = DATA / "satker.csv"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def slug(text: str) -> str:
    """Words parted by hyphens; a slash parts words too (Hukum/JDIH → hukum-jdih)."""
    return slugify(text.replace("/", " "))


def ensure() -> None:
    """Make what is missing of provinces, topics and stages. Topics and stages belong to staff from then
    on: a name, a description or a date that they corrected stays."""
    Province.objects.bulk_create(
        _provinces(),
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name", "slug", "abbr", "tile_row", "tile_col", "timezone"],
    )
    Topic.objects.bulk_create(_topics(), ignore_conflicts=True)
    Stage.objects.bulk_create(_stages(), ignore_conflicts=True)


RISKS = {"low": _noop("rendah"), "medium": _noop("sedang"), "high": _noop("tinggi")}


def host_notes() -> dict[tuple[str, str, str], str]:
    """Why a host name stands in the built-in file, by (code, host, evidence): for staff who decide on it."""
    notes = {}
    for row in rows(DATA / "satker_hosts.csv"):
        if row["hostname_evidence"] == "seen":
            note = _("Pernah terlihat: %s") % row["source"]
        else:
            note = _("Turunan pola %(rule)s; risiko keliru %(risk)s.") % {
                "rule": row["rule"],
                "risk": _(RISKS[row["pattern_risk"]]),
            }
        notes[row["code"], row["hostname"], row["hostname_evidence"]] = note[:200]
    return notes


def _provinces() -> list[Province]:
    zones = {row["code"]: row["timezone"] for row in rows(SATKER_CSV) if row["level"] == "province"}
    return [
        Province(
            code=row["code"],
            name=row["name"],
            slug=slug(row["name"]),
            abbr=row["abbr"],
            tile_row=int(row["row"]),
            tile_col=int(row["col"]),
            timezone=zones[row["code"]],
        )
        for row in rows(DATA / "province_tiles.csv")
    ]


def _topics() -> list[Topic]:
    return [
        Topic(slug=slug(row["name"]), name=row["name"], description=row["description"], position=position)
        for position, row in enumerate(rows(DATA / "topics.csv"), start=1)
    ]


def _stages() -> list[Stage]:
    return [
        Stage(
            slug=f"{row['election']}-{slug(row['stage'])}",
            election=row["election"],
            name=row["stage"],
            start=date.fromisoformat(row["start"]) if row["start"] else None,
            end=date.fromisoformat(row["end"]) if row["end"] else None,
            description=_("Jadwal menurut %s.") % row["source"].partition(" via ")[0],
            position=position,
        )
        for position, row in enumerate(rows(DATA / "stages.csv"), start=1)
    ]
