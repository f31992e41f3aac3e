"""Reports of a country in which hardly anything is published."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from portal.monitoring.figures import follow
from tests.factories import make_entry, make_feed

pytestmark = pytest.mark.django_db


def test_k1_silent_and_unknown_stand_apart_in_the_report(country, as_role):
    now = timezone.now()
    quiet = make_feed(satker=country.kediri, last_success_at=now)
    make_entry("Lama sekali", feed=quiet, published_at=now - timedelta(days=40))
    broken = make_feed(satker=country.east_java, error_code="dns")
    make_entry("Lebih lama", feed=broken, published_at=now - timedelta(days=90))
    follow.follow()
    answer = as_role("viewer").get("/pantauan/laporan/3.csv?provinsi=jawa-timur")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row[1], row[6]) for row in rows[1:]] == [
        ("KPU Kota Kediri", "30 hari"),
        ("KPU Provinsi Jawa Timur", "tidak diketahui"),
    ]


def test_titles_are_escaped(country, as_role):
    feed = make_feed(satker=country.kediri, last_success_at=timezone.now())
    make_entry("<script>alert(1)</script>", feed=feed, published_at=datetime(2026, 1, 5, tzinfo=UTC))
    follow.follow()
    text = as_role("viewer").get("/pantauan/laporan/3").content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
