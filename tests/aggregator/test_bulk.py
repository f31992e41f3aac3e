"""Rows written in bulk are those that Django itself would write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from aggregator import bulk
from aggregator.models import Correction, Entry, FetchLog, Revision
from tests.factories import make_entry, make_feed

pytestmark = pytest.mark.django_db
MOMENTS = [
    datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC),
    datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC),
    datetime(2026, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=7))),
]


def stored(model, pk):
    return model.objects.filter(pk=pk).values().get()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("categories", [[], ["Berita", "Pengumumán"], [""]])
def test_rows_are_stored_as_django_stores_them(moment, categories):
    post = make_entry()
    values = {
        "entry_id": post.pk,
        "seen_at": moment,
        "public_at": None,
        "categories": categories,
        "title": "t",
    }
    plain = Revision.objects.create(**values, number=7)
    bulk.insert(Revision, (*values, "number"), [(*values.values(), 8)])
    quick = Revision.objects.get(number=8)
    assert stored(Revision, quick.pk) | {"id": 0, "number": 0} == stored(Revision, plain.pk) | {
        "id": 0,
        "number": 0,
    }
    assert Revision.objects.filter(seen_at=moment, categories=categories).count() == 2


def test_updates_convert_alike(django_assert_num_queries):
    log = FetchLog.objects.create(feed=make_feed(), started_at=MOMENTS[0], outcome="fetched")
    with django_assert_num_queries(1):
        bulk.update(FetchLog, ("started_at", "bytes"), [(MOMENTS[2], 5, log.pk)])
    log.refresh_from_db()
    assert (log.started_at, log.bytes) == (MOMENTS[2], 5)


def test_a_column_that_is_not_there_is_an_error():
    with pytest.raises(LookupError):
        bulk.insert(FetchLog, ("nothing",), [(1,)])


def test_among_finds_what_in_finds():
    ids = [make_entry().pk for _ in range(3)]
    assert set(Entry.objects.filter(id__among=ids[:2])) == set(Entry.objects.filter(id__in=ids[:2]))
    assert Revision.objects.filter(entry__among={ids[2]}).count() == 1
    assert not Entry.objects.filter(id__among=[]).exists()
    with pytest.raises(ValueError, match="1 OR 1"):
        Entry.objects.filter(id__among=["1 OR 1"])


def test_what_staff_said_is_found_for_ids_that_are_told_once_only():
    post = make_entry()
    Correction.objects.create(
        entry=post, kind=Correction.Kind.ORIGIN, after="own", reason="r", decided_by="a"
    )
    assert Correction.objects.in_force(iter([post.pk]), Correction.Kind.ORIGIN) == {post.pk: "own"}
