"""Posts as broken-into sites carry them, and honest ones that look a little like them: own writing, made from
parts, for the tests and bench of screen. Deterministic. Every link ends in example.invalid."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, product

HOST = "kab-contoh.kpu.go.id"


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    markup: str
    link: str = f"https://{HOST}/blog/read/1_berita"


# --- whole posts ------------------------------------------------------------------------------------

OFFERS = (
    "Slot Gacor Hari Ini Gampang Maxwin",
    "Situs Slot Online Terpercaya Deposit Pulsa",
    "Bandar Togel Resmi Hadiah Terbesar",
    "Link Alternatif Sbobet Anti Nawala",
    "Daftar Judi Bola Online Bonus New Member 100",
    "RTP Live Slot Gacor Malam Ini",
    "Demo Slot Pragmatic Play Rupiah Maxwin x1000",
    "Agen Poker Online dan DominoQQ Terpercaya",
    "Situs Toto Macau 4D Pasaran Lengkap",
    "Casino Online Live Baccarat Deposit Dana",
    "Bocoran Admin Jarwo Pola Slot Gacor",
    "Scatter Hitam Mahjong Ways Pecah Maxwin",
)
_LOOKALIKE = str.maketrans("aceopxyiAEOPCTBMHK", "асеорхуіАЕОРСТВМНК")
_LEET = str.maketrans("oieas", "01345")
_BOLD = {c: chr(0x1D400 + ord(c) - 65) for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"} | {
    c: chr(0x1D41A + ord(c) - 97) for c in "abcdefghijklmnopqrstuvwxyz"
}
_CIRCLED = {c: chr(0x24D0 + ord(c) - 97) for c in "abcdefghijklmnopqrstuvwxyz"}
DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "capitals": str.upper,
    "Cyrillic": lambda text: text.translate(_LOOKALIKE),
    "digits": lambda text: text.lower().translate(_LEET),
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "mathematical": lambda text: "".join(_BOLD.get(c, c) for c in text),
    "circled": lambda text: "".join(_CIRCLED.get(c, c) for c in text.lower()),
    "spelt out": lambda text: "  ".join(" ".join(word) for word in text.split()),
    "dotted": lambda text: " ".join(".".join(word) for word in text.split()),
    "zero width": lambda text: "\u200b".join(text),
    "soft hyphens": lambda text: "\u00ad".join(text),
    "struck through": lambda text: "".join(c + "\u0336" for c in text),
    "accented": lambda text: unicodedata.normalize(
        "NFC", "".join(c + "\u0301" if c in "aeiou" else c for c in text)
    ),
    "entities": lambda text: "".join(f"&#{ord(c)};" for c in text),
}
FOREIGN = (
    "オンラインカジノ 入金不要ボーナス 最新",
    "スーパーコピー ブランド 時計 激安 通販",
    "在线赌场 真人百家乐 注册送彩金",
    "澳门赌场 官方网站 老虎机",
    "온라인 카지노 추천 먹튀검증 사이트",
    "สล็อตเว็บตรง แตกง่าย ไม่ผ่านเอเย่นต์",
    "Казино онлайн вывод денег бонус",
    "Купить диплом недорого с доставкой",
    "कैसीनो ऑनलाइन बोनस मुफ्त स्पिन",
    "Nhà cái uy tín casino trực tuyến nổ hũ đổi thưởng",
    "Best Online Casino No Deposit Bonus Free Spins",
    "Buy Cheap Viagra Cialis Online Without Prescription",
)


def whole_posts() -> Iterator[Case]:
    for offer, (name, disguise) in product(OFFERS, DISGUISES.items()):
        yield Case(f"{name}: {offer}", disguise(offer), "<p>Kunjungi sekarang juga.</p>")
    for title in FOREIGN:
        yield Case(f"foreign: {title}", title, f"<p>{title}</p>")
    for offer in OFFERS:
        body = f"<p>{offer}. Daftar sekarang, bonus new member dan link alternatif tersedia.</p>"
        yield Case(f"behind an honest title: {offer}", "Pengumuman", body)
        slug = offer.lower().replace(" ", "-")
        yield Case(f"in the address only: {offer}", "Berita", "", f"https://{HOST}/{slug}")


# --- hidden links -----------------------------------------------------------------------------------

HONEST = "<p>KPU Kabupaten Contoh menggelar rapat pleno rekapitulasi PDPB, Senin (2/3/2026).</p>"
HIDING = (
    "display:none",
    "display : NONE !important",
    "DISPLAY:none;",
    "visibility:hidden",
    "opacity:0",
    "opacity:0.01",
    "font-size:0",
    "font-size:1px",
    "font-size:0.1em",
    "font:0/0 a",
    "color:transparent",
    "color:#fff",
    "color:white;font-size:12px",
    "color:rgba(0,0,0,0)",
    "position:absolute;left:-9999px",
    "position: fixed; top: -5000px",
    "position:absolute;top:-1000em",
    "position:absolute;right:-9999px",
    "text-indent:-9999px",
    "margin-left:-10000px",
    "height:0;overflow:hidden",
    "height:1px;width:1px;overflow:hidden",
    "max-height:0;overflow:hidden",
    "width:0;overflow:hidden",
    "clip:rect(0,0,0,0);position:absolute",
    "clip-path:inset(50%)",
    "transform:scale(0)",
    "line-height:0;overflow:hidden",
    "dis/**/play:none",
    "\\64 isplay:none",
    "display&#58;none",
    "filter:opacity(0)",
)
CARRIERS = (
    '<div style="{style}"><a href="{url}">{words}</a></div>',
    '<p style="{style}">Baca juga <a href="{url}">{words}</a></p>',
    '<a style="{style}" href="{url}">{words}</a>',
    "<span style='{style}'><b><a href='{url}'>{words}</a></b></span>",
)
OTHER_HIDING = (
    '<div hidden><a href="{url}">{words}</a></div>',
    '<div aria-hidden="true" style="display:none"><a href="{url}">{words}</a></div>',
    '<noscript><a href="{url}">{words}</a></noscript>',
    '<marquee height="1" width="1" scrollamount="9999"><a href="{url}">{words}</a></marquee>',
    '<font size="1" color="#ffffff"><a href="{url}">{words}</a></font>',
    '<template><a href="{url}">{words}</a></template>',
)


def hidden_links() -> Iterator[Case]:
    """In a post that is honest otherwise; half of the anchors say nothing of gambling."""
    words = cycle(("lihat", "slot gacor"))
    for number, (style, carrier) in enumerate(product(HIDING, CARRIERS)):
        url = f"https://h{number}.example.invalid/"
        hidden = carrier.format(style=style, url=url, words=next(words))
        yield Case(f"{style} in {carrier[:6]}", "Rapat Pleno PDPB", HONEST + hidden)
    for number, carrier in enumerate(OTHER_HIDING):
        hidden = carrier.format(url=f"https://o{number}.example.invalid/", words="lihat")
        yield Case(carrier[:40], "Rapat Pleno PDPB", HONEST + hidden)


# --- honest posts -----------------------------------------------------------------------------------

NEAR_MISSES = (
    (
        "Sosialisasi Bahaya Judi Online bagi Pegawai KPU",
        "Judi online seperti slot, togel, dan kasino merusak.",
    ),
    ("KPU Larang Pegawai Bermain Judol, Sanksi Menanti", "Pegawai yang berjudi slot online akan ditindak."),
    ("Deklarasi Anti Judi Online di Lingkungan KPU", "Seluruh pegawai menandatangani pakta integritas."),
    ("Polisi Bongkar Situs Judi, KPU Ingatkan Pegawai", "Situs judi bola itu beromzet miliaran rupiah."),
    ("Daftar Pemilih Tetap Dapat Dicek Daring", "Klik tautan resmi, masukkan NIK, lalu lihat TPS Anda."),
    ("Laporan Dana Kampanye dan Deposit Awal Rekening", "Saldo awal rekening khusus wajib dilaporkan."),
    ("Lomba Foto Berhadiah Total Rp25 Juta", "Daftar sekarang, menangkan hadiah, bonus piala bergilir."),
    ("Slot Iklan Kampanye Dibagi Rata", "Setiap pasangan calon mendapat sepuluh slot iklan di radio."),
    ("Bandar Lampung Tuan Rumah Rakor", "Peserta dari Bandar Lampung dan Bandar Seri Bentan hadir."),
    ("Toto Hartono Pimpin Apel Pagi", "Toto mengingatkan disiplin pegawai."),
    ("Bonus Demografi dan Pemilih Muda", "Bonus demografi memberi peluang partisipasi."),
    ("Kartu Pemilih Ganda Ditelusuri", "Petugas menelusuri pemilih ganda dan kartu keluarga."),
    ("Gandeng Kasino? Hoaks Surat Suara di Gedung Kasino Lama", "Kabar itu dipastikan tidak benar."),
    ("Jackpot Doorprize Jalan Sehat Pemilu", "Pemenang mendapat sepeda gunung."),
    ("Pasaran Kerja bagi Mantan Badan Adhoc", "Pelatihan kerja diikuti mantan anggota PPK."),
    ("Live Streaming Debat Publik Malam Ini", "Saksikan siaran langsung malam ini pukul 20.00 WIB."),
    ("Nomor Urut 4D pada Denah TPS", "Denah TPS 4D dan 4E dipasang di pintu masuk."),
    ("Update Sirekap dan RTP Pengaduan", "Ruang tunggu pengaduan (RTP) kini lebih luas."),
    ("Мuseum Pemilu Dikunjungi Duta Besar", "Rombongan dari Федерация Rusia berkunjung."),
    ("Kunjungan KPU Jepang (日本) ke Jakarta", "Delegasi Jepang mempelajari pemungutan suara."),
    ("Pin Poker Face? Simulasi Debat", "Peserta belajar tampil tenang di depan kamera."),
)
ORDINARY_MARKUP = (
    '<p style="text-align:justify">{text}</p>',
    '<p><span style="color:#ffffff;background-color:#c00">{text}</span></p>',
    '<p style="color:black">{text}</p><p><img src="https://'
    + HOST
    + '/a.jpg" style="width:1px;height:1px"></p>',
    '<p>{text}</p><p><a href="https://drive.google.com/file/d/1/view">Unduh</a></p>',
    '<p>{text}</p><iframe src="https://www.youtube.com/embed/x"></iframe>',
    '<div style="position:relative;left:0">{text}</div>',
    '<p>{text}</p><span style="display:none">Alamat surel ini dilindungi.</span>',
    '<p>{text}</p><p>Sumber: <a href="https://koran.example.invalid/1">koran</a></p>',
)


def honest_posts() -> Iterator[Case]:
    for (title, text), markup in product(NEAR_MISSES, ORDINARY_MARKUP):
        yield Case(f"{title} in {markup[:20]}", title, markup.replace("{text}", text))
