"""K6–K14 from a site's answer to the staff page: what an officer sees, decides, and what the public gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from aggregator import classify, pipeline, registry
from aggregator.models import Entry, Feed, Quarantine, Satker, SatkerHold, Stage, Topic
from portal.monitoring.models import AuditRow, MigrationChange, MigrationPlan
from tests.factories import make_entry
from tests.portal.monitoring.scenes import (
    NEWS,
    case_of,
    feed_at,
    flood,
    open_to,
    poll,
    post,
    public_titles,
)
from tests.satker_network import FaultSite, SatkerNetwork, build_rss, ok, redirect, reset, status

pytestmark = pytest.mark.django_db

QUEUE = "/pantauan/karantina"


@pytest.fixture
def net(settings) -> Iterator[SatkerNetwork]:
    with SatkerNetwork() as network:
        yield open_to(network, settings)


@pytest.fixture
def site(net) -> FaultSite:
    return net.site()


def decide(client: Client, what: str, cases: list[int], reason: str, **more: str):
    return client.post(
        f"{QUEUE}/keputusan", {"lakukan": what, "kasus": cases, "alasan": reason, **more}, follow=True
    )


@pytest.fixture
def spam(site, country) -> tuple[Feed, Quarantine]:
    """h01 comes to Kota Kediri between real news."""
    bad = case_of("hack_cases.jsonl", "h01")["entry"]
    feed = feed_at(site, country.kediri, NEWS)
    site.feed("/feed", build_rss([post(9, bad["title"], bad["summary_html"], link=bad["link"]), *NEWS]))
    poll(feed)
    return feed, Quarantine.objects.get()


# --- K6 to K9 ---------------------------------------------------------------------------------------


def test_k7_a_correction_shows_its_rule_and_survives_when_the_post_is_read_again(as_role, country):
    right, wrong = (Topic.objects.create(slug=s, name=s.title()) for s in ("logistik", "keuangan"))
    stage = Stage.objects.create(slug="kampanye", name="Kampanye", election="pemilu-2024")
    entry = make_entry("KPU terima surat suara", satker=country.kediri)
    entry.entry_topics.create(topic=wrong, rule="judul: keuangan", score=3)
    client, address = as_role("admin"), f"/pantauan/berita/{entry.pk}"
    assert "judul: keuangan" in client.get(address).content.decode()
    client.post(
        f"{address}/koreksi", {"lakukan": "topik", "topik": [right.pk], "alasan": "tentang surat suara"}
    )
    client.post(
        f"{address}/koreksi", {"lakukan": "tahapan", "tahapan": stage.slug, "alasan": "masa kampanye"}
    )
    Entry.objects.update(classified_at=None)
    classify.classify_new(timezone.now())
    entry.refresh_from_db()
    assert list(entry.entry_topics.filter(removed=False).values_list("topic__slug", flat=True)) == [
        "logistik"
    ]
    assert entry.stage == stage
    page = client.get(address).content.decode()
    assert "tentang surat suara" in page
    assert "<strong>petugas</strong>" in page
    client.post(f"{address}/koreksi", {"lakukan": "kembali", "jenis": "stage", "alasan": "keliru"})
    classify.classify_new(timezone.now())
    assert Entry.objects.get(pk=entry.pk).stage is None
    kept = AuditRow.objects.order_by("pk").values_list("action", flat=True)
    assert list(kept) == ["correct.topics", "correct.stage", "correct.undo"]


def test_k7_the_list_tells_which_rule_decided_and_finds_what_was_corrected(as_role, country):
    topic = Topic.objects.create(slug="logistik", name="Logistik")
    entry = make_entry("KPU terima surat suara", satker=country.kediri)
    entry.entry_topics.create(topic=topic, rule="judul: surat suara", score=3)
    make_entry("KPU gelar upacara", satker=country.kediri, classified_at=timezone.now())
    client = as_role("viewer")
    assert "judul: surat suara" in client.get("/pantauan/klasifikasi?topik=logistik").content.decode()
    bare = client.get("/pantauan/klasifikasi?hanya=tanpa-topik").content.decode()
    assert "KPU gelar upacara" in bare
    assert "KPU terima surat suara" not in bare


def test_k8_the_board_has_every_satker_in_one_condition_and_adds_up_to_553(as_role, account):
    admin = account("admin")
    Satker.objects.all().delete()
    registry.load()
    for number, satker in enumerate(Satker.objects.order_by("code")[:60]):
        Satker.objects.filter(pk=satker.pk).update(migration_status=("K1", "K2", "K3", "M", "M!")[number % 5])
    client = Client()
    client.force_login(admin)
    response = client.get("/pantauan/migrasi")
    lines = {line.code: line.satker for line in response.context["lines"]}
    assert lines == {"K1": 12, "K2": 12, "K3": 12, "M": 12, "M!": 12, "": 493}
    assert response.context["total"] == Satker.objects.count() == 553
    assert len(response.context["table"].rows) == 553
    assert len(client.get("/pantauan/migrasi?kondisi=M!").context["table"].rows) == 12


def test_k8_a_change_on_the_board_keeps_its_history(as_role, country):
    client, address = as_role("admin"), f"/pantauan/migrasi/{country.kediri.code}"
    client.post(f"{address}/ubah", {"status": "K2", "target_on": "2027-01-31", "note": "menunggu data"})
    client.post(f"{address}/ubah", {"status": "M", "target_on": "2027-01-31", "note": "menunggu data"})
    assert Satker.objects.get(code="3571").migration_status == "M"
    assert str(MigrationPlan.objects.get().target_on) == "2027-01-31"
    steps = MigrationChange.objects.order_by("pk").values_list("field", "before", "after")
    assert list(steps) == [
        ("status", "", "K2"),
        ("target", "", "2027-01-31"),
        ("note", "", "menunggu data"),
        ("status", "K2", "M"),
    ]
    page = client.get(address).content.decode()
    assert "admin@kpu.example" in page
    assert AuditRow.objects.filter(action="migration").count() == 2


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (status(404), "alamat umpan tidak ada"),
        (status(503), "galat di peladen situs (503)"),
        (reset(), "sambungan diputus"),
        (ok(b"<html><body>Selamat datang</body></html>", "text/html"), "halaman web, bukan umpan"),
        (ok(b""), "isi kosong"),
    ],
)
def test_k9_a_feed_that_fails_tells_why_since_when_and_when_it_is_tried_again(
    site, country, as_role, reply, words
):
    feed = feed_at(site, country.kediri, NEWS)
    good = Feed.objects.get(pk=feed.pk).last_success_at
    site.answer("/feed", reply)
    poll(feed)
    poll(feed)
    feed.refresh_from_db()
    client = as_role("satker")
    row = client.get("/pantauan/umpan?keadaan=gagal").context["table"].rows[0]
    assert row[3] == words
    assert row[5].at == good
    assert row[6].at == feed.next_check_at > timezone.now()
    assert row[7] == feed.failures == 2
    page = client.get(f"/pantauan/umpan/{feed.pk}").content.decode()
    assert page.count(words) >= 3  # the state, and both attempts


# --- K10 to K14 -------------------------------------------------------------------------------------


def test_k10_a_suspect_is_held_in_its_poll_with_signals_and_is_public_nowhere(spam, as_role):
    _feed, case = spam
    client = as_role("admin")
    page = client.get(f"{QUEUE}/{case.pk}").content.decode()
    assert "kata judi atau sejenisnya dalam judul" in page
    assert case.points >= 5
    assert "Slot Gacor" not in "".join(public_titles())
    for path in ("/", "/cari?q=gacor", "/feeds/nasional.rss", "/satker/3571/x", f"/berita/{case.entry_id}/x"):
        assert "Maxwin" not in client.get(path, follow=True).content.decode(), path
    assert SatkerHold.objects.get().started_by == "screen"
    assert AuditRow.objects.get(action="satker.hold").actor == "screen"


def test_k10_what_was_held_is_shown_as_text_and_without_links(site, country, as_role):
    feed = feed_at(site, country.kediri, NEWS)
    evil = '<p onclick="x()">Slot gacor <a href="https://jahat.example">daftar</a><img src="https://j.example/p"></p>'
    site.feed("/feed", build_rss([post(9, "Slot gacor <script>alert(1)</script>", evil), *NEWS]))
    poll(feed)
    page = as_role("admin").get(f"{QUEUE}/{Quarantine.objects.get().pk}").content.decode()
    main = page[page.index("<main") :]
    assert "<script>" not in main
    assert 'href="https://jahat.example' not in main
    assert "<img" not in main


def test_k11_news_about_gambling_passes_and_holds_nobody(site, country, as_role):
    titles = [
        case_of("kpu_titles.jsonl", "k024")["title"],
        case_of("hack_cases.jsonl", "h64")["entry"]["title"],
    ]
    feed = feed_at(site, country.kediri, NEWS)
    site.feed("/feed", build_rss([*(post(n, title) for n, title in enumerate(titles, 9)), *NEWS]))
    poll(feed)
    assert set(titles) <= public_titles()
    assert as_role("admin").get(QUEUE).context["counts"]["held"] == 0
    assert not SatkerHold.objects.exists()


def test_k12_a_release_is_public_and_a_second_officer_sees_who_when_and_why(spam, as_role):
    feed, case = spam
    client = as_role("admin")
    client.post(
        f"/pantauan/satker/{feed.satker.code}/tahan", {"lakukan": "lepas", "alasan": "sudah diperiksa"}
    )
    decide(client, "lepas", [case.pk], "contoh untuk pelatihan")
    assert case.revision.title in public_titles()
    page = as_role("viewer").get(f"{QUEUE}/{case.pk}").content.decode()
    assert "contoh untuk pelatihan" in page
    assert "admin@kpu.example" in page
    assert AuditRow.objects.get(action="entry.release").reason == "contoh untuk pelatihan"


def test_k12_what_was_rejected_never_comes_back_when_it_is_read_again(spam, site, as_role):
    feed, case = spam
    client = as_role("admin")
    decide(client, "tolak", [case.pk], "iklan judi")
    client.post(f"/pantauan/satker/{feed.satker.code}/tahan", {"lakukan": "lepas", "alasan": "dibersihkan"})
    harmless = post(9, "KPU Kota Kediri gelar rapat", "Kegiatan berlangsung di kantor, dengan teks lain.")
    site.feed("/feed", build_rss([harmless, *NEWS]))
    poll(feed)
    assert harmless["title"] not in public_titles()
    assert Entry.objects.get(pk=case.entry_id).state == "held"


def test_k12_a_decision_without_a_reason_is_refused_in_words(spam, as_role):
    page = decide(as_role("admin"), "tolak", [spam[1].pk], "  ").content.decode()
    assert "Keputusan memerlukan alasan." in page
    assert Quarantine.objects.get().state == "held"


def test_k12_a_decision_on_nothing_says_so(spam, as_role):
    """A list of which nothing is ticked, and one that another officer was through with sooner."""
    client = as_role("admin")
    assert "Tidak ada yang diputuskan" in decide(client, "tolak", [], "judi").content.decode()
    decide(client, "tolak", [spam[1].pk], "judi")
    assert "Tidak ada yang diputuskan" in decide(client, "lepas", [spam[1].pk], "bukan judi").content.decode()


def test_k12_many_are_decided_at_once_and_only_those_of_ones_scope(country, as_role):
    cases = []
    for satker in (country.kediri, country.badung):
        entry = make_entry("Slot gacor", satker=satker, public=False, state="held")
        entry.revisions.update(state="held")
        cases.append(Quarantine.objects.create(entry=entry, revision=entry.revisions.get()).pk)
    assert decide(as_role("viewer"), "tolak", cases, "judi").status_code == 403
    assert "2 berita ditolak." in decide(as_role("admin"), "tolak", cases, "judi").content.decode()


def test_k13_a_redirect_to_another_host_is_not_followed_and_alarms_once(site, net, country, as_role):
    feed = feed_at(site, country.kediri, NEWS)
    elsewhere = net.site()
    elsewhere.feed("/rss", build_rss([post(9, "Berita palsu")]))
    site.answer("/feed", redirect(302, elsewhere.url("/rss")))
    for _ in range(3):
        poll(feed)
        pipeline.derive()
    assert elsewhere.requests == []
    assert SatkerHold.objects.filter(satker=country.kediri).count() == 1
    assert AuditRow.objects.filter(action="satker.hold").count() == 1
    page = as_role("admin").get(f"/pantauan/umpan/{feed.pk}").content.decode()
    assert "dialihkan ke host yang belum disetujui" in page


def test_k14_a_single_office_that_bursts_is_held(site, country, as_role):
    feed = feed_at(site, country.kediri, NEWS)
    site.feed("/feed", build_rss([*flood(60), *NEWS]))
    poll(feed)
    assert SatkerHold.objects.get().satker == country.kediri
    page = as_role("admin").get(f"/pantauan/satker/{country.kediri.code}").content.decode()
    assert "Kiriman barunya menunggu keputusan." in page


def test_hiding_a_satker_is_undone_by_one_click(country, as_role):
    entry, client = make_entry("KPU gelar pleno", satker=country.kediri), as_role("admin")
    address = f"/pantauan/satker/{country.kediri.code}/tahan"
    client.post(address, {"lakukan": "sembunyi", "alasan": "diretas"})
    assert not Entry.objects.public().exists()
    client.post(address, {"lakukan": "lepas", "alasan": "sudah dibersihkan"})
    assert list(Entry.objects.public()) == [entry]


def test_a_case_is_marked_as_reported_once_with_its_number(spam, as_role):
    client, case = as_role("admin"), spam[1]
    decide(client, "lapor", [case.pk], "", nomor="CSIRT-12")
    case.refresh_from_db()
    assert (case.report_number, case.reported_by) == ("CSIRT-12", "admin@kpu.example")
    assert "sudah dilaporkan" in decide(client, "lapor", [case.pk], "", nomor="CSIRT-13").content.decode()
    assert Quarantine.objects.get().report_number == "CSIRT-12"


def test_the_time_a_case_was_public_is_shown(country, as_role):
    entry = make_entry(
        "Slot gacor", satker=country.kediri, released_at=timezone.now() - timedelta(minutes=90)
    )
    client = as_role("admin")
    client.post(f"/pantauan/berita/{entry.pk}/keputusan", {"lakukan": "tahan", "alasan": "judi"})
    assert "terbit 90 menit" in client.get(QUEUE).content.decode()


@pytest.fixture
def story(country) -> Callable[[], list[Entry]]:
    from aggregator.cluster import cluster_new

    text = (
        "KPU menetapkan jadwal pleno terbuka rekapitulasi daftar pemilih berkelanjutan triwulan ketiga. " * 8
    )
    entries = [
        make_entry("KPU tetapkan jadwal pleno terbuka", satker=satker, text=text)
        for satker in (country.national, country.kediri, country.badung)
    ]
    cluster_new(timezone.now())
    return lambda: list(Entry.objects.filter(pk__in=[e.pk for e in entries]).order_by("pk"))


def test_a_post_is_taken_out_of_a_story_and_put_back(story, as_role):
    client, first = as_role("admin"), story()[0]
    address = f"/pantauan/duplikat/{first.story_id}"
    assert len(client.get(address).context["members"]) == 3
    wrong = story()[2]
    client.post(f"{address}/ubah", {"lakukan": "pisah", "berita": [wrong.pk], "alasan": "acara lain"})
    assert len({entry.story_id for entry in story()[:2]}) == 1
    assert story()[2].story_id != first.story_id
    client.post(f"{address}/ubah", {"lakukan": "gabung", "berita": wrong.pk, "alasan": "ternyata sama"})
    assert len({entry.story_id for entry in story()}) == 1
    kept = AuditRow.objects.filter(action__startswith="story").order_by("pk").values_list("action", flat=True)
    assert list(kept) == ["story.split", "story.join"]
