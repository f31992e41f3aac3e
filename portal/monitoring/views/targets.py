"""What is expected of satker, and the exceptions that staff grant."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.models import User
from portal.monitoring import asked, audit
from portal.monitoring.access import Role, satker_of, staff, staff_user
from portal.monitoring.lists import people as lists
from portal.monitoring.models import Exemption, Target
from portal.monitoring.reports.activity import target_table
from portal.monitoring.show import file_of, month_choices, show
from portal.monitoring.target_forms import ExemptionForm, TargetForm

Action = audit.Action


@staff()
def target(request: HttpRequest, ending: str = "") -> HttpResponse:
    wanted = asked.read(request)
    rows = lists.targets(Target.objects.all())
    if file := file_of(
        request,
        satker=lambda: target_table(wanted),
        target=lambda: rows,
        pengecualian=lambda: lists.exemptions(exemptions_of(wanted.user)),
    ):
        return file
    return show(
        request,
        wanted,
        target_table(wanted),
        ending,
        template="monitoring/targets.html",
        targets=rows,
        exemptions=exemptions_of(wanted.user)[:100],
        target_form=TargetForm() if wanted.user.role == Role.ADMIN else None,
        exemption_form=ExemptionForm(wanted.user)
        if wanted.user.role in (Role.ADMIN, Role.PROVINCE)
        else None,
        months=month_choices(wanted),
        has_period=True,
    )


@require_POST
@staff(Role.ADMIN)
def save_target(request: HttpRequest) -> HttpResponse:
    form = TargetForm(request.POST)
    if not form.is_valid():
        return _refused(request, form)
    data = form.cleaned_data
    with transaction.atomic():
        row, _made = Target.objects.update_or_create(
            level=data["level"],
            since=data["since"].first,
            defaults={"posts": data["posts"], "active_days": data["active_days"]},
        )
        audit.record(Action.SETTING, staff_user(request).get_username(), thing=row, name=_("target %s") % row)
    messages.success(request, _("Target disimpan."))
    return redirect("monitoring:targets")


@require_POST
@staff(Role.ADMIN, Role.PROVINCE)
def add_exemption(request: HttpRequest) -> HttpResponse:
    user = staff_user(request)
    form = ExemptionForm(user, request.POST)
    if not form.is_valid():
        return _refused(request, form)
    with transaction.atomic():
        row = Exemption.objects.create(**form.cleaned_data, created_by=user.get_username())
        audit.record(Action.SETTING, user.get_username(), thing=row, reason=row.reason)
    messages.success(request, _("Pengecualian dicatat."))
    return redirect("monitoring:targets")


@require_POST
@staff(Role.ADMIN, Role.PROVINCE)
def delete_exemption(request: HttpRequest, pk: int) -> HttpResponse:
    user = staff_user(request)
    row = get_object_or_404(exemptions_of(user), pk=pk)
    if user.role != Role.ADMIN and not may_change(user, row):
        messages.error(request, _("Pengecualian ini ditetapkan KPU RI."))
        return redirect("monitoring:targets")
    with transaction.atomic():
        audit.record(Action.SETTING, user.get_username(), thing=row, name=_("hapus: %s") % row)
        row.delete()
    messages.success(request, _("Pengecualian dihapus."))
    return redirect("monitoring:targets")


def exemptions_of(user: User) -> QuerySet[Exemption]:
    """Those that hold for satker of the account, with those for all."""
    rows = Exemption.objects.select_related("satker", "province")
    mine = satker_of(user).order_by()
    nowhere = rows.filter(satker=None, province=None)
    return (
        nowhere
        | rows.filter(satker__in=mine.values("pk"))
        | rows.filter(province__in=mine.exclude(province=None).values("province"))
    ).order_by("-first", "-pk")


def may_change(user: User, row: Exemption) -> bool:
    """A province decides about its own satker; what holds for more is KPU RI's."""
    return row.satker_id is not None and satker_of(user).filter(pk=row.satker_id).exists()


def _refused(request: HttpRequest, form: TargetForm | ExemptionForm) -> HttpResponse:
    for errors in form.errors.values():
        messages.error(request, " ".join(str(error) for error in errors))
    return redirect("monitoring:targets")
