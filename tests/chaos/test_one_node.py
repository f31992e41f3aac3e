"""Faults of one machine and of its keepers: a full disk, a wrong clock, a broken migration, a restore, a
rolling restart."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.chaos.town import Town, ask, reading, within
from tests.installation import ROOT, wait_until
from tests.services import free_port, postgres_bin

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
PAGES = ["/", "/satker", "/provinsi", "/feeds/nasional.rss"]
needs_postgres = pytest.mark.skipif(not postgres_bin(), reason="postgresql is not installed here")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 48 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(place)], capture_output=True
    )
    if mount.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mount.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_f05_a_full_disk_stops_writing_and_not_reading(small_disk: Path, record) -> None:
    log = small_disk / "portal.log"
    town = Town(small_disk, database="sqlite", sites=6, LOG_FILE=str(log), LOG_FORMAT="json")
    try:
        town.refresh()
        town.start_web()
        for path in PAGES:
            assert ask(town.port, path).status == 200
        before = town.published()
        wait_until(lambda: ask(town.port, "/readyz").status == 200, 60)
        _fill(small_disk)
        town.publish(8)
        failed = town.installation.popen("refresh_feeds", "--no-index")
        _out, _err = failed.communicate(timeout=100)
        answers = [ask(town.port, path) for path in [*PAGES, "/topik", "/tahapan"] for _number in range(2)]
        health = ask(town.port, "/readyz").body.decode()
        doctor = town.installation.popen("doctor")
        told = doctor.communicate(timeout=60)[0]
        kept = log.stat().st_size
        (small_disk / "filling").unlink()
        again = town.refresh()
        wait_until(town.is_whole, 60)
        lost, doubled = town.lost_and_doubled()
    finally:
        town.close()
    record(
        "F05",
        "disk full",
        pages=f"{sorted({a.status for a in answers})}",
        then_new=again["new"],
        lost=lost,
        doubled=doubled,
    )
    assert {answer.status for answer in answers} == {200}
    assert not any(b"Traceback" in answer.body for answer in answers)
    assert "MB free" in health
    assert "disk" in [line.split()[1] for line in told.splitlines() if line.startswith("FAIL")]
    assert kept > 0
    assert set(before) <= set(town.all_offered)
    assert (lost, doubled) == (0, 0)


def _fill(disk: Path) -> None:
    with (disk / "filling").open("wb") as file:
        try:
            while True:
                file.write(b"\0" * 65536)
                file.flush()
        except OSError:
            pass


FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


@pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed here")
@pytest.mark.parametrize("jump", ["+2h", "+40d", "-1d"])
def test_f09_a_clock_that_was_wrong_silences_no_feed(tmp_path: Path, record, jump: str) -> None:
    town = Town(tmp_path, database="sqlite", sites=4)
    try:
        town.refresh()
        town.publish(3)
        env = {**town.installation.env, "LD_PRELOAD": str(FAKETIME), "FAKETIME": jump}
        wrong = subprocess.run(
            ["python", str(ROOT / "manage.py"), "refresh_feeds", "--no-index"],
            env={**env, "PATH": f"{ROOT}/.venv/bin:{env['PATH']}"},
            capture_output=True,
            text=True,
        )
        town.publish(3)
        time.sleep(6)
        due = town.installation.refresh("--due", "--no-index")
        ahead = town.rows(
            "SELECT count(*) FROM aggregator_entry WHERE published_at > datetime('now', '+1 day')"
        )[0][0]
        lost, doubled = town.lost_and_doubled()
    finally:
        town.close()
    record(
        f"F09 {jump}",
        f"a worker's clock off by {jump}, then right",
        feeds_due_at_once=f"{due['feeds']} of 4",
        dated_ahead=ahead,
        lost=lost,
        doubled=doubled,
    )
    assert wrong.returncode == 0, wrong.stderr
    assert due["feeds"] == 4
    assert ahead == 0
    assert (lost, doubled) == (0, 0)


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=needs_postgres)])
def test_f20_a_migration_killed_again_and_again_ends_clean(tmp_path: Path, record, database: str) -> None:
    """What was done of it is done whole, and the last run does the rest."""
    town = Town(tmp_path, database=database, sites=3)
    try:
        town.refresh()
        before = town.rows("SELECT count(*) FROM aggregator_entry")[0][0]
        kills = 0
        for number in range(6):
            process = town.installation.popen("migrate", "portal", "0001")
            time.sleep(0.6 + number * 0.25)
            kills += process.poll() is None
            process.kill()
            process.communicate()
            forth = town.installation.popen("migrate")
            time.sleep(0.7 + number * 0.25)
            kills += forth.poll() is None
            forth.kill()
            forth.communicate()
        town.installation.run("migrate")
        after = town.rows("SELECT count(*) FROM aggregator_entry")[0][0]
        said = town.installation.run("migrate")
        lost, doubled = town.lost_and_doubled()
    finally:
        town.close()
    record(
        f"F20 {database}",
        "migrate killed midway, run again",
        kills=kills,
        rows=f"{before} → {after}",
        lost=lost,
    )
    assert "No migrations to apply" in said
    assert (before, lost, doubled) == (after, 0, 0)


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=needs_postgres)])
def test_f20_the_old_version_serves_and_works_while_the_new_one_migrates(
    tmp_path: Path, record, database: str
) -> None:
    """Expand and migrate by a copy of the code with two more migrations, killed twice, beside readers."""
    town = Town(tmp_path, database=database, sites=3)
    new = new_version(tmp_path / "new")
    try:
        town.refresh()
        town.start_web()
        entry = town.rows("SELECT max(id) FROM aggregator_entry")[0][0]
        paths = [*PAGES, f"/berita/{entry}", "/satker?q=bali", "/cari?q=kegiatan"]
        with reading(town.port, paths) as told:
            kills = sum(_killed(town, new, after) for after in (1.2, 3.0))
            town.publish(2)
            town.refresh()  # by the old version, on whatever schema there is
            said = manage(town, new, "migrate").communicate(timeout=100)[0]
            town.publish(2)
            town.refresh()
            noted = town.rows("SELECT count(*) FROM aggregator_entry WHERE note = 'lama'")[0][0]
        lost, doubled = town.lost_and_doubled()
        check = manage(town, new, "migrate", "--check")
        check.communicate(timeout=60)
    finally:
        town.close()
    codes = told.codes()
    failed = sum(count for code, count in codes.items() if code not in (200, 301))
    record(
        f"F20 {database}, old version",
        "the new version migrates, is killed, ends; the old one serves and stores",
        kills=kills,
        answers=sum(codes.values()),
        failed=failed,
        lost=lost,
        doubled=doubled,
    )
    assert check.returncode == 0, said
    assert failed == 0
    assert noted
    assert (lost, doubled) == (0, 0)


def _killed(town: Town, tree: Path, after: float) -> bool:
    process = manage(town, tree, "migrate")
    time.sleep(after)
    was_running = process.poll() is None
    process.kill()
    process.communicate()
    return was_running


def manage(town: Town, tree: Path, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(tree / "manage.py"), *command],
        env=town.installation.env,
        cwd=tree,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


EXPAND = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("aggregator", "{leaf}")]
    operations = [
        migrations.AddField("entry", "note", models.CharField(max_length=20, null=True)),
        migrations.CreateModel("Later", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AddIndex("entry", models.Index(fields=["note"], name="entry_note")),
    ]
"""
MIGRATE = """
import time
from django.db import migrations

def fill(apps, editor):
    for entry in apps.get_model("aggregator", "Entry").objects.all():
        entry.note = "lama"
        entry.save(update_fields=["note"])
        time.sleep(0.1)

class Migration(migrations.Migration):
    dependencies = [("aggregator", "9998_expand")]
    operations = [migrations.RunPython(fill)]
"""


