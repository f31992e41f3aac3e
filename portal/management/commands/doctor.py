"""Checks settings, database, broker, workers, index, disk, clock and schedules; says what to do."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from portal.doctor import examine


class Command(BaseCommand):
    help = "Check this installation and say what to do. Exit status 1 when something needs attention."

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(examine())
        for finding in findings:
            mark = "ok  " if finding.is_well else "FAIL"
            self.stdout.write(f"{mark} {finding.subject:<10} {finding.said}")
            if finding.advice:
                self.stdout.write(f"     {'':<10} → {finding.advice}")
        if not all(finding.is_well for finding in findings):
            sys.exit(1)
