"""Staff accounts in the Django admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.models import ApiKey, User
from portal.monitoring import sessions
from portal.monitoring.models import Identity

SCOPE: Any = (_("Peran"), {"fields": ("role", "satker")})


class StaffCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta(AdminUserCreationForm.Meta):
        model = User


@admin.register(User)
class StaffAdmin(UserAdmin):  # type: ignore[type-arg]
    """An account that is left is switched off, not deleted: decisions carry its name."""

    add_form = StaffCreationForm
    list_display = ("username", "email", "role", "satker", "is_active", "last_login")
    list_filter = ("role", "is_active", "is_staff")
    list_select_related = ("satker",)
    search_fields = ("username", "email", "first_name", "last_name", "satker__name", "=satker__code")
    autocomplete_fields = ("satker",)
    fieldsets = (*(UserAdmin.fieldsets or ()), SCOPE)
    add_fieldsets = (*UserAdmin.add_fieldsets, SCOPE)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """What an account may do changes at once: whoever is signed in with it signs in anew."""
        super().save_model(request, obj, form, change)
        if change and {"role", "satker", "is_active", "is_staff", "is_superuser"} & set(form.changed_data):
            sessions.end(sessions.of(obj))

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False


@admin.register(Identity)
class IdentityAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Made by signing in; released here, so that the account is matched by its address once more."""

    list_display = ("user", "email", "issuer", "subject", "bound_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "email", "=subject")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Identity | None = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Identity) -> None:
        sessions.end(sessions.of(obj.user))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Identity]) -> None:
        for one in queryset.select_related("user"):
            sessions.end(sessions.of(one.user))
        super().delete_queryset(request, queryset)


admin.site.unregister(Group)  # what an account may do is said by its role


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Keys are made by `create_api_key`, which alone can show them; here they are changed or switched off."""

    list_display = ("name", "per_minute", "is_active", "created_at")
    list_editable = ("per_minute", "is_active")
    search_fields = ("name",)
    fields = ("name", "per_minute", "is_active")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False
