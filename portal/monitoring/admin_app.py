"""In a module of its own: Django takes every AppConfig beside an app's own for a second choice."""

from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    """The Django admin, behind our own sign-in and with every change in the audit log."""

    default_site = "portal.monitoring.site.StaffSite"
