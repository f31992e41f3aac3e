"""What a staff page was asked for: whose satker, which place, which time. Read once, from the query string
alone; an account's scope is the base of everything."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from aggregator.errors import BadParameter, UnknownValue
from aggregator.models import Province
from aggregator.querysets import SatkerQuerySet
from portal.charts import span
from portal.days import Period
from portal.forms import read_text
from portal.models import User
from portal.monitoring.access import satker_of, staff_user
from portal.monitoring.figures import duties, duty
from portal.monitoring.figures.months import month_of

LONGEST = 3 * 366  # days
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
_QUARTER = re.compile(r"(20\d\d)-([1-4])")


@dataclass(frozen=True)
class Asked:
    """`satker`: what the account may see, narrowed to `province`. `now` is the time of all figures."""

    user: User
    scope: SatkerQuerySet
    satker: SatkerQuerySet
    province: Province | None
    period: Period
    quarter: int
    now: datetime = field(default_factory=timezone.now)

    @property
    def is_month(self) -> bool:
        return self.period == month_of(self.period.first)

    @property
    def before(self) -> Period:
        """The month before a month; else the same number of days before."""
        if self.is_month:
            return month_of(self.period.first - timedelta(days=1))
        return self.period.before

    @property
    def quarter_value(self) -> str:
        """As the query string has it."""
        return f"{self.quarter // 4}-{self.quarter % 4 + 1}"

    @property
    def span(self) -> str:
        return span(self.period.first, self.period.last)

    @cached_property
    def provinces(self) -> list[Province]:
        """Those that the account can choose between."""
        return list(Province.objects.filter(satker__in=self.scope.order_by().values("pk")).distinct())

    @property
    def filters(self) -> list[str]:
        """What was chosen, in words."""
        place = self.province.name if self.province else _place_of(self.user)
        return [place, self.span]


def read(request: HttpRequest, *, last_month: bool = False) -> Asked:
    """`provinsi`, and `bulan` or `dari` and `sampai`, and `triwulan`. Without a time: the present month, or
    the one before. Raises BadParameter and UnknownValue."""
    user, now = staff_user(request), timezone.now()
    scope, today = satker_of(user), timezone.localdate(now)
    province = _read_province(request, scope)
    satker = (
        (scope.filter(province=province) if province else scope).select_related("province").order_by("code")
    )
    usual = month_of(today.replace(day=1) - timedelta(days=1)) if last_month else month_of(today)
    return Asked(
        user, scope, satker, province, _read_period(request, usual, today), _read_quarter(request, today), now
    )


def read_month(request: HttpRequest, name: str) -> Period | None:
    """A month as `YYYY-MM`."""
    text = read_text(request, name)
    if not text:
        return None
    month = month_from(text)
    if month is None:
        raise BadParameter(name, _("Parameter “%s” bukan bulan. Tulislah seperti 2025-10.") % name)
    return month


def month_from(text: str) -> Period | None:
    """ "2025-10" as a period; None of anything else."""
    match = _MONTH.fullmatch(text)
    return month_of(date(int(match[1]), int(match[2]), 1)) if match else None


def read_day(request: HttpRequest, name: str) -> date | None:
    text = read_text(request, name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        message = _("Parameter “%s” bukan tanggal. Tulislah seperti 2025-10-31.") % name
        raise BadParameter(name, message) from None


def quarter_choices(today: date, count: int = 6) -> list[tuple[str, str]]:
    """The newest quarters as value and words, the present one first."""
    newest = duty.quarter_index(today)
    return [
        (f"{index // 4}-{index % 4 + 1}", duty.quarter(index).name)
        for index in range(newest, newest - count, -1)
    ]


def month_name(period: Period) -> str:
    return date_format(period.first, "F Y")


def _read_province(request: HttpRequest, scope: SatkerQuerySet) -> Province | None:
    slug = read_text(request, "provinsi")
    if not slug:
        return None
    found = Province.objects.filter(slug=slug, satker__in=scope.order_by().values("pk")).first()
    if found is None:
        message = _("Tidak ada provinsi “%s”, atau provinsi itu di luar wilayah akun Anda.") % slug
        raise UnknownValue("provinsi", message)
    return found


def _read_period(request: HttpRequest, usual: Period, today: date) -> Period:
    """`bulan` goes before `dari` and `sampai`."""
    if month := read_month(request, "bulan"):
        return month
    first, last = read_day(request, "dari"), read_day(request, "sampai")
    if first is None and last is None:
        return usual
    last = last or today
    first = first or last.replace(day=1)
    if first > last:
        raise BadParameter("sampai", _("Parameter “sampai” lebih awal daripada “dari”."))
    if (last - first).days >= LONGEST:
        raise BadParameter("dari", _("Masa yang diminta lebih panjang dari tiga tahun."))
    return Period(first, last)


def _read_quarter(request: HttpRequest, today: date) -> int:
    text = read_text(request, "triwulan")
    if not text:
        return duties.last_due(today)
    match = _QUARTER.fullmatch(text)
    if match is None:
        message = _("Parameter “triwulan” ditulis seperti 2025-4.")
        raise BadParameter("triwulan", message)
    return int(match[1]) * 4 + int(match[2]) - 1


def _place_of(user: User) -> str:
    """The account's whole scope in words."""
    if user.role in (User.Role.ADMIN, User.Role.VIEWER) or user.satker is None:
        return _("Seluruh Indonesia")
    if user.role == User.Role.PROVINCE and user.satker.province:
        return str(user.satker.province)
    return str(user.satker)
