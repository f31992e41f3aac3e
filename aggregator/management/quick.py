"""Commands that begin at once."""

from __future__ import annotations

from django.core.management.base import BaseCommand


class QuickCommand(BaseCommand):
    """A command over the data alone. Django's checks before it would load every page of the portal, which
    takes longer than most of these run; `serve`, `work`, `run`, `doctor` and `migrate` do check."""

    requires_system_checks = []
