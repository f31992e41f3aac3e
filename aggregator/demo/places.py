"""The election offices of the registry, and what the demonstration network makes up about them: people,
sub-districts, voters. All of it follows from the seed and the office's code."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import blake2b
from pathlib import Path

from aggregator.demo.grammar import DATA, read_lines

REGISTRY = Path(__file__).parent.parent / "data" / "satker.csv"
ZONES = {"Asia/Jakarta": ("WIB", 7), "Asia/Makassar": ("WITA", 8), "Asia/Jayapura": ("WIT", 9)}
PAPUA = ("91", "92", "93", "94", "95", "96")

CULTURES: Mapping[str, tuple[str, ...]] = (
    {  # province → whose names are met there, the most usual first
        "11": ("aceh",),
        "12": ("batak", "batak", "melayu"),
        "13": ("minang",),
        "14": ("melayu", "minang"),
        "15": ("melayu",),
        "16": ("melayu",),
        "17": ("melayu",),
        "18": ("melayu", "jawa"),
        "19": ("melayu",),
        "21": ("melayu",),
        "31": ("betawi", "jawa"),
        "32": ("sunda",),
        "36": ("sunda", "betawi"),
        "51": ("bali",),
        "52": ("sasak",),
        "53": ("ntt",),
        "61": ("melayu", "dayak"),
        "62": ("dayak", "banjar"),
        "63": ("banjar",),
        "64": ("banjar", "bugis", "dayak"),
        "65": ("dayak", "bugis"),
        "71": ("minahasa",),
        "72": ("kaili", "bugis"),
        "73": ("bugis",),
        "74": ("sultra", "bugis"),
        "75": ("gorontalo",),
        "76": ("bugis",),
        "81": ("maluku",),
        "82": ("maluku",),
    }
    | dict.fromkeys(("33", "34", "35"), ("jawa",))
    | dict.fromkeys(PAPUA, ("papua", "papua", "maluku", "bugis"))
)

VOTERS: Mapping[str, int] = {  # roughly how many voters a province has, in thousands; public knowledge
    "11": 3740, "12": 10850, "13": 4090, "14": 4730, "15": 2680, "16": 6330, "17": 1490, "18": 6540,
    "19": 1070, "21": 1500, "31": 8250, "32": 35700, "33": 28290, "34": 2870, "35": 31400, "36": 8840,
    "51": 3270, "52": 3920, "53": 4010, "61": 3960, "62": 1940, "63": 3030, "64": 2780, "65": 500,
    "71": 1970, "72": 2240, "73": 6670, "74": 1870, "75": 880, "76": 990, "81": 1340, "82": 950,
    "91": 730, "92": 390, "93": 370, "94": 1130, "95": 1310, "96": 440,
}  # fmt: skip
SHORT_PROVINCES: Mapping[str, str] = {
    "12": "Sumut", "13": "Sumbar", "16": "Sumsel", "19": "Babel", "21": "Kepri", "31": "DKI Jakarta",
    "32": "Jabar", "33": "Jateng", "34": "DIY", "35": "Jatim", "52": "NTB", "53": "NTT", "61": "Kalbar",
    "62": "Kalteng", "63": "Kalsel", "64": "Kaltim", "65": "Kaltara", "71": "Sulut", "72": "Sulteng",
    "73": "Sulsel", "74": "Sultra", "76": "Sulbar", "82": "Malut",
}  # fmt: skip


def number(*parts: object) -> int:
    """A number that follows from these parts alone, on every machine: 0 … 2⁶⁴ - 1."""
    return int.from_bytes(blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest(), "big")


def mixed(bits: int) -> int:
    """Another number of 64 bits, far from this one: a step of SplitMix64, much cheaper than `number`."""
    bits = (bits + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return bits ^ (bits >> 31)


@dataclass(frozen=True, slots=True)
class Culture:
    men: tuple[str, ...]
    women: tuple[str, ...]
    last: tuple[str, ...]  # of men
    last_of_women: tuple[str, ...]
    villages: tuple[str, ...]
    districts: tuple[str, ...]

    def person(self, rng: random.Random) -> str:
        women = rng.random() < 0.34
        first = rng.choice(self.women if women else self.men)
        last = rng.choice(self.last_of_women if women else self.last)
        return f"{first} {last}" if first != last else self.person(rng)


@cache
def cultures() -> Mapping[str, Culture]:
    found = {}
    for line in read_lines(DATA / "orang.txt"):
        name, _, lists = line.partition(":")
        men, women, last, villages, districts = (part.strip() for part in lists.split("|"))
        of_men, _, of_women = last.partition("/")
        parts = (men, women, of_men, of_women or of_men, villages, districts)
        found[name] = Culture(*(tuple(word.strip() for word in part.split(",")) for part in parts))
    return found


@cache
def seats() -> Mapping[str, str]:
    """Region → the town its office is in, where that is not the region's own name."""
    return {
        name: town.strip() for name, _, town in (s.partition(":") for s in read_lines(DATA / "ibukota.txt"))
    }