def new_version(tree: Path) -> Path:
    for part in ("aggregator", "feeds", "portal", "templates"):
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("manage.py", "pyproject.toml"):
        shutil.copy(ROOT / part, tree / part)
    migrations = tree / "aggregator/migrations"
    leaf = max(path.stem for path in migrations.glob("[0-9]*.py"))
    (migrations / "9998_expand.py").write_text(EXPAND.format(leaf=leaf))
    (migrations / "9999_migrate.py").write_text(MIGRATE)
    return tree


def test_f24_readers_are_served_on_sqlite_while_posts_come_in(tmp_path: Path, record) -> None:
    """A hundred requests a second, as a thousand readers with ten seconds of thought make them."""
    town = Town(tmp_path, database="sqlite", sites=10, LIMIT_SEARCH="0", WORKERS="1")
    try:
        town.refresh()
        town.start_web()
        town.start_worker()
        wait_until(lambda: bool(town.rows("SELECT 1 FROM django_q_schedule LIMIT 1")), 60)
        before = len(town.published())
        paths = [*PAGES, "/feeds/nasional.atom", "/topik", "/aktivitas"] * 3
        paths += [f"/cari?q=kegiatan+{n}" for n in range(2)]
        with reading(town.port, paths, readers=25, pause=0.2) as told:
            for _number in range(8):
                town.publish(1)
                time.sleep(5)
        memory = max(town.memory().values())
        took = town.wait_whole(200)
        logs = "".join((tmp_path / f"{name}.log").read_text() for name in ("web", "worker"))
        lost, doubled = town.lost_and_doubled()
    finally:
        town.close()
    codes = told.codes()
    pages, searches = told.p95("/"), told.p95("/cari")
    failed = sum(count for code, count in codes.items() if code != 200)
    record(
        "F24 sqlite",
        "25 readers that ask about a hundred times a second, worker beside",
        answers_a_second=f"{sum(codes.values()) / 40:.0f}",
        failed=failed,
        p95=f"{pages * 1000:.0f} ms, searches {searches * 1000:.0f} ms",
        posts_taken_in=len(town.all_offered) - before,
        complete_after=f"{took:.0f} s",
        most_memory_of_a_process=f"{memory} MB",
        lost=lost,
        doubled=doubled,
    )
    assert failed == 0
    assert "database is locked" not in logs
    assert pages <= 1.0
    assert searches <= 2.0
    assert memory <= 400
    assert (lost, doubled) == (0, 0)


