"""Work that one process of all nodes does: held for a while, renewed, and free when its holder is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from aggregator.models import Duty
from aggregator.resident import stay_connected

pytestmark = pytest.mark.django_db
NOW = timezone.now()
ME, OTHER = "one:1:2", "other:1:2"


def held_until() -> object:
    return Duty.objects.get().until - NOW


def test_one_holds_it_until_its_time_is_up() -> None:
    assert Duty.take("derive", ME, 60, NOW)
    assert not Duty.take("derive", OTHER, 60, NOW + timedelta(seconds=59))
    assert Duty.take("derive", OTHER, 60, NOW + timedelta(seconds=60))
    assert not Duty.take("derive", ME, 60, NOW + timedelta(seconds=61))


def test_who_asks_every_second_writes_when_a_quarter_is_over(django_assert_num_queries) -> None:
    Duty.take("derive", ME, 60, NOW)
    with django_assert_num_queries(1):
        assert Duty.take("derive", ME, 60, NOW + timedelta(seconds=14))
    assert held_until() == timedelta(seconds=60)
    assert Duty.take("derive", ME, 60, NOW + timedelta(seconds=15))
    assert held_until() == timedelta(seconds=75)


def test_one_written_under_a_wrong_clock_is_mended() -> None:
    Duty.take("derive", ME, 60, NOW + timedelta(hours=5))
    assert Duty.take("derive", ME, 60, NOW)
    assert held_until() == timedelta(seconds=60)


def test_a_process_that_asks_every_moment_keeps_its_connection(monkeypatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", connection.settings_dict["CONN_MAX_AGE"])
    stay_connected()
    assert connection.settings_dict["CONN_MAX_AGE"] > 0
