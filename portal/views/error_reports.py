"""`/berita/<id>/lapor`: a reader tells us that something about a post is wrong. No account, no cookie."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from aggregator.models import Entry
from portal import openforms
from portal.models import ErrorReport
from portal.views.entry import absent

PURPOSE = "lapor"
MOST_OF_ALL = 300  # reports in an hour: more is a flood, and no reader's


class ReportForm(forms.Form):
    subject = forms.ChoiceField(
        label=gettext_lazy("Apa yang salah?"), choices=ErrorReport.Subject.choices, widget=forms.RadioSelect
    )
    message = forms.CharField(
        label=gettext_lazy("Keterangan (boleh kosong)"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    contact = forms.EmailField(
        label=gettext_lazy("Surel Anda, bila ingin dihubungi (boleh kosong)"), max_length=254, required=False
    )
    website = forms.CharField(required=False)  # no reader sees it; programs fill it

    @property
    def is_from_a_program(self) -> bool:
        return bool(self.cleaned_data.get("website"))


@csrf_exempt  # openforms.check stands in: there is no cookie
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, pk: int) -> HttpResponse:
    entry = Entry.objects.public().for_lists().filter(pk=pk).first()
    if entry is None:
        return absent(pk, request)
    form = ReportForm(request.POST or None)
    if request.method == "POST":
        openforms.check(request, PURPOSE)
        if form.is_valid() and _keep(entry, form):
            return redirect(f"{reverse('report', args=[pk])}?terkirim=1")
    context = {
        "entry": entry,
        "form": form,
        "sent": request.GET.get("terkirim") == "1",
        "field": openforms.FIELD,
        "signed": openforms.sign(PURPOSE),
    }
    response = render(request, "portal/report.html", context, status=400 if form.errors else 200)
    if request.method == "POST":
        response.headers["Cache-Control"] = "no-store"
    return response


def _keep(entry: Entry, form: ReportForm) -> bool:
    if form.is_from_a_program:
        return True
    if _is_flooded():
        form.add_error(None, _("Terlalu banyak laporan dalam satu jam. Coba lagi nanti."))
        return False
    found = form.cleaned_data
    ErrorReport.objects.create(
        entry=entry, subject=found["subject"], message=found["message"], contact=found["contact"]
    )
    return True


def _is_flooded() -> bool:
    """What one address may send is counted in portal/limits.py; this bounds all of them together."""
    since = timezone.now() - timedelta(hours=1)
    return ErrorReport.objects.filter(created_at__gt=since).count() >= MOST_OF_ALL
