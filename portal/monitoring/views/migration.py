"""The migration board: where every satker's site stands on its way to the common platform."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from django import forms
from django.db import transaction
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django_q.tasks import async_task

from aggregator.models import PortalState, Province, Satker, SatkerMove
from portal.forms import read_choice, read_text
from portal.monitoring import audit, deciding
from portal.monitoring.access import own_or_404, satker_of, staff, staff_user
from portal.monitoring.audit import Action
from portal.monitoring.lists import sites
from portal.monitoring.models import MigrationChange, MigrationPlan, SiteCheck
from portal.monitoring.show import file_of
from portal.monitoring.tables import Cell, Column, Link, State, Table, columns, moment

MIGRATED = (Satker.Migration.MIGRATED, Satker.Migration.MIGRATED_OTHER)
TONES = {"": "idle", "K1": "bad", "K2": "warn", "K3": "warn", "M": "good", "M!": "warn"}


@dataclass(frozen=True, slots=True)
class Line:
    """One condition: how many satker are in it, and of these how many have no feed, or a failing one."""

    code: str
    label: str
    satker: int
    without_feed: int
    failing: int


@dataclass(frozen=True)
class Wanted:
    status: str
    province: str
    feed: str
    late: bool

    @classmethod
    def read(cls, request: HttpRequest) -> Wanted:
        return cls(
            status=read_choice(request, "kondisi", ["semua", "belum", *Satker.Migration.values[1:]]),
            province=read_text(request, "provinsi"),
            feed=read_choice(request, "umpan", ["", "tidak", "gagal", "ada"]),
            late=request.GET.get("lewat") == "1",
        )

    def takes(self, satker: Satker, plan: MigrationPlan | None, today: date) -> bool:
        status = satker.migration_status or "belum"
        target = plan.target_on if plan else None
        wanted = (
            self.status in ("semua", status),
            not self.province or (satker.province is not None and satker.province.slug == self.province),
            self.feed != "tidak" or not satker.has_feed,  # type: ignore[attr-defined]
            self.feed != "gagal" or satker.feed_failing,  # type: ignore[attr-defined]
            self.feed != "ada" or satker.has_feed,  # type: ignore[attr-defined]
            not self.late or (target is not None and target < today and status not in MIGRATED),
        )
        return all(wanted)


@staff()
def board(request: HttpRequest) -> HttpResponseBase:
    wanted, today = Wanted.read(request), date.today()  # noqa: DTZ011 - a target is a day on the calendar
    rows = _offices(request)
    plans = {plan.satker_id: plan for plan in MigrationPlan.objects.all()}
    table = Table(
        name=_("migrasi"),
        title=_("Papan migrasi"),
        columns=_columns(),
        rows=[_cells(one, plans.get(one.pk)) for one in rows if wanted.takes(one, plans.get(one.pk), today)],
        counted=_(
            "Setiap satker berada pada tepat satu kondisi, jadi jumlahnya sama dengan isi daftar satker."
        ),
    )
    lines = lines_of(rows)
    if file := file_of(request, satker=lambda: table, kondisi=lambda: _conditions(lines)):
        return file
    facts = {
        "table": table,
        "wanted": wanted,
        "lines": lines,
        "total": sum(line.satker for line in lines),
        "without_feed": sum(line.without_feed for line in lines),
        "failing": sum(line.failing for line in lines),
        "migrated": sum(line.satker for line in lines if line.code in MIGRATED),
        "provinces": Province.objects.order_by("name"),
    }
    return render(request, "monitoring/migration.html", facts)


def lines_of(rows: list[Satker]) -> list[Line]:
    """Every condition with its counts; together they are all the rows."""
    counts = Counter(one.migration_status for one in rows)
    bare = Counter(one.migration_status for one in rows if not one.has_feed)  # type: ignore[attr-defined]
    failing = Counter(one.migration_status for one in rows if one.feed_failing)  # type: ignore[attr-defined]
    order = [*Satker.Migration.values[1:], ""]
    return [
        Line(code, str(Satker.Migration(code).label), counts[code], bare[code], failing[code])
        for code in order
    ]


def _conditions(lines: list[Line]) -> Table:
    heads = (_("Satker"), _("Belum ada umpan"), _("Umpan gagal"))
    return Table(
        _("kondisi migrasi"),
        _("Kondisi migrasi"),
        columns(_("Kode"), _("Kondisi"), *((head, "number") for head in heads)),
        [(line.code or None, line.label, line.satker, line.without_feed, line.failing) for line in lines],
    )


def _offices(request: HttpRequest) -> list[Satker]:
    checks = SiteCheck.objects.order_by("-checked_at")
    rows = satker_of(staff_user(request)).with_feed_state().select_related("province").order_by("code")
    hosts = Prefetch("hosts", to_attr="known_hosts")
    return list(rows.prefetch_related(hosts, Prefetch("site_checks", checks, to_attr="looks")))


def _columns() -> list[Column]:
    return columns(
        *(_("Kode"), _("Satker"), _("Kondisi"), _("Host sekarang"), _("Host lama"), _("CMS terlihat")),
        *(_("Umpan"), (_("Target"), "day"), (_("Diperiksa"), "moment"), _("Catatan")),
    )


def _cells(satker: Satker, plan: MigrationPlan | None) -> list[Cell]:
    looks: list[SiteCheck] = satker.looks  # type: ignore[attr-defined]
    now = next((look for look in looks if look.hostname == satker.hostname), None)
    code = satker.migration_status
    return [
        satker.code,
        Link(str(satker), f"/pantauan/migrasi/{satker.code}"),
        State(f"{code or '–'} {Satker.Migration(code).label}", TONES[code]),
        satker.hostname,
        ", ".join(_old_hosts(satker, looks)),
        next((look.generator for look in looks if look.generator), ""),
        _feed_word(satker),
        plan.target_on if plan else None,
        moment(now.checked_at if now else None),
        plan.note if plan else "",
    ]


def _old_hosts(satker: Satker, looks: list[SiteCheck]) -> list[str]:
    """Other hosts of the satker: off, redirecting or live, as far as they were looked at."""
    by_name = {look.hostname: look for look in looks}
    known = [h for h in satker.known_hosts if h.hostname != satker.hostname]  # type: ignore[attr-defined]
    return [f"{host.hostname} ({_life(by_name.get(host.hostname))})" for host in known]


def _life(look: SiteCheck | None) -> str:
    if look is None:
        return _("belum dilihat")
    if look.error_code or (look.status or 0) >= 400:
        return _("mati")
    return _("hidup") if f"//{look.hostname}" in look.final_url else _("dialihkan")


def _feed_word(satker: Satker) -> State:
    if not satker.has_feed:  # type: ignore[attr-defined]
        return State(_("belum ada"), "idle")
    if satker.feed_failing:  # type: ignore[attr-defined]
        return State(_("gagal"), "bad")
    return State(_("terbaca"), "good")


# --- one satker -------------------------------------------------------------------------------------


class PlanForm(forms.Form):
    status = forms.ChoiceField(
        label=gettext_lazy("Kondisi"), choices=Satker.Migration.choices, required=False
    )
    target_on = forms.DateField(
        label=gettext_lazy("Target"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    note = forms.CharField(
        label=gettext_lazy("Catatan"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@staff()
def migration(request: HttpRequest, code: str) -> HttpResponse:
    satker = _satker(request, code)
    looks, changes = SiteCheck.objects.filter(satker=satker), MigrationChange.objects.filter(satker=satker)
    moves = SatkerMove.objects.filter(satker=satker).select_related("satker")
    if file := file_of(
        request,
        bukti=lambda: sites.checks(looks),
        perpindahan=lambda: sites.moves(moves),
        riwayat=lambda: sites.steps(changes),
    ):
        return file
    plan = MigrationPlan.objects.filter(satker=satker).first() or MigrationPlan(satker=satker)
    initial = {"status": satker.migration_status, "target_on": plan.target_on, "note": plan.note}
    facts = {
        "satker": satker,
        "plan": plan,
        "tone": TONES[satker.migration_status],
        "form": PlanForm(initial=initial),
        "checks": sites.checks(looks),
        "hosts": satker.hosts.all(),
        "feeds": satker.feeds.order_by("url"),
        "changes": sites.steps(changes[:50]),
        "moves": moves[:10],
        "may_decide": staff_user(request).role in deciding.DECIDERS,
    }
    return render(request, "monitoring/migration_office.html", facts)


@require_POST
@staff(*deciding.DECIDERS)
def change_migration(request: HttpRequest, code: str) -> HttpResponse:
    satker, form = _satker(request, code), PlanForm(request.POST)
    if form.is_valid():
        done = _("Data migrasi disimpan.")
        said = form.cleaned_data
        deciding.once(request, lambda: change(satker, said, deciding.by(request)), done)
        return redirect("monitoring:migration", code)
    errors = "; ".join(str(error) for found in form.errors.values() for error in found)
    return render(request, "monitoring/_plain_error.html", {"message": errors}, status=400)


@require_POST
@staff(*deciding.DECIDERS)
def look_now(request: HttpRequest, code: str) -> HttpResponse:
    satker = _satker(request, code)

    def queue() -> None:
        async_task("portal.monitoring.tasks.check_site", satker.pk)

    deciding.once(request, queue, _("Situsnya sedang dilihat; muat ulang halaman ini sebentar lagi."))
    return redirect("monitoring:migration", code)


@transaction.atomic
def change(satker: Satker, said: dict[str, object], by: str) -> None:
    """Keep status, target and note, and each difference as a step of the satker's way."""
    plan = MigrationPlan.objects.select_for_update().filter(satker=satker).first()
    plan = plan or MigrationPlan(satker=satker)
    before = {"status": satker.migration_status, "target": str(plan.target_on or ""), "note": plan.note}
    satker.migration_status = str(said["status"])
    plan.target_on, plan.note = said["target_on"], str(said["note"])  # type: ignore[assignment]
    after = {"status": satker.migration_status, "target": str(plan.target_on or ""), "note": plan.note}
    steps = [
        MigrationChange(satker=satker, by=by, field=name, before=before[name], after=after[name])
        for name in before
        if before[name] != after[name]
    ]
    if steps:
        satker.save(update_fields=["migration_status"])
        plan.save()
        MigrationChange.objects.bulk_create(steps)
        changes = {step.field: [step.before, step.after] for step in steps}
        audit.record(Action.MIGRATION, by, thing=satker, changes=changes)
        PortalState.bump()


def _satker(request: HttpRequest, code: str) -> Satker:
    return own_or_404(staff_user(request), Satker.objects.select_related("province"), "pk", code=code)
