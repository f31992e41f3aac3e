"""What is done so that databases find their way."""

from __future__ import annotations

import pytest
from django.db import connection

from aggregator import tasks
from aggregator.models import Change
from aggregator.models.changes import beyond
from tests.factories import make_entry

pytestmark = pytest.mark.django_db


def test_sqlite_is_shown_how_large_its_tables_are():
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL sees to it by itself")
    for _ in range(3):
        make_entry()
    tasks.tidy()
    with connection.cursor() as cursor:
        cursor.execute("SELECT stat FROM sqlite_stat1 WHERE idx = 'entry_newest'")
        assert cursor.fetchone()[0].startswith("3 ")


def test_an_index_leads_to_the_marks_beyond_a_place_in_the_change_sequence():
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL reads few rows without any index")
    plan = Change.objects.filter(beyond(0, 5)).order_by("xact", "id").values_list("entry").explain()
    assert "id>?" in plan  # of the index of the order, or the row's own
    assert "TEMP B-TREE" not in plan
