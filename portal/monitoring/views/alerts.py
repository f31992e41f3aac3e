"""Alarms: what is the matter, who took note, what was sent; machines that are told; the daily digest."""

from __future__ import annotations

import re
import secrets
from datetime import date

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from aggregator.models import Entry
from portal.forms import read_choice
from portal.models import User
from portal.monitoring import asked, audit
from portal.monitoring.access import NATIONAL, Role, satker_of, staff, staff_user
from portal.monitoring.alert_forms import WebhookForm
from portal.monitoring.alerts import digest as digests
from portal.monitoring.alerts.rules import RULES
from portal.monitoring.figures.today import today_and_silent
from portal.monitoring.lists import people as lists
from portal.monitoring.models import Alert, Digest, DigestPick, Notice, Webhook
from portal.monitoring.show import file_addresses, file_of, show
from portal.monitoring.tables import Box, Column, Link, Moment, State, Table, columns
from portal.templatetags.berita import clock, short_day

Action = audit.Action
MOST = 500
MOST_EXPORTED = 20_000
PICKS = 5
_ENTRY = re.compile(r"(?:.*/berita/)?(\d{1,18})(?:/.*)?")


def alerts_of(user: User) -> QuerySet[Alert]:
    """Events that the account may see: of its satker; those of the portal itself are KPU RI's."""
    rows = Alert.objects.select_related("satker")
    if user.role in NATIONAL:
        return rows
    return rows.filter(satker__in=satker_of(user).order_by().values("pk"))


@staff()
def alerts(request: HttpRequest, ending: str = "") -> HttpResponse:
    user, wanted = staff_user(request), asked.read(request)
    state = read_choice(request, "keadaan", ["terbuka", "selesai", "semua"])
    rule = read_choice(request, "aturan", ["", *RULES])
    found = alerts_of(user)
    if state != "semua":
        found = found.filter(closed_at__isnull=state == "terbuka")
    if rule:
        found = found.filter(rule=rule)
    if wanted.province:
        found = found.filter(satker__province=wanted.province)
    rows = list(found.order_by("acknowledged_at", "-level", "-opened_at", "-pk")[:MOST])
    if ending:
        return show(request, wanted, _table(wanted, rows), ending)
    context = {
        "asked": wanted,
        "shown": _shown(rows),
        "state": state,
        "rule": rule,
        "rules": [(name, kind.label) for name, kind in RULES.items()],
        "waiting": alerts_of(user).filter(closed_at=None, acknowledged_at=None).count(),
        "files": file_addresses(request),
    }
    return render(request, "monitoring/alerts.html", context)


def _shown(rows: list[Alert]) -> Table:
    """As the page has them, each with a box to take note of it."""
    return Table(
        _("peringatan"),
        _("Peringatan"),
        columns(
            *("", _("Kejadian"), _("Aturan"), (_("Mulai"), "moment"), (_("Diberitahukan"), "number")),
            _("Keadaan"),
        ),
        [
            (
                "" if row.closed_at or row.acknowledged_at else Box("peringatan", row.pk, row.title),
                Link(row.title, row.address or "#", row.detail),
                _label(row.rule),
                Moment(row.opened_at),
                f"{row.notices}×",
                _state(row),
            )
            for row in rows
        ],
    )


def _label(rule: str) -> str:
    return str(RULES[rule].label) if rule in RULES else rule


def _state(row: Alert) -> State:
    went = _escalated(row)
    if row.closed_at:
        return State(_("selesai %s") % short_day(row.closed_at), "off", went)
    if row.acknowledged_at:
        note = "; ".join(filter(None, (row.note, went)))
        return State(_("diketahui %s") % row.acknowledged_by, "wait", note)
    return State(_("terbuka"), "bad", went)


def _escalated(row: Alert) -> str:
    if row.escalated_at is None:
        return ""
    since = f"{short_day(row.escalated_at)} {clock(row.escalated_at)}"
    return _("diteruskan ke %(level)s sejak %(since)s") % {"level": row.get_reach_display(), "since": since}


def _table(wanted: asked.Asked, rows: list[Alert]) -> Table:
    columns = [
        Column(_("Kejadian")),
        Column(_("Aturan")),
        Column(_("Satker")),
        Column(_("Keterangan")),
        Column(_("Mulai"), "moment"),
        Column(_("Selesai"), "moment"),
        Column(_("Diberitahukan"), "number"),
        Column(_("Diteruskan")),
        Column(_("Diketahui oleh")),
        Column(_("Catatan")),
        Column(_("Keadaan")),
    ]
    return Table(
        _("peringatan"),
        _("Peringatan"),
        columns,
        [
            (
                Link(row.title, row.address) if row.address else row.title,
                _label(row.rule),
                str(row.satker) if row.satker else None,
                row.detail,
                Moment(row.opened_at),
                Moment(row.closed_at) if row.closed_at else None,
                row.notices,
                _escalated(row),
                row.acknowledged_by,
                row.note,
                State(_("selesai"), "off") if row.closed_at else State(_("terbuka"), "bad"),
            )
            for row in rows
        ],
        as_of=wanted.now,
    )


