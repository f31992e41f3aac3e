"""The doctor finds each fault by itself, and says what to do; a broken check hides no other."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import DatabaseError
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from aggregator import tasks
from aggregator.models import Duty
from aggregator.search.follow import follow
from portal import doctor
from tests.factories import make_entry, make_feed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _all_is_well(settings):
    settings.BASE_URL = "http://127.0.0.1:8000"
    now = timezone.now()
    make_entry(feed=make_feed(next_check_at=now + timedelta(minutes=1)))
    tasks.keep_schedules("aggregator.tasks", tasks.SCHEDULES)
    Duty.take("derive", "test", 60)
    follow(once=True)


def sick() -> dict[str, str]:
    return {finding.subject: finding.advice for finding in doctor.examine() if not finding.is_well}


def test_a_whole_portal_is_found_well(capsys):
    call_command("doctor")
    assert "FAIL" not in capsys.readouterr().out
    assert sick() == {}


def test_no_worker():
    Duty.objects.all().delete()
    assert "manage.py work" in sick()["worker"]


def test_the_schedule_is_gone_or_stands_still():
    Schedule.objects.update(next_run=timezone.now() - timedelta(hours=2))
    assert "work" in sick()["schedules"]
    Schedule.objects.all().delete()
    assert "work" in sick()["schedules"]


def test_a_long_queue():
    OrmQ.objects.bulk_create(OrmQ(key="x", payload="x", lock=timezone.now()) for _number in range(60))
    assert "worker" in sick()["broker"]


def test_feeds_are_late():
    make_feed(next_check_at=timezone.now() - timedelta(hours=1))
    assert "workers" in sick()["feeds"]


def test_a_full_disk(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _path: SimpleNamespace(free=1000))
    assert "RAW_RETENTION_DAYS" in sick()["disk"]


def test_a_wrong_clock():
    make_feed(last_checked_at=timezone.now() + timedelta(hours=3), next_check_at=timezone.now())
    assert "NTP" in sick()["clock"]


def test_no_index(settings, tmp_path):
    settings.INDEX_DIR = tmp_path / "none"
    assert "rebuild_index" in sick()["index"]


def test_more_posts_than_the_engine_is_good_for(settings, monkeypatch):
    settings.SEARCH_ENGINE = "whoosh"
    monkeypatch.setattr(doctor, "MOST_WHOOSH", 0)
    assert "tantivy" in sick()["index"]


def test_readers_that_all_look_like_one(settings):
    settings.BASE_URL = "https://berita.example.go.id"
    assert "TRUSTED_PROXIES" in sick()["proxies"]


def test_a_cache_that_keeps_nothing(monkeypatch):
    monkeypatch.setattr(doctor.cache, "get", lambda _key: None, raising=False)
    assert "REDIS_URL" in sick()["cache"]


def test_migrations_that_are_owed(monkeypatch):
    plan = SimpleNamespace(
        migration_plan=lambda _targets: [1, 2],
        loader=SimpleNamespace(graph=SimpleNamespace(leaf_nodes=list)),
    )
    monkeypatch.setattr(doctor, "MigrationExecutor", lambda _connection: plan)
    assert "migrate" in sick()["database"]


def test_a_dead_database_hides_no_full_disk(monkeypatch):
    def away(*_args, **_more):
        raise DatabaseError("connection refused")

    monkeypatch.setattr(doctor.Entry.objects, "public", away)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _path: SimpleNamespace(free=1000))
    found = sick()
    assert "disk" in found
    assert "database" in found


def test_its_exit_status_tells(monkeypatch):
    Duty.objects.all().delete()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor")
    assert ended.value.code == 1
