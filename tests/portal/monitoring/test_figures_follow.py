"""Kept figures of every satker: always what its posts amount to, whatever happened to them."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.models import Change, Entry, EntryTopic, PortalState, Revision, Satker, Stage, Topic
from portal.monitoring.figures import counting, follow
from portal.monitoring.models import (
    DutyPost,
    FigureState,
    OfficeDay,
    OfficeMonth,
    OfficeState,
    OfficeSubject,
    OfficeSums,
    PlaceDay,
    PlaceSubject,
)
from tests.factories import make_entries, make_entry, make_feed, make_satker

# On PostgreSQL a follower sees a mark when its transaction has ended.
pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")
ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")
MODELS = (OfficeDay, OfficeSums, OfficeMonth, OfficeSubject, DutyPost, OfficeState, PlaceDay, PlaceSubject)
ENDLESS = float("inf")  # seconds, on a machine that is busy with something else
MONTH_END = datetime(2026, 10, 31, 17, 0, tzinfo=UTC)  # 1 November 00.00 WIB


@pytest.fixture
def feeds():
    return [make_feed(satker=make_satker(timezone=zone)) for zone in ZONES]


@pytest.fixture
def subjects():
    stage = Stage.objects.create(slug="kampanye", name="Kampanye", election="pemilu-2024")
    topics = [Topic.objects.create(slug=n, name=n, position=i) for i, n in enumerate(("logistik", "humas"))]
    return stage, topics


def history(chance, feeds, stage, topics, size):
    """Posts of every kind around the end of a month, some exactly on its boundary."""
    entries = make_entries(_post(chance, feeds, stage) for _ in range(size))
    EntryTopic.objects.bulk_create(
        EntryTopic(entry=entry, topic=topic, score=chance.random())
        for entry in entries
        for topic in chance.sample(topics, chance.randint(0, 2))
    )


def _post(chance, feeds, stage):
    offset = chance.choice([0, -1, 1, 3600, -3600, 7200, -7200, chance.randint(-(10**7), 10**6)])
    return {
        "title": chance.choice(["Rapat pleno", "Pengumuman hasil", "PDPB Triwulan III 2026", "", "Berita"]),
        "feed": chance.choice(feeds),
        "published_at": MONTH_END + timedelta(seconds=offset),
        "origin": chance.choice(["own", "own", "central", "province", "peer", "child", ""]),
        "stage": chance.choice([stage, None]),
        "date_status": chance.choice(["ok"] * 6 + ["future", "impossible", "missing"]),
        "event_on": chance.choice([None, date(2026, 10, 30)]),
        "is_import": chance.random() < 0.2,
        "public": chance.random() < 0.9,
        "text": chance.choice(["", "Isi.", "rusak \ufffd"]),
    }


def disturb(chance, stage):
    """Posts move, are withdrawn, come back, change origin and stage."""
    entries = list(Entry.objects.all())
    disturbed = chance.sample(entries, len(entries) // 2)
    for entry in disturbed:
        change = chance.choice(
            [
                {"state": "withdrawn"},
                {"state": "public"} if entry.public_revision_id else {"state": "held"},
                {"published_at": entry.published_at + timedelta(days=chance.randint(-40, 40))},
                {"origin": "own"},
                {"stage": stage},
                {"date_status": "impossible"},
            ]
        )
        Entry.objects.filter(pk=entry.pk).update(**change)
    Change.objects.mark([entry.pk for entry in disturbed])


def direct(satker):
    """Counted naively, post by post: (day → posts, own), (month → stage → posts), undated."""
    days, own, stages, unclear = Counter(), Counter(), Counter(), Counter()
    for entry in Entry.objects.filter(satker=satker, state="public"):
        day = entry.published_at.astimezone(ZoneInfo(satker.timezone)).date()
        if entry.date_status not in ("ok", "future"):
            unclear[day.replace(day=1)] += 1
            continue
        days[day] += 1
        own[day] += entry.origin == "own"
        stages[day.replace(day=1), entry.stage_id or 0] += 1
    return days, own, stages, unclear


def kept(satker):
    rows = OfficeDay.objects.filter(satker=satker)
    months = OfficeMonth.objects.filter(satker=satker)
    stages = OfficeSubject.objects.filter(satker=satker, kind="s").values_list("month", "subject", "posts")
    return (
        Counter(dict(rows.values_list("day", "posts"))),
        Counter(dict(rows.values_list("day", "own"))),
        Counter({(month, stage): posts for month, stage, posts in stages}),
        Counter({m.month: m.impossible + m.undated for m in months}),
    )


def assert_equal():
    for satker in Satker.objects.all():
        assert [+part for part in kept(satker)] == [+part for part in direct(satker)]


def forget():
    """Posts and figures of the example before: each is a history of its own."""
    with transaction.atomic():
        for model in (EntryTopic, Change, Revision, Entry):
            model.objects.all()._raw_delete("default")
    follow.rebuild()


def everything():
    """All kept figures, without what says when and in which order they were written."""
    found = []
    for model in MODELS:
        rows = model.objects.values()
        found += sorted(str({k: v for k, v in row.items() if k not in ("id", "whole_at")}) for row in rows)
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_counting_touched_months_gives_what_counting_directly_and_everything_gives(feeds, subjects, seed):
    forget()
    chance = random.Random(seed)
    history(chance, feeds, *subjects, size=chance.randint(1, 30))
    follow.follow(ENDLESS)
    assert_equal()
    for _round in range(3):
        disturb(chance, subjects[0])
        history(chance, feeds, *subjects, size=2)
        follow.follow(ENDLESS)
    assert_equal()
    followed = everything()
    follow.rebuild()
    assert followed == everything()


def test_a_changed_post_has_its_month_counted_and_on_another_day_its_satker_whole(feeds):
    _old, new = (make_entry(feed=feeds[0], published_at=MONTH_END - timedelta(days=days)) for days in (60, 1))
    follow.follow()
    spoilt = OfficeDay.objects.filter(day__lt=date(2026, 10, 1))
    spoilt.update(posts=99)
    for hours, posts in ((0, 99), (25, 1)):
        OfficeState.objects.update(whole_at=F("whole_at") - timedelta(hours=hours))
        Change.objects.mark([new.pk])
        follow.follow()
        assert spoilt.get().posts == posts


def test_a_province_is_its_satker_added_up_and_the_national_office_a_place_of_its_own(feeds, subjects):
    feeds.append(make_feed(satker=make_satker(code="0000", level="national", province=None)))
    history(random.Random(3), feeds, *subjects, size=40)
    follow.follow(ENDLESS)
    days, kinds = Counter(), Counter()
    for place, day, posts in OfficeDay.objects.values_list("satker__province", "day", "posts"):
        days[place or 0, day] += posts
    for place, *key, posts in OfficeSubject.objects.values_list(
        "satker__province", "month", "kind", "subject", "posts"
    ):
        kinds[place or 0, *key] += posts
    assert (
        Counter({tuple(key): n for *key, n in PlaceDay.objects.values_list("place", "day", "posts")}) == days
    )
    rows = PlaceSubject.objects.values_list("place", "month", "kind", "subject", "posts")
    assert Counter({tuple(key): n for *key, n in rows}) == kinds
    assert 0 in {place for place, _day in days}


def test_a_post_that_leaves_a_month_is_missed_there(feeds):
    entry, _other = (make_entry(feed=feeds[0], published_at=MONTH_END - timedelta(days=3)) for _ in range(2))
    follow.follow()
    Entry.objects.filter(pk=entry.pk).update(published_at=MONTH_END + timedelta(days=40))
    Change.objects.mark([entry.pk])
    follow.follow()
    assert list(OfficeMonth.objects.order_by("month").values_list("posts", flat=True)) == [1, 1]


def test_a_post_at_midnight_of_a_zone_counts_in_the_month_of_that_zone(feeds):
    for feed in feeds:
        make_entry(feed=feed, published_at=MONTH_END - timedelta(seconds=1))
    follow.follow()
    days = {row.satker.timezone: row.day for row in OfficeDay.objects.select_related("satker")}
    assert days == {
        "Asia/Jakarta": date(2026, 10, 31),
        "Asia/Makassar": date(2026, 11, 1),
        "Asia/Jayapura": date(2026, 11, 1),
    }


def test_k5_archive_posts_count_in_their_own_time_and_not_in_the_month_of_import(feeds):
    for number in range(25):
        make_entry(
            feed=feeds[0],
            published_at=datetime(2015, 4, 1 + number, 3, tzinfo=UTC),
            first_seen_at=MONTH_END,
            is_import=True,
        )
    follow.follow()
    assert OfficeDay.objects.filter(day__year=2015).count() == 25
    assert not OfficeDay.objects.filter(day__year=2026).exists()
    assert OfficeMonth.objects.get().delays == []


def test_following_twice_counts_nothing_twice(feeds, subjects):
    history(random.Random(1), feeds, *subjects, size=20)
    follow.follow()
    before = list(OfficeDay.objects.order_by("pk").values())
    Change.objects.mark(list(Entry.objects.values_list("pk", flat=True)))
    follow.follow()
    assert list(OfficeDay.objects.order_by("pk").values()) == before


def test_a_build_that_was_cut_off_goes_on_where_it_stopped(feeds):
    for feed in feeds:
        make_entry(feed=feed)
    assert follow.follow(seconds=0) == 1
    assert follow.current() is None
    follow.follow()
    assert follow.current() is not None
    assert OfficeState.objects.count() == Satker.objects.count()
    assert_equal()


def test_satker_without_a_post_are_begun_together_as_counting_each_of_them_would(
    feeds, django_assert_num_queries
):
    make_entry(feed=feeds[0])
    make_entry(feed=feeds[1], state="held")
    follow.follow(ENDLESS)
    begun = everything()
    for satker in Satker.objects.all():
        follow.count_again(satker)
    assert begun == everything()
    with CaptureQueriesContext(connection) as few:
        follow.rebuild()
    for _ in range(20):
        make_satker()
    with django_assert_num_queries(len(few)):
        follow.rebuild()
    assert OfficeState.objects.filter(whole_at=None).count() == 0


def test_what_changes_while_a_build_goes_on_is_not_missed(feeds):
    make_entry(feed=feeds[0], published_at=MONTH_END)
    follow.follow(seconds=0)
    make_entry(feed=feeds[0], published_at=MONTH_END + timedelta(days=3))
    follow.follow()
    assert_equal()


def test_figures_of_another_history_are_thrown_away(feeds):
    make_entry(feed=feeds[0])
    follow.follow()
    OfficeDay.objects.update(posts=99)
    PortalState.objects.update(epoch="00000000-0000-0000-0000-000000000001")
    assert follow.current() is None
    follow.follow()
    assert_equal()


def test_a_killed_count_leaves_figures_and_cursor_as_they_were(feeds, monkeypatch):
    entry = make_entry(feed=feeds[0], published_at=MONTH_END)
    follow.follow()
    Entry.objects.filter(pk=entry.pk).update(published_at=MONTH_END + timedelta(days=9))
    Change.objects.mark([entry.pk])
    with monkeypatch.context() as patch:
        patch.setattr(follow.OfficeState.objects, "bulk_create", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            follow.follow()
    assert OfficeDay.objects.get().day == date(2026, 11, 1)
    follow.follow()
    assert_equal()


def test_rebuilding_gives_the_same(feeds, subjects):
    history(random.Random(2), feeds, *subjects, size=20)
    follow.follow()
    before = sorted(OfficeMonth.objects.values_list("satker", "month", "lags", "delays", "empty_body"))
    follow.rebuild()
    assert (
        sorted(OfficeMonth.objects.values_list("satker", "month", "lags", "delays", "empty_body")) == before
    )


def test_the_quality_of_a_month_is_counted(feeds):
    at = datetime(2026, 11, 5, 3, tzinfo=UTC)
    common = {"feed": feeds[0], "published_at": at}
    make_entry("Berita", **common, text="")
    make_entry("!!!", **common, text="ada", url="https://x.example/berita/rapat-pleno-kpu")
    make_entry("Rapat â€“ pleno", **common, text="ada", url="https://x.example/kegiatan/rapat-pleno-kpu")
    make_entry("Rapat pleno", **common, text="ada", date_status="impossible")
    follow.follow()
    month = OfficeMonth.objects.get()
    figures = (month.generic_title, month.empty_title, month.empty_body, month.encoding, month.double_slug)
    assert figures == (1, 1, 1, 1, 1)
    assert (month.posts, month.impossible) == (4, 1)


def test_the_newest_post_is_known_by_its_local_day(feeds):
    make_entry("Lama", feed=feeds[2], published_at=MONTH_END - timedelta(days=9))
    entry = make_entry("Baru", feed=feeds[2], published_at=MONTH_END - timedelta(hours=1))
    make_entry(
        "Tanpa tanggal", feed=feeds[2], published_at=MONTH_END + timedelta(days=1), date_status="missing"
    )
    follow.follow()
    state = OfficeState.objects.get(pk=feeds[2].satker_id)
    assert (state.last_entry_id, state.last_day, state.last_title) == (entry.pk, date(2026, 11, 1), "Baru")


@pytest.mark.parametrize(
    ("title", "day", "quarter", "named"),
    [
        (
            "Rapat Pleno Terbuka Rekapitulasi Daftar Pemilih Berkelanjutan Triwulan IV Tahun 2025",
            (2025, 12, 8),
            (2025, 4),
            True,
        ),
        ("KPU Ngawi Gelar Pleno PDPB Tri Wulan III Tahun 2025", (2025, 10, 2), (2025, 3), True),
        ("Pleno PDPB Triwulan Keempat", (2026, 1, 5), (2025, 4), True),
        (
            "KPU Provinsi NTT Gelar Rapat Pleno Terbuka PDPB Semester Kedua II 2025",
            (2025, 12, 12),
            (2025, 4),
            True,
        ),
        (
            "Sinkronkan Data PPDB, KPU Sumbar Koordinasikan dengan Stakeholder",
            (2025, 6, 26),
            (2025, 2),
            False,
        ),
        ("Coklit Terbatas ( Coktas ) di masa PDPB", (2025, 8, 1), (2025, 3), False),
    ],
)
def test_a_duty_post_fulfils_the_quarter_it_names_or_was_posted_in(feeds, title, day, quarter, named):
    make_entry(title, feed=feeds[0], published_at=datetime(*day, 3, tzinfo=UTC), origin="own")
    follow.follow()
    post = DutyPost.objects.get()
    assert (post.quarter // 4, post.quarter % 4 + 1, post.named) == (*quarter, named)


@pytest.mark.parametrize(("text", "posts"), [("Rekapitulasi PDPB rutin.", 1), ("Rapat rutin.", 0)])
def test_a_post_on_voters_fulfils_the_duty_that_its_text_names(feeds, text, posts):
    make_entry("Rapat Data Pemilih", feed=feeds[0], text=text, origin="own")
    follow.follow()
    assert DutyPost.objects.count() == posts


def test_a_release_of_others_fulfils_no_duty(feeds):
    make_entry("PDPB Triwulan IV 2025", feed=feeds[0], origin="central")
    follow.follow()
    assert not DutyPost.objects.exists()


@pytest.mark.parametrize(("values", "middle"), [([], None), ([3], 3), ([1, 2, 10], 2), ([1, 2, 3, 10], 2.5)])
def test_a_median_of_nothing_is_not_known(values, middle):
    assert counting.median(values) == middle


def test_the_state_says_when_it_last_followed(feeds):
    follow.follow()
    assert FigureState.objects.get().followed_at is not None
