"""Forms of targets and exemptions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aggregator.models import Province, Satker
from portal.days import Period
from portal.models import User
from portal.monitoring.access import NATIONAL, satker_of
from portal.monitoring.asked import month_from
from portal.monitoring.models import Exemption

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class TargetForm(forms.Form):
    level = forms.ChoiceField(label=gettext_lazy("Tingkat"), choices=Satker.Level.choices)
    since = forms.CharField(
        label=gettext_lazy("Berlaku sejak bulan"), widget=forms.DateInput(attrs={"type": "month"})
    )
    posts = forms.IntegerField(label=gettext_lazy("Berita sendiri sebulan"), min_value=0, max_value=1000)
    active_days = forms.IntegerField(label=gettext_lazy("Hari aktif sebulan"), min_value=0, max_value=31)

    def clean_since(self) -> Period:
        month = month_from(str(self.cleaned_data["since"]))
        if month is None:
            raise forms.ValidationError(_("Bulan ditulis seperti 2025-10."))
        return month


class ExemptionForm(forms.Form):
    """Without a place it holds for all, which KPU RI alone may say."""

    kind = forms.ChoiceField(label=gettext_lazy("Jenis"), choices=Exemption.Kind.choices)
    first = forms.DateField(label=gettext_lazy("Dari"), widget=DAY)
    last = forms.DateField(label=gettext_lazy("Sampai"), widget=DAY)
    satker = forms.CharField(label=gettext_lazy("Kode satker"), max_length=4, required=False)
    province = forms.ModelChoiceField(
        label=gettext_lazy("Provinsi"),
        queryset=Province.objects.all(),
        required=False,
        to_field_name="slug",
        empty_label=gettext_lazy("–"),
    )
    reason = forms.CharField(label=gettext_lazy("Alasan"), max_length=300)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if user.role not in NATIONAL:
            del self.fields["province"]

    def clean_satker(self) -> Satker | None:
        code = str(self.cleaned_data["satker"]).strip()
        if not code:
            return None
        satker = satker_of(self.user).filter(code=code).first()
        if satker is None:
            raise forms.ValidationError(_("Tidak ada satker dengan kode ini di wilayah Anda."))
        return satker

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("first") and data.get("last") and data["first"] > data["last"]:
            self.add_error("last", _("Tanggal akhir lebih awal daripada tanggal awal."))
        if data.get("satker") and data.get("province"):
            self.add_error("satker", _("Pilih satker atau provinsi, tidak keduanya."))
        if self.user.role not in NATIONAL and not data.get("satker") and "satker" not in self.errors:
            self.add_error("satker", _("Sebut kode satker."))
        return data
