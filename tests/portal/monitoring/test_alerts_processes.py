"""Alarms and digest by real processes and a real mail server: `work` and `serve` each start a `run_watch`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.feeds.mailbox import Mailbox
from tests.installation import Installation, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]

SCENE = """
from datetime import timedelta
from django.utils import timezone
from aggregator.models import Feed, Satker
from portal.models import User
from portal.monitoring.figures import follow
satker, then = Satker.objects.get(code="3571"), timezone.now() - timedelta(days=2)
Feed.objects.create(satker=satker, url="http://127.0.0.1/feed", error_code="timeout", failures=9,
    last_success_at=then, first_success_at=then,
    next_check_at=timezone.now() + timedelta(days=9))
for role in ("admin", "viewer", "satker"):
    User.objects.create(username=role, email=f"{role}@kpu.example", role=role,
        satker=satker if role == "satker" else None)
follow.follow(60)
"""


def test_each_letter_goes_out_once_whoever_watches(tmp_path: Path) -> None:
    installation = Installation(tmp_path, 80)
    installation.begin()
    installation.run("shell", "-v0", "-c", SCENE)
    with Mailbox() as mailbox:
        installation.env |= {"EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}", "DIGEST_HOUR": "0"}
        assert "1 alarms told, 4 messages sent." in installation.run("run_watch", "--once")
        assert "0 alarms told, 0 messages sent." in installation.run("run_watch", "--once")
        resident = installation.popen("run_watch")
        try:
            wait_until(lambda: ("watch",) in installation.rows("SELECT name FROM aggregator_duty"), 120)
        finally:
            resident.terminate()
            resident.communicate(timeout=60)
    assert resident.returncode == 0
    told = sorted((letter["To"], letter["Subject"].partition(" ")[0]) for letter in mailbox.letters)
    assert told == [
        ("admin@kpu.example", "Ringkasan"),
        ("admin@kpu.example", "Umpan"),
        ("satker@kpu.example", "Umpan"),
        ("viewer@kpu.example", "Ringkasan"),
    ]
    alarm = next(letter for letter in mailbox.letters if letter["To"] == "satker@kpu.example")
    text = alarm.get_content()
    assert "KPU Kota Kediri" in text
    assert "tidak menjawab pada waktunya (timeout), 9 kali beruntun" in text
