"""Faults of sites, of their feeds and of the way to them, met by real passes of a portal with readers
(F10, F13–F19, F28, F34, F35)."""

from __future__ import annotations

import csv
import json
import re
import socket
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Any

import pytest

from tests.aggregator.test_faults_processes import peak_of
from tests.chaos.town import Town, ask
from tests.installation import ROOT
from tests.satker_network import (
    Answer,
    FaultSite,
    bomb,
    build_rss,
    drip,
    endless,
    hang_up,
    ok,
    redirect,
    reset,
    status,
    truncated,
)

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
NOW = datetime.now(UTC).replace(microsecond=0)
SITES = 34
Posts = list[dict[str, Any]]
Face = list[tuple[Any, ...]]


class Land(Town):
    """A portal on SQLite with a web process and many sites; each test takes sites of its own."""

    taken = added = 0

    def fresh(self) -> FaultSite:
        """A site that was read once with ten posts."""
        self.taken += 1
        return self.sites[self.taken - 1]

    def read(self, *sites: FaultSite) -> dict[str, Any]:
        feeds = [part for site in sites for part in ("--feed", site.url("/feed"))]
        return self.installation.refresh("--no-index", *feeds)

    def add(self, posts: Posts) -> FaultSite:
        """Another site, of an office that had none, read once."""
        site = self.net.site()
        site.feed("/feed", build_rss(posts))
        code = self.rows("SELECT code FROM aggregator_satker WHERE level = 'province'")[self.added][0]
        self.added += 1
        self.installation.run("add_feed", site.url("/feed"), "--satker", code)
        return site

    def of(self, site: FaultSite, *columns: str) -> tuple[Any, ...]:
        """Columns of a site's first feed."""
        return self.rows(
            f"SELECT {', '.join(columns)} FROM aggregator_feed feed"  # noqa: S608 - names of our own
            " JOIN aggregator_satkerhost host ON host.satker_id = feed.satker_id"
            " WHERE hostname = ? ORDER BY feed.id",
            site.address,
        )[0]

    def satker(self, site: FaultSite) -> int:
        number: int = self.of(site, "feed.satker_id")[0]
        return number

    def approve(self, host: str, site: FaultSite) -> None:
        self.rows(
            "INSERT INTO aggregator_satkerhost (satker_id, hostname, state, reason, decided_by)"
            " VALUES (?, ?, 'approved', '', 'uji')",
            self.satker(site),
            host,
        )

    def face(self, site: FaultSite) -> Face:
        """All that readers see of a site's dates and versions, and the place that announces each post."""
        return self.rows(
            "SELECT entry.id, published_at, released_at, public_revision_id, is_import, mark.id"
            " FROM aggregator_entry entry JOIN aggregator_change mark ON mark.entry_id = entry.id"
            " WHERE satker_id = ? AND entry.state = 'public' ORDER BY entry.id",
            self.satker(site),
        )

    def count(self, site: FaultSite) -> int:
        return len(self.face(site))

    def addresses(self, site: FaultSite) -> list[str]:
        """Where the portal shows the posts of a site."""
        return [ask(self.port, f"/berita/{row[0]}").headers["location"] for row in self.face(site)]


def posts(
    first: int, count: int, *, name: str = "p", host: str = "situs.example", step: float = 1.0
) -> Posts:
    """Posts numbered from the newest; one every `step` hours, the newest an hour ago."""
    return [
        {
            "title": f"KPU mengabarkan kegiatan nomor {n} dari kantor",
            "guid": f"urn:{name}:{n}",
            "link": f"https://{host}/{name}/{n}",
            "summary": f"Kegiatan nomor {n} berlangsung tertib sejak pagi sampai sore di kantor. " * 3,
            "published": NOW - timedelta(hours=1 + step * (n - first)),
        }
        for n in range(first, first + count)
    ]


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Land]:
    folder = tmp_path_factory.mktemp("land")
    log = {"LOG_FILE": str(folder / "portal.log"), "LOG_FORMAT": "json", "LOG_LEVEL": "INFO"}
    log |= {"LOG_FILE_BYTES": "40000", "LOG_FILE_KEEP": "3"}
    land = Land(
        folder,
        database="sqlite",
        sites=SITES,
        FETCH_TIMEOUT="3",
        PAGE_CACHE_SECONDS="1",
        LIMIT_SEARCH="0",
        **log,
    )
    try:
        for number, site in enumerate(land.sites):
            site.feed("/feed", build_rss(posts(0, 10, host=f"situs{number}.example")))
        land.refresh()
        land.start_web(follow=False)
        yield land
    finally:
        land.close()


