"""The facts of one post: who, where, when, how many. A fact is made when first asked for and then stays."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from aggregator.demo import almanac
from aggregator.demo.places import PAPUA, Office, mixed

Maker = Callable[["Facts"], str]
MAKERS: dict[str, Maker] = {}

POSTS = ("ketua", "ang_data", "ang_teknis", "ang_hukum", "ang_sosdik", "sekretaris")  # in Office.people
STAFF = ("kasub_data", "kasub_teknis", "kasub_hukum", "kasub_umum", "staf1", "staf2")
SPELLED = ("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh")


class Facts:
    """`facts(name)` gives the text of a fact; unknown names raise KeyError.

    `happened`: local time of what is reported; `parent` and `nation` are the offices above."""

    def __init__(
        self, office: Office, parent: Office, nation: Office, happened: datetime, rng: random.Random
    ) -> None:
        self.office, self.parent, self.nation = office, parent, nation
        self.happened, self.rng = happened, rng
        self.day = happened.date()
        self.values: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        value = self.values.get(name)
        if value is None:
            value = self.values[name] = self._place(name) if name[0] == "@" else MAKERS[name](self)
        return value

    def _place(self, name: str) -> str:
        """Which option the choices of this name take; `name` ends with the number of options."""
        return str(self.rng.randrange(int(name.rpartition("/")[2])))

    def of(self, *options: str) -> str:
        return self.rng.choice(options)

    def between(self, low: int, high: int) -> str:
        return figure(self.rng.randint(low, high))


def fact(make: Maker) -> Maker:
    MAKERS[make.__name__.strip("_")] = make
    return make


def figure(value: int) -> str:
    """1234567 → 1.234.567"""
    return f"{value:,}".replace(",", ".")


def rupiah(value: float) -> str:
    """1_234_000_000 → Rp1,23 miliar"""
    amount, word = (value / 1e12, "triliun") if value >= 1e12 else (value / 1e9, "miliar")
    if value < 1e9:
        amount, word = value / 1e6, "juta"
    return f"Rp{amount:.2f}".rstrip("0").rstrip(".").replace(".", ",") + f" {word}"


# --- The office ------------------------------------------------------------------------------------
def _constants() -> Iterator[tuple[str, Maker]]:
    yield "kpu", lambda f: f.office.name
    yield "kpu_s", lambda f: f.office.short
    yield "lembaga", lambda f: f.office.body
    yield "daerah", lambda f: f.office.region
    yield "nama", lambda f: f.office.place
    yield "ibu", lambda f: f.office.seat
    yield "zona", lambda f: f.office.zone
    yield "host", lambda f: f.office.row["hostname"]
    yield "provinsi", lambda f: f.office.row["province"]
    yield "atasan", lambda f: f.parent.name
    yield "atasan_s", lambda f: f.parent.short
    yield "kec", lambda f: f.office.district_word
    yield "desa", lambda f: f.office.village_word
    yield "kec_k", lambda f: f.office.district_word.lower()
    yield "desa_k", lambda f: f.office.village_word.lower()
    yield "jml_kec", lambda f: figure(f.office.district_count)
    yield "jml_desa", lambda f: figure(f.office.village_count)
    yield "jml_satker", lambda f: figure(len(f.office.children) or len(f.parent.children) or 38)
    yield "ketua_prov", lambda f: f.parent.people[0]
    yield "ang_prov", lambda f: f.parent.people[f.rng.randint(1, 4)]
    yield "ketua_ri", lambda f: f.nation.people[0]
    yield "ang_ri", lambda f: f.nation.people[f.rng.randint(1, 5)]
    yield "deputi", lambda f: f.nation.people[7 + f.rng.randint(0, 2)]
    yield "sekjen", lambda f: f.nation.people[10]
    for position, name in enumerate(POSTS + STAFF):
        yield name, lambda f, position=position: f.office.people[position]  # type: ignore[misc]
    for position in range(1, 4):
        yield f"kec{position}", lambda f, at=position - 1: _district(f, at)  # type: ignore[misc]
        yield f"desa{position}", lambda f, at=position - 1: _village(f, at)  # type: ignore[misc]
        yield f"kab{position}", lambda f, at=position - 1: _child(f, at)  # type: ignore[misc]
        yield f"orang{position}", lambda f: f.office.person(f.rng)


def _district(f: Facts, at: int) -> str:
    names = f.office.districts
    return names[(_shift(f) + at) % len(names)]


def _village(f: Facts, at: int) -> str:
    names = f.office.villages
    return names[(_shift(f) + at) % len(names)]


def _child(f: Facts, at: int) -> str:
    """A regency of the province, or of the nation, in full."""
    group = f.office.children or f.parent.children
    return group[(_shift(f) + at) % len(group)].row["region_name"]


def _shift(f: Facts) -> int:
    if "shift" not in f.values:
        f.values["shift"] = str(f.rng.randrange(60))
    return int(f.values["shift"])


MAKERS.update(_constants())


@fact
def wilayah(f: Facts) -> str:
    """kabupaten, kota, provinsi"""
    kind = f.office.row["kind"]
    return "nasional" if kind == "ri" else kind


@fact
def jajaran(f: Facts) -> str:
    """The offices below or beside it."""
    if f.office.level == "national":
        return "KPU provinsi dan KPU/KIP kabupaten/kota se-Indonesia"
    province = f.office if f.office.level == "province" else f.parent
    return f"{province.body} kabupaten/kota se-{province.place}"


@fact
def kepala(f: Facts) -> str:
    """Bupati Kediri, Wali Kota Kediri, Gubernur Jawa Timur"""
    title = {"kabupaten": "Bupati", "kota": "Wali Kota", "provinsi": "Gubernur"}.get(f.office.row["kind"])
    return f"{title} {f.office.place}" if title else "Menteri Dalam Negeri"


@fact
def pemda(f: Facts) -> str:
    if f.office.level == "national":
        return "Kementerian Dalam Negeri"
    return f"Pemerintah {f.office.region}"


@fact
def bawaslu(f: Facts) -> str:
    if f.office.level == "national":
        return "Bawaslu RI"
    body = "Panwaslih" if f.office.body == "KIP" else "Bawaslu"
    return f"{body} {f.office.region}"


@fact
def dprd(f: Facts) -> str:
    if f.office.level == "national":
        return "DPR RI"
    if f.office.body == "KIP":
        return "DPR Aceh" if f.office.level == "province" else f"DPRK {f.office.place}"
    if f.office.province_code in PAPUA:
        return f"DPR{'P' if f.office.level == 'province' else 'K'} {f.office.place}"
    return f"DPRD {f.office.region}"


def _agency(name: str) -> Maker:
    return lambda f: f"{name} {f.office.region}"


MAKERS |= {
    "dukcapil": _agency("Dinas Kependudukan dan Pencatatan Sipil"),
    "disdukcapil": _agency("Disdukcapil"),
    "kesbangpol": _agency("Badan Kesbangpol"),
    "disdik": _agency("Dinas Pendidikan"),
    "dinsos": _agency("Dinas Sosial"),
    "kominfo": _agency("Dinas Kominfo"),
    "kemenag": _agency("Kantor Kementerian Agama"),
    "inspektorat": _agency("Inspektorat"),
    "polres": lambda f: _police(f.office),
    "kodim": lambda f: "Kodam" if f.office.level == "province" else "Kodim",
    "kejari": lambda f: (
        ("Kejaksaan Tinggi " if f.office.level == "province" else "Kejaksaan Negeri ") + f.office.place
    ),
    "pn": lambda f: f"Pengadilan Negeri {f.office.seat}",
    "lapas": lambda f: f.of("Lapas Kelas IIA ", "Lapas Kelas IIB ", "Rutan Kelas IIB ") + f.office.seat,
    "kppn": lambda f: f"KPPN {f.office.seat}",
    "kpknl": lambda f: f"KPKNL {f.office.seat if f.office.level == 'province' else f.parent.seat}",
}


def _police(office: Office) -> str:
    if office.province_code == "31":
        return "Polda Metro Jaya" if office.level == "province" else f"Polres Metro {office.place}"
    if office.level == "province":
        return f"Polda {office.place}"
    return f"{'Polresta' if office.row['kind'] == 'kota' else 'Polres'} {office.place}"


# --- Schools, halls --------------------------------------------------------------------------------
@fact
def sekolah(f: Facts) -> str:
    return _school(f)


@fact
def sekolah2(f: Facts) -> str:
    return next(school for _ in range(50) if (school := _school(f)) != f("sekolah"))


def _school(f: Facts) -> str:
    kind = f.of("SMA Negeri", "SMA Negeri", "SMK Negeri", "MAN", "SMA Negeri", "SMK Negeri")
    if kind == "MAN" and f.office.province_code in (*PAPUA, "53", "51"):
        kind = "SMA Negeri"
    where = f.of(f.office.place, f.office.seat, _district(f, f.rng.randint(0, 2)))
    return f"{kind} {f.rng.choice((1, 1, 1, 2, 2, 3, 4, 5))} {where}"


@fact
def kampus(f: Facts) -> str:
    town = f.office.seat
    names = [f"Universitas Muhammadiyah {town}", f"Universitas Merdeka {town}", f"Politeknik {town}"]
    names += [f"STIE {town}", f"STISIP Bina Bangsa {town}", f"Universitas Nusa Bhakti {town}"]
    if f.office.province_code not in (*PAPUA, "51", "53", "71"):
        names += [f"IAI Darul Ulum {town}", f"STAI {town}"]
    return f.of(*names)


@fact
def pondok(f: Facts) -> str:
    """Where young people of faith live and learn."""
    if f.office.province_code in (*PAPUA, "53", "71"):
        return f.of("Seminari Santo Yosef", "Asrama Pemuda Gereja Imanuel", "Asrama Putri Maranatha")
    if f.office.province_code == "51":
        return f.of("Pasraman Widya Dharma", "Sekaa Teruna Dharma Bakti", "Asrama Pelajar Saraswati")
    return "Pondok Pesantren " + f.of(
        "Darul Hikmah", "Al-Ikhlas", "Nurul Falah", "Miftahul Ulum", "Raudlatul Jannah"
    )


@fact
def aula(f: Facts) -> str:
    name = f.office.short
    return f.of(f"Aula {name}", f"Ruang Rapat {name}", f"Ruang Rapat {name}", f"Media Center {name}",
                f"Kantor {name}", f"Ruang Pleno {name}", f"Rumah Pintar Pemilu {name}")  # fmt: skip


@fact
def ruang(f: Facts) -> str:
    return f.of(f"Ruang Rapat {f.office.short}", f"Aula {f.office.short}", f"Kantor {f.office.short}")


@fact
def hotel(f: Facts) -> str:
    names = ("Grand", "Puri", "Graha", "Griya", "Royal")
    more = ("Nusantara", "Sentosa", "Melati", "Permata", "Khatulistiwa", "Cendana", "Anggrek")
    return f"Hotel {f.rng.choice(names)} {f.rng.choice(more)} {f.office.seat}"


# --- Time ------------------------------------------------------------------------------------------
MAKERS |= {
    "hari": lambda f: almanac.day_name(f.day),
    "tgl": lambda f: f"{f.day.day}/{f.day.month}/{f.day.year}",
    "tanggal": lambda f: almanac.long_date(f.day),
    "bulan": lambda f: almanac.MONTHS[f.day.month - 1],
    "bulan_lalu": lambda f: almanac.MONTHS[f.day.month - 2],
    "bulan_tahun": lambda f: f"{almanac.MONTHS[f.day.month - 1]} {f.day.year}",
    "tahun": lambda f: str(f.day.year),
    "tahun_lalu": lambda f: str(f.day.year - 1),
    "tahun_depan": lambda f: str(f.day.year + 1),
    "besok_lusa": lambda f: almanac.long_date(f.day + timedelta(days=f.rng.randint(2, 6))),
    "pekan_depan": lambda f: almanac.long_date(f.day + timedelta(days=f.rng.randint(7, 13))),
    "jam": lambda f: f"{f.happened:%H.%M} {f.office.zone}",
    "tw": lambda f: almanac.ROMAN[_quarter(f)[1] - 1],
    "tw_kata": lambda f: ("pertama", "kedua", "ketiga", "keempat")[_quarter(f)[1] - 1],
    "tw_kata_besar": lambda f: ("Pertama", "Kedua", "Ketiga", "Keempat")[_quarter(f)[1] - 1],
    "tw_tahun": lambda f: str(_quarter(f)[0]),
    "smt": lambda f: "I" if _quarter(f)[1] <= 2 else "II",
    "smt_kata": lambda f: "pertama" if _quarter(f)[1] <= 2 else "kedua",
}


def _quarter(f: Facts) -> tuple[int, int]:
    return almanac.voter_quarter(f.day)


@fact
def hari_tgl(f: Facts) -> str:
    """The day as this office writes it."""
    day = f.day
    name = almanac.day_name(day)
    style = f.office.habit("date", 6)
    if style < 3:
        return f"{name} ({day.day}/{day.month}/{day.year})"
    if style == 3:
        return f"{name} ({day.day:02}/{day.month:02})"
    return f"{name}, {almanac.long_date(day)}" if style == 4 else f"{name} ({almanac.long_date(day)})"


@fact
def masa_kerja(f: Facts) -> str:
    start = f.day.year - (f.day.year - 2023) % 5
    return f"{start}–{start + 5}"


# --- Figures ---------------------------------------------------------------------------------------
def _list_at(f: Facts, back: int = 0) -> tuple[int, int]:
    """All and male voters of the list that is spoken of, or of one `back` quarters before."""
    at = almanac.quarters_since_2024(*_quarter(f)) - back
    return f.office.voters(at), f.office.male_voters(at)


MAKERS |= {
    "pemilih": lambda f: figure(_list_at(f)[0]),
    "laki": lambda f: figure(_list_at(f)[1]),
    "perempuan": lambda f: figure(_list_at(f)[0] - _list_at(f)[1]),
    "pemilih_lalu": lambda f: figure(_list_at(f, 1)[0]),
    "baru": lambda f: figure(_movement(f)[0]),
    "tms": lambda f: figure(_movement(f)[1]),
    "ubah": lambda f: figure(_movement(f)[2]),
    "meninggal": lambda f: figure(_movement(f)[1] * 6 // 10),
    "pindah": lambda f: figure(_movement(f)[1] - _movement(f)[1] * 6 // 10),
    "dpt": lambda f: figure(f.office.base_voters),
    "jml_tps": lambda f: figure(f.office.station_count(260 if f.day < date(2024, 4, 1) else 480)),
    "peserta": lambda f: f.between(18, 140),
    "siswa": lambda f: f.between(45, 420),
    "sedikit": lambda f: SPELLED[f.rng.randint(2, 9)],
    "sedikit2": lambda f: SPELLED[f.rng.randint(3, 9)],
    "belasan": lambda f: f.between(11, 19),
    "puluhan": lambda f: f.between(21, 95),
    "ratusan": lambda f: f.between(110, 960),
    "persen": lambda f: f"{f.rng.uniform(91, 99.8):.2f}".replace(".", ",") + " persen",
    "persen2": lambda f: f"{f.rng.uniform(68, 89):.2f}".replace(".", ",") + " persen",
    "nilai": lambda f: f"{f.rng.uniform(82, 97.9):.2f}".replace(".", ","),
    "rp_juta": lambda f: rupiah(f.rng.randint(24, 940) * 1_000_000),
    "rp_miliar": lambda f: rupiah(f.rng.randint(210, 4800) * 10_000_000),
    "rp_hibah": lambda f: rupiah(f.rng.randint(1800, 6200) * 10_000_000),
    "kg": lambda f: figure(f.rng.randint(12, 96) * 100),
    "nomor": lambda f: str(f.rng.randint(3, 480)),
    "ba": lambda f: f"{f.rng.randint(11, 190)}/{f.of('PL.02.1', 'PP.07')}-BA/{f.office.code}/{f.day.year}",
}  # fmt: skip


def _movement(f: Facts) -> tuple[int, int, int]:
    """New, struck off and changed voters of the quarter; they explain the difference to the last one."""
    now, before = _list_at(f)[0], _list_at(f, 1)[0]
    luck = mixed(before)
    lost = int(before * (0.002 + 0.003 * (luck & 0xFFFF) / 0xFFFF))
    changed = int(before * (0.001 + 0.002 * (luck >> 48) / 0xFFFF))
    return now - before + lost, lost, changed


@fact
def pembina(f: Facts) -> str:
    """Who speaks at a roll call; often the secretary."""
    return f(f.of("sekretaris", "ketua", "ang_hukum", "ang_teknis", "sekretaris"))


@fact
def pembina_jab(f: Facts) -> str:
    titles = {f("ketua"): "Ketua", f("sekretaris"): "Sekretaris"}
    return titles.get(f("pembina"), "Pembina")


@fact
def puluhan_tgl(f: Facts) -> str:
    return f.of("5", "10", "20", "25")


# --- The national office ---------------------------------------------------------------------------
MAKERS |= {
    "tempat_ri": lambda f: f.of(
        "Ruang Sidang Utama Kantor KPU, Jakarta", "Kantor KPU, Jakarta", "Auditorium Kantor KPU, Jakarta",
        "Bogor, Jawa Barat", "Jakarta", "Tangerang, Banten", "Surabaya, Jawa Timur", "Yogyakarta",
        "Bandung, Jawa Barat",
    ),
    "tema_rakor": lambda f: f.of(
        "Penguatan Kelembagaan", "Evaluasi Perencanaan dan Anggaran", "Penataan Arsip dan Dokumentasi",
        "Pengelolaan Keuangan dan BMN", "Divisi Hukum dan Pengawasan", "Pencegahan Pelanggaran Kode Etik",
        "Pengendalian Gratifikasi", "Penyusunan Laporan Kinerja", "Reformasi Birokrasi", "Manajemen Risiko",
        "Keamanan Informasi", "Pelayanan Publik", "Persiapan Verifikasi Partai Politik", "Parmas dan SDM",
    ),
    "tema_pkpu": lambda f: f.of(
        "Tata Naskah Dinas", "Pemutakhiran Data Pemilih", "Penggantian Antarwaktu Anggota DPRD",
        "Tata Kerja KPU", "Pembentukan Badan Adhoc", "Dana Kampanye", "Pengelolaan Logistik",
        "Pelayanan Informasi Publik", "Partisipasi Masyarakat", "Penataan Daerah Pemilihan",
    ),
    "negara": lambda f: f.of(
        "Timor-Leste", "Filipina", "Korea Selatan", "Thailand", "Fiji", "India", "Malaysia", "Uzbekistan",
        "Bangladesh", "Papua Nugini", "Australia", "Maladewa", "Nepal", "Jepang",
    ),
    "tamu_ri": lambda f: f.of(
        "Organisasi Pelajar", "Jaringan Pemantau Pemilu", "Perhimpunan Penyandang Disabilitas",
        "Forum Mahasiswa", "Asosiasi Media Siber", "Lembaga Bantuan Hukum",
    ),
    "provinsi_acak": lambda f: f.rng.choice(f.nation.children or (f.office,)).row["region_name"],
}  # fmt: skip


@fact
def aturan(f: Facts) -> str:
    """A law or regulation that offices study."""
    return f.of(
        "Undang-Undang Nomor 7 Tahun 2017", "PKPU Nomor 8 Tahun 2019 tentang Tata Kerja",
        "PKPU Nomor 1 Tahun 2025 tentang PDPB", "PKPU Nomor 6 Tahun 2022 tentang Penataan Dapil",
        "Peraturan DKPP Nomor 2 Tahun 2017", "PKPU tentang Jadwal Retensi Arsip",
        "Undang-Undang Keterbukaan Informasi Publik", "Undang-Undang Pelindungan Data Pribadi",
        "PKPU tentang Tata Naskah Dinas", "Putusan MK Nomor 135/PUU-XXII/2024",
        "Pedoman Teknis Penggantian Antarwaktu Anggota DPRD", "PKPU Nomor 15 Tahun 2023 tentang Kampanye",
    )  # fmt: skip


MAKERS |= {
    "bakal": lambda f: f.of("Bakal Pasangan Calon", "Bakal Pasangan Calon Pertama", "Bakal Paslon"),
    "ke": lambda f: f.of("Pertama", "Kedua", "Ketiga"),
    "tiga": lambda f: f.of("Dua", "Tiga", "Empat", "Tiga"),
    "pertama": lambda f: f.of("Pertama", "Kedua", "Ketiga"),
    "kepala_usul": lambda f: (
        "Menteri Dalam Negeri" if f.office.level == "province" else f"Gubernur {f('provinsi')}"
    ),
}
MAKERS["kode"] = lambda f: f.office.code
MAKERS["rp_hadiah"] = lambda f: rupiah(f.rng.choice((3, 5, 6, 7.5, 10, 12.5, 15)) * 1_000_000)


@fact
def jumat(f: Facts) -> str:
    """The Friday of that week or the one before, as this office writes days."""
    back = (f.day.weekday() - 4) % 7
    return Facts(f.office, f.parent, f.nation, f.happened - timedelta(days=back), f.rng)("hari_tgl")


@fact
def bagian(f: Facts) -> str:
    unit = "Bagian" if f.office.level == "province" else "Subbagian"
    return f"{unit} " + f.of(
        "Keuangan, Umum, dan Logistik", "Perencanaan, Data, dan Informasi", "Hukum dan SDM"
    )


@fact
def rp_lelang(f: Facts) -> str:
    """What the paper and cardboard of an election bring at auction."""
    return rupiah(f.rng.randint(14, 96) * 1_000_000)
