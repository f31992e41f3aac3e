"""Topics, stage and origin as staff correct them: before the rules, and for good."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator import decide
from aggregator.classify import classify_new
from aggregator.cluster import cluster_new
from aggregator.models import Change, Correction, Entry, Revision, Stage, Topic
from aggregator.screen import screen_pending
from tests.factories import SEEN, make_entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def topics() -> dict[str, Topic]:
    names = {"data": "Data Pemilih", "logistik": "Logistik", "sdm": "SDM & Badan Adhoc", "ppid": "PPID"}
    return {slug: Topic.objects.create(slug=slug, name=name) for slug, name in names.items()}


@pytest.fixture
def entry(topics: dict[str, Topic]) -> Entry:
    made = make_entry("KPU Gelar Coklit")
    derive()
    return fresh(made)


def derive() -> None:
    """As `reclassify` and `recluster` do."""
    Entry.objects.update(classified_at=None, clustered_at=None)
    classify_new(SEEN)
    cluster_new(SEEN)


def edit_at_the_site(entry: Entry, title: str) -> None:
    Revision.objects.create(entry=entry, number=2, title=title, content_sha256="f" * 64)
    screen_pending(SEEN + timedelta(days=9))
    derive()


def fresh(entry: Entry) -> Entry:
    return Entry.objects.select_related("stage").get(pk=entry.pk)


def slugs(entry: Entry) -> list[str]:
    shown = entry.entry_topics.filter(removed=False).order_by("-score")
    return list(shown.values_list("topic__slug", flat=True))


def test_corrected_topics_come_in_the_order_of_staff(entry: Entry, topics: dict[str, Topic]):
    assert slugs(entry) == ["data"]
    decide.correct_topics(entry, [topics["ppid"], topics["logistik"]], "ani", "tentang kotak suara")
    assert slugs(entry) == ["ppid", "logistik"]


def test_corrected_topics_survive_the_rules_and_an_edit_at_the_site(entry: Entry, topics: dict[str, Topic]):
    decide.correct_topics(entry, [topics["ppid"]], "ani", "permohonan informasi")
    derive()
    edit_at_the_site(entry, "KPU Terima Kotak Suara")
    assert slugs(entry) == ["ppid"]


def test_staff_may_say_that_no_topic_fits(topics: dict[str, Topic]):
    entry = make_entry("Ucapan Selamat")
    decide.correct_topics(entry, [], "ani", "bukan berita")
    edit_at_the_site(entry, "KPU Gelar Coklit")
    assert slugs(entry) == []


def test_too_many_topics_are_refused(entry: Entry, topics: dict[str, Topic]):
    with pytest.raises(decide.DecisionRefused, match="paling banyak"):
        decide.correct_topics(entry, topics.values(), "ani", "semua")
    assert slugs(entry) == ["data"]


def test_a_corrected_stage_survives(entry: Entry):
    stage = Stage.objects.create(slug="pilkada-2024-kampanye", election="pilkada-2024", name="Kampanye")
    decide.correct_stage(entry, stage, "ani", "masa kampanye")
    derive()
    assert (fresh(entry).stage, fresh(entry).stage_rule) == (stage, "staff")
    decide.correct_stage(entry, None, "budi", "di luar tahapan")
    derive()
    assert (fresh(entry).stage, fresh(entry).stage_rule) == (None, "staff")


def test_a_corrected_origin_survives_folding_alone_and_in_a_story(entry: Entry):
    decide.correct_origin(entry, "central", "ani", "siaran pers pusat")
    derive()
    assert fresh(entry).origin == "central"
    text = (
        "Rapat koordinasi pemutakhiran data pemilih berlangsung lancar di aula kantor bersama Bawaslu. " * 5
    )
    lead, copy = (
        make_entry("Rapat", text=text, published_at=SEEN + timedelta(minutes=minute)) for minute in (0, 5)
    )
    decide.correct_origin(copy, "own", "ani", "ditulis sendiri")
    derive()
    assert (fresh(copy).origin, fresh(copy).is_lead) == ("own", False)
    assert fresh(lead).story_id == fresh(copy).story_id is not None


def test_an_unknown_origin_is_refused(entry: Entry):
    for origin in ("", "luar negeri"):
        with pytest.raises(decide.DecisionRefused, match="tidak dikenal"):
            decide.correct_origin(entry, origin, "ani", "salah")


def test_a_correction_keeps_who_why_and_what_was_before(entry: Entry, topics: dict[str, Topic]):
    decide.correct_topics(entry, [topics["logistik"]], "ani", "tentang kotak suara")
    row = Correction.objects.get()
    assert (row.kind, row.before, row.after) == ("topics", "data", "logistik")
    assert (row.decided_by, row.reason) == ("ani", "tentang kotak suara")


def test_followers_hear_of_a_correction(entry: Entry, topics: dict[str, Topic]):
    before = Change.objects.get(entry=entry).pk
    decide.correct_topics(entry, [topics["logistik"]], "ani", "tentang kotak suara")
    assert Change.objects.get(entry=entry).pk > before


def test_a_post_given_back_to_the_rules_is_judged_by_them(entry: Entry, topics: dict[str, Topic]):
    stage = Stage.objects.create(slug="x", election="pilkada-2024", name="Kampanye")
    decide.correct_topics(entry, [topics["logistik"]], "ani", "keliru")
    decide.correct_stage(entry, stage, "ani", "keliru")
    decide.correct_origin(entry, "peer", "ani", "keliru")
    for kind in Correction.Kind.values:
        decide.undo_correction(entry, kind, "budi", "aturan benar")
    classify_new(SEEN)
    cluster_new(SEEN)
    assert slugs(entry) == ["data"]
    assert fresh(entry).stage is None and fresh(entry).stage_rule.startswith("non-tahapan")
    assert fresh(entry).origin == "own"


def test_giving_back_what_nobody_corrected_is_refused(entry: Entry):
    with pytest.raises(decide.DecisionRefused, match="Tidak ada koreksi"):
        decide.undo_correction(entry, "topics", "budi", "aturan benar")


@pytest.mark.parametrize(("by", "reason"), [("", "alasan"), ("ani", " ")])
def test_a_correction_needs_name_and_reason(entry: Entry, by: str, reason: str):
    for correct in (
        lambda: decide.correct_topics(entry, [], by, reason),
        lambda: decide.correct_stage(entry, None, by, reason),
        lambda: decide.correct_origin(entry, "own", by, reason),
    ):
        with pytest.raises(decide.DecisionRefused):
            correct()
    assert not Correction.objects.exists()
