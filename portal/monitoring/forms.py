"""Forms of signing in and of accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aggregator.models import Satker
from portal.models import User

SCOPES = {User.Role.PROVINCE: ("province",), User.Role.SATKER: ("national", "province", "regency")}


class SignInForm(forms.Form):
    username = forms.CharField(
        label=gettext_lazy("Nama akun atau surel"),
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}
        ),
    )
    password = forms.CharField(
        label=gettext_lazy("Sandi"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Kode"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "none",
                "inputmode": "text",
            }
        ),
    )


class AppCodeForm(CodeForm):
    code = forms.CharField(
        label=gettext_lazy("Kode enam angka dari aplikasi"),
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class ForgotForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("Surel akun Anda"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )


class NewPasswordForm(forms.Form):
    """A password twice, held to the rules. `user` is whose it will be."""

    password = forms.CharField(
        label=gettext_lazy("Sandi baru"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=gettext_lazy("Sandi baru, sekali lagi"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["password"].help_text = _(
            "Sedikitnya 12 aksara; bukan sandi umum, bukan hanya angka, tidak mirip nama atau surel Anda."
        )

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("password") and data["password"] != data.get("again"):
            self.add_error("again", _("Kedua sandi tidak sama."))
        return data


class ChangePasswordForm(NewPasswordForm):
    present = forms.CharField(
        label=gettext_lazy("Sandi sekarang"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("present", "password", "again")

    def clean_present(self) -> str:
        present = str(self.cleaned_data["present"])
        if not self.user.check_password(present):
            raise ValidationError(_("Sandi ini keliru."))
        return present


class InvitationForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Nama lengkap"), max_length=150)
    email = forms.EmailField(label=gettext_lazy("Surel kedinasan"), max_length=150)
    role = forms.ChoiceField(label=gettext_lazy("Peran"), choices=User.Role.choices)
    satker = forms.CharField(
        label=gettext_lazy("Kode satker"),
        max_length=4,
        required=False,
        help_text=gettext_lazy("Wajib untuk peran provinsi dan satker; kosongkan untuk peran KPU RI."),
    )

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        taken = User.objects.filter(username__iexact=email) | User.objects.filter(email__iexact=email)
        if taken.exists():
            raise ValidationError(_("Sudah ada akun dengan surel ini."))
        return email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        role, code = data.get("role"), data.get("satker", "")
        data["satker"] = None
        if role in SCOPES:
            satker = Satker.objects.filter(code=code).first()
            if satker is None:
                self.add_error("satker", _("Tidak ada satker dengan kode ini."))
            elif satker.level not in SCOPES[User.Role(role)]:
                self.add_error("satker", _("%s bukan kantor provinsi.") % satker)
            data["satker"] = satker
        elif code:
            self.add_error("satker", _("Peran ini melihat seluruh Indonesia; kosongkan kode satker."))
        return data