# --- F10: zones -------------------------------------------------------------------------------------


def satker_in(zone: str) -> str:
    with (ROOT / "aggregator/data/satker.csv").open(encoding="utf-8") as file:
        return next(
            row["code"]
            for row in csv.DictReader(file)
            if row["timezone"] == zone and row["level"] == "regency"
        )


def test_f10_dates_do_not_depend_on_the_machine_and_are_told_on_the_office_s_clock(
    land: Land, record
) -> None:
    claims = {
        "Sen, 02 Nov 2026 00:30:00 WIT": "2026-11-01 15:30",
        "Sen, 02 Nov 2026 00:30:00 WITA": "2026-11-01 16:30",
        "Sen, 02 Nov 2026 00:30:00 WIB": "2026-11-01 17:30",
        "2026-11-02T09:00:00+07:00": "2026-11-02 02:00",
        "02/11/2026 00.30": "2026-11-01 15:30",  # without a zone: the office's own
    }
    office, right = satker_in("Asia/Jayapura"), 0
    machines = ("UTC", "Asia/Jayapura", "America/New_York", "Pacific/Kiritimati")
    for number, machine in enumerate(machines):
        site = land.net.site()
        items = [
            {
                "title": f"Rapat {machine} {n}",
                "guid": f"urn:{machine}:{n}",
                "link": site.url(f"/{n}"),
                "published": c,
            }
            for n, c in enumerate(claims)
        ]
        site.feed(f"/{number}", build_rss(items))
        land.installation.env["TZ"] = machine
        land.installation.run("add_feed", site.url(f"/{number}"), "--satker", office)
        seen = land.rows(
            "SELECT published_at FROM aggregator_entry WHERE guid LIKE ? ORDER BY guid", f"urn:{machine}:%"
        )
        right += sum(str(row[0])[:16] == wanted for row, wanted in zip(seen, claims.values(), strict=True))
    del land.installation.env["TZ"]
    feed = ask(land.port, f"/feeds/satker/{office}.rss?semua=1").body.decode()
    offsets = re.findall(r"<pubDate>[^<]*([+-]\d{4})</pubDate>", feed)
    shown = ask(land.port, f"/cari?satker={office}").body.decode().count("2026-11-02T00:30+09:00")
    record(
        "F10",
        f"five ways to write a time, machines in {len(machines)} zones",
        right=f"{right} of {len(machines) * len(claims)}",
        shown_on_the_clock_of_the_office=f"{shown} of {2 * len(machines)}",
        feed_dates_with_an_offset=f"{len(offsets)} of {feed.count('<pubDate>')}",
    )
    assert right == len(machines) * len(claims)
    assert len(offsets) == feed.count("<pubDate>") >= 20
    assert shown == 2 * len(machines)


# --- F13–F17: feeds that fail, go, come back, and move ------------------------------------------------


