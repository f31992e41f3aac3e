"""What a request asks for: the filters of `/cari`, described for the API's users."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Schema

from aggregator.errors import BadParameter
from aggregator.search import Filters, read_filters

MOST = 100
PASSENGERS = ("utm_", "_")  # beginnings of what others add to addresses


class Narrowed(Schema):
    """Filters repeat: `provinsi=bali&provinsi=aceh` is one or the other. Different ones narrow each other."""

    q: str = Field("", description="Words, “phrases”, -not, OR, prefix*; as on /cari", max_length=500)
    provinsi: list[str] = Field([], description="Slug of a province")
    satker: list[str] = Field([], description="Code of an office")
    topik: list[str] = Field([], description="Slug of a topic")
    tahapan: list[str] = Field([], description="Slug of a stage, or `non` for outside of stages")
    asal: str = Field("", description="`sendiri` (own work) or `muat-ulang` (carried)")
    bulan: str = Field("", description="Month, YYYY-MM")
    hari: list[str] = Field([], description="Weekday, 1 (Monday) to 7, on the clocks of the office")
    jam: list[str] = Field([], description="Hour, 0 to 23, on the clocks of the office")
    dari: str = Field("", description="First day, YYYY-MM-DD")
    sampai: str = Field("", description="Last day, YYYY-MM-DD")


class Listed(Narrowed):
    urut: str = Field("", description="`terbaru` (newest), `terlama` (oldest) or `relevan` (most relevant)")
    semua: str = Field("", description="`1`: every copy of a story; otherwise one post a story")
    sebelum: str = Field("", description="Where the page begins: leave it to `next`", max_length=2000)
    batas: int = Field(25, description="Posts a page", ge=1, le=MOST)


def filters_of(request: HttpRequest, asked: type[Schema]) -> Filters:
    """Raises BadParameter, also for a name that is none of these, and UnknownValue."""
    for name in request.GET:
        if name not in asked.model_fields and not name.startswith(PASSENGERS):
            raise BadParameter(name[:60], _("Tidak ada parameter “%s”.") % name[:60])
    return read_filters(request.GET)
