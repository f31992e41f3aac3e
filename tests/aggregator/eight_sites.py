"""What eight sites publish and an installation is to hold of it, whatever was killed meanwhile."""

from __future__ import annotations

from tests.installation import Installation

SITES, POSTS = 8, 15
EVERYTHING = sorted(f"urn:p:{site}:{n}" for site in range(SITES) for n in range(POSTS))


def posts(site: int, first: int = 0, count: int = POSTS, name: str = "p") -> list[dict[str, object]]:
    return [
        {
            "title": f"Satker {site} mengabarkan kegiatan nomor {n}",
            "guid": f"urn:{name}:{site}:{n}",
            "link": f"https://situs{site}.example/{name}/{n}",
            "summary": f"Kegiatan {n} di satker {site} berlangsung dengan tertib dan lancar sejak pagi. " * 3,
        }
        for n in range(first, first + count)
    ]


def guids(installation: Installation) -> list[str]:
    return sorted(guid for (guid,) in installation.rows("SELECT guid FROM aggregator_entry"))
