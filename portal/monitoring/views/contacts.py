"""Contacts of one satker, and the follow-up with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aggregator.models import Satker
from portal.models import User
from portal.monitoring import audit
from portal.monitoring.access import Role, own_or_404, staff, staff_user
from portal.monitoring.audit import Action
from portal.monitoring.lists import people
from portal.monitoring.models import Contact, FollowUp
from portal.monitoring.show import file_of
from portal.monitoring.target_forms import DAY

KEEPERS = (Role.ADMIN, Role.PROVINCE, Role.SATKER)  # who may say whom to call
FOLLOWERS = (Role.ADMIN, Role.PROVINCE)  # who follows up
SHOWN = 50


if TYPE_CHECKING:  # Django's own class takes no type parameter at run time
    ContactRow = forms.ModelForm[Contact]
    FollowUpRow = forms.ModelForm[FollowUp]
else:
    ContactRow = FollowUpRow = forms.ModelForm


class ContactForm(ContactRow):
    class Meta:
        model = Contact
        fields = ("name", "position", "phone", "email")

    def clean(self) -> None:
        if not (self.cleaned_data.get("phone") or self.cleaned_data.get("email")):
            raise forms.ValidationError(_("Isilah telepon kantor atau surel kedinasan."))


class FollowUpForm(FollowUpRow):
    class Meta:
        model = FollowUp
        fields = ("way", "note", "due_on")
        widgets = {"due_on": DAY, "note": forms.Textarea(attrs={"rows": 3})}
        labels = {"due_on": gettext_lazy("Dijanjikan sampai (bila ada)")}


@staff()
def contacts(request: HttpRequest, code: str) -> HttpResponse:
    """`lakukan`: kontak, hapus (a contact), catat, selesai (a follow-up)."""
    user = staff_user(request)
    satker = own_or_404(user, Satker.objects.select_related("province"), "pk", code=code)
    kept = Contact.objects.filter(satker=satker).select_related("satker")
    followed = FollowUp.objects.filter(satker=satker).select_related("satker")
    if file := file_of(
        request, kontak=lambda: people.contacts(kept), tindak_lanjut=lambda: people.follow_ups(followed)
    ):
        return file
    what = request.POST.get("lakukan", "")
    contact_form = ContactForm(
        request.POST if what == "kontak" else None,
        prefix="kontak",
        instance=Contact(satker=satker, changed_by=user.get_username()),
    )
    follow_form = FollowUpForm(
        request.POST if what == "catat" else None,
        prefix="tindak",
        instance=FollowUp(satker=satker, by=user.get_username()),
    )
    if request.method == "POST" and _deed(user, satker, what, request, contact_form, follow_form):
        return redirect("monitoring:contacts", code)
    facts = {
        "satker": satker,
        "contacts": kept,
        "follow_ups": followed[:SHOWN],
        "contact_form": contact_form,
        "follow_form": follow_form,
        "may_keep": user.role in KEEPERS,
        "may_follow": user.role in FOLLOWERS,
    }
    return render(request, "monitoring/contacts.html", facts)


def _deed(
    user: User,
    satker: Satker,
    what: str,
    request: HttpRequest,
    contact_form: ContactForm,
    follow_form: FollowUpForm,
) -> bool:
    """Whether it is done; else a form says what is wrong."""
    if user.role not in (KEEPERS if what in ("kontak", "hapus") else FOLLOWERS):
        raise PermissionDenied
    number = request.POST.get("nomor", "")
    key = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0
    if what == "kontak":
        return _keep(user, contact_form, Action.CONTACT)
    if what == "catat":
        return _keep(user, follow_form, Action.FOLLOW_UP)
    if what == "hapus":
        return _forget(user, own_or_404(user, Contact.objects.filter(satker=satker), pk=key))
    if what == "selesai":
        return _settle(user, own_or_404(user, FollowUp.objects.filter(satker=satker), pk=key))
    messages.error(request, _("Tidak ada tindakan seperti itu."))
    return True


def _keep(user: User, form: ContactForm | FollowUpForm, action: Action) -> bool:
    if not form.is_valid():
        return False
    with transaction.atomic():
        audit.record(action, user.get_username(), thing=form.save())
    return True


def _forget(user: User, row: Contact) -> bool:
    with transaction.atomic():
        audit.record(Action.CONTACT, user.get_username(), thing=row, name=_("hapus: %s") % row)
        row.delete()
    return True


def _settle(user: User, row: FollowUp) -> bool:
    """Who settled it first stands."""
    by = user.get_username()
    with transaction.atomic():
        open_one = FollowUp.objects.filter(pk=row.pk, settled_at=None)
        if open_one.update(settled_at=timezone.now(), settled_by=by):
            audit.record(Action.FOLLOW_UP, by, thing=row, name=_("selesai: %s") % row)
    return True
