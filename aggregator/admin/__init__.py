"""The Django admin at /pantauan/admin/: rows as they are, and decisions with a name and a reason."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from aggregator.admin import entries, feeds, registry

__all__ = ["entries", "feeds", "registry"]

admin.site.site_header = _("Pantauan KPU: data")
admin.site.site_title = _("Pantauan KPU")
admin.site.index_title = _("Daftar data")
admin.site.site_url = "/"
