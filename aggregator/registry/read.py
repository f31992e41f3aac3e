"""A registry file: bytes → rows that can be used, and one sentence for each line that cannot.

The columns are those of `data/satker.csv`; `migration_status` and `feed_url` may be added. UTF-8 with or
without a byte order mark, parted by commas or (as Excel writes them in Indonesia) by semicolons.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from aggregator import links
from aggregator.errors import RegistryError
from aggregator.models import Satker
from aggregator.models.registry import Zone

MAX_BYTES = 10_000_000  # the whole country is 80 kB
MAX_FIELD = 20_000
REQUIRED = (
    "code",
    "parent_code",
    "level",
    "name",
    "region_name",
    "kind",
    "province",
    "hostname",
    "hostname_evidence",
    "latitude",
    "longitude",
    "timezone",
)
OPTIONAL = ("migration_status", "feed_url")

KINDS = {"national": {"ri"}, "province": {"provinsi"}, "regency": {"kabupaten", "kota"}}
PARENT_LEVEL = {"province": "national", "regency": "province"}
CODE = {"national": r"0", "province": r"[1-9]\d", "regency": r"[1-9]\d{3}"}
LATITUDES, LONGITUDES = (-11.5, 6.5), (94.5, 141.5)  # Indonesia with its seas, degrees

# Words that people write for the five codes of the migration board.
MIGRATION_WORDS = {
    "": "",
    "unknown": "",
    "belum dinilai": "",
    "no feed": "",  # true of a satker whatever its site is, so never stored: see Satker.Migration
    "belum ada umpan": "",
    "none": "K1",
    "no site": "K1",
    "outside": "K1",
    "tidak ada situs": "K1",
    "di luar kpu": "K1",
    "old site": "K2",
    "situs lama": "K2",
    "old template": "K3",
    "templat lama": "K3",
    "migrated": "M",
    "sudah migrasi": "M",
    "migrated other": "M!",
    "cms lain": "M!",
}

Rejection = tuple[int, str]  # line number, sentence


@dataclass(frozen=True, slots=True)
class Row:
    """One satker as the file has it, checked. `migration_status` is None where there is no such column."""

    line: int
    code: str
    parent_code: str
    level: str
    name: str
    region_name: str
    kind: str
    province: str
    hostname: str
    hostname_evidence: str
    latitude: float | None
    longitude: float | None
    timezone: str
    migration_status: str | None = None
    feed_urls: tuple[str, ...] = ()


@dataclass(slots=True)
class Sheet:
    """`levels` tells the level of every code of the file, rejected lines included: a child is not to
    blame for its parent's fault."""

    rows: list[Row] = field(default_factory=list)
    levels: dict[str, str] = field(default_factory=dict)
    rejected: list[Rejection] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(data: bytes) -> Sheet:
    """Rows and rejections of one file. Raises RegistryError when it is no such table at all."""
    text = _text(data)
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    csv.field_size_limit(MAX_FIELD)
    header = _header(table)
    sheet = Sheet(notes=[_("Kolom %s tidak dikenal dan diabaikan.") % c for c in header if c not in _KNOWN])
    for line, values in _lines(table, sheet):
        if len(values) != len(header):
            sheet.rejected.append((line, _wrong_width(len(values), len(header))))
            continue
        cells = {name: value.strip() for name, value in zip(header, values, strict=True)}
        if delimiter == ";":  # where Excel parts columns by semicolons it writes 4,22573
            cells |= {name: cells[name].replace(",", ".") for name in ("latitude", "longitude")}
        sheet.levels.setdefault(cells["code"], cells["level"])
        problems = list(_problems(cells))
        sheet.rejected += [(line, sentence) for sentence in problems]
        if not problems:
            sheet.rows.append(_row(line, cells))
    if not sheet.rows and not sheet.rejected:
        raise RegistryError(_("Berkas hanya berisi baris judul, tidak ada satker di dalamnya."))
    return sheet


_KNOWN = {*REQUIRED, *OPTIONAL}


