"""`recluster`, `reclassify` and `rescreen` beside running ingestion, by real processes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation
from tests.satker_network import SatkerNetwork, build_rss, feed

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]
RELEASE = (
    "Jakarta, kpu.go.id – KPU menggelar rapat koordinasi nasional bersama pemangku kepentingan untuk membahas"
    " rencana kerja tahun depan. Ketua KPU meminta seluruh satuan kerja menyiapkan laporan dan evaluasi."
    " Peserta rapat sepakat memperkuat kerja sama dalam pelayanan informasi bagi masyarakat luas."
)


def posts(site: str, count: int) -> bytes:
    """A release that every site carries, and news of its own."""
    own = [
        {
            "title": f"KPU gelar kegiatan {site} ke-{number}",
            "guid": f"urn:{site}:{number}",
            "link": f"https://{site}.example.invalid/{number}",
            "summary": f"Kegiatan nomor {number} di {site} diikuti {number + 20} peserta dari {number} desa.",
        }
        for number in range(count)
    ]
    carried = {
        "title": "Rakornas KPU",
        "guid": f"urn:{site}:rilis",
        "link": f"https://{site}.example.invalid/r",
    }
    return build_rss([carried | {"summary": RELEASE}, *own])


@pytest.fixture
def portal(tmp_path: Path, net: SatkerNetwork) -> tuple[Installation, list[Any]]:
    sites = [net.site() for _ in range(3)]
    for number, site in enumerate(sites):
        site.feed("/feed", posts(f"situs{number}", 60))
    installation = Installation(tmp_path, net.port)
    installation.set_up([site.url("/feed") for site in sites])
    installation.refresh("--no-index")
    return installation, sites


def assert_whole(entries: list[dict[str, Any]], count: int) -> None:
    """Every post once and public; every story with one lead; the release folded."""
    assert len({entry["guid"] for entry in entries}) == len(entries) == count
    assert {entry["status"] for entry in entries} == {"published"}
    leads = Counter(entry["story"] for entry in entries if entry["story"] and entry["is_lead"])
    assert set(leads.values()) == {1}
    assert len({entry["story"] for entry in entries if entry["title"] == "Rakornas KPU"}) == 1


def test_each_step_is_redone_while_feeds_are_read(portal) -> None:
    installation, sites = portal
    for number, site in enumerate(sites):
        site.answer("/feed", feed(posts(f"situs{number}", 66)))
    redone = [installation.popen(command) for command in ("recluster", "reclassify", "rescreen")]
    installation.refresh("--no-index")
    for process in redone:
        _, err = process.communicate(timeout=200)
        assert process.returncode == 0, err
    assert_whole(installation.entries(), 3 * 67)
