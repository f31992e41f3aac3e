"""Lists of staff pages ask the database as often for many rows as for few."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_satker
from tests.portal.monitoring.world import make_office

pytestmark = pytest.mark.django_db

LISTS = ("", "/umpan", "/umpan/calon", "/migrasi", "/karantina", "/klasifikasi", "/duplikat", "/catatan")


def test_no_list_costs_a_query_a_row(as_role, country):
    client = as_role("province")

    def queries() -> dict[str, int]:
        counts = {}
        for path in LISTS:
            with CaptureQueriesContext(
                connection,
            ) as asked:
                assert client.get(f"/pantauan{path}").status_code == 200
            counts[path] = len(asked)
        return counts

    make_office(country.kediri)
    few = queries()
    for _ in range(6):
        make_office(make_satker(province=country.kediri.province))
    assert queries() == few