def _text(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise RegistryError(
            _("Berkas lebih besar dari %d MB; daftar satker tidak sebesar itu.") % (MAX_BYTES // 1_000_000)
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise RegistryError(_("Berkas memakai UTF-16; simpanlah sebagai CSV UTF-8."))
    if (nul := data.find(b"\0")) >= 0:
        raise RegistryError(_("Baris %d: berkas memuat byte NUL, jadi bukan CSV.") % _line_of(data, nul))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = _line_of(data, error.start)
        raise RegistryError(_("Baris %d: bukan UTF-8; simpanlah sebagai CSV UTF-8.") % at) from error
    if not text.strip():
        raise RegistryError(_("Berkas kosong."))
    return text


def _line_of(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _header(table: Iterator[list[str]]) -> list[str]:
    try:
        header = [name.strip().lower() for name in next(table)]
    except (csv.Error, StopIteration) as error:
        raise RegistryError(_("Baris 1: bukan CSV dengan nama kolom.")) from error
    if missing := [name for name in REQUIRED if name not in header]:
        raise RegistryError(_("Baris 1: kolom %s tidak ada.") % ", ".join(missing))
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise RegistryError(_("Baris 1: kolom %s ada dua kali.") % ", ".join(twice))
    return header


def _lines(table: Any, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of the line it begins on. Broken quoting ends the reading."""
    while True:
        line = table.line_num + 1
        try:
            values = next(table)
        except StopIteration:
            return
        except csv.Error as error:
            sheet.rejected.append((line, _("bukan CSV yang benar (%s).") % error))
            return
        if values:
            yield line, values


def _wrong_width(found: int, wanted: int) -> str:
    return _("berisi %(found)d kolom, padahal baris judul berisi %(wanted)d.") % {
        "found": found,
        "wanted": wanted,
    }


def _problems(cells: dict[str, str]) -> Iterator[str]:
    """What is wrong with one line by itself, in sentences."""
    if any(not value.isprintable() for value in cells.values()):
        yield _("memuat tanda kendali yang tidak terlihat.")
        return
    yield from _identity_problems(cells)
    yield from _host_problems(cells)
    yield from _place_problems(cells)
    if migration(cells.get("migration_status", "")) is None:
        codes = ", ".join(code for code in Satker.Migration.values if code)
        yield _("migration_status “%(value)s” tidak dikenal; pakailah %(codes)s, atau kosongkan.") % {
            "value": cells["migration_status"],
            "codes": codes,
        }
    for url in cells.get("feed_url", "").split():
        if not links.absolute(url) or len(url) > 1000:
            yield _("feed_url “%s” bukan alamat http atau https.") % url[:200]


def _identity_problems(cells: dict[str, str]) -> Iterator[str]:
    level, code, parent = cells["level"], cells["code"], cells["parent_code"]
    if level not in KINDS:
        yield _("level “%s” tidak dikenal; pakailah national, province, atau regency.") % level
        return
    if not re.fullmatch(CODE[level], code, re.ASCII):
        yield _("kode “%(code)s” bukan kode untuk level %(level)s.") % {"code": code, "level": level}
    elif level == "national" and parent:
        yield _("satker nasional tidak mempunyai induk, tetapi parent_code berisi “%s”.") % parent
    elif level != "national" and not parent:
        yield _("parent_code kosong.")
    elif level == "regency" and code[:2] != parent:
        yield _("kode %(code)s tidak diawali kode induknya, %(parent)s.") % {"code": code, "parent": parent}
    if cells["kind"] not in KINDS[level]:
        yield _("kind “%(kind)s” tidak cocok dengan level %(level)s.") % {
            "kind": cells["kind"],
            "level": level,
        }
    for name in ("name", "region_name"):
        if not cells[name] or len(cells[name]) > 120:
            yield _("%s kosong atau lebih dari 120 huruf.") % name


def _host_problems(cells: dict[str, str]) -> Iterator[str]:
    hostname, evidence = cells["hostname"], cells["hostname_evidence"]
    if hostname and links.host(f"https://{_bracketed(hostname)}/") != hostname:
        yield _("hostname “%s” bukan nama host dalam huruf kecil.") % hostname[:200]
    if evidence not in Satker.HostEvidence.values:
        yield _("hostname_evidence “%(value)s” tidak dikenal; pakailah %(known)s.") % {
            "value": evidence,
            "known": ", ".join(Satker.HostEvidence.values),
        }


def _bracketed(hostname: str) -> str:
    return f"[{hostname}]" if ":" in hostname else hostname


def _place_problems(cells: dict[str, str]) -> Iterator[str]:
    if cells["timezone"] not in Zone.values:
        yield _("timezone “%(value)s” tidak dikenal; pakailah %(known)s.") % {
            "value": cells["timezone"],
            "known": ", ".join(Zone.values),
        }
    latitude, longitude = cells["latitude"], cells["longitude"]
    if bool(latitude) != bool(longitude):
        yield _("latitude dan longitude harus keduanya terisi atau keduanya kosong.")
        return
    for name, text, (low, high) in (
        ("latitude", latitude, LATITUDES),
        ("longitude", longitude, LONGITUDES),
    ):
        if text and not low <= _number(text) <= high:
            yield _("%(name)s “%(text)s” bukan koordinat di Indonesia.") % {"name": name, "text": text[:40]}


def _number(text: str) -> float:
    """The number written in plain digits; NaN, which lies in no range, for all else."""
    return float(text) if re.fullmatch(r"-?\d{1,3}(\.\d{1,12})?", text, re.ASCII) else math.nan


def migration(text: str) -> str | None:
    """The code that a migration status or a plain word for it means; None for an unknown one."""
    if text.upper() in Satker.Migration.values:
        return text.upper()
    return MIGRATION_WORDS.get(text.lower().replace("_", " ").replace("-", " "))


def _row(line: int, cells: dict[str, str]) -> Row:
    status = cells.get("migration_status")
    return Row(
        line=line,
        **{name: cells[name] for name in REQUIRED if name not in ("latitude", "longitude")},
        latitude=_number(cells["latitude"]) if cells["latitude"] else None,
        longitude=_number(cells["longitude"]) if cells["longitude"] else None,
        migration_status=None if status is None else migration(status),
        feed_urls=tuple(dict.fromkeys(links.absolute(url) for url in cells.get("feed_url", "").split())),
    )


def cross_check(sheet: Sheet, levels: dict[str, str], provinces: dict[str, str]) -> None:
    """Move rows that contradict each other, or what is stored, to the rejections.

    `levels` gives the level of every stored satker by code, `provinces` the name of each province."""
    first: dict[str, int] = {}
    hosts: dict[str, Row] = {}
    known = levels | sheet.levels
    for row in sheet.rows:
        sentences = list(_contradictions(row, known, provinces))
        if row.code in first:
            sentences.append(
                _("kode %(code)s sudah ada di baris %(line)d.") % {"code": row.code, "line": first[row.code]}
            )
        first.setdefault(row.code, row.line)
        other = hosts.setdefault(row.hostname, row) if row.hostname else row
        if other.code != row.code:
            sentences.append(
                _("hostname %(host)s sudah dipakai satker %(code)s di baris %(line)d.")
                % {"host": row.hostname, "code": other.code, "line": other.line}
            )
        sheet.rejected += [(row.line, sentence) for sentence in sentences]
    bad = {line for line, _sentence in sheet.rejected}
    sheet.rows = [row for row in sheet.rows if row.line not in bad]
    sheet.rejected.sort()


def _contradictions(row: Row, levels: dict[str, str], provinces: dict[str, str]) -> Iterator[str]:
    if row.level == "national":
        if row.province:
            yield _("satker nasional tidak berada di satu provinsi; kosongkan kolom province.")
        return
    parent_level = levels.get(row.parent_code)
    if parent_level is None:
        yield _("induk %s tidak dikenal.") % row.parent_code
    elif parent_level != PARENT_LEVEL[row.level]:
        yield _("induk %(parent)s berlevel %(found)s, seharusnya %(wanted)s.") % {
            "parent": row.parent_code,
            "found": parent_level,
            "wanted": PARENT_LEVEL[row.level],
        }
    name = provinces.get(row.code[:2])
    if name is None:
        yield _("kode provinsi %s tidak dikenal.") % row.code[:2]
    elif row.province != name:
        yield _("province “%(found)s” tidak cocok dengan kode; seharusnya “%(wanted)s”.") % {
            "found": row.province,
            "wanted": name,
        }