@needs_postgres
def test_f31_last_nights_backup_comes_back_and_what_was_missed_is_fetched(tmp_path: Path, record) -> None:
    town = Town(tmp_path, database="postgres", sites=6)
    try:
        town.refresh()
        town.installation.run("backup", str(tmp_path / "night.tar"))
        town.rows(
            "INSERT INTO django_session (session_key, session_data, expire_date)"
            " VALUES ('old', 'x', now() + interval '1 day') RETURNING session_key"
        )
        town.publish(5)
        town.refresh()
        began = time.monotonic()
        town.rows("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        town.installation.run("restore", str(tmp_path / "night.tar"))
        restored = time.monotonic() - began
        report = town.refresh()
        lost, doubled = town.lost_and_doubled()
        sessions = town.rows("SELECT count(*) FROM django_session")[0][0]
        town.installation.run("follow_index", "--once")
        town.installation.run("check_index")
    finally:
        town.close()
    record(
        "F31",
        "database dropped, last night's backup, then a pass",
        restored_in=f"{restored:.1f} s",
        fetched_again=report["new"],
        lost=lost,
        doubled=doubled,
    )
    assert sessions == 0
    assert report["new"] == 5 * 6
    assert (lost, doubled) == (0, 0)


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed here")
def test_f33_a_rolling_restart_costs_no_reader_an_answer(tmp_path: Path, record) -> None:
    town = Town(tmp_path, database="sqlite", sites=4, WEB_WORKERS="1")
    other = free_port()
    try:
        town.refresh()
        nginx = town.start_nginx(town.port, other)
        town.start_web()
        town.start_web(other, name="other", follow=False)
        with reading(nginx.port, [f"/satker?q={n}" for n in range(40)]) as told:
            took = []
            for name, port in (("web", town.port), ("other", other)):
                took.append(town.stop(name))
                town.start_web(port, name=name, follow=False)
            time.sleep(1)
    finally:
        town.close()
    codes = told.codes()
    record(
        "F33",
        "two web nodes restarted one after the other",
        answers=sum(codes.values()),
        failed=sum(count for code, count in codes.items() if code != 200),
        stop_took=f"{max(took):.1f} s",
    )
    assert set(codes) == {200}


def test_f04_sqlite_is_whole_after_every_writer_was_killed(tmp_path: Path, record) -> None:
    town = Town(tmp_path, database="sqlite", sites=8)
    try:
        for _number in range(4):
            town.publish(4)
            process = town.installation.popen("refresh_feeds", "--no-index")
            time.sleep(2.2)
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        town.refresh()
        with closing(sqlite3.connect(tmp_path / "data/portal.sqlite3")) as database:
            said = database.execute("PRAGMA integrity_check").fetchall()
        lost, doubled = town.lost_and_doubled()
    finally:
        town.close()
    record(
        "F04 sqlite",
        "kill -9 every writer, four times",
        integrity_check=said[0][0],
        lost=lost,
        doubled=doubled,
    )
    assert said == [("ok",)]
    assert (lost, doubled) == (0, 0)


def test_two_schedulers_do_the_work_once(tmp_path: Path, record) -> None:
    town = Town(tmp_path, database="sqlite", sites=5, WORKERS="1")
    try:
        town.start_worker()
        town.start_worker(name="second")
        took = within(200, town.is_whole)
        lost, doubled = town.lost_and_doubled()
        at_once = max(site.most_at_once for site in town.sites)
    finally:
        town.close()
    record(
        "F11",
        "two whole workers, two schedulers",
        complete_after=f"{took:.0f} s",
        requests_of_a_site_at_once=at_once,
        lost=lost,
        doubled=doubled,
    )
    assert at_once == 1
    assert (lost, doubled) == (0, 0)
