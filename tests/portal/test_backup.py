"""A backup taken while the portal runs comes back whole, and what was signed in is out (F31)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.installation import Installation
from tests.satker_network import SatkerNetwork, build_rss

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("portal")
    with SatkerNetwork() as net:
        site = net.site()
        site.feed("/feed", build_rss([{"title": f"Kegiatan {n}", "guid": f"urn:{n}"} for n in range(7)]))
        installation = Installation(folder, net.port)
        installation.env.pop("DATABASE_URL", None)
        installation.set_up([site.url("/feed")])
        installation.refresh("--no-index")
        installation.run("backup", str(folder / "copy.tar"))
        yield installation, site


def epoch(installation: Installation) -> str:
    return installation.rows("SELECT epoch FROM aggregator_portalstate")[0][0]


def test_a_backup_comes_back_and_a_fetch_afterwards_doubles_nothing(installed) -> None:
    installation, site = installed
    before, first_epoch = installation.entries(), epoch(installation)
    site.feed("/feed", build_rss([{"title": f"Kegiatan {n}", "guid": f"urn:{n}"} for n in range(9)]))
    installation.refresh("--no-index")
    assert len(installation.entries()) == 9
    installation.run("restore", str(installation.folder / "copy.tar"), "--replace")
    assert installation.entries() == before
    assert epoch(installation) != first_epoch
    assert installation.refresh("--no-index")["new"] == 2


def test_a_database_with_entries_is_not_replaced_by_accident(installed) -> None:
    installation, _ = installed
    assert "--replace" in installation.run("restore", str(installation.folder / "copy.tar"), ok=False)


def test_a_damaged_backup_is_refused_and_the_database_left_alone(installed) -> None:
    installation, _ = installed
    damaged = bytearray((installation.folder / "copy.tar").read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    (installation.folder / "damaged.tar").write_bytes(damaged)
    before = installation.entries()
    said = installation.run("restore", str(installation.folder / "damaged.tar"), "--replace", ok=False)
    assert "checksum" in said or "no backup" in said
    assert installation.entries() == before


def test_a_backup_never_writes_over_a_file(installed) -> None:
    installation, _ = installed
    assert "exists" in installation.run("backup", str(installation.folder / "copy.tar"), ok=False)
