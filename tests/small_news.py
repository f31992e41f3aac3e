"""A small Indonesia with every kind of row a page may show, for tests that walk through all pages."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from aggregator.models import EntryTopic, Province, Revision, Stage, Story, Topic
from portal import inspiration
from tests.factories import make_entry, make_feed, make_province, make_public, make_satker

LONG_TITLE = (
    "Rapat pleno terbuka rekapitulasi daftar pemilih berkelanjutan triwulan ketiga bersama Bawaslu, Dukcapil,"
    " TNI, Polri, dan partai politik"
)
BODY = "<p>Isi</p><h2>Bagian</h2><blockquote>Kutipan</blockquote><table><tr><td>1</td></tr></table>"
PLACES = [
    ("11", "Aceh", "AC", 0, 0), ("35", "Jawa Timur", "JI", 5, 6), ("51", "Bali", "BA", 5, 7),
    ("53", "Nusa Tenggara Timur", "NT", 5, 9), ("71", "Sulawesi Utara", "SA", 1, 10),
    ("91", "Papua", "PA", 1, 14), ("95", "Papua Pegunungan", "PE", 2, 14),
]  # fmt: skip


# Every type of page: name → (address, status).
PAGES = {
    "beranda": ("/", 200),
    "cari": ("/cari?provinsi=bali&provinsi=aceh&topik=logistik", 200),
    "cari-padat": ("/cari?q=rapat&padat=1", 200),
    "cari-kosong": ("/cari?satker=3502&dari=2001-01-01&sampai=2001-01-02", 200),
    "berita": ("/berita/1/x", 200),
    "riwayat": ("/berita/1/riwayat", 200),
    "lapor": ("/berita/1/lapor", 200),
    "satker": ("/satker/7105/kantor", 200),
    "kantor": ("/satker", 200),
    "provinsi": ("/provinsi/jawa-timur", 200),
    "daftar-provinsi": ("/provinsi", 200),
    "topik": ("/topik/logistik", 200),
    "daftar-topik": ("/topik", 200),
    "tahapan": ("/tahapan/kampanye", 200),
    "daftar-tahapan": ("/tahapan", 200),
    "aktivitas": ("/aktivitas", 200),
    "peta": ("/aktivitas?peta=wilayah&ukuran=perubahan&provinsi=bali", 200),
    "inspirasi": ("/inspirasi", 200),
    "langganan": ("/langganan?provinsi=bali", 200),
    "ditarik": ("/ditarik", 200),
    "tentang": ("/tentang", 200),
    "pengambil-umpan": ("/tentang/pengambil-umpan", 200),
    "metode": ("/metode", 200),
    "privasi": ("/privasi", 200),
    "koreksi": ("/koreksi", 200),
    "aksesibilitas": ("/aksesibilitas", 200),
    "data": ("/data", 200),
    "gaya": ("/gaya", 200),
    "inggris": ("/en/", 200),
    "salah": ("/cari?dari=kemarin", 400),
    "tidak-ada": ("/tidak-ada", 404),
    "sudah-ditarik": ("/berita/900/x", 410),
}


def make_small_news() -> None:
    """Entry 1 has all there is; entry 900 was withdrawn."""
    now = timezone.now()
    places = [
        make_province(code, name, abbr=abbr, tile_row=row, tile_col=column)
        for code, name, abbr, row, column in PLACES
    ]
    feeds = [_office(number, place) for number, place in enumerate(places[:-1], start=1)]
    topics = [Topic.objects.create(name=name, slug=name.lower()) for name in ("Logistik", "Keuangan")]
    today = timezone.localdate()
    stage = Stage.objects.create(
        slug="kampanye",
        name="Masa kampanye",
        election="pemilu-2024",
        start=today - timedelta(days=200),
        end=today - timedelta(days=150),
    )
    story = Story.objects.create()
    rich = make_entry(
        LONG_TITLE,
        pk=1,
        feed=feeds[4],
        published_at=now - timedelta(minutes=5),
        story=story,
        carriers=2,
        stage=stage,
        summary="Satu baris ringkasan. " * 9,
        content_html=BODY,
        enclosures=[
            {"url": "https://asal.example/DPT.pdf", "media_type": "application/pdf", "length": 123456}
        ],
    )
    correction = Revision.objects.create(
        entry=rich, number=2, url=rich.url, title=LONG_TITLE, content_html=BODY, content_sha256="2" * 64
    )
    make_public(rich, correction)
    for feed in feeds[:2]:
        make_entry("Dimuat ulang", feed=feed, story=story, is_lead=False, origin="central", published_at=now)
    make_entry("TANGGAL KACAU", feed=feeds[0], date_status="impossible", published_at=now)
    EntryTopic.objects.create(entry=rich, topic=topics[0], rule="judul: rekapitulasi")
    make_entry(
        "Ditarik", pk=900, feed=feeds[0], state="withdrawn", released_at=now, withdrawn_at=now, public=False
    )
    for number in range(60):
        entry = make_entry(
            f"KPU gelar rapat koordinasi ke-{number}",
            feed=feeds[number % len(feeds)],
            published_at=now - timedelta(hours=number * number),
            origin=("own", "central")[number % 5 == 0],
            summary="Ringkasan kegiatan di kantor.",
        )
        EntryTopic.objects.create(entry=entry, topic=topics[number % 2], rule="judul")
    inspiration.rebuild()


def _office(number: int, place: Province):
    office = make_satker(
        code=f"{place.code}0{number}",
        name="KPU Kabupaten Kepulauan Siau Tagulandang Biaro"
        if place.code == "71"
        else f"KPU Kota {place.name}",
        slug="kantor",
        province=place,
        latitude=-1.0 * number,
        longitude=100.0 + 5 * number,
        timezone="Asia/Makassar" if place.code == "71" else "Asia/Jakarta",
    )
    return make_feed(satker=office, first_success_at=timezone.now(), last_success_at=timezone.now())
