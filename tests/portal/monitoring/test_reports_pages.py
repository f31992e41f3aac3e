"""The ten reports and the activity pages: what they show, to whom, and the same in files."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from aggregator.models import Quarantine, Satker
from portal.monitoring.figures import follow
from portal.monitoring.models import AuditRow, Exemption, FeedRead, SavedView, Target
from tests.factories import make_entry, make_feed
from tests.portal.monitoring.scenes import make_country
from tests.portal.monitoring.world import make_feed_day

pytestmark = pytest.mark.django_db
NUMBERS = range(1, 11)
PAGES = ["monitoring:activity", "monitoring:comparison", "monitoring:duties", "monitoring:targets"]
ROLES = ("admin", "viewer", "province", "satker")
OF_BALI = ("Bali", "Badung", "5100", "5103")
HIDDEN = {"province": OF_BALI, "satker": (*OF_BALI, "KPU Provinsi Jawa Timur")}


@pytest.fixture(scope="module")
def country(module_db):
    return make_country()


@pytest.fixture(scope="module")
def news(country):
    """A post, a poll and a hold of every satker this month."""
    now = timezone.now()
    for satker in Satker.objects.all():
        feed = make_feed(satker=satker, last_success_at=now, url=f"https://{satker.hostname}/umpan")
        entry = make_entry(
            f"Kabar {satker.code}", feed=feed, published_at=now - timedelta(hours=1), origin="own"
        )
        make_feed_day(feed=feed, day=timezone.localdate(now), polls=10, failed=0)
        Quarantine.objects.create(
            entry=entry,
            revision=entry.public_revision,
            points=7,
            signals=[{"code": "term_strong_title", "points": 6}],
        )
    follow.follow()
    return country


def addresses(ending=""):
    tail = f".{ending}" if ending else ""
    return [reverse(page) + tail for page in PAGES] + [
        reverse("monitoring:report", args=[number]) + tail for number in NUMBERS
    ]


def this_month():
    return f"bulan={timezone.localdate():%Y-%m}"


def rows_of(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, address
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.parametrize("role", ROLES)
def test_every_page_and_file_answers_every_role_and_nobody_sees_rows_of_others(news, as_role, role):
    """Neither on pages nor in files; the province sees its regency, the satker only itself."""
    client = as_role(role)
    for ending in ("", "csv", "xlsx"):
        for address in addresses(ending):
            answer = client.get(f"{address}?{this_month()}")
            assert answer.status_code == 200, address
            if ending != "xlsx":
                text = answer.content.decode()
                text = text.replace("Jawa Timur</span>", "")  # the office in the head
                assert not [word for word in HIDDEN.get(role, ()) if word in text], address


@pytest.mark.parametrize("page", addresses()[:3])
def test_a_guessed_province_outside_the_scope_does_not_exist(news, as_role, page):
    assert as_role("province").get(f"{page}?provinsi=bali").status_code == 404
    assert as_role("viewer").get(f"{page}?provinsi=bali").status_code == 200


def test_a_guessed_satker_outside_the_scope_does_not_exist(news, as_role):
    address = reverse("monitoring:office_activity", args=["5103"])
    assert as_role("province").get(address).status_code == 404
    assert as_role("satker").get(address).status_code == 404
    assert as_role("viewer").get(address).status_code == 200


def test_anonymous_readers_are_led_to_sign_in(news, as_role):
    for address in [*addresses(), *addresses("csv"), reverse("monitoring:monthly_pdf")]:
        answer = as_role("").get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/masuk")


def test_k4_the_file_equals_the_screen(news, as_role):
    client = as_role("viewer")
    for number in NUMBERS:
        address = reverse("monitoring:report", args=[number])
        table = client.get(f"{address}?{this_month()}").context["table"]
        rows = rows_of(client, f"{address}.csv?{this_month()}")
        assert rows[0] == [column.label for column in table.columns]
        assert len(rows) == len(table.rows) + 1
        for row, shown in zip(rows[1:], table.rows, strict=True):
            assert [str(cell or "") for cell in row[:3]] == ["" if c is None else str(c) for c in shown[:3]]


def test_k4_the_ranking_lists_a_satker_with_nothing(news, as_role):
    from tests.factories import make_province, make_satker

    make_satker("3579", name="KPU Kota Batu", province=make_province())
    follow.follow()
    rows = rows_of(as_role("viewer"), f"/pantauan/laporan/2.csv?{this_month()}&provinsi=jawa-timur")
    assert [row[3] for row in rows[1:]] == ["KPU Provinsi Jawa Timur", "KPU Kota Kediri", "KPU Kota Batu"]
    assert rows[-1][-1] == "tidak dinilai: umpan tidak pernah diperiksa"


def test_k3_two_months_are_compared(news, as_role):
    text = (
        as_role("viewer").get("/pantauan/aktivitas/banding.csv?bulan=2025-11&dengan=2025-10").content.decode()
    )
    assert "Berita, Oktober 2025" in text
    assert "Berita, November 2025" in text
    assert "Bali" in text


def test_k8_the_migration_report_adds_up_to_the_registry(news, as_role):
    assert len(rows_of(as_role("viewer"), "/pantauan/laporan/7.csv")) == Satker.objects.count() + 1


def test_cases_show_signals_and_no_title(news, as_role):
    text = as_role("viewer").get(f"/pantauan/laporan/8?{this_month()}").content.decode()
    assert "term_strong_title 6" in text
    assert "Kabar" not in text


def test_feeds_of_others_are_not_told_to_a_province(news, as_role):
    day = timezone.localdate()
    for channel in (
        "/feeds/nasional",
        "/feeds/provinsi/jawa-timur",
        "/feeds/provinsi/bali",
        "/feeds/satker/3571",
    ):
        FeedRead.objects.create(day=day, channel=channel, agent="FreshRSS", requests=5)
    address = f"/pantauan/laporan/10.csv?{this_month()}"
    assert len(rows_of(as_role("viewer"), address)) == 5
    assert sorted(row[0] for row in rows_of(as_role("province"), address)[1:]) == [
        "/feeds/provinsi/jawa-timur",
        "/feeds/satker/3571",
    ]
    assert [row[0] for row in rows_of(as_role("satker"), address)[1:]] == ["/feeds/satker/3571"]


@pytest.mark.parametrize(
    "query",
    [
        "bulan=2025-13",
        "bulan=x",
        "dari=2025-02-30",
        "dari=2025-02-02&sampai=2025-01-01",
        "dari=1990-01-01",
        "triwulan=5",
    ],
)
def test_a_bad_time_is_named(news, as_role, query):
    assert as_role("viewer").get(f"/pantauan/laporan/4?{query}").status_code == 400


@pytest.mark.parametrize(
    "address", ["/pantauan/laporan/0", "/pantauan/laporan/11", "/pantauan/laporan/4.exe"]
)
def test_what_does_not_exist_is_404(news, as_role, address):
    assert as_role("viewer").get(address).status_code == 404


def test_exports_are_recorded(news, as_role):
    as_role("province").get("/pantauan/laporan/4.xlsx")
    row = AuditRow.objects.get(action="export")
    assert row.name == "Karya sendiri dan muat ulang (xlsx)"


@pytest.mark.parametrize("role", ROLES)
def test_the_printed_report_is_a_pdf(news, as_role, role):
    answer = as_role(role).get(f"/pantauan/laporan/bulanan.pdf?{this_month()}")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert len(answer.content) > 2500


def test_views_are_kept_by_the_account_alone(news, as_role):
    client = as_role("viewer")
    kept = {"alamat": "/pantauan/laporan/4?provinsi=bali", "nama": "  Bali   bulan ini "}
    assert client.post("/pantauan/tampilan", kept)["Location"] == kept["alamat"]
    client.post("/pantauan/tampilan", kept)
    view = SavedView.objects.get()
    assert view.name == "Bali bulan ini"
    assert "Bali bulan ini" in client.get("/pantauan/laporan").content.decode()
    assert as_role("admin").post(f"/pantauan/tampilan/{view.pk}/hapus").status_code == 404
    client.post(f"/pantauan/tampilan/{view.pk}/hapus")
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    "address", ["https://x.example/", "//x.example", "/pantauan\\x", "/berita/1", "/pantauanx"]
)
def test_only_our_own_pages_are_kept(news, as_role, address):
    answer = as_role("viewer").post("/pantauan/tampilan", {"alamat": address, "nama": "x"})
    assert answer["Location"] == "/pantauan/laporan"
    assert not SavedView.objects.exists()


def exemption(**fields):
    return {"kind": "disaster", "first": "2026-11-02", "last": "2026-11-05", "reason": "banjir", **fields}


def test_targets_are_set_by_the_admin_alone(news, as_role):
    target = {"level": "regency", "since": "2026-11", "posts": "8", "active_days": "6"}
    for role in ("viewer", "province", "satker"):
        assert as_role(role).post("/pantauan/aktivitas/target/simpan", target).status_code == 403
    as_role("admin").post("/pantauan/aktivitas/target/simpan", target)
    as_role("admin").post("/pantauan/aktivitas/target/simpan", target | {"posts": "9"})
    row = Target.objects.get()
    assert (row.posts, row.since.isoformat()) == (9, "2026-11-01")
    assert AuditRow.objects.filter(action="setting").count() == 2


def test_a_province_exempts_its_own_satker_only(news, as_role):
    client = as_role("province")
    client.post("/pantauan/aktivitas/pengecualian", exemption(satker="5103"))
    client.post("/pantauan/aktivitas/pengecualian", exemption())
    assert not Exemption.objects.exists()
    client.post("/pantauan/aktivitas/pengecualian", exemption(satker="3571"))
    row = Exemption.objects.get()
    assert row.satker == news.kediri
    client.post(f"/pantauan/aktivitas/pengecualian/{row.pk}/hapus")
    assert not Exemption.objects.exists()


def test_a_province_does_not_undo_what_holds_for_all(news, as_role):
    as_role("admin").post("/pantauan/aktivitas/pengecualian", exemption(province="jawa-timur"))
    row = Exemption.objects.get()
    as_role("province").post(f"/pantauan/aktivitas/pengecualian/{row.pk}/hapus")
    assert Exemption.objects.exists()


def test_reports_take_few_queries_however_many_satker(news, as_role, django_assert_max_num_queries):
    client = as_role("viewer")
    for address in addresses():
        with django_assert_max_num_queries(70):  # report 1 counts three days
            client.get(f"{address}?{this_month()}")