def test_f13_feeds_that_always_fail_back_off_and_hold_up_nobody(land: Land, record) -> None:
    answers = (status(500), drip(b"<rss>" * 1000, 0.2), hang_up(), reset(), endless())
    bad = [land.add(posts(0, 1)) for _ in answers]
    for site, answer in zip(bad, answers, strict=True):
        site.answer("/feed", answer)
    waits, late = [], []
    for _ in range(3):
        for site in land.sites:
            site.requests.clear()
        land.rows("UPDATE aggregator_feed SET next_check_at = datetime('now', '-1 second'), lease = ''")
        land.installation.refresh("--due", "--no-index")
        first = min(site.requests[0].started_at for site in land.sites)
        late += [site.requests[0].started_at - first for site in land.sites]
        waits.append([_wait(land, site) for site in bad])
    told = [land.of(site, "error_code", "error_message") for site in bad]
    p95 = quantiles(late, n=20)[18]
    interval = int(land.installation.env["FETCH_MIN_INTERVAL"])
    record(
        "F13",
        f"{len(bad)} feeds that always fail beside {SITES}",
        others_late=f"{p95:.1f} s (p95; 2 intervals are {2 * interval})",
        waits="; ".join(" → ".join(f"{wait:.0f}" for wait in row) for row in zip(*waits, strict=True)) + " s",
    )
    assert p95 < 2 * interval
    assert all(one < two < three for one, two, three in zip(*waits, strict=True))
    assert all(code and message for code, message in told)


def _wait(land: Land, site: FaultSite) -> float:
    next_check, last = land.of(site, "next_check_at", "last_checked_at")
    return (datetime.fromisoformat(next_check) - datetime.fromisoformat(last)).total_seconds()


def test_f14_a_feed_that_goes_and_comes_back_changes_nothing_readers_see(land: Land, record) -> None:
    troubles = [status(404), status(500), ok(b"<html>Pemeliharaan</html>", "text/html"), ok(build_rss([]))]
    sites = [land.fresh() for _ in troubles]
    ended = land.fresh()
    before = [land.face(site) for site in (*sites, ended)]
    bodies = {site: site._replies["/feed"] for site in sites}
    for site, trouble in zip(sites, troubles, strict=True):
        site.answer("/feed", trouble)
    ended.answer("/feed", status(410))
    land.read(*sites, ended)
    meanwhile = [land.face(site) for site in (*sites, ended)]
    for site in sites:
        site.answer("/feed", *bodies[site])
    again = land.read(*sites)
    record(
        "F14",
        "404, 500, a web page, an empty feed, and back; 410",
        posts_that_stayed=f"{sum(map(len, meanwhile))} of {sum(map(len, before))}",
        new_after=again["new"],
        state_after_410=land.of(ended, "feed.state")[0],
    )
    assert before == meanwhile == [land.face(site) for site in (*sites, ended)]
    assert again["new"] == 0
    assert land.of(ended, "feed.state")[0] == "stopped"


def test_f15_all_guids_new_after_a_migration_double_nothing(land: Land, record) -> None:
    site = land.fresh()
    before, addresses = land.face(site), land.addresses(site)
    number = land.sites.index(site)
    land.approve(f"baru{number}.example", site)
    site.feed("/feed", build_rss(posts(0, 10, name="q", host=f"baru{number}.example")))
    report = land.read(site)
    links = land.rows(
        "SELECT revision.url FROM aggregator_revision revision JOIN aggregator_entry entry"
        " ON entry.public_revision_id = revision.id WHERE entry.satker_id = ?",
        land.satker(site),
    )
    told = land.rows("SELECT message FROM aggregator_fetchlog ORDER BY id DESC LIMIT 1")[0][0]
    answers = {ask(land.port, address).status for address in addresses}
    record(
        "F15",
        "all guids and links of a site new",
        posts=f"{len(before)} → {land.count(site)}",
        old_addresses_of_the_portal=f"{answers}",
        log=told,
    )
    assert report["new"] == 0
    assert [row[:5] for row in land.face(site)] == [row[:5] for row in before]
    assert all(row[0].startswith(f"https://baru{number}.example/q/") for row in links)
    assert "Migrasi situs: 10" in told
    assert answers == {200}


