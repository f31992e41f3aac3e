"""What store makes of readings: one entry a post, whatever sites do to guids, links and dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import store
from aggregator.errors import HttpStatus
from aggregator.models import Entry, EntryKey, Feed, FetchLog, Gap, HostPause, RawFeed, Revision
from aggregator.records import CleanFeed, DateStatus, FetchResult, Outcome, ParsedFeed, RejectedEntry
from tests.factories import SEEN, clean_entry, make_feed, make_satker

pytestmark = pytest.mark.django_db
NOW = SEEN + timedelta(days=1)


def next_check(reading, counts):
    return store.NextCheck(1234, NOW + timedelta(hours=1))


POLICY = store.StorePolicy(next_check=next_check)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))  # clean lets no NUL through


def reading(feed, entries=(), *, error=None, rejected=(), **result):
    feed = Feed.objects.select_related("satker").get(pk=feed.pk)
    fields = {
        "outcome": Outcome.FAILED if error else Outcome.FETCHED,
        "status": 200,
        "body": b"<rss/>",
        "body_sha256": "b" * 64,
        "etag": '"1"',
    }
    fetched = FetchResult(
        feed_id=feed.pk, url=feed.url, started_at=NOW, duration_ms=5, error=error, **(fields | result)
    )
    clean = None if error else CleanFeed(ParsedFeed("rss20", title="Umpan"), tuple(entries), tuple(rejected))
    return store.Reading(feed, fetched, clean, error)


def save(feed, entries=(), now=NOW, policy=POLICY, **kwargs):
    return store.save([reading(feed, entries, **kwargs)], now, policy)[feed.pk]


def test_a_new_entry_is_stored_pending_with_one_revision():
    feed = make_feed()
    counts = save(feed, [clean_entry(title="KPU rapat")])
    entry = Entry.objects.get()
    assert (counts.new, entry.state, entry.public_revision) == (1, "pending", None)
    assert entry.revisions.get().title == "KPU rapat"
    assert (entry.satker, entry.province) == (feed.satker, feed.satker.province)


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("https://wordpress.org/?v=6.8.3", "https://wordpress.org/?v=6.9", False),
        ("https://wordpress.org/?v=6.8.3", "WordPress 6.9", False),
        ("https://wordpress.org/?v=6.8.3", "Joomla! - Open Source Content Management", True),
        ("", "WordPress", False),
        ("WordPress", "", False),
    ],
)
def test_another_software_is_noted_but_not_another_version(before: str, after: str, changes: bool):
    feed = make_feed(generator=before)
    read = reading(feed, [clean_entry()])
    clean = replace(read.clean, feed=replace(read.clean.feed, generator=after))
    store.save([replace(read, clean=clean)], NOW, POLICY)
    feed.refresh_from_db()
    assert (feed.generator_changed_at is not None) is changes


def test_the_same_entry_again_is_unchanged():
    feed, entry = make_feed(), clean_entry()
    save(feed, [entry])
    counts = save(feed, [entry])
    assert (counts.new, counts.unchanged, Entry.objects.count()) == (0, 1, 1)
    assert Revision.objects.count() == 1


def test_an_edit_makes_a_revision_and_keeps_the_publication_date():
    feed = make_feed()
    save(feed, [clean_entry("urn:a", url="https://s.example/a", title="Satu")])
    edited = clean_entry("urn:a", url="https://s.example/a", title="Dua", published_at=NOW)
    counts = save(feed, [edited])
    entry = Entry.objects.get()
    assert (counts.changed, entry.revisions_count, entry.published_at) == (1, 2, SEEN)
    assert list(entry.revisions.values_list("number", "title")) == [(1, "Satu"), (2, "Dua")]


def test_same_link_under_a_new_guid_is_the_same_entry():
    feed = make_feed()
    save(feed, [clean_entry("urn:old", url="https://s.example/a", title="T", text="isi " * 40)])
    save(feed, [clean_entry("urn:new", url="https://s.example/a", title="T", text="isi " * 40)])
    assert Entry.objects.count() == 1
    assert EntryKey.objects.filter(kind="guid").count() == 2


def test_a_site_migration_that_changes_guids_and_links_doubles_nothing():
    feed = make_feed()
    old = [clean_entry(f"urn:{n}", url=f"https://lama.example/{n}") for n in range(30)]
    save(feed, old)
    moved = [
        clean_entry(f"urn:baru:{n}", url=f"https://baru.example/{n}", title=e.title, text=e.text)
        for n, e in enumerate(old)
    ]
    counts = save(feed, moved)
    assert (Entry.objects.count(), counts.new, counts.relinked) == (30, 0, 30)
    assert "Migrasi situs: 30" in FetchLog.objects.latest("id").message


def test_a_guid_reused_for_another_post_makes_a_second_entry():
    feed = make_feed()
    save(feed, [clean_entry("12", url="https://s.example/lama", title="Lama")])
    later = clean_entry(
        "12", url="https://s.example/baru", title="Baru", published_at=SEEN + timedelta(days=400)
    )
    save(feed, [later], now=NOW + timedelta(days=401))
    assert Entry.objects.count() == 2


def test_reused_guids_degrade_the_feed_to_link_identity():
    feed = make_feed()
    save(feed, [clean_entry(str(n), url=f"https://s.example/lama/{n}") for n in range(3)])
    day = timedelta(days=50)
    again = [clean_entry(str(n), url=f"https://s.example/b/{n}", published_at=SEEN + day) for n in range(3)]
    save(feed, again, now=NOW + day)
    feed.refresh_from_db()
    assert feed.identity == Feed.Identity.LINK


def test_guids_made_anew_at_every_fetch_degrade_the_feed_and_stop_piling_up_keys():
    feed = make_feed()
    posts = [clean_entry(f"urn:0:{n}", url=f"https://s.example/{n}") for n in range(10)]
    for fetch in range(6):
        fresh = [
            clean_entry(f"urn:{fetch}:{n}", url=p.url, title=p.title, text=p.text)
            for n, p in enumerate(posts)
        ]
        counts = save(feed, fresh)
    feed.refresh_from_db()
    assert (Entry.objects.count(), counts.new, feed.identity) == (10, 0, Feed.Identity.LINK)
    assert EntryKey.objects.filter(kind="guid").count() == 30
    assert counts.relinked == 0  # no migration is told of at each further fetch


def test_one_migration_leaves_a_feed_its_guids():
    feed = make_feed()
    posts = [clean_entry(f"urn:0:{n}", url=f"https://s.example/{n}") for n in range(10)]
    save(feed, posts)
    moved = [clean_entry(f"urn:1:{n}", url=p.url, title=p.title, text=p.text) for n, p in enumerate(posts)]
    save(feed, moved)
    save(feed, moved)
    feed.refresh_from_db()
    assert (feed.identity, feed.guid_resets) == (Feed.Identity.GUID, 1)


def test_one_guid_for_all_posts_of_a_feed_does_not_fold_them():
    feed = make_feed()
    entries = [clean_entry("https://s.example/", url=f"https://s.example/{n}") for n in range(5)]
    save(feed, entries)
    counts = save(feed, entries)
    assert (Entry.objects.count(), counts.unchanged) == (5, 5)


def test_one_link_for_all_posts_of_a_feed_does_not_fold_them():
    feed = make_feed()
    entries = [clean_entry(f"urn:{n}", url="https://s.example/") for n in range(5)]
    save(feed, entries)
    counts = save(feed, entries)
    assert (Entry.objects.count(), counts.unchanged) == (5, 5)


def test_the_same_post_in_two_feeds_of_a_satker_is_one_entry_even_in_one_batch():
    satker = make_satker()
    first, second = make_feed(satker=satker), make_feed(satker=satker)
    entry = clean_entry()
    store.save([reading(first, [entry]), reading(second, [entry])], NOW, POLICY)
    assert Entry.objects.count() == 1


def test_the_same_guid_at_two_satker_is_two_entries():
    for _ in range(2):
        save(make_feed(), [clean_entry("urn:siaran-pusat", url="https://www.kpu.go.id/siaran")])
    assert Entry.objects.count() == 2


def test_numeric_guids_of_two_feeds_of_a_satker_do_not_clash():
    satker = make_satker()
    for n in range(2):
        save(make_feed(satker=satker), [clean_entry("1", url=f"https://s.example/{n}")])
    assert Entry.objects.count() == 2


def test_short_notices_with_equal_titles_stay_apart():
    feed = make_feed()
    notices = [
        clean_entry(f"urn:{n}", url=f"https://s.example/{n}", title="PENGUMUMAN LELANG", text="")
        for n in range(2)
    ]
    save(feed, notices)
    assert Entry.objects.count() == 2


def test_a_migration_of_posts_without_text_is_recognised_by_title_and_time():
    feed, title = make_feed(), "KPU tetapkan daftar pemilih berkelanjutan"
    save(feed, [clean_entry("urn:1", url="https://lama.example/1", title=title, text="")])
    save(feed, [clean_entry("urn:2", url="https://baru.example/2", title=title, text="")])
    assert Entry.objects.count() == 1


def test_the_same_words_posted_twice_by_a_site_stay_two_entries():
    feed = make_feed()
    twice = [
        clean_entry(f"urn:{n}", url=f"https://s.example/{n}", title="Sama", text="kata " * 50) for n in (1, 2)
    ]
    save(feed, twice)
    counts = save(feed, twice)
    assert (Entry.objects.count(), counts.unchanged) == (2, 2)


def test_an_entry_that_leaves_the_feed_stays():
    feed = make_feed()
    save(feed, [clean_entry()])
    save(feed, [clean_entry()])
    assert Entry.objects.count() == 2


def test_a_missing_date_becomes_first_seen_and_is_marked():
    save(
        make_feed(first_success_at=SEEN), [clean_entry(published_at=None, date_status=DateStatus.IMPOSSIBLE)]
    )
    entry = Entry.objects.get()
    assert (entry.published_at, entry.date_status) == (NOW, "impossible")


def test_an_undated_post_of_an_import_stands_beside_its_neighbour_in_the_feed():
    old = SEEN - timedelta(days=400)
    undated = clean_entry("urn:u", published_at=None, date_status=DateStatus.MISSING)
    save(make_feed(), [clean_entry("urn:1", published_at=old), undated])
    entry = Entry.objects.get(guid="urn:u")
    assert (entry.published_at, entry.date_status) == (old, "missing")


def test_a_date_some_days_ahead_waits_until_then():
    ahead = NOW + timedelta(days=3)
    save(make_feed(), [clean_entry(published_at=ahead, date_status=DateStatus.FUTURE)])
    assert Entry.objects.get().publish_after == ahead


def test_a_date_years_ahead_pins_nothing_in_the_future():
    ahead = NOW + timedelta(days=3000)
    save(make_feed(), [clean_entry(published_at=ahead, date_status=DateStatus.FUTURE)])
    entry = Entry.objects.get()
    assert (entry.published_at, entry.publish_after) == (NOW, None)


@pytest.mark.parametrize(
    ("trust", "minutes", "waits"),
    [
        ("trusted", 10, None),
        ("normal", 0, None),
        ("normal", 10, 10),
        ("watched", 0, 60),
        ("watched", 10, 60),
        ("watched", 30, 120),
    ],
)
def test_how_long_a_new_post_waits_goes_by_the_trust_in_its_satker(trust, minutes, waits):
    policy = store.StorePolicy(publish_delay=timedelta(minutes=minutes), next_check=next_check)
    save(make_feed(satker=make_satker(trust=trust)), [clean_entry("urn:n")], policy=policy)
    expected = NOW + timedelta(minutes=waits) if waits else None
    assert Entry.objects.get(guid="urn:n").publish_after == expected


def test_the_first_success_is_an_import_and_later_ones_are_not():
    feed = make_feed()
    save(feed, [clean_entry("urn:1")])
    save(feed, [clean_entry("urn:1"), clean_entry("urn:2")])
    assert dict(Entry.objects.values_list("guid", "is_import")) == {"urn:1": True, "urn:2": False}


def test_churn_is_capped():
    feed = make_feed()
    for n in range(30):
        save(feed, [clean_entry("urn:a", url="https://s.example/a", title=f"Iklan {n}")])
    assert Revision.objects.count() <= 11


def test_new_validators_are_kept_from_every_200_and_the_old_ones_over_a_bare_304():
    feed = make_feed()
    save(feed, [clean_entry()], etag='"a"', last_modified="Mon, 01 Jan 2024 00:00:00 GMT")
    save(feed, outcome=Outcome.SAME_BODY, etag='"b"', last_modified=None)
    feed.refresh_from_db()
    assert (feed.etag, feed.last_modified) == ('"b"', "")
    save(feed, outcome=Outcome.NOT_MODIFIED, status=304, etag=None, last_modified=None)
    feed.refresh_from_db()
    assert feed.etag == '"b"'


def test_a_failure_keeps_validators_counts_up_and_says_why():
    feed = make_feed(etag='"1"')
    for _ in range(2):
        save(feed, error=HttpStatus(503, "Situs menjawab 503."), status=503, retry_after=600.0, body=b"")
    feed.refresh_from_db()
    assert (feed.failures, feed.error_code, feed.etag) == (2, "http_503", '"1"')
    assert FetchLog.objects.latest("id").message == "Situs menjawab 503."
    assert HostPause.objects.get().until == NOW + timedelta(seconds=600)


def test_success_ends_a_row_of_failures():
    feed = make_feed(failures=7, error_code="dns", error_message="x")
    save(feed, [clean_entry()])
    feed.refresh_from_db()
    assert (feed.failures, feed.error_code, feed.error_message) == (0, "", "")


def test_a_reading_whose_lease_has_gone_is_dropped():
    feed = make_feed()
    late = reading(feed, [clean_entry()])
    Feed.objects.update(lease="another")
    assert store.save([late], NOW, POLICY) == {}
    assert (Entry.objects.count(), FetchLog.objects.count()) == (0, 0)


def test_a_crash_in_the_batch_leaves_nothing_behind():
    def fail(reading, counts):
        raise RuntimeError("killed here")

    feed = make_feed()
    with pytest.raises(RuntimeError):
        save(feed, [clean_entry()], policy=store.StorePolicy(next_check=fail))
    assert (Entry.objects.count(), EntryKey.objects.count(), FetchLog.objects.count()) == (0, 0, 0)


def test_rejected_entries_are_counted_and_told():
    save(make_feed(), rejected=[RejectedEntry(3, "entry_empty", "Entri 3 kosong.")])
    log = FetchLog.objects.get()
    assert (log.rejected, log.message) == (1, "Entri 3 kosong.")


def test_a_window_without_a_known_entry_is_a_gap():
    feed = make_feed()
    save(feed, [clean_entry("urn:0")])
    later = NOW + timedelta(days=30)
    dates = [later - timedelta(days=n) for n in range(10)]
    save(feed, [clean_entry(f"urn:b{n}", published_at=d) for n, d in enumerate(dates)], now=later)
    gap = Gap.objects.get()
    assert (gap.from_at, gap.to_at) == (NOW, later - timedelta(days=9))


def daily(first, count, end):
    """Posts of one a day; number `first` is the newest and dates from `end`."""
    day = timedelta(days=1)
    return [
        clean_entry(f"urn:d{first + n}", url=f"https://s.example/{first + n}", published_at=end - n * day)
        for n in range(count)
    ]


def test_a_gap_tells_from_when_to_when_and_about_how_many():
    feed = make_feed()
    save(feed, daily(0, 10, NOW))
    later = NOW + timedelta(days=40)
    save(feed, daily(100, 10, later), now=later)
    gap = Gap.objects.get()
    assert (gap.from_at, gap.to_at, gap.about) == (NOW, later - timedelta(days=9), 31)
    assert "Celah" in FetchLog.objects.latest("id").message


def test_a_pinned_post_does_not_hide_a_gap():
    feed = make_feed()
    old = daily(0, 10, NOW)
    save(feed, old)
    later = NOW + timedelta(days=40)
    counts = save(feed, [old[9], *daily(100, 10, later)], now=later)
    assert (counts.unchanged, Gap.objects.count()) == (1, 1)


def test_a_site_that_deletes_its_newest_post_feigns_no_gap():
    feed = make_feed()
    old = daily(0, 10, NOW)
    save(feed, old)
    later = NOW + timedelta(days=8)
    save(feed, [*daily(100, 8, later), *old[1:3]], now=later)
    assert not Gap.objects.exists()


def test_a_first_import_is_no_gap():
    save(make_feed(), [clean_entry() for _ in range(10)])
    assert not Gap.objects.exists()


def test_a_permanent_redirect_moves_the_feed_only_when_seen_stable():
    feed = make_feed()
    for seen in range(1, 4):
        save(feed, outcome=Outcome.SAME_BODY, permanent_url="https://s.example/rss")
        feed.refresh_from_db()
        assert (feed.url == "https://s.example/rss") == (seen == 3)


def test_a_changed_body_is_kept_compressed_once():
    feed = make_feed()
    for _ in range(2):
        save(feed, [clean_entry()], body=b"<rss>" + b"a" * 10_000)
    assert len(RawFeed.objects.get().body) < 200


def test_the_number_of_queries_does_not_grow_with_entries():
    small, large = make_feed(), make_feed()
    with CaptureQueriesContext(
        connection,
    ) as few:
        save(small, [clean_entry() for _ in range(5)])
    with CaptureQueriesContext(connection) as many:
        save(large, [clean_entry() for _ in range(20)])
    assert len(many) <= len(few) + 3


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["", "1", "urn:a", "https://x/"]), st.sampled_from(["", "/a", "/b"]), TEXT),
        max_size=12,
    )
)
def test_any_feed_stored_twice_makes_no_new_entries_the_second_time(raw):
    feed = make_feed()
    entries = [
        clean_entry(guid or "urn:none", url=link and f"https://s.example{link}", title=title[:50] or "t")
        for guid, link, title in raw
    ]
    first = save(feed, entries)
    again = save(feed, entries)
    assert again.new == 0
    assert first.new == Entry.objects.filter(feed=feed).count()