@dataclass(frozen=True)
class Office:
    """One satker and its made-up surroundings."""

    row: Mapping[str, str]
    seed: int
    siblings: int = 1  # offices under the same parent, itself included
    twin: bool = False  # a kabupaten and a kota bear this name, so it is never left bare
    children: tuple[Office, ...] = field(default=(), repr=False, compare=False)
    _traits: dict[str, int] = field(default_factory=dict, repr=False, compare=False)
    _lists: dict[int, tuple[int, int]] = field(default_factory=dict, repr=False, compare=False)

    def habit(self, what: str, kinds: int) -> int:
        """Which of so many ways this office has in this matter, for ever."""
        bits = self._traits.get(what)
        if bits is None:
            bits = self._traits[what] = number(self.seed, self.code, what)
        return bits % kinds

    def trait(self, what: str) -> float:
        """How much of this the office has, 0 to 1."""
        return self.habit(what, 2**64) / 2**64

    @cached_property
    def code(self) -> str:
        return self.row["code"]

    @cached_property
    def level(self) -> str:
        """national, province or regency"""
        return self.row["level"]

    @property
    def parent(self) -> str:
        return self.row["parent_code"]

    @property
    def province_code(self) -> str:
        return self.code[:2] if self.level != "national" else ""

    @property
    def zone(self) -> str:
        return ZONES[self.row["timezone"]][0]

    @property
    def offset(self) -> int:
        """Hours east of UTC."""
        return ZONES[self.row["timezone"]][1]

    @property
    def body(self) -> str:
        """KPU, or KIP in Aceh"""
        return "KIP" if self.province_code == "11" else "KPU"

    @property
    def name(self) -> str:
        return "KPU RI" if self.level == "national" else self.row["name"]

    @property
    def region(self) -> str:
        """Kabupaten Kediri, Provinsi Jawa Timur, Indonesia"""
        region = self.row["region_name"]
        return f"Provinsi {region}" if self.level == "province" and not region.startswith("D") else region

    @property
    def place(self) -> str:
        """Kediri: the region without its kind"""
        return self.row["region_name"].removeprefix("Kabupaten ").removeprefix("Kota ")

    @cached_property
    def short(self) -> str:
        """How its own people call it in a headline."""
        if self.level == "national":
            return "KPU"
        if self.level == "province":
            short = SHORT_PROVINCES.get(self.code, self.place)
            return f"{self.body} {short}" if self.trait("short") < 0.6 else self.name
        bare = f"{self.body} {self.place}"
        if self.row["kind"] == "kota":
            return bare if not self.twin and self.trait("short") < 0.3 else self.name
        return bare if not self.twin and self.trait("short") < 0.55 else self.name

    @cached_property
    def seat(self) -> str:
        """The town in its datelines."""
        return "Jakarta" if self.level == "national" else seats().get(self.row["region_name"], self.place)

    @property
    def district_word(self) -> str:
        if self.province_code in PAPUA:
            return "Distrik"
        if self.province_code == "34":
            return "Kapanewon" if self.row["kind"] == "kabupaten" else "Kemantren"
        return "Kecamatan"

    @property
    def village_word(self) -> str:
        if self.row["kind"] == "kota":
            return "Gampong" if self.province_code == "11" else "Kelurahan"
        special = {"11": "Gampong", "13": "Nagari", "34": "Kalurahan"} | dict.fromkeys(PAPUA, "Kampung")
        return special.get(self.province_code, "Desa")

    @cached_property
    def _rng(self) -> random.Random:
        return random.Random(self.habit("people", 2**64))

    @cached_property
    def people(self) -> tuple[str, ...]:
        """Names of the house, all different: chair, members, secretary, heads of sub-divisions, staff."""
        names: dict[str, None] = {}
        while len(names) < 16:
            names[self.person(self._rng)] = None
        return tuple(names)

    def person(self, rng: random.Random) -> str:
        kinds = CULTURES.get(self.province_code, ("jawa", "sunda", "melayu", "batak", "bugis"))
        culture = rng.choice(kinds) if rng.random() < 0.9 else "jawa"
        return cultures()[culture].person(rng)

    @cached_property
    def culture(self) -> Culture:
        kinds = CULTURES.get(self.province_code, ("jawa",))
        return cultures()[kinds[self.habit("land", len(kinds))]]

    @cached_property
    def districts(self) -> tuple[str, ...]:
        """Names of its sub-districts, without the word for them."""
        if self.level != "regency":
            return tuple(child.place for child in self.children) or (self.place,)
        sides = ["Utara", "Selatan", "Timur", "Barat", "Tengah", "Kota"]
        town = self.seat if len(self.seat.split()) < 3 else self.place
        if town.split()[-1] in sides:
            town = town.rsplit(" ", 1)[0]
        names = [f"{town} {side}" for side in sides] + list(self.culture.districts)
        return tuple(self._rng_of("districts").sample(names, len(names)))[
            : max(3, min(9, self.district_count))
        ]

    @cached_property
    def villages(self) -> tuple[str, ...]:
        names = self.culture.villages
        return tuple(self._rng_of("villages").sample(names, len(names)))

    def _rng_of(self, what: str) -> random.Random:
        return random.Random(self.habit(what, 2**64))

    @cached_property
    def base_voters(self) -> int:
        """On its list at the end of 2024."""
        if self.level != "regency":
            return sum(child.base_voters for child in self.children)
        if self.code == "3101":  # a few small islands
            return int(20_000 + 4_000 * self.trait("voters"))
        size = 0.45 + 0.95 * self.trait("voters")
        total = VOTERS[self.province_code] * 1000
        return int(total / self.siblings * size * (0.75 if self.row["kind"] == "kota" else 1.1))

    def voters(self, quarter: int) -> int:
        """On its list after `quarter` quarters since the end of 2024."""
        return self._voter_list(quarter)[0]

    def male_voters(self, quarter: int) -> int:
        return self._voter_list(quarter)[1]

    def _voter_list(self, quarter: int) -> tuple[int, int]:
        """All and male voters."""
        known = self._lists.get(quarter)
        if known is None:
            known = self._lists[quarter] = self._count_voters(quarter)
        return known

    def _count_voters(self, quarter: int) -> tuple[int, int]:
        if self.level != "regency":
            lists = [child._voter_list(quarter) for child in self.children]
            return sum(voters for voters, _ in lists), sum(men for _, men in lists)
        luck = mixed(self.habit("quarter", 2**64) + quarter) / 2**64
        voters = int(self.base_voters * (1 + 0.0031 * quarter + 0.002 * (luck - 0.5)))
        return voters, int(voters * (0.488 + 0.024 * self.trait("men")))

    @cached_property
    def district_count(self) -> int:
        if self.level != "regency":
            return sum(child.district_count for child in self.children)
        return min(44, max(3 if self.row["kind"] == "kota" else 5, self.base_voters // 42_000 + 2))

    @cached_property
    def village_count(self) -> int:
        if self.level != "regency":
            return sum(child.village_count for child in self.children)
        each = 6 if self.row["kind"] == "kota" else 9 + self.habit("villages", 8)
        return self.district_count * each + self.habit("more villages", 7)

    def station_count(self, voters_each: int) -> int:
        """Polling stations when each holds about so many voters."""
        return max(20, self.base_voters // voters_each)


def offices(seed: int, text: str | None = None) -> dict[str, Office]:
    """All offices by code, in the order of the registry (`text`: its CSV; the built-in file by default)."""
    rows = list(csv.DictReader(io.StringIO(text or REGISTRY.read_text(encoding="utf-8"))))
    twins, siblings = _twins(rows), Counter(row["parent_code"] for row in rows)
    made: dict[str, Office] = {}
    for row in sorted(rows, key=lambda row: -len(row["code"])):  # regencies, provinces, the nation
        if row["level"] == "national":
            children: Sequence[Office] = [office for office in made.values() if office.level == "province"]
        else:
            children = [office for office in made.values() if office.parent == row["code"]]
        made[row["code"]] = Office(
            row, seed, siblings[row["parent_code"]], row["code"] in twins, tuple(children)
        )
    return {row["code"]: made[row["code"]] for row in rows}


def _twins(rows: Sequence[Mapping[str, str]]) -> frozenset[str]:
    by_name: dict[str, list[str]] = {}
    for row in rows:
        bare = row["region_name"].removeprefix("Kabupaten ").removeprefix("Kota ")
        by_name.setdefault(bare, []).append(row["code"])
    return frozenset(code for codes in by_name.values() if len(codes) > 1 for code in codes)
