"""What is the matter now: one function a rule, conditions out. What becomes of a condition (one event, told
once, reminded of ever more rarely) is the business of `watch`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, Min, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_q.models import Schedule

from aggregator import outage
from aggregator.models import Duty, Feed, Gap, Quarantine, Satker, SatkerHold, SatkerHost
from portal.models import User
from portal.monitoring.figures import follow
from portal.monitoring.figures.silence import classes, silences, silent
from portal.monitoring.models import SiteCheck
from portal.monitoring.plain_words import error_in_words
from portal.monitoring.tables import Moment, shown

Role = User.Role
BURST, REDIRECTED = "Lonjakan", "Umpan dialihkan"  # how aggregator/screen/bursts.py begins its reasons
MANY_FEEDS, MANY_SHARE = 10, 0.2  # failing at once from which the fault is looked for on our side
JUST_FAILED = timedelta(hours=1)
WEEK, MONTH = timedelta(days=7), timedelta(days=30)
WORKER_LATE, SCHEDULE_LATE, FEEDS_LATE = timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=30)


class NotKnown(Exception):
    """A rule cannot say now what is the matter: nothing begins and nothing ends by it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is the matter. `key` names the event within its rule; a higher `level` is news."""

    key: str
    title: str
    detail: str = ""
    satker: Satker | None = None
    address: str = ""
    level: int = 1


@dataclass(frozen=True, slots=True)
class Rule:
    """`roles` hear of it, each of its own satker. What is not `urgent` is told together, hourly at most. What
    `climbs` is told from below upwards, where escalation is set (see `escalation`)."""

    name: str
    label: Promise | str
    roles: tuple[User.Role, ...]
    find: Callable[[datetime], Iterable[Condition]]
    urgent: bool = False
    climbs: bool = False


def _silent(now: datetime) -> Iterator[Condition]:
    """A new level with each class. While the figures are counted anew, most satker have no last post yet."""
    if follow.current() is None:
        raise NotKnown
    steps = [step for step in classes() if step >= settings.ALERT_SILENCE_DAYS]
    if not steps:
        return
    for row in silent(silences(Satker.objects.all(), now), steps[0]):
        level = sum(row.reached >= step for step in steps)
        title = _("%(satker)s tanpa berita %(days)s hari")
        since = _("sejak %s") % shown(row.last_day) if row.last_day else _("belum pernah ada berita")
        days = row.reached if row.days is None else row.days
        yield Condition(
            row.satker.code,
            title % {"satker": row.satker, "days": days},
            since,
            row.satker,
            reverse("monitoring:office_activity", args=[row.satker.code]),
            level,
        )


def _failing(now: datetime) -> Iterator[Condition]:
    """Longer than ALERT_FAILING_HOURS; worse after a week and a month."""
    least = timedelta(hours=settings.ALERT_FAILING_HOURS)
    feeds = Feed.objects.active().exclude(error_code="").select_related("satker")
    for feed in feeds.order_by("pk"):
        since = feed.last_success_at or feed.created_at
        if now - since < least:
            continue
        title = _("Umpan %(satker)s tidak terbaca sejak %(since)s")
        yield Condition(
            str(feed.pk),
            title % {"satker": feed.satker, "since": _at(since, feed.satker.timezone)},
            _("%(words)s (%(code)s), %(times)d kali beruntun")
            % {"words": error_in_words(feed.error_code), "code": feed.error_code, "times": feed.failures},
            feed.satker,
            _feed_address(feed),
            1 + (now - since >= WEEK) + (now - since >= MONTH),
        )


def _outage(now: datetime) -> Iterator[Condition]:
    """Many feeds that could be read a moment ago fail together, or the pipeline itself told an outage: one
    alarm, not hundreds."""
    feeds = Feed.objects.active().filter(last_checked_at__gt=now - JUST_FAILED)
    counts = feeds.aggregate(
        asked=Count("pk"),
        failing=Count("pk", filter=~Q(error_code="")),
        since=Min("last_success_at", filter=~Q(error_code="")),
    )
    failing, asked, struck = counts["failing"], counts["asked"], outage.current(now)
    if struck or (failing >= MANY_FEEDS and failing >= MANY_SHARE * asked):
        failing = max(failing, struck)
        asked = max(asked, failing)
        title = _("%(failing)d dari %(asked)d umpan gagal bersamaan")
        yield Condition(
            "umpan",
            title % {"failing": failing, "asked": asked},
            _("Periksa dahulu sambungan, DNS, dan jam portal sendiri."),
            address=reverse("monitoring:report", args=[6]),
        )


def _moved(now: datetime) -> Iterator[Condition]:
    """A permanent redirect, a host that waits for approval, a satker held for a redirect elsewhere. Those of
    the registry itself wait in hundreds from the first day, and tell of no move."""
    for feed in Feed.objects.active().exclude(moved_to="").select_related("satker"):
        title = _("Umpan %s berpindah alamat") % feed.satker
        yield Condition(
            f"{feed.pk} {feed.moved_to}"[:200], title, feed.moved_to[:300], feed.satker, _feed_address(feed)
        )
    proposed = SatkerHost.objects.filter(state=SatkerHost.State.PROPOSED).select_related("satker")
    for host in proposed.exclude(hostname=F("satker__hostname")):
        title = _("Host baru %s menunggu persetujuan") % host.satker
        key = f"host {host.satker.code} {host.hostname}"[:200]
        yield Condition(key, title, host.hostname, host.satker, reverse("monitoring:candidates"))
    for hold in _holds(REDIRECTED):
        title = _("Umpan %s dialihkan ke host asing") % hold.satker
        yield Condition(f"alih {hold.pk}", title, hold.reason, hold.satker, _office_address(hold.satker))


def _hacked(now: datetime) -> Iterator[Condition]:
    """Posts that wait for a decision, by satker; worse each time their number doubles."""
    waiting = Quarantine.objects.filter(state=Quarantine.State.HELD).values("entry__satker").order_by()
    counts = {
        key: (n, since)
        for key, n, since in waiting.annotate(
            n=Count("entry", distinct=True), since=Min("held_at")
        ).values_list("entry__satker", "n", "since")
    }
    for satker in Satker.objects.filter(pk__in=counts).order_by("code"):
        number, since = counts[satker.pk]
        title = _("%(number)d berita %(satker)s ditahan karena dugaan peretasan")
        yield Condition(
            satker.code,
            title % {"number": number, "satker": satker},
            _("menunggu putusan sejak %s") % _at(since, satker.timezone),
            satker,
            f"{reverse('monitoring:report', args=[8])}?bulan={since:%Y-%m}",
            number.bit_length(),
        )


def _burst(now: datetime) -> Iterator[Condition]:
    for hold in _holds(BURST):
        title = _("Lonjakan kiriman %s, satker ditahan") % hold.satker
        yield Condition(str(hold.pk), title, hold.reason, hold.satker, _office_address(hold.satker))


def _holds(reason: str) -> Iterable[SatkerHold]:
    return SatkerHold.objects.filter(ended_at=None, reason__startswith=reason).select_related("satker")


def _gap(now: datetime) -> Iterator[Condition]:
    for gap in Gap.objects.filter(filled_at=None).select_related("feed__satker").order_by("pk"):
        about = _("kira-kira %d berita") % gap.about if gap.about else _("jumlah tidak diketahui")
        title = _("Berita %s terlewat dari umpan") % gap.feed.satker
        detail = f"{gap.from_at:%Y-%m-%d} – {gap.to_at:%Y-%m-%d}, {about}"
        yield Condition(str(gap.pk), title, detail, gap.feed.satker, _feed_address(gap.feed))


def _certificate(now: datetime) -> Iterator[Condition]:
    """A renewed certificate ends the event; worse in the last week and on the last day."""
    soon = now + timedelta(days=settings.ALERT_CERTIFICATE_DAYS)
    for check in SiteCheck.objects.filter(tls_expires_at__lte=soon).select_related("satker").order_by("pk"):
        ends = check.tls_expires_at
        if ends is None:
            continue
        left = ends - now
        words = (
            _("Sertifikat %s habis masa berlakunya")
            if left < timedelta(0)
            else _("Sertifikat %s segera berakhir")
        )
        yield Condition(
            f"{check.hostname} {ends:%Y-%m-%d}"[:200],
            words % check.hostname,
            _("berlaku sampai %s") % _at(ends, check.satker.timezone),
            check.satker,
            _office_address(check.satker),
            level=1 + (left < timedelta(days=7)) + (left < timedelta(days=1)),
        )


def _worker(now: datetime) -> Iterator[Condition]:
    """The resident loop, the schedule and the fetching each have a sign of life of their own. A portal that
    never worked is not dead."""
    duty = Duty.objects.filter(name="derive").first()
    if duty and duty.until < now - WORKER_LATE:
        seen = _("tanda hidup terakhir %s") % _at(duty.until)
        yield Condition("pekerja", _("Pekerja portal mati"), seen)
    row = Schedule.objects.filter(name="refresh_due").first()
    if row and (row.next_run is None or row.next_run < now - SCHEDULE_LATE):
        yield Condition(
            "jadwal", _("Jadwal pengambilan tidak berjalan"), _("django-q2 tidak mengerjakan tugasnya")
        )
    if late := Feed.objects.due(now - FEEDS_LATE).count():
        level = late.bit_length()
        yield Condition(
            "terlambat", _("Umpan terlambat diperiksa"), _("%d umpan lebih dari 30 menit") % late, level=level
        )


def _at(at: datetime, zone: str = "") -> str:
    return shown(Moment(at, zone))


def _feed_address(feed: Feed) -> str:
    return reverse("monitoring:feed", args=[feed.pk])


def _office_address(satker: Satker) -> str:
    return reverse("monitoring:office", args=[satker.code])


RULES = {
    rule.name: rule
    for rule in (
        Rule("silent", gettext_lazy("tanpa berita"), tuple(Role), _silent, climbs=True),
        Rule(
            "failing",
            gettext_lazy("umpan gagal lama"),
            (Role.ADMIN, Role.PROVINCE, Role.SATKER),
            _failing,
            climbs=True,
        ),
        Rule("outage", gettext_lazy("banyak umpan gagal bersamaan"), (Role.ADMIN,), _outage, urgent=True),
        Rule("moved", gettext_lazy("host berpindah"), (Role.ADMIN,), _moved, urgent=True),
        Rule("hacked", gettext_lazy("dugaan peretasan"), tuple(Role), _hacked, urgent=True),
        Rule(
            "burst",
            gettext_lazy("lonjakan kiriman"),
            (Role.ADMIN, Role.VIEWER, Role.PROVINCE),
            _burst,
            urgent=True,
        ),
        Rule("gap", gettext_lazy("berita terlewat"), (Role.ADMIN,), _gap),
        Rule(
            "certificate",
            gettext_lazy("sertifikat segera berakhir"),
            (Role.ADMIN, Role.PROVINCE, Role.SATKER),
            _certificate,
            climbs=True,
        ),
        Rule("worker", gettext_lazy("pekerja atau jadwal mati"), (Role.ADMIN,), _worker, urgent=True),
    )
}