@require_POST
@staff(Role.ADMIN, Role.PROVINCE, Role.SATKER)
def acknowledge(request: HttpRequest) -> HttpResponse:
    """Take note of one or many: no reminder follows unless it becomes worse."""
    user, now = staff_user(request), timezone.now()
    keys = [key for key in request.POST.getlist("peringatan") if key.isascii() and key.isdigit()][:MOST]
    note = " ".join(request.POST.get("catatan", "").split())[:500]
    chosen = alerts_of(user).filter(pk__in=keys, acknowledged_at=None, closed_at=None)
    with transaction.atomic():
        for alert in chosen:
            audit.record(Action.SETTING, user.get_username(), thing=alert, name=alert.title, reason=note)
        number = Alert.objects.filter(pk__in=[alert.pk for alert in chosen]).update(
            acknowledged_at=now, acknowledged_by=user.get_username(), note=note
        )
    messages.success(request, _("%d peringatan ditandai diketahui.") % number)
    return redirect("monitoring:alerts")


@staff(*NATIONAL)
def outbox(request: HttpRequest) -> HttpResponse:
    """What was sent, what waits, what failed; and the machines that are told."""
    user = staff_user(request)
    hooks = {str(hook.pk): hook.name for hook in Webhook.objects.all()}
    sent = Notice.objects.order_by("-created_at", "-pk")

    def named(rows: QuerySet[Notice]) -> list[tuple[Notice, str]]:
        """Each with whom it goes to: a webhook by its name."""
        return [(row, hooks.get(row.address, row.address)) for row in rows]

    if file := file_of(
        request,
        pemberitahuan=lambda: lists.notices(named(sent.defer("body")[:MOST_EXPORTED])),
        webhook=lambda: lists.webhooks(Webhook.objects.all()),
    ):
        return file
    context = {
        "rows": named(sent[:200]),
        "hooks": Webhook.objects.all(),
        "rules": [(name, kind.label) for name, kind in RULES.items()],
        "form": WebhookForm() if user.role == Role.ADMIN else None,
    }
    return render(request, "monitoring/outbox.html", context)


@require_POST
@staff(Role.ADMIN)
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """What failed, or may not have arrived, once more: a person's decision."""
    stopped = Notice.objects.filter(pk=pk, state__in=[Notice.State.FAILED, Notice.State.UNCLEAR])
    if stopped.update(state=Notice.State.WAITING, attempts=0, due_at=timezone.now(), error=""):
        audit.record(
            Action.SETTING, staff_user(request).get_username(), name=_("kirim lagi pemberitahuan %d") % pk
        )
        messages.success(request, _("Pemberitahuan dikirim lagi."))
    return redirect("monitoring:outbox")


@require_POST
@staff(Role.ADMIN)
def add_webhook(request: HttpRequest) -> HttpResponse:
    form, user = WebhookForm(request.POST), staff_user(request)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(str(error) for error in errors))
        return redirect("monitoring:outbox")
    secret = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            hook = Webhook.objects.create(**form.cleaned_data, secret=secret, created_by=user.get_username())
            audit.record(Action.SETTING, user.get_username(), thing=hook, name=_("webhook %s") % hook.url)
    except IntegrityError:
        messages.error(request, _("Alamat ini sudah terdaftar."))
        return redirect("monitoring:outbox")
    messages.success(request, _("Webhook dicatat. Rahasianya, hanya tampil sekali: %s") % secret)
    return redirect("monitoring:outbox")


@require_POST
@staff(Role.ADMIN)
def switch_webhook(request: HttpRequest, pk: int) -> HttpResponse:
    hook = get_object_or_404(Webhook, pk=pk)
    with transaction.atomic():
        Webhook.objects.filter(pk=pk).update(is_active=not hook.is_active)
        state = _("mati") if hook.is_active else _("hidup")
        audit.record(
            Action.SETTING,
            staff_user(request).get_username(),
            thing=hook,
            name=f"webhook {hook.url}: {state}",
        )
    messages.success(request, _("Webhook sekarang %s.") % state)
    return redirect("monitoring:outbox")


@staff()
def digest(request: HttpRequest) -> HttpResponse:
    """The digest of a day as this account gets it, and the posts that humas chose for it."""
    user, now = staff_user(request), timezone.now()
    day = asked.read_day(request, "hari") or timezone.localdate(now)
    told = Digest.objects.filter(day=day).first()
    subject, body = digests.letter(user, *today_and_silent(satker_of(user), day, now))
    context = {
        "day": day,
        "told": told,
        "subject": subject,
        "body": body,
        "picks": DigestPick.objects.filter(day=day).select_related("entry__public_revision", "entry__satker"),
        "may_pick": user.role in NATIONAL and told is None,
        "former": Digest.objects.all()[:30],
    }
    return render(request, "monitoring/digest.html", context)


@require_POST
@staff(*NATIONAL)
def pick(request: HttpRequest) -> HttpResponse:
    """Choose a post for the digest of a day, or take it back."""
    user, day = staff_user(request), _day(request.POST.get("hari", ""))
    match = _ENTRY.fullmatch(request.POST.get("berita", "").strip())
    entry = Entry.objects.public_of(pk=int(match[1])).first() if match else None
    chosen = DigestPick.objects.filter(day=day)
    if entry is None:
        messages.error(request, _("Tidak ada berita terbit dengan nomor atau alamat itu."))
    elif request.POST.get("lakukan") == "hapus":
        chosen.filter(entry=entry).delete()
    elif chosen.exclude(entry=entry).count() >= PICKS:
        messages.error(request, _("Paling banyak %d berita sehari.") % PICKS)
    else:
        DigestPick.objects.get_or_create(day=day, entry=entry, defaults={"chosen_by": user.get_username()})
    return redirect(f"/pantauan/ringkasan?hari={day}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return timezone.localdate()
