"""Report of days: the figures of the daily digest, a row a day."""

from __future__ import annotations

from datetime import date, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.monitoring.asked import Asked
from portal.monitoring.figures.today import Today, today
from portal.monitoring.models import Digest
from portal.monitoring.reports.cells import table
from portal.monitoring.tables import Cell, Column, Link, Table

MOST_DAYS = 3  # that are counted anew; older ones are as the digest told them


def daily(asked: Asked) -> Table:
    """The newest day first. For the whole nation days are as their digests told them; else the last days."""
    last = min(asked.period.last, timezone.localdate(asked.now))
    days = [last - timedelta(days=n) for n in range((last - asked.period.first).days + 1)]
    is_nation = asked.province is None and not asked.satker.query.where
    told = _told(days) if is_nation else {}
    found = [
        told.get(day) or today(asked.satker, day, asked.now)
        for position, day in enumerate(days)
        if day in told or position < MOST_DAYS
    ]
    columns = [
        Column(_("Hari"), "day"),
        Column(_("Satker aktif"), "number"),
        Column(_("Satker"), "number"),
        Column(_("Berita"), "number"),
        Column(_("Sendiri"), "number"),
        Column(_("Muat ulang"), "number"),
        Column(_("Ditahan"), "number"),
        Column(_("Ditarik"), "number"),
        Column(_("Umpan gagal baru"), "number"),
        Column(_("Umpan gagal"), "number"),
        Column(_("Baru tanpa berita 14 hari"), "number"),
        Column(_("Topik teratas")),
    ]
    counted = _(
        "Angka yang sama dengan halaman Hari ini dan surel pukul 07.00 WIB. Hari yang sudah diberitakan "
        "tertulis seperti saat diberitakan; selain itu paling banyak %d hari terakhir dihitung."
    )
    return table(
        asked,
        _("ringkasan harian"),
        _("Ringkasan harian"),
        columns,
        [_row(day) for day in found],
        summary=_("%d hari.") % len(found),
        counted=counted % MOST_DAYS,
    )


def _row(found: Today) -> tuple[Cell, ...]:
    day = found.day.isoformat()
    return (
        Link(day, f"{reverse('monitoring:digest')}?hari={day}"),
        found.active,
        found.satker,
        found.posts,
        found.own,
        found.reposts,
        found.held,
        found.withdrawn,
        found.failing_new,
        found.failing,
        found.silent_new,
        ", ".join(f"{name} ({posts})" for name, posts in found.topics),
    )


def _told(days: list[date]) -> dict[date, Today]:
    return {row.day: Today.of(row.numbers) for row in Digest.objects.filter(day__in=days)}
