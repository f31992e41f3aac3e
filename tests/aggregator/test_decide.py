"""Staff decisions: what each does to entries, revisions, holds and the change sequence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from aggregator import decide
from aggregator.models import Change, Entry, PortalState, Quarantine, Revision, Satker, SatkerHold, Story
from aggregator.screen import screen_pending
from tests.factories import make_entry, make_feed, make_public, make_satker

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def fresh(entry: Entry) -> Entry:
    return Entry.objects.select_related("public_revision").get(pk=entry.pk)


def last_mark(entry: Entry) -> int:
    return Change.objects.get(entry=entry).pk


def add_revision(entry: Entry, number: int, state: str, **fields: object) -> Revision:
    return Revision.objects.create(
        entry=entry, number=number, state=state, title=f"Versi {number}", content_sha256="f" * 64, **fields
    )


def held_entry(**fields: object) -> Entry:
    """As screen leaves a suspect post that never was public."""
    entry = make_entry(public=False, state="held", **fields)
    revision = entry.revisions.get()
    entry.revisions.update(state="held")
    Quarantine.objects.create(
        entry=entry, revision=revision, points=9, signals=[{"code": "judol", "points": 9}]
    )
    return entry


def test_a_quarantined_post_is_public_nowhere_and_keeps_that_it_was_public():
    entry = make_entry(published_at=LONG_AGO)
    before = last_mark(entry)
    decide.quarantine_entry(entry, "ani", "judul mencurigakan")
    entry = fresh(entry)
    assert (entry.state, entry.released_at) == ("held", LONG_AGO)
    assert entry.withdrawn_at is not None
    assert not Entry.objects.public().filter(pk=entry.pk).exists()
    assert last_mark(entry) > before


def test_a_quarantine_keeps_who_why_and_how_long_it_was_out():
    entry = make_entry(released_at=timezone.now() - timedelta(minutes=90))
    decide.quarantine_entry(entry, "ani", "judul mencurigakan")
    row = Quarantine.objects.get(entry=entry)
    assert row.state == "held"
    assert row.public_minutes == 90
    assert row.signals == [{"code": "staff", "points": 0, "detail": "ani: judul mencurigakan"}]


def test_a_held_version_is_no_version_that_was_public():
    entry = make_entry()
    decide.quarantine_entry(entry, "ani", "judul mencurigakan")
    assert not entry.revisions.filter(public_at__isnull=False).exists()


def test_a_waiting_post_can_be_quarantined_and_has_no_tombstone():
    entry = make_entry(public=False)
    decide.quarantine_entry(entry, "ani", "mencurigakan")
    entry = fresh(entry)
    assert (entry.state, entry.withdrawn_at) == ("held", None)
    assert entry.revisions.get().state == "held"


def test_a_waiting_edit_is_held_with_its_post():
    entry = make_entry()
    edit = add_revision(entry, 2, "pending")
    decide.quarantine_entry(entry, "ani", "mencurigakan")
    edit.refresh_from_db()
    assert edit.state == "held"


def test_quarantining_twice_is_refused():
    entry = make_entry()
    decide.quarantine_entry(entry, "ani", "mencurigakan")
    with pytest.raises(decide.DecisionRefused, match="sudah ditahan"):
        decide.quarantine_entry(entry, "ani", "mencurigakan")


@pytest.mark.parametrize(("by", "reason"), [("", "alasan"), ("ani", "  ")])
def test_a_decision_without_name_or_reason_is_refused(by: str, reason: str):
    entry = make_entry()
    with pytest.raises(decide.DecisionRefused):
        decide.quarantine_entry(entry, by, reason)
    assert fresh(entry).state == "public"


def test_a_released_post_keeps_its_date_and_counts_as_released_now():
    entry = held_entry(published_at=LONG_AGO)
    start = timezone.now()
    decide.release_entry(entry, "budi", "pelatihan, bukan judi")
    entry = fresh(entry)
    assert (entry.state, entry.published_at) == ("public", LONG_AGO)
    assert entry.released_at >= start
    assert entry.public_revision.state == "public"
    assert entry.public_revision.public_at == entry.released_at
    assert Change.objects.filter(entry=entry).exists()


def test_a_release_keeps_who_when_and_why():
    entry = held_entry()
    decide.release_entry(entry, "budi", "pelatihan, bukan judi")
    row = Quarantine.objects.get(entry=entry)
    assert (row.state, row.decided_by, row.reason) == ("released", "budi", "pelatihan, bukan judi")
    assert row.decided_at is not None


def test_a_post_that_only_waited_keeps_who_released_it():
    entry = make_entry(public=False, publish_after=timezone.now() + timedelta(hours=1))
    decide.release_entry(entry, "budi", "mendesak")
    assert fresh(entry).publish_after is None
    assert Quarantine.objects.get(entry=entry).decided_by == "budi"


def test_a_post_that_was_public_and_held_is_released_anew():
    entry = make_entry(published_at=LONG_AGO)
    decide.quarantine_entry(entry, "ani", "mencurigakan")
    start = timezone.now()
    decide.release_entry(entry, "budi", "keliru")
    entry = fresh(entry)
    assert (entry.state, entry.withdrawn_at) == ("public", None)
    assert entry.released_at >= start


def test_releasing_a_held_edit_replaces_the_public_version_without_a_new_release():
    entry = make_entry(published_at=LONG_AGO)
    edit = add_revision(entry, 2, "held")
    Quarantine.objects.create(entry=entry, revision=edit)
    decide.release_entry(entry, "budi", "tautan sah")
    entry = fresh(entry)
    assert entry.public_revision == edit
    assert entry.released_at == LONG_AGO
    assert [r.state for r in entry.revisions.all()] == ["superseded", "public"]


def test_releasing_an_old_held_version_never_replaces_a_newer_public_one():
    entry = make_entry(public=False)
    old = entry.revisions.get()
    Revision.objects.filter(pk=old.pk).update(state="held")
    Quarantine.objects.create(entry=entry, revision=old)
    new = add_revision(entry, 2, "public", public_at=timezone.now())
    Entry.objects.filter(pk=entry.pk).update(state="public", public_revision=new, released_at=timezone.now())
    decide.release_entry(entry, "budi", "sudah dibetulkan")
    assert fresh(entry).public_revision == new
    assert Quarantine.objects.get(entry=entry).state == "released"


def test_releasing_what_is_public_is_refused():
    with pytest.raises(decide.DecisionRefused, match="sudah terbit"):
        decide.release_entry(make_entry(), "budi", "alasan")


def test_a_rejected_post_stays_out():
    entry = held_entry()
    decide.reject_entry(entry, "budi", "judi")
    assert fresh(entry).state == "held"
    assert Quarantine.objects.get(entry=entry).state == "rejected"
    with pytest.raises(decide.DecisionRefused):
        decide.reject_entry(entry, "budi", "judi")


def test_rejecting_a_bad_edit_leaves_the_clean_version_public():
    entry = make_entry()
    edit = add_revision(entry, 2, "held")
    Quarantine.objects.create(entry=entry, revision=edit)
    decide.reject_entry(entry, "budi", "judi")
    entry = fresh(entry)
    assert (entry.state, entry.public_revision.number) == ("public", 1)


def test_a_withdrawn_post_leaves_a_tombstone_and_can_be_restored():
    entry = make_entry()
    decide.withdraw_entry(entry, "ani", "permintaan satker")
    entry = fresh(entry)
    assert entry.state == "withdrawn"
    assert entry.withdrawn_at is not None
    decide.release_entry(entry, "budi", "keliru")
    assert fresh(entry).state == "public"


def test_a_held_post_that_was_public_can_be_withdrawn():
    entry = make_entry()
    decide.quarantine_entry(entry, "ani", "mencurigakan")
    decide.withdraw_entry(entry, "budi", "judi")
    assert fresh(entry).state == "withdrawn"
    assert set(Quarantine.objects.values_list("state", flat=True)) == {"rejected"}


def test_what_never_was_public_cannot_be_withdrawn():
    with pytest.raises(decide.DecisionRefused, match="belum pernah terbit"):
        decide.withdraw_entry(held_entry(), "ani", "judi")


def test_a_held_satker_keeps_what_was_public():
    entry = make_entry()
    assert decide.hold_satker(entry.satker, "ani", "lonjakan") == 0
    assert fresh(entry).state == "public"
    assert SatkerHold.objects.get(satker=entry.satker, ended_at=None).started_by == "ani"


def test_hiding_a_satker_hides_all_its_posts_and_no_others():
    feed = make_feed()
    mine = [make_entry(feed=feed) for _ in range(3)]
    other = make_entry()
    generation = PortalState.get().generation
    assert decide.hold_satker(feed.satker, "ani", "diretas", hide_all=True) == 3
    assert {fresh(e).state for e in mine} == {"held"}
    assert list(Entry.objects.public()) == [other]
    assert PortalState.get().generation > generation
    assert Satker.objects.get(pk=feed.satker_id).is_hidden


def test_undo_restores_exactly_what_was_public():
    feed = make_feed()
    shown = make_entry(feed=feed, published_at=LONG_AGO)
    held_before, withdrawn_before = make_entry(feed=feed), make_entry(feed=feed)
    decide.quarantine_entry(held_before, "ani", "judi")
    decide.withdraw_entry(withdrawn_before, "ani", "permintaan")
    never = held_entry(feed=feed)
    before = Entry.objects.order_by("pk").values()
    before = [row | {"clustered_at": None} for row in before]
    decide.hold_satker(feed.satker, "ani", "diretas", hide_all=True)
    assert decide.release_satker(feed.satker, "budi", "sudah dibersihkan") == (1, 0)
    assert [row | {"clustered_at": None} for row in Entry.objects.order_by("pk").values()] == before
    assert list(Entry.objects.public()) == [shown]
    assert fresh(never).state == "held"


def test_a_post_judged_while_hidden_stays_held_after_undo():
    entry = make_entry()
    decide.hold_satker(entry.satker, "ani", "diretas", hide_all=True)
    decide.quarantine_entry(entry, "ani", "judi")
    decide.release_satker(entry.satker, "budi", "bersih")
    assert fresh(entry).state == "held"


def test_a_post_of_a_hidden_satker_cannot_be_released_alone():
    entry = make_entry()
    decide.hold_satker(entry.satker, "ani", "diretas", hide_all=True)
    with pytest.raises(decide.DecisionRefused, match="disembunyikan"):
        decide.release_entry(entry, "budi", "bersih")


def test_a_hold_gives_way_to_hiding_and_both_are_kept():
    entry = make_entry()
    decide.hold_satker(entry.satker, "screen", "lonjakan")
    decide.hold_satker(entry.satker, "ani", "diretas", hide_all=True)
    holds = SatkerHold.objects.filter(satker=entry.satker).order_by("pk")
    assert [(h.started_by, h.ended_by, h.hide_all) for h in holds] == [
        ("screen", "ani", False),
        ("ani", "", True),
    ]


def test_holding_a_held_satker_again_is_refused():
    satker = make_satker()
    decide.hold_satker(satker, "ani", "lonjakan")
    with pytest.raises(decide.DecisionRefused, match="oleh ani"):
        decide.hold_satker(satker, "budi", "lonjakan")


def test_what_waited_is_published_at_release_with_its_own_date():
    feed = make_feed()
    decide.hold_satker(feed.satker, "ani", "lonjakan")
    entry = make_entry("KPU umumkan jadwal pleno", feed=feed, public=False, published_at=LONG_AGO)
    start = timezone.now()
    assert decide.release_satker(feed.satker, "budi", "aman") == (0, 1)
    entry = fresh(entry)
    assert (entry.state, entry.published_at) == ("public", LONG_AGO)
    assert entry.released_at >= start


def test_releasing_a_satker_that_is_not_held_is_refused():
    with pytest.raises(decide.DecisionRefused, match="tidak sedang ditahan"):
        decide.release_satker(make_satker(), "budi", "aman")


def test_a_story_that_loses_its_lead_is_clustered_again():
    lead, copy = make_entry(), make_entry()
    story = Story.objects.create(lead=lead)
    Entry.objects.filter(pk__in=[lead.pk, copy.pk]).update(story=story, clustered_at=timezone.now())
    decide.quarantine_entry(lead, "ani", "judi")
    assert fresh(copy).clustered_at is None


def test_hiding_costs_no_query_a_post(django_assert_max_num_queries):
    feed = make_feed()
    for _ in range(40):
        make_entry(feed=feed)
    with django_assert_max_num_queries(20):
        decide.hold_satker(feed.satker, "ani", "diretas", hide_all=True)


@pytest.mark.parametrize("decision", ["quarantine_entry", "withdraw_entry"])
def test_an_edit_at_the_site_does_not_undo_what_staff_decided(decision: str):
    entry = make_entry("KPU gelar rapat pleno")
    getattr(decide, decision)(entry, "ani", "permintaan satker")
    state = fresh(entry).state
    add_revision(entry, 2, "pending", text="KPU menggelar rapat pleno rutin di kantor.")
    screen_pending(timezone.now(), satker_ids=[entry.satker_id])
    assert fresh(entry).state == state
    decide.release_entry(entry, "budi", "sudah benar")
    assert fresh(entry).public_revision.number == 2


def test_an_edit_at_the_site_does_not_undo_a_rejection():
    entry = held_entry()
    decide.reject_entry(entry, "budi", "judi")
    add_revision(entry, 2, "pending", text="KPU menggelar rapat pleno rutin di kantor.")
    screen_pending(timezone.now(), satker_ids=[entry.satker_id])
    assert fresh(entry).state == "held"


def test_a_former_version_leaves_the_history_and_the_post_stays_open_to_edits():
    entry = make_entry()
    first = entry.revisions.get()
    make_public(entry, add_revision(entry, 2, "pending"))
    before = last_mark(entry)
    decide.hold_version(first, "ani", "memuat judi")
    assert list(entry.revisions.exclude(public_at=None).values_list("number", flat=True)) == [2]
    assert fresh(entry).state == "public"
    assert last_mark(entry) > before
    add_revision(entry, 3, "pending", text="KPU menggelar rapat pleno rutin di kantor.")
    screen_pending(timezone.now(), satker_ids=[entry.satker_id])
    assert fresh(entry).public_revision.number == 3


def test_holding_the_version_that_is_public_holds_the_post():
    entry = make_entry()
    decide.hold_version(entry.revisions.get(), "ani", "memuat judi")
    assert fresh(entry).state == "held"
    with pytest.raises(decide.DecisionRefused, match="tidak terbit"):
        decide.hold_version(entry.revisions.get(), "ani", "memuat judi")
