"""What made the screener suspicious, in words for staff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, Promise] = {
    "payload": _("kode berbahaya dibuang dari isi"),
    "call_to_action": _("ajakan mendaftar atau mengeklik"),
    "term_strong_title": _("kata judi atau sejenisnya dalam judul"),
    "term_medium_title": _("kata yang sering dipakai iklan gelap dalam judul"),
    "terms_together": _("beberapa kata mencurigakan bersama-sama"),
    "term_disguised": _("kata yang disamarkan dengan angka atau huruf lain"),
    "term_weak": _("kata yang agak mencurigakan"),
    "term_strong_category": _("kata judi dalam rubrik"),
    "term_strong_body": _("kata judi atau sejenisnya dalam isi"),
    "term_medium_body": _("kata yang sering dipakai iklan gelap dalam isi"),
    "slug_term": _("kata mencurigakan dalam alamat"),
    "slug_mismatch": _("alamat tidak cocok dengan judul"),
    "offlist_link": _("tautan ke host di luar daftar"),
    "link_density": _("tautan terlalu banyak"),
    "link_in_edit": _("tautan baru disisipkan ke berita lama"),
    "risky_ending": _("tautan ke akhiran domain berisiko"),
    "term_in_link": _("kata mencurigakan dalam tautan"),
    "term_in_anchor": _("kata mencurigakan dalam teks tautan"),
    "offlist_media": _("gambar atau berkas dari host di luar daftar"),
    "term_in_media": _("kata mencurigakan dalam alamat gambar"),
    "foreign_script": _("judul beraksara asing"),
    "foreign_script_body": _("isi sebagian besar beraksara asing"),
    "staff": _("ditahan petugas"),
    "withdrawn": _("ditarik petugas"),
    "rejected_before": _("versi sebelumnya ditolak petugas"),
    "withdrawn_before": _("berita ini sudah ditarik"),
    "held_by_staff": _("berita ini sedang ditahan petugas"),
}


@dataclass(frozen=True, slots=True)
class Sign:
    code: str
    words: str
    points: float
    detail: str


def signs_of(signals: list[dict[str, Any]]) -> list[Sign]:
    """The signals of a case, the weightiest first. A code without words of its own stands for itself."""
    signs = [
        Sign(
            code := str(signal.get("code", "")),
            str(WORDS.get(code, code)),
            float(signal.get("points") or 0),
            str(signal.get("detail", "")),
        )
        for signal in signals
    ]
    return sorted(signs, key=lambda sign: -sign.points)
