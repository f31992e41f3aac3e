"""What real sites do to a text: misprints, corrections, re-posts with small edits, shortened copies."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from aggregator.demo.almanac import long_date
from aggregator.demo.grammar import DATA, read_lines
from aggregator.demo.places import Office

_BIG_NUMBER = re.compile(
    r"\b\d{1,3}(?:\.\d{3})+\b|\b\d{2,3}\b(?=\s+(?:peserta|orang|siswa|pemilih|berkas|pegawai))"
)
_WORD = re.compile(r"[a-z]{5,}")
_OPENINGS = frozenset(  # words that lose their capital behind a greeting
    (
        *("Akuntabilitas", "Antrean", "Aturan", "Berbekal", "Bertempat", "Daftar", "Dalam", "Dari", "Data"),
        *(
            "Evaluasi",
            "Gudang",
            "Guna",
            "Halaman",
            "Jumlah",
            "Kajian",
            "Kemitraan",
            "Keterbukaan",
            "Komitmen",
        ),
        *("Masa", "Mengawali", "Menjelang", "Pelaksanaan", "Pemutakhiran", "Pengelolaan", "Penguatan"),
        *("Penyusunan", "Peran", "Pertukaran", "Program", "Rangkaian", "Seusai", "Setelah", "Sebagai"),
        *("Sebanyak", "Suasana", "Tahapan", "Untuk", "Upaya", "Ruang", "Kegiatan", "Hasil"),
    )
)
_SENTENCE_END = re.compile(r'(?<=[.!?]["”])\s+|(?<=[a-z0-9)][.!?])\s+(?=[A-Z"“])')


def misprint(title: str, rng: random.Random) -> str:
    """One slip of the fingers in a longer word; the title as it is when there is none."""
    words = list(_WORD.finditer(title))
    if not words:
        return title
    word = rng.choice(words)
    at = rng.randint(word.start() + 1, word.end() - 2)
    match rng.randrange(4):
        case 0:
            return title[:at] + title[at + 1] + title[at] + title[at + 2 :]
        case 1:
            return title[:at] + title[at + 1 :]
        case 2:
            return title[:at] + title[at] + title[at:]
        case _:
            space = title.find(" ", at)
            return title[: space + 1] + title[title.rfind(" ", 0, at) + 1 : space + 1] + title[space + 1 :] \
                if 0 < space - at < 3 else title[:at] + title[at + 1 :]  # fmt: skip


def wrong_figure(text: str, rng: random.Random) -> tuple[str, str] | None:
    """A figure of the text and the same one mistyped, or None when it has no figure to mistype."""
    found = [match[0] for match in _BIG_NUMBER.finditer(text)]
    rng.shuffle(found)
    for right in found:
        digits = [at for at, char in enumerate(right) if char.isdigit()]
        pairs = [(a, b) for a, b in itertools.pairwise(digits) if right[a] != right[b] and right[b] != "0"]
        if pairs:
            a, b = rng.choice(pairs)
            wrong = list(right)
            wrong[a], wrong[b] = wrong[b], wrong[a]
            return right, "".join(wrong)
    return None


@cache
def _synonyms() -> tuple[re.Pattern[str], dict[str, tuple[str, ...]]]:
    """data/sinonim.txt: `word = other, other`; any of them may stand for any other."""
    table: dict[str, tuple[str, ...]] = {}
    for line in read_lines(DATA / "sinonim.txt"):
        group = [word.strip() for word in line.split("=")]
        for word in group:
            table[word] = tuple(other for other in group if other != word)
    words = sorted(table, key=len, reverse=True)
    return re.compile(r"\b(" + "|".join(map(re.escape, words)) + r")\b"), table


def reword(text: str, part: float, rng: random.Random) -> str:
    """Words replaced by others of the same meaning, each with this likelihood. Names, numbers and
    quotations stay."""
    pattern, table = _synonyms()

    def other(match: re.Match[str]) -> str:
        return rng.choice(table[match[0]]) if rng.random() < part else match[0]

    pieces = re.split(r'("[^"]*")', text)
    return "".join(piece if piece.startswith('"') else pattern.sub(other, piece) for piece in pieces)


def sentences(text: str) -> list[str]:
    return _SENTENCE_END.split(text)


def shortened(paragraphs: Sequence[str], rng: random.Random) -> tuple[str, ...]:
    """The first paragraphs only, at least the first and about 50 words."""
    keep, words = 0, 0
    while keep < len(paragraphs) and (words < 50 or keep < 2 or rng.random() < 0.35):
        words += len(paragraphs[keep].split())
        keep += 1
    return tuple(paragraphs[:keep])


def typewritten(text: str, rng: random.Random) -> str:
    """The small untidiness of hurried typing: a double space, a blank before a comma."""
    match rng.randrange(3):
        case 0:
            return text.replace(", ", " , ", 1)
        case 1:
            return text.replace(" ", "  ", 1)
        case _:
            return text + " " if rng.random() < 0.5 else text.replace(". ", ".", 1)


def dateline(
    paragraphs: Sequence[str], office: Office, rng: random.Random, day: datetime | None = None
) -> tuple[str, ...]:
    """The place (and host) before the first words, as this office writes it. Without `day` it is that of
    a release on its way to another site, where some drop it."""
    first, seat = paragraphs[0], office.seat
    host = "kpu.go.id" if office.level == "national" else office.row["hostname"]
    habit = office.habit("dateline", 8) if day and office.level != "national" else 0
    if rng.random() < 0.06:
        habit = rng.randrange(7)
    mark = (
        f"{seat}, {host} – ",
        f"{seat}, {host} - ",
        f"{seat.upper()} – ",
        f"{seat} ({host}) – ",
        f"{seat}, {host}. ",
        f"{seat}, {long_date(day + timedelta(hours=office.offset))} – " if day else f"{seat} – ",
        "",
        "#TemanPemilih, ",
    )[habit]
    if habit == 7 and first.partition(" ")[0] in _OPENINGS:
        first = first[0].lower() + first[1:]
    return (mark + first, *paragraphs[1:])


def signature(office: Office, rng: random.Random) -> str:
    writer, photographer = office.people[14], office.people[15]
    habit = rng.randrange(7) if office.level == "national" else office.habit("signature", 7)
    return (
        f"(Humas {office.short})",
        f"(Humas {office.short}/foto: {photographer.split()[0]})",
        f"[{writer.split()[0]}/{photographer.split()[0]}]",
        "#KPUMelayani #TemanPemilih",
        f"(hupmas {office.place.lower()}/ed. {office.people[9].split()[0]})",
        "***",
        f"Penulis: {writer}",
    )[habit]


def credit(writer: Office, carrier: Office, rng: random.Random) -> str:
    """Where a carrier says the text comes from."""
    return rng.choice(
        (
            f"Sumber: {writer.row['hostname']}",
            f"(Humas {writer.name})",
            "(humas kpu ri/foto: dosen/ed dieR)" if writer.level == "national" else f"(Humas {writer.short})",
            f"Dimuat kembali oleh Humas {carrier.short}",
            "#KPUMelayani",
        )
    )
