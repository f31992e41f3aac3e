"""A site in strange hands: floods, redirects, and the nation's busy days (F30, K13, K14)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.decide import hold_satker, release_satker
from aggregator.models import Entry, Feed, FetchLog, Gap, Satker, SatkerHold, SatkerMove
from aggregator.screen import screen_pending
from tests.judging import NOW, edit, make_entry, make_satker

pytestmark = pytest.mark.django_db


@pytest.fixture
def satker() -> Satker:
    return make_satker()


def history(satker: Satker, posts: int) -> None:
    """Public posts of the last two months."""
    times = [NOW - timedelta(days=4 + number % 55) for number in range(posts)]
    entries = [
        Entry(
            satker=satker,
            feed=satker.feeds.get(),
            guid=f"lama-{number}",
            state="public",
            is_import=True,
            published_at=at,
            first_seen_at=at,
            last_seen_at=at,
        )
        for number, at in enumerate(times)
    ]
    Entry.objects.bulk_create(entries)


def flood(satker: Satker, posts: int, **fields: object) -> None:
    for number in range(posts):
        make_entry(satker, f"Berita Nomor {number}", **fields)


def held(satker: Satker) -> SatkerHold | None:
    return SatkerHold.objects.filter(satker=satker, ended_at__isnull=True).first()


def test_a_flood_from_a_quiet_site_holds_it_within_the_fetch_that_brought_it(satker: Satker) -> None:
    history(satker, 24)
    flood(satker, 60)
    report = screen_pending(NOW, limit=10_000, satker_ids=[satker.pk])
    assert (report.released, report.waiting) == (0, 60)
    hold = held(satker)
    assert hold is not None and hold.reason.startswith("Lonjakan: 60 kiriman baru")


def test_what_was_public_before_the_flood_stays(satker: Satker) -> None:
    history(satker, 24)
    flood(satker, 60)
    screen_pending(NOW)
    assert Entry.objects.public().filter(satker=satker).count() == 24


def test_what_piled_up_while_nobody_read_the_feed_is_no_flood(satker: Satker) -> None:
    history(satker, 60)  # one a day
    flood(satker, 40, published_at=NOW - timedelta(days=10))
    feed = satker.feeds.get()
    Gap.objects.create(
        feed=feed, from_at=NOW - timedelta(days=30), to_at=NOW - timedelta(days=20), found_at=NOW
    )
    assert screen_pending(NOW, limit=100).released == 40


def test_a_gap_since_a_quarter_of_an_hour_excuses_no_flood(satker: Satker) -> None:
    history(satker, 60)
    flood(satker, 60)
    feed = satker.feeds.get()
    Gap.objects.create(feed=feed, from_at=NOW - timedelta(minutes=15), to_at=NOW, found_at=NOW)
    screen_pending(NOW, limit=100)
    assert held(satker) is not None


def test_a_first_import_is_no_flood(satker: Satker) -> None:
    flood(satker, 60, is_import=True, published_at=NOW - timedelta(days=30))
    assert screen_pending(NOW, limit=100).released == 60


def test_posts_that_are_all_new_although_old_are_asked_about(satker: Satker) -> None:
    history(satker, 24)
    flood(satker, 21, published_at=NOW - timedelta(days=20))
    screen_pending(NOW, limit=100)
    assert held(satker) is not None


def test_an_office_that_always_writes_much_is_not_held(satker: Satker) -> None:
    history(satker, 180)
    flood(satker, 20)
    assert screen_pending(NOW, limit=100).released == 20


def test_on_election_day_nobody_is_held_for_writing_much() -> None:
    everyone = [
        make_satker(f"35{n:02}", f"KPU Kabupaten N{n}", hostname=f"kab-n{n}.kpu.go.id") for n in range(8)
    ]
    for satker in everyone:
        history(satker, 30)
        flood(satker, 12)
    assert screen_pending(NOW, limit=1000).released == 96
    assert not SatkerHold.objects.exists()


def test_a_few_sites_broken_into_together_do_not_excuse_each_other() -> None:
    sites = [
        make_satker(f"35{n:02}", f"KPU Kabupaten N{n}", hostname=f"kab-n{n}.kpu.go.id") for n in range(3)
    ]
    for satker in sites:
        history(satker, 24)
        flood(satker, 60)
    screen_pending(NOW, limit=1000)
    assert SatkerHold.objects.count() == 3


def test_a_flood_that_staff_released_goes_out_and_raises_no_second_alarm(satker: Satker) -> None:
    history(satker, 24)
    flood(satker, 30)
    screen_pending(NOW)
    SatkerHold.objects.update(ended_at=NOW + timedelta(minutes=5), ended_by="budi")
    report = screen_pending(NOW + timedelta(minutes=6), limit=100)
    assert report.released == 30 and held(satker) is None


def test_a_flood_that_drips_is_a_flood(satker: Satker) -> None:
    history(satker, 24)
    for visit in range(4):
        now = NOW + timedelta(minutes=10 * visit)
        flood(satker, 6, first_seen_at=now)
        FetchLog.objects.create(feed=satker.feeds.get(), started_at=now, outcome="fetched", new=6)
        screen_pending(now)
    hold = held(satker)
    assert hold is not None and hold.reason.startswith("Lonjakan: 12 kiriman baru")
    assert Entry.objects.public().filter(satker=satker, is_import=False).count() == 6


def test_other_software_that_changes_many_posts_at_once_holds_the_site(satker: Satker) -> None:
    for _ in range(6):
        make_entry(satker, is_import=True)
    screen_pending(NOW)
    Feed.objects.update(generator="Foo CMS", generator_changed_at=NOW)
    for entry in Entry.objects.all():
        edit(entry, "Apel Senin Pagi", "tulisan lain")
    screen_pending(NOW + timedelta(minutes=1))
    hold = held(satker)
    assert hold is not None and "berganti (Foo CMS) bersamaan dengan 6" in hold.reason
    assert set(Entry.objects.values_list("public_revision__number", flat=True)) == {1}


def test_other_software_with_a_post_or_two_holds_nobody(satker: Satker) -> None:
    Feed.objects.update(generator="WordPress", generator_changed_at=NOW)
    make_entry(satker)
    assert screen_pending(NOW).released == 1


def test_other_software_at_an_announced_move_holds_nobody(satker: Satker) -> None:
    SatkerMove.objects.create(satker=satker, hostname="baru.kpu.go.id", calm_until=NOW + timedelta(days=2))
    Feed.objects.update(generator="WordPress", generator_changed_at=NOW)
    flood(satker, 6)
    assert screen_pending(NOW).released == 6


def test_a_feed_led_to_a_strange_host_raises_one_alarm(satker: Satker) -> None:
    Feed.objects.update(error_code="redirect_host", last_success_at=NOW - timedelta(hours=1))
    screen_pending(NOW)
    screen_pending(NOW + timedelta(minutes=15))
    assert SatkerHold.objects.filter(satker=satker).count() == 1
    SatkerHold.objects.update(ended_at=NOW + timedelta(minutes=20), ended_by="budi")
    screen_pending(NOW + timedelta(minutes=30))
    assert held(satker) is None


def test_a_redirect_after_recovery_raises_a_new_alarm(satker: Satker) -> None:
    Feed.objects.update(error_code="redirect_host", last_success_at=NOW - timedelta(hours=1))
    screen_pending(NOW)
    SatkerHold.objects.update(ended_at=NOW, ended_by="budi")
    Feed.objects.update(last_success_at=NOW + timedelta(hours=2))
    screen_pending(NOW + timedelta(hours=3))
    assert held(satker) is not None


def test_three_held_posts_at_once_hold_the_site(satker: Satker) -> None:
    link = '<p>Baca <a href="https://x{}.example.invalid">taruhan</a></p>'
    for number in range(3):
        make_entry(satker, f"Berita {number}", html=link.format(number))
    assert screen_pending(NOW).held == 3
    hold = held(satker)
    assert hold is not None and "3 kiriman ditahan sekaligus" in hold.reason


def test_one_click_takes_a_hacked_site_away_and_one_brings_it_back(satker: Satker) -> None:
    for _ in range(5):
        make_entry(satker, is_import=True)
    screen_pending(NOW)
    assert hold_satker(satker, "budi", "disusupi", hide_all=True) == 5
    assert not Entry.objects.public().exists()
    assert release_satker(satker, "budi", "pulih")[0] == 5
    assert Entry.objects.public().count() == 5
