"""The form of machines that are told of alarms."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.monitoring.alerts.rules import RULES


class WebhookForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Nama"), max_length=80)
    url = forms.URLField(label=gettext_lazy("Alamat (https)"), max_length=1000, assume_scheme="https")
    rules = forms.MultipleChoiceField(
        label=gettext_lazy("Aturan; kosong berarti semua"),
        required=False,
        choices=[(name, rule.label) for name, rule in RULES.items()],
        widget=forms.CheckboxSelectMultiple,
    )

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        if not url.startswith(("https://", "http://")):
            raise forms.ValidationError(_("Alamat harus http atau https."))
        return url
