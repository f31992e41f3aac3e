"""Accounts of staff: who has one, inviting, switching off, help with a lost telephone."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_q.tasks import async_task

from portal.models import User
from portal.monitoring import audit, factors, sessions
from portal.monitoring.access import Role, staff, staff_user
from portal.monitoring.audit import Action
from portal.monitoring.forms import InvitationForm
from portal.monitoring.lists import people as lists
from portal.monitoring.models import SecondFactor
from portal.monitoring.show import file_of


@staff(Role.ADMIN)
def people(request: HttpRequest) -> HttpResponse:
    factor = SecondFactor.objects.filter(user=OuterRef("pk"))
    accounts = User.objects.select_related("satker").annotate(has_factor=Exists(factor)).order_by("username")
    if file := file_of(request, petugas=lambda: lists.accounts(accounts)):
        return file
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = _invite(request, form.cleaned_data)
        messages.success(request, _("Undangan untuk %s sedang dikirim.") % user.email)
        return redirect("monitoring:people")
    return render(request, "monitoring/people.html", {"form": form, "accounts": accounts})


@transaction.atomic
def _invite(request: HttpRequest, said: dict[str, Any]) -> User:
    is_admin = said["role"] == Role.ADMIN
    user = User(
        username=said["email"],
        email=said["email"],
        first_name=said["name"],
        role=said["role"],
        satker=said["satker"],
        is_staff=is_admin,
        is_superuser=is_admin,
    )
    user.set_unusable_password()
    user.save()
    by = staff_user(request).get_username()
    audit.record(Action.INVITED, by, thing=user, role=user.role, scope=str(user.satker or ""))
    transaction.on_commit(lambda: _send_invitation(user, by))
    return user


def _send_invitation(user: User, by: str) -> None:
    async_task("portal.monitoring.tasks.send_invitation", user.pk, by)


@require_POST
@staff(Role.ADMIN)
def change_account(request: HttpRequest, pk: int) -> HttpResponse:
    """`lakukan`: undang (the letter again), matikan, hidupkan, faktor (take the second factor away)."""
    user, by = get_object_or_404(User, pk=pk), staff_user(request)
    what = request.POST.get("lakukan", "")
    if user == by:
        messages.error(request, _("Akun Anda sendiri diubah di halaman Akun saya."))
    elif what == "undang" and user.is_active:
        _send_invitation(user, by.get_username())
        audit.record(Action.INVITED, by.get_username(), thing=user, again=True)
        messages.success(request, _("Undangan untuk %s sedang dikirim.") % user.email)
    elif what in ("matikan", "hidupkan"):
        _switch(user, by, what == "hidupkan")
        messages.success(request, _("Akun %s diubah.") % user.get_username())
    elif what == "faktor":
        factors.remove(user)
        sessions.end(sessions.of(user))
        audit.record(Action.FACTOR_REMOVED, by.get_username(), thing=user)
        messages.success(request, _("Faktor kedua %s dicabut.") % user.get_username())
    return redirect("monitoring:people")


@transaction.atomic
def _switch(user: User, by: User, is_active: bool) -> None:
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    sessions.end(sessions.of(user))
    audit.record(Action.ACCOUNT_CHANGED, by.get_username(), thing=user, is_active=is_active)
