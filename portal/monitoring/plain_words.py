"""Why a feed could not be read, in words for people who do not run servers."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

WORDS: dict[str, Promise] = {
    "dns": gettext_lazy("nama host tidak dikenal (DNS)"),
    "connect": gettext_lazy("peladen tidak dapat dihubungi"),
    "tls": gettext_lazy("sertifikat atau sambungan aman tidak sah"),
    "reset": gettext_lazy("sambungan diputus"),
    "protocol": gettext_lazy("jawaban bukan HTTP yang sah"),
    "timeout": gettext_lazy("tidak menjawab pada waktunya"),
    "outage": gettext_lazy("banyak situs tidak terjangkau bersamaan"),
    "fetch": gettext_lazy("permintaan tidak dapat dikirim"),
    "address_refused": gettext_lazy("alamat tidak boleh diambil"),
    "host_not_approved": gettext_lazy("host belum disetujui"),
    "host_quiet": gettext_lazy("situs meminta jeda"),
    "redirect_host": gettext_lazy("dialihkan ke host yang belum disetujui"),
    "redirect_loop": gettext_lazy("pengalihan berputar"),
    "redirect_limit": gettext_lazy("pengalihan terlalu banyak"),
    "redirect_downgrade": gettext_lazy("dialihkan dari https ke http"),
    "redirect_invalid": gettext_lazy("tujuan pengalihan tidak terbaca"),
    "too_large": gettext_lazy("isi terlalu besar"),
    "bomb": gettext_lazy("isi mampat tidak wajar"),
    "truncated": gettext_lazy("isi terpotong"),
    "encoding": gettext_lazy("pemampatan tidak dikenal"),
    "empty": gettext_lazy("isi kosong"),
    "html": gettext_lazy("halaman web, bukan umpan"),
    "not_a_feed": gettext_lazy("bukan umpan"),
    "not_xml": gettext_lazy("XML rusak"),
    "media_type": gettext_lazy("jenis isi bukan umpan"),
    "parse": gettext_lazy("umpan tidak terbaca"),
    "parse_timeout": gettext_lazy("umpan terlalu rumit (waktu)"),
    "parse_memory": gettext_lazy("umpan terlalu rumit (memori)"),
    "http_401": gettext_lazy("meminta kata sandi"),
    "http_403": gettext_lazy("menolak kami"),
    "http_404": gettext_lazy("alamat umpan tidak ada"),
    "http_410": gettext_lazy("umpan dinyatakan tidak ada lagi"),
    "http_429": gettext_lazy("meminta kami lebih jarang"),
    "http_451": gettext_lazy("ditutup karena alasan hukum"),
}


def error_in_words(code: str) -> str:
    """ "alamat umpan tidak ada". An unknown code stands for itself."""
    if code in WORDS:
        return str(WORDS[code])
    if code.startswith("http_") and code[5:].isdigit():
        return _http_in_words(int(code[5:]))
    return code


def _http_in_words(status: int) -> str:
    if 500 <= status < 600:
        return _("galat di peladen situs (%d)") % status
    try:
        return _("ditolak dengan HTTP %(status)d (%(words)s)") % {
            "status": status,
            "words": HTTPStatus(status).phrase,
        }
    except ValueError:
        return _("jawaban HTTP %d") % status
