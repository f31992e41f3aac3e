"""How pending revisions become public, wait, or are held."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.models import Change, Entry, Quarantine, Revision, Satker, SatkerHold
from aggregator.screen import screen_pending
from tests.judging import NOW, edit, make_entry, make_satker

pytestmark = pytest.mark.django_db
SPAM = "Slot Gacor Hari Ini Gampang Maxwin"


@pytest.fixture
def satker() -> Satker:
    return make_satker()


def test_a_clean_post_becomes_public_and_is_marked(satker: Satker) -> None:
    entry = make_entry(satker)
    report = screen_pending(NOW)
    entry.refresh_from_db()
    assert (report.released, report.held, report.waiting) == (1, 0, 0)
    assert entry.state == "public"
    assert entry.public_revision is not None and entry.public_revision.public_at == NOW
    assert entry.released_at == NOW
    assert Change.objects.filter(entry=entry).exists()


def test_screening_twice_changes_nothing(satker: Satker) -> None:
    entry = make_entry(satker)
    screen_pending(NOW)
    mark = Change.objects.get(entry=entry).pk
    report = screen_pending(NOW + timedelta(minutes=1))
    assert (report.released, report.held, report.waiting) == (0, 0, 0)
    assert Change.objects.get(entry=entry).pk == mark


def test_an_imported_post_counts_as_released_at_its_own_time(satker: Satker) -> None:
    entry = make_entry(satker, is_import=True, published_at=NOW - timedelta(days=400))
    screen_pending(NOW)
    entry.refresh_from_db()
    assert entry.released_at == NOW - timedelta(days=400)
    assert entry.public_revision is not None and entry.public_revision.public_at == entry.released_at


def test_a_correction_of_an_import_is_public_from_now(satker: Satker) -> None:
    entry = make_entry(satker, is_import=True, published_at=NOW - timedelta(days=400))
    screen_pending(NOW)
    edit(entry, "Apel Senin", "diralat")
    screen_pending(NOW + timedelta(hours=1))
    entry.refresh_from_db()
    assert entry.released_at == NOW - timedelta(days=400)
    assert entry.public_revision is not None and entry.public_revision.public_at == NOW + timedelta(hours=1)


def test_a_correction_supersedes_the_public_version(satker: Satker) -> None:
    entry = make_entry(satker)
    screen_pending(NOW)
    Entry.objects.update(clustered_at=NOW, classified_at=NOW)
    edit(entry, "Apel Senin Pagi (ralat)")
    screen_pending(NOW + timedelta(hours=1))
    entry.refresh_from_db()
    assert list(entry.revisions.values_list("state", flat=True)) == ["superseded", "public"]
    assert entry.public_revision is not None and entry.public_revision.number == 2
    assert entry.released_at == NOW
    assert entry.clustered_at is None and entry.classified_at is None


def test_of_two_pending_versions_only_the_newer_was_ever_public(satker: Satker) -> None:
    entry = make_entry(satker)
    edit(entry, "Apel Senin Pagi (ralat)")
    screen_pending(NOW)
    entry.refresh_from_db()
    assert entry.public_revision is not None and entry.public_revision.number == 2
    assert entry.revisions.get(number=1).state == "superseded"
    assert entry.revisions.get(number=1).public_at is None


def test_a_delayed_post_waits_until_it_is_due(satker: Satker) -> None:
    entry = make_entry(satker, publish_after=NOW + timedelta(minutes=15))
    assert screen_pending(NOW).waiting == 1
    assert screen_pending(NOW, satker_ids=[satker.pk]).waiting == 1
    assert Entry.objects.get(pk=entry.pk).state == "pending"
    assert screen_pending(NOW + timedelta(minutes=15)).released == 1


def test_spam_is_held_in_the_poll_that_brought_it_even_when_it_had_to_wait(satker: Satker) -> None:
    make_entry(satker, SPAM, publish_after=NOW + timedelta(minutes=15))
    assert screen_pending(NOW, satker_ids=[satker.pk]).held == 1


def test_held_spam_is_nowhere_public_and_says_why(satker: Satker) -> None:
    entry = make_entry(satker, SPAM)
    report = screen_pending(NOW)
    entry.refresh_from_db()
    assert (report.released, report.held) == (0, 1)
    assert entry.state == "held" and entry.public_revision is None
    assert not Change.objects.exists()
    quarantine = Quarantine.objects.get(entry=entry)
    assert quarantine.points >= 10
    assert {"code", "points", "detail"} == set(quarantine.signals[0])


def test_spam_holds_its_satker_once(satker: Satker) -> None:
    make_entry(satker, SPAM)
    screen_pending(NOW)
    make_entry(satker, SPAM + " 2027")
    screen_pending(NOW + timedelta(hours=1), satker_ids=[satker.pk])
    hold = SatkerHold.objects.get(satker=satker)
    assert hold.started_by == "screen" and not hold.hide_all


def test_posts_of_a_held_satker_wait_and_go_out_after_its_release(satker: Satker) -> None:
    hold = SatkerHold.objects.create(satker=satker, reason="uji", started_by="budi", started_at=NOW)
    entry = make_entry(satker)
    assert screen_pending(NOW).waiting == 1
    hold.ended_at = NOW + timedelta(hours=1)
    hold.save()
    assert screen_pending(NOW + timedelta(hours=1)).released == 1
    entry.refresh_from_db()
    assert entry.released_at == NOW + timedelta(hours=1)
    assert entry.published_at == NOW - timedelta(minutes=10)


def test_other_posts_of_the_batch_wait_when_one_holds_the_satker(satker: Satker) -> None:
    clean = make_entry(satker)
    make_entry(satker, SPAM)
    report = screen_pending(NOW)
    assert (report.released, report.held, report.waiting) == (0, 1, 1)
    assert Entry.objects.get(pk=clean.pk).state == "pending"


def test_a_hold_of_one_satker_leaves_others_alone(satker: Satker) -> None:
    other = make_satker("3507", "KPU Kabupaten Malang", hostname="kab-malang.kpu.go.id")
    make_entry(satker, SPAM)
    make_entry(other)
    report = screen_pending(NOW)
    assert (report.released, report.held) == (1, 1)


def test_an_edit_that_turns_bad_leaves_the_last_clean_version_standing(satker: Satker) -> None:
    entry = make_entry(satker)
    screen_pending(NOW)
    edit(entry, SPAM)
    assert screen_pending(NOW + timedelta(hours=1)).held == 1
    entry.refresh_from_db()
    assert entry.state == "public"
    assert entry.public_revision is not None and entry.public_revision.title == "Apel Senin Pagi"


def test_a_link_that_appears_only_in_an_edit_is_held(satker: Satker) -> None:
    entry = make_entry(satker, "Pengumuman DCT", "Unduh di sini")
    screen_pending(NOW)
    edit(
        entry,
        "Pengumuman DCT",
        "Unduh di sini",
        '<p>Unduh <a href="https://i.example.invalid/x">di sini</a></p>',
    )
    assert screen_pending(NOW + timedelta(hours=1)).held == 1


def test_a_host_the_satker_linked_before_is_known(satker: Satker) -> None:
    link = '<p><a href="https://koranlokal.example.invalid/{}">koran</a></p>'
    make_entry(satker, "Liputan media", html=link.format(1))
    entry = make_entry(satker, "Pengumuman DCT")
    screen_pending(NOW)
    edit(entry, "Pengumuman DCT", html=link.format(2))
    assert screen_pending(NOW + timedelta(hours=1)).released == 1


def test_a_rejected_post_does_not_come_back_with_its_next_version(satker: Satker) -> None:
    entry = make_entry(satker, SPAM)
    screen_pending(NOW)
    SatkerHold.objects.update(ended_at=NOW)
    Quarantine.objects.update(state="rejected", decided_by="budi", reason="spam")
    edit(entry, "Apel Senin Pagi")
    assert screen_pending(NOW + timedelta(hours=1)).held == 1
    assert Quarantine.objects.first().signals[0]["code"] == "rejected_before"  # type: ignore[union-attr]


def test_a_later_version_of_what_staff_hold_waits_for_them(satker: Satker) -> None:
    entry = make_entry(satker)
    screen_pending(NOW)
    first = entry.revisions.get()
    Quarantine.objects.create(
        entry=entry, revision=first, signals=[{"code": "staff", "points": 0, "detail": ""}]
    )
    Entry.objects.update(state="held")
    Revision.objects.update(state="held")
    edit(entry, "Apel Senin Pagi lagi")
    assert screen_pending(NOW + timedelta(hours=1)).held == 1
    assert Entry.objects.get(pk=entry.pk).state == "held"


def test_what_staff_released_is_not_held_again_for_the_same_signals(satker: Satker) -> None:
    entry = make_entry(satker, "Polisi Sita Mesin", "Ada link slot gacor dan maxwin di laman itu.")
    screen_pending(NOW)
    Quarantine.objects.update(state="released", decided_by="budi", reason="berita")
    SatkerHold.objects.update(ended_at=NOW)
    edit(entry, "Polisi Sita Mesin Judi", "Ada link slot gacor dan maxwin di laman itu, kata polisi.")
    assert screen_pending(NOW + timedelta(hours=1)).released == 1


def test_a_withdrawn_post_stays_withdrawn_when_its_site_edits_it(satker: Satker) -> None:
    entry = make_entry(satker)
    screen_pending(NOW)
    Entry.objects.update(state="withdrawn", withdrawn_at=NOW)
    edit(entry, "Apel Senin Pagi lagi")
    screen_pending(NOW + timedelta(hours=1))
    assert Entry.objects.get(pk=entry.pk).state == "withdrawn"
    assert Revision.objects.filter(state="pending").count() == 0


def test_a_batch_takes_the_same_number_of_statements_however_large(
    satker: Satker, django_assert_max_num_queries: object
) -> None:
    for _ in range(60):
        make_entry(satker, is_import=True)
    with django_assert_max_num_queries(22):  # type: ignore[operator]
        assert screen_pending(NOW, limit=60).released == 60