def test_f16_another_way_to_write_an_address_is_the_same_post(land: Land, record) -> None:
    ways = {
        "http": lambda url: url.replace("https:", "http:"),
        "www": lambda url: url.replace("https://", "https://www."),
        "utm": lambda url: url + "/?utm_source=feed",
        "index.php": lambda url: url.replace("/p/", "/index.php/p/"),
    }
    sites = [land.fresh() for _ in ways]
    before = sum(land.count(site) for site in sites)
    for site, rewrite in zip(sites, ways.values(), strict=True):
        again = posts(0, 10, host=f"situs{land.sites.index(site)}.example")
        for post in again:  # so that only the address can tell
            post["guid"] = post["link"] = rewrite(post["link"])
            post["title"] += " (diperbarui)"
            post["summary"] = "Diperbarui. " + post["summary"]
        site.feed("/feed", build_rss(again))
    apart = land.fresh()
    queries = [
        {"title": f"Pengumuman {n}", "guid": None, "link": apart.url(f"/index.php?id={n}")} for n in range(5)
    ]
    apart.feed("/feed", build_rss(queries))
    report = land.read(*sites, apart)
    after = sum(land.count(site) for site in sites)
    record(
        "F16",
        f"addresses written otherwise: {', '.join(ways)}",
        posts=f"{before} → {after}",
        distinct_queries_kept_apart=f"{report['new']} of {len(queries)}",
    )
    assert after == before
    assert report["new"] == len(queries)


def test_f17_a_move_is_followed_to_an_approved_host_only_and_told_first(land: Land, record) -> None:
    site, away, new, foreign = land.fresh(), land.fresh(), land.net.site(), land.net.site()
    number = land.sites.index(site)
    new.feed("/rss", build_rss(posts(0, 10, host=f"situs{number}.example")))
    foreign.feed("/feed", build_rss(posts(500, 5)))
    old = land.of(site, "feed.url")[0]
    land.approve(new.address, site)
    site.answer("/feed", redirect(301, new.url("/rss")))
    away.answer("/feed", redirect(301, foreign.url("/feed")))
    seen = []
    for _ in range(3):
        land.read(site, away)
        seen.append(land.of(site, "feed.url", "moved_to"))
    held = land.rows("SELECT reason FROM aggregator_satkerhold ORDER BY id DESC LIMIT 1")
    record(
        "F17",
        "a permanent redirect to an approved host; to a foreign one",
        told_before_it_is_followed=f"{sum(url == old for url, _ in seen)} times",
        requests_to_the_foreign_host=len(foreign.requests),
        posts=f"{land.count(site)} and {land.count(away)}",
    )
    assert seen[0] == (old, new.url("/rss"))
    assert seen[2][0] == new.url("/rss")
    assert foreign.requests == []
    assert held
    assert held[0][0].startswith("Umpan dialihkan ke host yang tidak disetujui")
    assert (land.count(site), land.count(away)) == (10, 10)


# --- F18, F19: gaps -----------------------------------------------------------------------------------


def away(land: Land, site: FaultSite, days: int) -> None:
    """The portal was down for so long: what it remembers of a site is older by that much."""
    past = f"-{days} days"
    land.rows(
        "UPDATE aggregator_feed SET last_success_at = datetime(last_success_at, ?),"
        " last_new_at = datetime(last_success_at, ?) WHERE satker_id = ?",
        *(past, past, land.satker(site)),
    )
    land.rows(
        "UPDATE aggregator_entry SET published_at = datetime(published_at, ?) WHERE satker_id = ?",
        *(past, land.satker(site)),
    )


def test_f18_what_left_the_window_in_thirty_days_is_reported_or_paged_back(land: Land, record) -> None:
    pace = 24 * 30 / 490  # hours between two posts, before and meanwhile
    plain, paged = (land.add(posts(0, 300, name=name, step=pace)) for name in ("plain", "paged"))
    for site, name in ((plain, "plain"), (paged, "paged")):
        away(land, site, 30)
        known = [
            {**post, "published": post["published"] - timedelta(days=30)}
            for post in posts(0, 300, name=name, step=pace)
        ]
        every = [*posts(1000, 490, name=name, step=pace), *known]
        site.feed("/feed", build_rss(every[:30]))
        for page in range(2, 18 if site is paged else 0):
            site.answer(f"/feed?paged={page}", ok(build_rss(every[30 * page - 30 : 30 * page])))
    report = land.read(plain, paged)
    for _ in range(2):
        land.installation.run("shell", "-c", "from aggregator.tasks import look_after; look_after()")
    [(about, filled)] = gaps_of(land, plain)
    [(_about, back)] = gaps_of(land, paged)
    record(
        "F18",
        "30 days away, 490 posts meanwhile, windows of 30",
        reported_as_missing=f"about {about} of 460",
        paged_back=f"{land.count(paged) - 300} of 490",
        taken_from_the_windows=report["new"],
    )
    assert 440 <= about <= 480
    assert filled is None
    assert back is not None
    assert (land.count(plain), land.count(paged)) == (330, 790)


