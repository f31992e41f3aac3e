"""In a module of its own: Django takes every AppConfig beside an app's own for a second choice."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class StaffAdminConfig(SimpleAdminConfig):
    """The Django admin, behind our own sign-in and with every change in the audit log. Its lists are found
    by the root URLs and not at the start, which would load the fetcher into every command."""

    default_site = "portal.monitoring.site.StaffSite"

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(check_lists, checks.Tags.admin)


def check_lists(app_configs: Sequence[AppConfig] | None, **_more: Any) -> Sequence[checks.CheckMessage]:
    import_module(settings.ROOT_URLCONF)
    return check_admin_app(app_configs)
