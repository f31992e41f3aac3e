"""Feeds: which can be read, which cannot and why, and one feed with its whole history."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.models import Task

from aggregator import links
from aggregator.models import Feed, FetchLog, Gap, Province, RawFeed, SatkerHost
from portal.days import Period
from portal.forms import read_choice, read_text
from portal.models import User
from portal.monitoring import deciding
from portal.monitoring.access import own_or_404, satker_of, staff, staff_user, within
from portal.monitoring.figures import reading
from portal.monitoring.lists import sites
from portal.monitoring.models import SiteCheck
from portal.monitoring.paging import Page, paged, read_number
from portal.monitoring.plain_words import error_in_words
from portal.monitoring.show import file_of
from portal.monitoring.tables import Cell, Column, Link, Moment, State, Table, columns, moment

DAYS = 30  # of availability and delay
SOON = timedelta(days=21)  # a certificate that ends within
STATES = ["", "gagal", "terbaca", "belum", "calon", "berhenti", "mati"]
ATTEMPTS = 50
TASKS = ("portal.monitoring.tasks.replay", "portal.monitoring.tasks.backfill")  # that tell what they did
FIELDS = (  # of a feed and its satker, that the list shows
    *("url", "state", "error_code", "failures", "last_success_at", "next_check_at", "moved_to"),
    *("satker__code", "satker__name", "satker__timezone", "satker__province_id"),
)
MOST_EXPORTED = 20_000


class Certificate(NamedTuple):
    tls_error: str
    tls_expires_at: datetime | None


@dataclass(frozen=True)
class Wanted:
    """Filters of the list as the query string has them."""

    state: str
    province: str
    satker: str
    code: str
    only: str

    @cached_property
    def places(self) -> frozenset[int]:
        """Keys of the province asked for: cheaper than a province with each of hundreds of feeds."""
        return frozenset(Province.objects.filter(slug=self.province).values_list("pk", flat=True))

    @classmethod
    def read(cls, request: HttpRequest) -> Wanted:
        return cls(
            state=read_choice(request, "keadaan", STATES),
            province=read_text(request, "provinsi"),
            satker=read_text(request, "satker"),
            code=read_text(request, "galat"),
            only=read_choice(request, "hanya", ["", "sertifikat", "pindah", "celah"]),
        )

    def takes(self, feed: Feed, check: Certificate | None, gaps: int) -> bool:
        """Judged here: a nation has hundreds of feeds, and the figures beside them are in hand."""
        wanted = (
            not self.state or state_of(feed) == self.state,
            not self.province or feed.satker.province_id in self.places,
            not self.satker or feed.satker.code == self.satker,
            not self.code or feed.error_code == self.code,
            self.only != "sertifikat" or ends_soon(check),
            self.only != "pindah" or bool(feed.moved_to),
            self.only != "celah" or gaps > 0,
        )
        return all(wanted)


WORDS = {
    "gagal": ("gagal", "bad"),
    "terbaca": ("terbaca", "good"),
    "belum": ("belum dibaca", "warn"),
    "calon": ("calon", "warn"),
    "berhenti": ("berhenti", "bad"),
    "mati": ("dimatikan", "idle"),
}


def state_of(feed: Feed) -> str:
    """One of STATES."""
    if feed.state == Feed.State.ACTIVE:
        return "gagal" if feed.error_code else "terbaca" if feed.last_success_at else "belum"
    return {"candidate": "calon", "stopped": "berhenti", "disabled": "mati"}[feed.state]


def ends_soon(check: Certificate | None, now: datetime | None = None) -> bool:
    """The certificate is bad, or will have ended in three weeks."""
    if check is None:
        return False
    ends = check.tls_expires_at
    return bool(check.tls_error) or (ends is not None and ends < (now or timezone.now()) + SOON)


@staff()
def feeds(request: HttpRequest) -> HttpResponseBase:
    wanted = Wanted.read(request)
    table, counts = _table(request, wanted)
    if file := file_of(request, umpan=lambda: table):
        return file
    user = staff_user(request)
    facts = {
        "table": table,
        "wanted": wanted,
        "provinces": Province.objects.order_by("name"),
        "states": [(name, words, counts["states"][name]) for name, (words, _tone) in WORDS.items()],
        "codes": [(code, error_in_words(code)) for code in sorted(counts["codes"])],
        "days": DAYS,
        "to_confirm": _to_confirm(request),
        "may_decide": user.role in deciding.DECIDERS,
    }
    return render(request, "monitoring/feeds.html", facts)


def _table(request: HttpRequest, wanted: Wanted) -> tuple[Table, dict[str, Counter[str]]]:
    own = satker_of(staff_user(request))
    rows = list(within(staff_user(request), Feed.objects.select_related("satker").only(*FIELDS)))
    rows.sort(key=lambda feed: (state_of(feed) != "gagal", feed.satker.code, feed.url))
    checks = _certificates(staff_user(request))
    gaps = Counter(Gap.objects.filter(filled_at=None).values_list("feed", flat=True))
    today = timezone.localdate()
    period = Period(today - timedelta(days=DAYS - 1), today)
    polls = reading.polls_of(own, period)
    delays = reading.delays_of(own, period)
    counts = {
        "states": Counter(state_of(feed) for feed in rows),
        "codes": Counter(feed.error_code for feed in rows if feed.error_code),
    }
    cells = [
        _cells(feed, polls.get(feed.pk), delays.get(feed.satker_id), checks.get(key_of(feed)), gaps[feed.pk])
        for feed in rows
        if wanted.takes(feed, checks.get(key_of(feed)), gaps[feed.pk])
    ]
    return Table(name=_("umpan"), title=_("Umpan"), columns=_columns(), rows=cells), counts


def _columns() -> list[Column]:
    return columns(
        *(_("Satker"), _("Alamat umpan"), _("Keadaan"), _("Sebab"), _("Kode")),
        *((_("Terakhir terbaca"), "moment"), (_("Coba lagi"), "moment"), (_("Gagal beruntun"), "number")),
        *((_("Tersedia %"), "percent"), (_("Sampai di portal, median (menit)"), "decimal")),
        *((_("P95 (menit)"), "decimal"), (_("Sertifikat sampai"), "day"), _("Pindah ke")),
        (_("Celah"), "number"),
    )


def _cells(
    feed: Feed,
    polls: reading.Polls | None,
    delay: reading.Delay | None,
    check: Certificate | None,
    gaps: int,
) -> list[Cell]:
    words, tone = WORDS[state_of(feed)]
    is_active = feed.state == Feed.State.ACTIVE
    expires = check.tls_expires_at.date() if check and check.tls_expires_at else None
    return [
        Link(str(feed.satker), f"/pantauan/satker/{feed.satker.code}"),
        Link(feed.url, f"/pantauan/umpan/{feed.pk}"),
        State(words, tone),
        error_in_words(feed.error_code),
        feed.error_code,
        moment(feed.last_success_at, feed.satker.timezone),
        Moment(feed.next_check_at, feed.satker.timezone) if is_active else None,
        feed.failures,
        polls.availability if polls else None,
        delay.median if delay else None,
        delay.p95 if delay else None,
        State(str(check.tls_error), "bad") if check and check.tls_error else expires,
        feed.moved_to,
        gaps or None,
    ]


def key_of(feed: Feed) -> tuple[int, str]:
    return feed.satker_id, links.host(feed.url)


def _certificates(user: User) -> dict[tuple[int, str], Certificate]:
    """As the last look at each host saw it."""
    looks = within(user, SiteCheck.objects.order_by())
    rows = looks.values_list("satker", "hostname", *Certificate._fields)
    return {(satker, host): Certificate(*found) for satker, host, *found in rows}


def _to_confirm(request: HttpRequest) -> int:
    """Candidates, hosts and moves that wait for a person."""
    user = staff_user(request)
    found = within(user, Feed.objects.all()).aggregate(
        candidates=Count("pk", filter=Q(state="candidate")),
        moved=Count("pk", filter=Q(state="active") & ~Q(moved_to="")),
    )
    hosts = within(user, SatkerHost.objects.filter(state="proposed")).count()
    return int(found["candidates"] + found["moved"] + hosts)


# --- one feed ---------------------------------------------------------------------------------------


@staff()
def feed(request: HttpRequest, pk: int) -> HttpResponse:
    found = _feed(request, pk)
    history = FetchLog.objects.filter(feed=found).order_by("-pk")
    if file := file_of(
        request,
        percobaan=lambda: sites.attempts(found, history[:MOST_EXPORTED]),
        celah=lambda: sites.gaps(found, found.gaps.all()),
        mentah=lambda: sites.raw_feeds(found, _raw(found)),
    ):
        return file
    log: Page[FetchLog] = paged(request, history, ATTEMPTS)
    started = [row.started_at for row in log.rows]
    kept = dict(_raw(found).filter(received_at__in=started).values_list("received_at", "pk"))
    today = timezone.localdate()
    period = Period(today - timedelta(days=DAYS - 1), today)
    own = satker_of(staff_user(request)).filter(pk=found.satker_id)
    readings = [row for row in reading.feed_readings(own, period) if row.feed.pk == pk]
    facts = {
        "feed": found,
        "state": WORDS[state_of(found)],
        "why": error_in_words(found.error_code),
        "check": SiteCheck.objects.filter(satker=found.satker_id, hostname=links.host(found.url)).first(),
        "reading": readings[0] if readings else None,
        "days": DAYS,
        "page": log,
        "attempts": [(row, error_in_words(row.error_code), kept.get(row.started_at)) for row in log.rows],
        "raw": _raw(found)[:10],
        "gaps": sites.gaps(found, found.gaps.all()[:20]),
        "entries": found.entries.filter(state="public").count(),
        "waits_since": read_number(request, "menunggu"),
        "task": read_text(request, "tugas"),
        "may_decide": staff_user(request).role in deciding.DECIDERS,
    }
    return render(request, "monitoring/feed.html", facts)


def _raw(feed: Feed) -> QuerySet[RawFeed]:
    return RawFeed.objects.filter(feed=feed).defer("body").order_by("-received_at", "-pk")


@staff()
def result(request: HttpRequest, pk: int) -> JsonResponse:
    """What became of a fetch that staff asked for: the first attempt after the log row `sejak`; or of a
    replay or backfill: what the task `tugas` of this feed told."""
    found, since = _feed(request, pk), read_number(request, "sejak") or 0
    if name := read_text(request, "tugas"):
        task = Task.objects.filter(pk=name).first()
        is_ours = task is not None and task.func in TASKS and tuple(task.args or ())[:1] == (found.pk,)
        return JsonResponse({"done": is_ours, "words": _of_task(task) if task and is_ours else ""})
    row = FetchLog.objects.filter(feed=found, pk__gt=since).order_by("pk").first()
    return JsonResponse({"done": row is not None, "words": _in_words(row) if row else ""})


def _of_task(task: Task) -> str:
    if not task.success or not isinstance(task.result, dict):
        return _("Gagal: tugas terhenti. Lihat catatan pekerja.")
    told = dict.fromkeys(("pages", "new", "changed", "unchanged", "failed"), 0) | task.result
    said = _(
        "%(pages)d isi dibaca: %(new)d baru, %(changed)d berubah, %(unchanged)d tetap, %(failed)d gagal."
    )
    return " ".join([said % told, *task.result.get("notes", ())])


def _in_words(row: FetchLog) -> str:
    if row.outcome == FetchLog.Outcome.FAILED:
        return _("Gagal: %(why)s. %(message)s") % {
            "why": error_in_words(row.error_code),
            "message": row.message,
        }
    if row.outcome == FetchLog.Outcome.NOT_MODIFIED:
        return _("Terbaca dalam %d milidetik: tidak berubah sejak terakhir (304).") % row.duration_ms
    said = _("Terbaca dalam %(ms)d milidetik: %(new)d baru, %(changed)d berubah, %(unchanged)d tetap.")
    return said % {
        "ms": row.duration_ms,
        "new": row.new,
        "changed": row.changed,
        "unchanged": row.unchanged,
    }


def _feed(request: HttpRequest, pk: int) -> Feed:
    return own_or_404(staff_user(request), Feed.objects.select_related("satker__province", "replaces"), pk=pk)
