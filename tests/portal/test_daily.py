"""Kept daily counts: always what a direct count gives, whatever happened to the posts."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from aggregator.models import Change, Entry, EntryTopic, PortalState, Satker, Stage, Topic
from aggregator.search import Filters
from portal import activity, daily, lists, scope
from portal.days import Period
from portal.hits import Hits
from portal.models import Counted, CountState, DayCount
from portal.totals import Totals
from tests.factories import SEEN, make_entries, make_entry, make_feed, make_province, make_satker

# On PostgreSQL a follower sees a mark when its transaction has ended.
pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")
TODAY = date(2026, 11, 25)
VIEWS = [
    Filters(),
    Filters(provinces=("bali",)),
    Filters(stages=("kampanye",)),
    Filters(stages=("non",), origin="sendiri"),
    Filters(provinces=("bali", "jawa-timur"), stages=("kampanye", "non"), origin="muat-ulang"),
    Filters(date_from=date(2026, 9, 10), date_to=date(2026, 11, 10)),
    Filters(topics=("logistik",)),
    Filters(topics=("logistik", "humas")),
    Filters(topics=("humas",), provinces=("bali",)),
    Filters(topics=("humas",), stages=("kampanye",)),
]


@pytest.fixture(autouse=True)
def _frequent(monkeypatch):
    """Topics are frequent from a few posts on, as those whose counts are read are."""
    monkeypatch.setattr(lists, "RARE", 5)


@pytest.fixture
def offices():
    places = [make_province("51", "Bali"), make_province(), None]
    level = {None: "national"}
    return [
        make_feed(satker=make_satker(province=place, level=level.get(place, "regency"))) for place in places
    ]


@pytest.fixture
def news(offices):
    """Sixty posts of every kind over three months."""
    chance = random.Random(5)
    stage = Stage.objects.create(slug="kampanye", name="Kampanye", election="pemilu-2024")
    topics = [
        Topic.objects.create(slug=name, name=name, position=n) for n, name in enumerate(("logistik", "humas"))
    ]
    entries = make_entries(
        {
            "feed": chance.choice(offices),
            "published_at": SEEN - timedelta(hours=chance.randint(0, 2000)),
            "origin": chance.choice(["own", "central", "province", ""]),
            "stage": chance.choice([stage, None]),
            "date_status": chance.choice(["ok"] * 9 + ["impossible"]),
            "public": number % 10 > 0,
        }
        for number in range(60)
    )
    EntryTopic.objects.bulk_create(
        EntryTopic(entry=entry, topic=topic, removed=chance.random() < 0.2)
        for entry in entries
        for topic in chance.sample(topics, chance.randint(0, 2))
    )


def figures(filters):
    """What the kept counts are used for in a view."""
    found = scope.scope_of(filters, TODAY)
    places = found.places()
    topics = Topic.objects.order_by("pk")
    always = replace(filters, topics=(), date_from=None, date_to=None)
    return {
        "places": places,
        "stage days": found.stage_days(),
        "before": (found.places(found.compared), found.stage_days(found.compared)),
        "earlier": found.total(found.compared),
        "origins": found.by_origin(found.period),
        "offices": found.offices(),
        "active offices": [(row.province.slug, row.silent) for row in found.ranks(places)],
        "week": found.week(found.period),
        "topic months": found.topic_months(),
        "topics": [(row.topic.slug, row.posts) for row in found.topics()],
        "undated": found.undated(),
        "ranks": [(row.place, row.province.slug, row.on_topic) for row in found.ranks(places)],
        "profile": Totals().profile_of(always, TODAY),
        "all places": Totals().province_totals(always),
        "places of topics": [Totals().topic_places(topic, found.period) for topic in topics],
    }


def nationwide():
    """What they are used for whatever is asked."""
    topics = Topic.objects.order_by("pk")
    return {
        "stages": Totals().stage_totals(),
        "all topics": Totals().topic_totals(),
        "recent": [(row.province.slug, row.posts) for row in Totals().recent_by_province(TODAY)],
        "topic": [Totals().topic_profile(topic, _on(topic), TODAY).total for topic in topics],
    }


def _on(topic):
    return Entry.objects.public().filter(entry_topics__topic=topic, entry_topics__removed=False)


def all_figures():
    return {None: nationwide()} | {filters: figures(filters) for filters in VIEWS}


def counted_directly(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(daily, "kept", lambda: None)
        return all_figures()


def assert_kept(expected):
    assert daily.kept() is not None
    for filters, its in all_figures().items():
        assert its == expected[filters], filters


def assert_equal(monkeypatch):
    assert_kept(counted_directly(monkeypatch))


def test_kept_counts_equal_a_direct_count(news, monkeypatch):
    daily.rebuild()
    assert daily.kept().stale == frozenset()
    assert_equal(monkeypatch)


def test_what_is_not_followed_yet_is_counted_directly(news, offices, monkeypatch):
    daily.rebuild()
    entry = make_entry(feed=offices[0], published_at=SEEN - timedelta(days=7), origin="own")
    make_entry(feed=offices[1], published_at=SEEN, date_status="missing")
    assert daily.kept().stale == {timezone.localdate(entry.published_at), None}
    assert_equal(monkeypatch)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "withdrawn"},
        {"published_at": SEEN - timedelta(days=40)},
        {"date_status": "impossible"},
        {"stage": None, "origin": "own"},
    ],
)
def test_a_changed_post_is_taken_from_where_it_was_counted(news, monkeypatch, change):
    daily.rebuild()
    entries = list(Entry.objects.public().order_by("pk")[:5])
    Entry.objects.filter(pk__in=[entry.pk for entry in entries]).update(**change)
    Change.objects.mark([entry.pk for entry in entries])
    expected = counted_directly(monkeypatch)
    assert_kept(expected)  # by what lies beyond them
    assert daily.follow() == 5
    assert daily.kept().stale == frozenset()
    assert_kept(expected)


def test_following_twice_counts_nothing_twice(news, monkeypatch):
    daily.rebuild()
    Change.objects.mark(list(Entry.objects.values_list("pk", flat=True)))
    daily.follow()
    assert daily.follow() == 0
    assert_equal(monkeypatch)


def test_the_first_follow_builds_all(news, monkeypatch):
    daily.follow()
    assert_equal(monkeypatch)
    assert Counted.objects.count() == Entry.objects.public().count()


def test_counts_of_another_history_are_not_read(news):
    daily.rebuild()
    PortalState.objects.update(epoch="00000000-0000-0000-0000-000000000001")
    assert daily.kept() is None
    daily.follow()
    assert daily.kept() is not None


def test_counts_under_construction_are_not_read(news):
    daily.rebuild()
    CountState.objects.update(is_whole=False)
    assert daily.kept() is None


def test_counts_far_behind_are_not_read(news, monkeypatch):
    daily.rebuild()
    monkeypatch.setattr(daily, "MOST_STALE", 3)
    Change.objects.mark(list(Entry.objects.values_list("pk", flat=True)[:4]))
    assert daily.kept() is None


def test_a_killed_batch_leaves_counts_and_cursor_as_they_were(news, monkeypatch):
    daily.rebuild()
    Change.objects.mark(list(Entry.objects.values_list("pk", flat=True)[:4]))
    before = list(DayCount.objects.values_list("day", "posts").order_by("pk"))
    with monkeypatch.context() as patch:
        patch.setattr(daily, "_count_days", lambda *_days: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            daily.follow()
    assert list(DayCount.objects.values_list("day", "posts").order_by("pk")) == before
    assert daily.follow() == 4
    assert_equal(monkeypatch)


def test_an_empty_portal_has_empty_counts():
    daily.rebuild()
    assert scope.scope_of(Filters(), TODAY).places() == {}


def test_runs_of_days_are_found_whole():
    days = [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 5)]
    assert list(daily._runs(days)) == [(days[0], days[1]), (days[2], days[2])]
    assert list(daily._runs([])) == []


def test_posts_found_by_words_are_summed_up_as_the_database_would(news):
    found = Entry.objects.public()
    period = Period(TODAY - timedelta(days=50), TODAY - timedelta(days=3))
    entries, ids = period.of(found), [*found.newest().values_list("pk", flat=True), 0]
    hits = Hits(found, ids)
    cells = hits.cells(period)
    assert activity.places_of(cells) == activity.places_of(activity.cells(entries))
    assert activity.stage_days_of(cells) == activity.stage_days_of(activity.cells(entries))
    assert activity.by_origin(cells) == activity.by_origin(activity.cells(entries))
    assert hits.week(period) == activity.per_hour(entries)
    assert hits.topic_months(period) == activity.per_topic_month(entries)
    assert hits.undated == activity.undated(found) > 0
    assert hits.first_day == activity.first_day(found)
    assert list(hits.within(period).pks) == list(entries.newest().values_list("pk", flat=True))
    offices = Satker.objects.filter(entries__in=entries).distinct()
    assert hits.active_offices(period) == Counter(offices.values_list("province", flat=True))


def test_figures_are_made_once_until_a_post_changes(news, django_assert_num_queries):
    daily.rebuild()
    before = scope.scope_of(Filters(), TODAY).places()
    again = scope.scope_of(Filters(), TODAY)
    with django_assert_num_queries(0):
        assert again.places() is before
    make_entry(feed=make_feed(satker=Satker.objects.first()), published_at=SEEN, origin="own")
    changed = scope.scope_of(Filters(), TODAY).places()
    assert sum(row.posts for row in changed.values()) == sum(row.posts for row in before.values()) + 1
    daily.follow()
    assert scope.scope_of(Filters(), TODAY).places() == changed
