"""`/api/`: the API explained to people. A test holds it to the description that programs read."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

ADDRESSES = (
    ("/entries", "?q=pemungutan+suara+ulang&provinsi=papua", _("Cari dan daftar berita")),
    ("/entries/{entry_id}", "", _("Satu berita dengan teks lengkap; 410 bila pernah terbit lalu ditarik")),
    ("/entries/{entry_id}/versions", "", _("Semua versi yang pernah terbit")),
    ("/stories", "", _("Berita yang dimuat beberapa kantor, sekali saja")),
    ("/stories/{story_id}", "", _("Satu berita dan semua kantor yang memuatnya")),
    ("/changes", "", _("Semua yang terbit, berubah, atau ditarik, berurutan: untuk salinan yang lengkap")),
    ("/satker", "", _("Semua kantor KPU")),
    ("/satker/{code}", "", _("Satu kantor KPU")),
    ("/provinces", "", _("Provinsi dan jumlah beritanya")),
    ("/topics", "", _("Topik dan jumlah beritanya")),
    ("/stages", "", _("Tahapan pemilu dan jumlah beritanya")),
    ("/activity", "?topik=pemutakhiran-data-pemilih", _("Angka aktivitas: per provinsi, hari, dan topik")),
    ("/bulk", "", _("Berkas unduhan semua berita per bulan, dengan jumlah periksa SHA-256")),
    ("/bulk/{month}.jsonl.gz", "", _("Satu bulan sebagai JSON Lines yang dimampatkan (gzip)")),
)
PARAMETERS = (
    ("q", _("Kata, “frasa”, -tanpa, OR, awal kata*; sama seperti di halaman pencarian")),
    ("provinsi", _("Slug provinsi; boleh diulang (salah satu)")),
    ("satker", _("Kode kantor; boleh diulang")),
    ("topik", _("Slug topik; boleh diulang")),
    ("tahapan", _("Slug tahapan, atau “non” untuk di luar tahapan; boleh diulang")),
    ("asal", _("“sendiri” (karya sendiri) atau “muat-ulang”")),
    ("bulan", _("Bulan, TTTT-BB")),
    ("hari", _("Hari terbit, 1 (Senin) sampai 7, menurut jam setempat kantor; boleh diulang")),
    ("jam", _("Jam terbit, 0 sampai 23, menurut jam setempat kantor; boleh diulang")),
    ("dari", _("Hari pertama, TTTT-BB-HH (WIB)")),
    ("sampai", _("Hari terakhir, TTTT-BB-HH (WIB)")),
    ("urut", _("“terbaru”, “terlama”, atau “relevan”")),
    ("semua", _("“1”: setiap salinan; tanpa itu satu berita satu kali")),
    ("sebelum", _("Awal halaman; biarkan diisi oleh “next”")),
    ("batas", _("Jumlah berita per halaman, 1 sampai 100")),
)
FIELDS = (
    ("id", _("Nomor berita; tetap walaupun berita diralat atau situsnya pindah")),
    ("title", _("Judul, teks biasa")),
    ("url", _("Alamat berita di situs kantor")),
    ("page", _("Alamat berita di portal ini")),
    ("published_at", _("Waktu terbit menurut situs (UTC)")),
    (
        "date_is_clear",
        _("“false”: situs tidak memberi tanggal yang jelas; yang tertera waktu pertama terlihat"),
    ),
    ("updated_at", _("Waktu versi ini terbit di portal (UTC)")),
    ("excerpt", _("Awal teks")),
    ("language", _("Kode bahasa (BCP 47)")),
    ("satker", _("Kantor yang menerbitkan: kode dan nama")),
    ("province", _("Provinsi; kosong untuk KPU RI")),
    ("topics", _("Topik")),
    ("stage", _("Tahapan pemilu; kosong bila di luar tahapan")),
    ("origin", _("Karya siapa: own, central, province, child, atau peer; kosong bila belum ditentukan")),
    ("event_on", _("Hari kegiatan, bila disebut dalam teks")),
    ("story", _("Berita bersama: nomornya, jumlah kantor lain yang memuat, dan apakah ini aslinya")),
    ("author", _("Nama penulis menurut situs; hanya pada berita lengkap")),
    ("text", _("Teks lengkap, biasa; hanya pada berita lengkap")),
    ("html", _("Teks lengkap sebagai HTML bersih; hanya pada berita lengkap")),
    ("first_seen_at", _("Waktu pertama terlihat oleh portal (UTC); hanya pada berita lengkap")),
    ("versions", _("Jumlah versi yang pernah terbit; hanya pada berita lengkap")),
    ("text_sha256", _("SHA-256 versi ini; hanya pada berita lengkap")),
)


def guide(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "portal/api.html",
        {
            "base": f"{settings.BASE_URL}/api/v1",
            "addresses": ADDRESSES,
            "parameters": PARAMETERS,
            "fields": FIELDS,
            "limit": settings.LIMIT_API,
        },
    )
