"""The daily digest: at seven in the morning (WIB) the figures of the day before, once, to whom they belong.

One row a day says that it was made; it is written in one transaction with the messages, so that neither a
restart nor a second worker makes it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from aggregator.models import Entry, Satker
from portal.models import User
from portal.monitoring.access import NATIONAL, satker_of
from portal.monitoring.alerts.notices import recipients
from portal.monitoring.figures import follow
from portal.monitoring.figures.silence import Silence
from portal.monitoring.figures.today import Today, today_and_silent
from portal.monitoring.models import Digest, DigestPick, Notice

MOST_NAMED = 20  # newly silent satker that are named
ROLES = (*NATIONAL, User.Role.PROVINCE)


def day_due(now: datetime) -> date | None:
    """The day that a digest is to tell of now; None before seven in the morning."""
    local = timezone.localtime(now)
    return local.date() - timedelta(days=1) if local.hour >= settings.DIGEST_HOUR else None


def make(now: datetime | None = None) -> Digest | None:
    """Make the digest that is due, if it is not made yet and the figures are there."""
    now = now or timezone.now()
    day = day_due(now)
    if day is None or Digest.objects.filter(day=day).exists() or follow.current() is None:
        return None
    nation = today_and_silent(Satker.objects.all(), day, now)
    try:
        with transaction.atomic():
            made = Digest.objects.create(day=day, numbers=nation[0].numbers(), made_at=now)
            Notice.objects.bulk_create(_messages(day, nation, now))
    except IntegrityError:  # another worker was quicker
        return None
    return made


def _messages(day: date, nation: tuple[Today, list[Silence]], now: datetime) -> list[Notice]:
    """One for each account of KPU RI and of provinces, with the figures of its satker."""
    bodies: dict[int | None, tuple[str, str]] = {}
    messages = []
    for user in recipients():
        if user.role not in ROLES:
            continue
        place = user.satker.province_id if user.satker and user.role not in NATIONAL else None
        if place not in bodies:
            its = nation if place is None else today_and_silent(satker_of(user), day, now)
            bodies[place] = letter(user, *its)
        subject, body = bodies[place]
        messages.append(
            Notice(
                kind=Notice.Kind.DIGEST,
                key=day.isoformat(),
                channel=Notice.Channel.MAIL,
                address=user.email,
                subject=subject,
                body=body,
                created_at=now,
                due_at=now,
            )
        )
    return messages


def letter(user: User, figures: Today, quiet: Sequence[Silence]) -> tuple[str, str]:
    """Subject and body of one account's digest. `quiet`: who came to two weeks of silence that day."""
    national = user.role in NATIONAL
    facts = {
        "figures": figures,
        "place": _("Seluruh Indonesia") if national or user.satker is None else user.satker.province,
        "quiet": quiet[:MOST_NAMED],
        "quiet_more": max(0, len(quiet) - MOST_NAMED),
        "picks": picks(figures.day) if national else [],
        "base": settings.BASE_URL,
    }
    day = date_format(figures.day, "l, j F Y")
    return _("Ringkasan harian %s") % day, render_to_string("monitoring/digest_letter.txt", facts)


def picks(day: date) -> list[Entry]:
    """Up to five posts that humas chose for this day, those still public."""
    chosen = DigestPick.objects.filter(day=day).order_by("pk").values_list("entry", flat=True)
    entries = Entry.objects.public_of(pk__in=list(chosen)).select_related("public_revision", "satker")
    return list(entries.order_by("pk"))