def gaps_of(land: Land, site: FaultSite) -> list[tuple[int, str | None]]:
    """About how many posts, and when it was filled."""
    return land.rows(
        "SELECT about, filled_at FROM aggregator_gap JOIN aggregator_feed feed ON feed_id = feed.id"
        " WHERE satker_id = ?",
        land.satker(site),
    )


def test_f19_a_gap_in_normal_running_is_on_record_after_one_fetch(land: Land, record) -> None:
    site = land.fresh()
    land.rows("UPDATE aggregator_feed SET interval = 4000 WHERE satker_id = ?", land.satker(site))
    away(land, site, 2)
    site.feed("/feed", build_rss(posts(1000, 10)))
    land.read(site)
    gaps, after = len(gaps_of(land, site)), land.of(site, "interval")[0]
    record("F19", "more posts than the window between two looks", gaps=gaps, interval=f"4000 → {after} s")
    assert gaps == 1
    assert after <= 1000


# --- F28: poison --------------------------------------------------------------------------------------

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><rss><channel><item><title>&i;</title></item></channel></rss>"
)
POISON: dict[str, Answer] = {
    "html": ok(b"<!doctype html><html><body>Selamat datang</body></html>", "text/html"),
    "media_type": ok(b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "image/png"),
    "truncated": truncated(build_rss(posts(0, 3))),
    "too_large": endless(),
    "bomb": bomb("br", 64_000_000),
    "entities": ok(LAUGHS.encode()),
    "timeout": drip(build_rss(posts(0, 3)), 0.5),
    "address_refused": redirect(302, "http://169.254.169.254/latest/meta-data/"),
    "redirect_loop": redirect(302, "/feed"),
}


def test_f28_poison_costs_its_own_fetch_only(land: Land, record) -> None:
    sites = {code: land.fresh() for code in POISON}
    good = land.fresh()
    for code, site in sites.items():
        site.answer("/feed", POISON[code])
    good.feed("/feed", build_rss(posts(2000, 3)))
    feeds = [part for site in (*sites.values(), good) for part in ("--feed", site.url("/feed"))]
    process = land.installation.popen("refresh_feeds", "--no-index", *feeds)
    done, peak = threading.Event(), {}
    watch = threading.Thread(target=lambda: peak.update(peak_of(process.pid, done)))
    watch.start()
    out, err = process.communicate(timeout=200)
    done.set()
    watch.join()
    assert process.returncode == 0, err
    told = {code: land.of(site, "error_code")[0] for code, site in sites.items()}
    record(
        "F28",
        f"{len(POISON)} kinds of poison in one pass",
        refused_for_the_right_reason=f"{sum(code == found for code, found in told.items())} of {len(told)}",
        most_memory_of_a_process=f"{max(peak.values()):.0f} MB",
        new_of_the_sound_feed=json.loads(out.splitlines()[-1])["new"],
    )
    assert told == {code: code for code in POISON}
    assert max(peak.values()) < 300
    assert json.loads(out.splitlines()[-1])["new"] == 3


# --- F35: log and audit under attack ------------------------------------------------------------------

HOSTILE = (
    b"GET /cari?q=a%0d%0a%7b%22level%22%3a%22INFO%22%2c%22message%22%3a%22forged%22%7d HTTP/1.1",
    b'GET /berita/\x1b[2J{"message":"forged"} HTTP/1.1',
    b"GET /\xe2\x80\xa8\xe2\x80\xaeforged HTTP/1.1",
)


