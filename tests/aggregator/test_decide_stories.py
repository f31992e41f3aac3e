"""Staff say which posts tell the same, and what is counted of a break-in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from aggregator import decide
from aggregator.cluster import cluster_new
from aggregator.models import Change, Entry, Quarantine, SatkerHold, StoryDecision
from tests.factories import SEEN, make_entry, make_feed

pytestmark = pytest.mark.django_db

RELEASE = (
    "KPU menggelar rapat koordinasi bersama pemangku kepentingan untuk membahas rencana kerja tahun depan. "
    "Ketua KPU menyampaikan bahwa seluruh bagian perlu menyiapkan laporan dan bahan evaluasi pekan ini. "
    "Peserta rapat sepakat memperkuat kerja sama dalam pelayanan informasi bagi masyarakat luas."
)
OTHER = (
    "Panitia pemilihan menerima kotak dan bilik suara dari gudang, lalu memeriksa segel serta jumlahnya. "
    "Petugas mencatat semua perlengkapan dalam berita acara yang disaksikan pengawas dan kepolisian. "
    "Perlengkapan akan dibagikan menurut jadwal yang ditetapkan bersama dengan semua kecamatan."
)


def carried(count: int, text: str = RELEASE) -> list[Entry]:
    entries = [make_entry(text=text, published_at=SEEN + timedelta(minutes=n)) for n in range(count)]
    cluster_new(SEEN)
    return [fresh(entry) for entry in entries]


def fresh(entry: Entry) -> Entry:
    return Entry.objects.get(pk=entry.pk)


def recluster() -> None:
    Entry.objects.update(clustered_at=None)
    while cluster_new(SEEN):
        pass


def test_what_staff_split_stays_split_when_all_is_folded_anew():
    lead, one, two = carried(3)
    before = Change.objects.get(entry=lead).pk
    alone = decide.split_story(one, "ani", "acara lain")
    assert (alone.story, alone.is_lead) == (None, True)
    assert fresh(lead).carriers == 1
    assert Change.objects.get(entry=lead).pk > before
    recluster()
    assert fresh(one).story is None
    assert fresh(two).story_id == fresh(lead).story_id


def test_a_split_keeps_who_and_why():
    lead, one = carried(2)
    decide.split_story(one, "ani", "acara lain")
    row = StoryDecision.objects.get()
    assert (row.low_id, row.high_id, row.decided_by, row.reason) == (lead.pk, one.pk, "ani", "acara lain")


def test_a_new_copy_does_not_bring_together_what_staff_split():
    lead, one = carried(2)
    decide.split_story(one, "ani", "acara lain")
    carried(1)
    recluster()
    stories = {fresh(entry).story_id for entry in (lead, one)}
    assert len(stories) == 2


def test_splitting_what_is_alone_is_refused():
    (alone,) = carried(1)
    with pytest.raises(decide.DecisionRefused, match="tidak disatukan"):
        decide.split_story(alone, "ani", "acara lain")


def test_joining_brings_what_was_folded_with_it():
    here, there = carried(2), carried(3, OTHER)
    decide.join_stories(there[0], here[0], "ani", "satu acara")
    assert {fresh(entry).story_id for entry in here + there} == {here[0].story_id}
    assert fresh(here[0]).carriers == 4
    recluster()
    assert {fresh(entry).story_id for entry in here + there} == {here[0].story_id}


def test_joining_leaves_what_staff_had_taken_away():
    here, there = carried(3), carried(2, OTHER)
    gone = decide.split_story(here[2], "ani", "acara lain")
    decide.join_stories(gone, there[0], "ani", "satu acara")
    decide.join_stories(there[0], here[0], "budi", "satu acara")
    assert fresh(here[2]).story_id != fresh(here[0]).story_id == fresh(there[0]).story_id


def test_the_last_word_on_two_posts_holds():
    lead, one = carried(2)
    decide.split_story(one, "ani", "acara lain")
    decide.join_stories(one, lead, "budi", "ternyata sama")
    recluster()
    assert fresh(one).story_id == fresh(lead).story_id is not None
    assert StoryDecision.objects.get().decided_by == "budi"


def test_joining_one_story_is_refused():
    lead, one = carried(2)
    with pytest.raises(decide.DecisionRefused, match="sudah satu cerita"):
        decide.join_stories(one, lead, "ani", "sama")
    with pytest.raises(decide.DecisionRefused, match="sudah satu cerita"):
        decide.join_stories(lead, lead, "ani", "sama")


@pytest.mark.parametrize(("by", "reason"), [("", "alasan"), ("ani", " ")])
def test_a_split_needs_name_and_reason(by: str, reason: str):
    _, one = carried(2)
    with pytest.raises(decide.DecisionRefused):
        decide.split_story(one, by, reason)


def quarantine(entry: Entry, **fields: object) -> Quarantine:
    return Quarantine.objects.create(entry=entry, revision=entry.revisions.get(), **fields)


def test_a_report_to_the_csirt_keeps_who_when_and_its_number():
    cases = [quarantine(make_entry(public=False, state="held")) for _ in range(2)]
    assert decide.mark_reported(cases, "ani", "CSIRT-2026/118") == 2
    row = Quarantine.objects.first()
    assert row is not None and row.reported_at is not None
    assert (row.reported_by, row.report_number) == ("ani", "CSIRT-2026/118")


def test_the_first_report_of_a_case_stays():
    case = quarantine(make_entry(public=False, state="held"))
    decide.mark_reported([case], "ani", "118")
    with pytest.raises(decide.DecisionRefused, match="sudah dilaporkan"):
        decide.mark_reported([case], "budi", "119")
    assert Quarantine.objects.get().reported_by == "ani"


def test_the_toll_of_a_break_in_tells_what_got_out_and_for_how_long():
    feed = make_feed()
    now = timezone.now()
    hold = SatkerHold.objects.create(satker=feed.satker, reason="uji", started_by="screen", started_at=now)
    for minutes in (None, 4, 25):
        quarantine(make_entry(feed=feed, public=False, state="held"), held_at=now, public_minutes=minutes)
    quarantine(make_entry(public=False, state="held"), held_at=now, public_minutes=90)
    assert decide.toll_of(hold) == decide.Toll(held=3, got_out=2, minutes=25, reported=0)


def test_the_toll_counts_what_came_out_the_day_before_and_nobody_held():
    feed, now = make_feed(), timezone.now()
    for hours in (2, 20, 40):
        make_entry(feed=feed, first_seen_at=now - timedelta(hours=hours))
    make_entry(feed=feed, first_seen_at=now - timedelta(hours=1), is_import=True)
    decide.hold_satker(feed.satker, "ani", "diretas", hide_all=True)
    assert decide.toll_of(SatkerHold.objects.get()).recent == 2


def test_minutes_out_of_a_post_hidden_with_its_satker_end_when_it_was_hidden():
    entry = make_entry(released_at=timezone.now() - timedelta(minutes=90))
    decide.hold_satker(entry.satker, "ani", "diretas", hide_all=True)
    Entry.objects.filter(pk=entry.pk).update(withdrawn_at=timezone.now() - timedelta(minutes=60))
    decide.quarantine_entry(entry, "ani", "judi")
    assert Quarantine.objects.get(entry=entry).public_minutes == 30


def test_minutes_out_of_an_import_begin_when_it_was_first_seen():
    seen = timezone.now() - timedelta(minutes=15)
    entry = make_entry(published_at=SEEN - timedelta(days=400), first_seen_at=seen, is_import=True)
    decide.quarantine_entry(entry, "ani", "judi")
    assert Quarantine.objects.get(entry=entry).public_minutes == 15
