"""Made-up rows, never saved, that stretch each component of the design system: what `/gaya` shows."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator.models import Entry, Province, Revision, Satker, Stage, Topic
from aggregator.search import FacetValue, Filters
from portal import activity, charts, inspiration, lists, menu
from portal.models import Kind
from portal.ranking import OfficeCount

LONG_TITLE = (
    "Rapat pleno terbuka rekapitulasi daftar pemilih berkelanjutan triwulan ketiga bersama Bawaslu,"
    " Dukcapil, TNI, Polri, dan partai politik"
)
LONG_NAME = "KPU Kabupaten Kepulauan Siau Tagulandang Biaro"
LONG_HOST = "kab-kepulauansiautagulandangbiaro.kpu.go.id"
TOPICS = ("Data Pemilih", "Logistik", "Sosialisasi & Pendidikan Pemilih")


def samples() -> dict[str, object]:
    office, today = _office(), timezone.localdate()
    entries = _entries(office)
    places = [(place, (place.tile_row * 7 + place.tile_col * 3) % 23) for place in Province.objects.all()]
    known = {place.pk for place, _posts in places[1:]}
    return {
        "lines": [lists.Line(entries[0]), lists.Line(entries[1], folded=48), lists.Line(entries[2])],
        "entries": entries,
        "hits": [
            SimpleNamespace(
                entry=entries[1],
                title=[("Penetapan ", False), ("DPT", True), (" Kota Kediri", False)],
                snippet=[("… rapat pleno penetapan ", False), ("DPT", True), (" dihadiri …", False)],
            )
        ],
        "page": lists.Page(entries, "1-1"),
        "office": office,
        "long_title": LONG_TITLE,
        "long_host": LONG_HOST,
        "filters": Filters(),
        "groups": _groups(),
        "years": [menu.Year(today.year, 812, "", True), menu.Year(today.year - 1, 1204, "", False)],
        "board": SimpleNamespace(latest=entries),
        "read_at": timezone.now(),
        "old_at": timezone.now() - timedelta(hours=5),
        "row": inspiration.Shown(_kind(), entries),
        "profile": activity.Profile(1204, 31, 17, 29, timezone.now()),
        **_charts(today),
        "tile_map": charts.map_of(places, "", known, fresh={place.pk for place, _posts in places[20:22]}),
        "empty_map": charts.map_of([(place, 0) for place, _posts in places], "", known=set()),
        "close_up": _close_up(office, places[0][0] if places else None),
    }


def _charts(today: date) -> dict[str, object]:
    first = today.replace(year=today.year - 1, day=1) + timedelta(days=31)
    first = first.replace(day=1)
    days = {
        first + timedelta(days=number): (number * 37) % 11 if number % 7 < 5 else 0
        for number in range((today - first).days + 1)
    }
    topics = [
        activity.TopicCount(Topic(pk=number, slug="x", name=name, position=number), 90 - 30 * number)
        for number, name in enumerate(TOPICS)
    ]
    months: Counter[tuple[int, str]] = Counter()
    for day, posts in days.items():
        months[day.toordinal() % 3, f"{day:%Y-%m}"] += posts
    stage = Stage(
        slug="x", name=_("Masa kampanye"), start=first + timedelta(days=60), end=first + timedelta(days=130)
    )
    halves = {day.replace(day=1): (day.month * 5 % 17, day.month * 7 % 23) for day in days}
    return {
        "line": charts.line_of(days, first, today, [stage]),
        "empty_line": charts.line_of({}, today - timedelta(days=6), today),
        "calendar": charts.calendar_of(days, first, today),
        "week": charts.week_of([[(day + 1) * hour % 9 for hour in range(24)] for day in range(7)]),
        "topics": topics,
        "matrix": charts.matrix_of(topics, months, first, today),
        "mix": charts.mix_of(halves, first, today),
        "slugs": {},
    }


def _office() -> Satker:
    office = Satker(
        pk=0, code="7108", name=LONG_NAME, slug="contoh", level="regency", timezone="Asia/Makassar"
    )
    office.province = Province(code="71", name="Sulawesi Utara", slug="sulawesi-utara", abbr="SA")
    return office


def _entries(office: Satker) -> list[Entry]:
    at = timezone.now() - timedelta(hours=3)
    return [
        _entry(office, 1, LONG_TITLE, at, carriers=30),
        _entry(office, 2, "Apel pagi", at - timedelta(days=1)),
        _entry(
            office,
            3,
            "PENGUMUMAN SELEKSI",
            at - timedelta(days=90),
            date_status="impossible",
            origin="central",
        ),
    ]


def _entry(office: Satker, pk: int, title: str, at: datetime, **more: Any) -> Entry:
    revision = Revision(title=title, summary="Satu baris ringkasan yang menerangkan isi berita. " * 4)
    return Entry(
        pk=pk, satker=office, province=office.province, public_revision=revision, published_at=at, **more
    )


def _groups() -> list[menu.Group]:
    values = [FacetValue("bali", "Bali", 1204), FacetValue("sulawesi-utara", "Sulawesi Utara", 7)]
    options = [menu.Option(value.value, value.label, value.value == "bali", value.count) for value in values]
    kinds = [menu.Option("", _("semua"), True), menu.Option("sendiri", _("Berita sendiri"), False, 90)]
    return [
        menu.Group("provinsi", _("Provinsi"), options),
        menu.Group("satker", _("Kantor KPU"), [], hint=_("Pilih provinsi untuk melihat semua kantornya.")),
        menu.Group("asal", _("Asal"), kinds, single=True),
    ]


def _kind() -> Kind:
    now = timezone.now()
    return Kind(first_at=now, last_at=now, posts=12, offices=8, words=["outing", "class", "kotak", "suara"])


def _close_up(office: Satker, place: Province | None) -> charts.CloseUp | None:
    if place is None:
        return None
    spots = []
    for number in range(6):
        other = Satker(
            pk=number, code=f"110{number}", name=f"{office.name} {number}", latitude=5 - number * 0.5
        )
        other.longitude = 95.5 + number * 0.45
        spots.append(OfficeCount(other, number * number * 4, 0, 0, 0, None))
    return charts.close_up_of(place, spots, "", read=range(1, 6))