HEAD = b'\r\nHost: 127.0.0.1\r\nX-Request-ID: a\tb"}\r\nUser-Agent: {forged}\r\nConnection: close\r\n\r\n'


def test_f35_log_lines_stay_whole_and_bounded_and_audit_rows_stand(land: Land, record) -> None:
    for number in range(600):
        with socket.create_connection(("127.0.0.1", land.port), timeout=10) as wire:
            line = HOSTILE[number % len(HOSTILE)]
            wire.sendall(line + HEAD)
            while wire.recv(65536):
                pass
    files = [path for path in land.folder.glob("portal.log*") if path.suffix != ".lock"]
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    events = [json.loads(line) for line in lines]
    size = sum(path.stat().st_size for path in files)
    land.installation.run("hold_satker", satker_in("Asia/Makassar"), "--reason", "uji", "--by", "ani")
    refused = sum(_is_refused(land, statement) for statement in AUDIT)
    record(
        "F35",
        "600 requests that forge log lines; the audit log edited, deleted",
        lines=f"{len(events)}, all JSON",
        log=f"{size // 1000} kB in {len(files)} files (bound 160)",
        changes_of_the_audit_log_refused=f"{refused} of {len(AUDIT)}",
    )
    assert not any(event.get("message") == "forged" for event in events)
    assert any(event.get("logger") == "portal.access" for event in events)
    assert size < 170_000
    assert refused == len(AUDIT)


AUDIT = ("UPDATE monitoring_auditrow SET actor = 'budi'", "DELETE FROM monitoring_auditrow")


def _is_refused(land: Land, statement: str) -> bool:
    try:
        land.rows(statement)
    except sqlite3.Error:
        return True
    return False


# --- F34: last, because all sites are struck ----------------------------------------------------------


def test_f34_an_outage_is_one_alarm_and_no_herd_comes_back(land: Land, record) -> None:
    kept = {site: site._replies["/feed"] for site in land.sites}
    for site in land.sites:
        site.answer("/feed", reset())
    land.rows("UPDATE aggregator_feed SET state = 'disabled'")
    for site in land.sites:
        land.rows(
            "UPDATE aggregator_feed SET state = 'active', lease = '', failures = 0 WHERE url = ?",
            site.url("/feed"),
        )
    land.rows("DELETE FROM aggregator_hostpause")
    land.refresh()
    doctor = land.installation.popen("doctor").communicate(timeout=60)[0]
    alarms = [line for line in doctor.splitlines() if line.startswith("FAIL feeds")]
    pages = {ask(land.port, path).status for path in ("/", "/satker", "/feeds/nasional.rss")}
    counted = land.rows("SELECT sum(failures) FROM aggregator_feed WHERE error_code = 'outage'")[0][0]
    for site in land.sites:
        site.requests.clear()
        site.answer("/feed", *(_slowly(reply) for reply in kept[site]))
    land.rows("UPDATE aggregator_feed SET next_check_at = datetime('now', '-1 second'), lease = ''")
    land.installation.refresh("--due", "--no-index")
    spans = [(seen.started_at, seen.ended_at) for site in land.sites for seen in site.requests]
    at_once = max(sum(begin <= at < end for begin, end in spans) for at, _ in spans)
    record(
        "F34",
        f"no site of {SITES} can be reached, then all",
        pages=f"{pages}",
        alarms=len(alarms),
        failures_counted=counted,
        requests_at_once_after=at_once,
        most_of_one_site=max(site.most_at_once for site in land.sites),
    )
    assert pages == {200}
    assert len(alarms) == 1
    assert "hardly any site" in alarms[0]
    assert counted == 0
    assert at_once <= 10
    assert max(site.most_at_once for site in land.sites) == 1


def _slowly(reply: Any) -> Any:
    def answer(seen: Any) -> Answer:
        return replace(reply(seen) if callable(reply) else reply, delay=0.1)

    return answer
