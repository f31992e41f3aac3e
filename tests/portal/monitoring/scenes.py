"""What sites answer in the scenarios K1–K15, and an officer's country to watch them in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import timezone

from aggregator import pipeline
from aggregator.models import Entry, Feed, Satker
from tests.factories import make_feed, make_province, make_satker
from tests.satker_network import FaultSite, SatkerNetwork, build_rss

DATA = Path(__file__).parents[2] / "data"


@dataclass(frozen=True)
class Country:
    """Two provinces with an office each and one regency below it."""

    national: Satker
    east_java: Satker
    kediri: Satker
    bali: Satker
    badung: Satker


def make_country() -> Country:
    east_java, bali = make_province("35", "Jawa Timur"), make_province("51", "Bali", timezone="Asia/Makassar")
    return Country(
        national=make_satker("0000", level="national", province=None, name="KPU Republik Indonesia"),
        east_java=make_satker("3500", level="province", province=east_java, name="KPU Provinsi Jawa Timur"),
        kediri=make_satker("3571", province=east_java, name="KPU Kota Kediri"),
        bali=make_satker("5100", level="province", province=bali, name="KPU Provinsi Bali"),
        badung=make_satker("5103", province=bali, name="KPU Kabupaten Badung", timezone="Asia/Makassar"),
    )


def open_to(network: SatkerNetwork, settings: Any) -> SatkerNetwork:
    """Let the portal read this network at once and without pauses."""
    settings.FETCH_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.FETCH_ALLOWED_PORTS = (network.port,)
    settings.FETCH_HOST_SPACING = 0.0
    settings.FETCH_TIMEOUT = 5.0
    settings.PARSE_PROCESSES = 1
    return network


def case_of(file: str, key: str) -> dict[str, Any]:
    rows = (json.loads(line) for line in (DATA / file).read_text(encoding="utf-8").splitlines())
    return next(row for row in rows if row["id"] == key)


def post(
    number: int, title: str, summary: str = "Kegiatan berlangsung di kantor.", **fields: object
) -> dict[str, Any]:
    return {
        "guid": f"urn:k:{number}",
        "title": title,
        "summary": summary,
        "published": timezone.now(),
        **fields,
    }


NEWS = [post(number, f"KPU Kota Kediri gelar rapat pleno ke-{number}") for number in range(3)]


def flood(number: int) -> list[dict[str, Any]]:
    """An election day's reports."""
    return [post(100 + n, f"Hari Pemungutan Suara: Laporan TPS {n}", "Laporan.") for n in range(number)]


def feed_at(site: FaultSite, satker: Satker, posts: list[dict[str, Any]]) -> Feed:
    """A feed that was read once: what comes next is news, not an import."""
    feed = make_feed(site.feed("/feed", build_rss(posts)), satker=satker)
    poll(feed)
    return feed


def poll(*feeds: Feed) -> None:
    pipeline.refresh_feeds([feed.pk for feed in feeds])


def public_titles() -> set[str]:
    return set(Entry.objects.public().values_list("public_revision__title", flat=True))
