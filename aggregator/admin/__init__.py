"""The Django admin at /pantauan/admin/: rows as they are, and decisions with a name and a reason."""

import django_q.admin
from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django_q.models import Failure, OrmQ, Schedule, Success

from aggregator.admin import entries, feeds, moves, registry, searches

__all__ = ["django_q", "entries", "feeds", "moves", "registry", "searches"]

admin.site.site_header = _("Pantauan KPU: data")
admin.site.site_title = _("Pantauan KPU")
admin.site.index_title = _("Daftar data")
admin.site.site_url = "/"

# A schedule names any function and its arguments: whoever stole an administrator's session could run code.
admin.site.unregister([Failure, OrmQ, Schedule, Success])
