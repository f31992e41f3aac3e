"""People of a post get their office where they are first named, and a shorter name from then on."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence

from aggregator.demo.facts import Facts
from aggregator.demo.places import Office

DIVISIONS = {
    "ang_data": "Perencanaan, Data, dan Informasi",
    "ang_teknis": "Teknis Penyelenggaraan",
    "ang_hukum": "Hukum dan Pengawasan",
    "ang_sosdik": "Sosialisasi, Pendidikan Pemilih, Partisipasi Masyarakat, dan SDM",
}
SECTIONS = {
    "kasub_data": "Perencanaan, Data, dan Informasi",
    "kasub_teknis": "Teknis Penyelenggaraan dan Partisipasi Masyarakat",
    "kasub_hukum": "Hukum dan SDM",
    "kasub_umum": "Keuangan, Umum, dan Logistik",
}
BUREAUS = (
    "Kepala Biro Umum",
    "Deputi Bidang Dukungan Teknis",
    "Deputi Bidang Administrasi",
    "Kepala Biro Parhumas",
)
# first names that do not stand for a person by themselves
_COMMON = re.compile(
    r"(Muhammad|Moch\.|Moh\.|Muh\.|Ahmad|Akhmad|Siti|Sitti|Andi|Baiq|I|Ni|La|Wa|Teuku|Cut|Lalu|Hj\.|Nur|Noor|Sri"
    r"|Anak|Ida|Abdul|Gusti|Dwi)\b"
)
_LAST_NAME_REGIONS = frozenset(("12", "53", "71", "81", "82", "91", "92", "93", "94", "95", "96"))
_TITLED_BEFORE = re.compile(
    r"(?:Ketua|Anggota|Sekretaris|Kepala|Deputi|Bupati|Wali Kota|Gubernur|wartawan)[^.!?\"“”]{0,90},? $"
)
_TITLED_AFTER = re.compile(r", (?:Ketua|Anggota|Sekretaris|Kepala)\b")


def introduced(paragraphs: Sequence[str], facts: Facts, rng: random.Random) -> tuple[str, ...]:
    """The paragraphs with an office before every official's first mention."""
    text = "\n".join(paragraphs)
    short = rng.random() < 0.45
    for fact, title in TITLES.items():
        name = facts.values.get(fact)
        at = text.find(name) if name else -1
        if name is None or at < 0:
            continue
        before, after = text[:at], text[at + len(name) :]
        if short:
            after = after.replace(name, called(name, facts.office))
        if not _TITLED_BEFORE.search(before[-130:]) and not _TITLED_AFTER.match(after):
            stop = "" if after[:1] in (".", ",", ";", "", "\n") else ","
            name = f"{title(facts, rng)}, {name}{stop}"
        text = before + name + after
    return tuple(text.split("\n"))


def called(name: str, office: Office) -> str:
    """How a person is called after the first mention."""
    first, _, rest = name.partition(" ")
    if office.province_code in _LAST_NAME_REGIONS or _COMMON.match(name):
        return name.rpartition(" ")[2]
    return first if rest else name


def _member(division: str) -> Callable[[Facts, random.Random], str]:
    def title(facts: Facts, rng: random.Random) -> str:
        office = facts.office.short
        return rng.choice(
            (
                f"Ketua Divisi {division} {office}",
                f"Anggota {office} Divisi {division}",
                f"Anggota {office}",
                f"Ketua Divisi {division}",
            )
        )

    return title


def _section(name: str) -> Callable[[Facts, random.Random], str]:
    def title(facts: Facts, rng: random.Random) -> str:
        unit = "Bagian" if facts.office.level == "province" else "Subbagian"
        return f"Kepala {unit} {name}"

    return title


TITLES: Mapping[str, Callable[[Facts, random.Random], str]] = {
    "ketua": lambda f, _: f"Ketua {f.office.short}",
    "sekretaris": lambda f, _: f"Sekretaris {f.office.short}",
    "ketua_prov": lambda f, _: f"Ketua {f.parent.short}",
    "ang_prov": lambda f, _: f"Anggota {f.parent.short}",
    "ketua_ri": lambda f, _: "Ketua KPU",
    "ang_ri": lambda f, _: "Anggota KPU",
    "sekjen": lambda f, _: "Sekretaris Jenderal KPU",
    "deputi": lambda f, rng: rng.choice(BUREAUS),
    **{fact: _member(division) for fact, division in DIVISIONS.items()},
    **{fact: _section(name) for fact, name in SECTIONS.items()},
}
