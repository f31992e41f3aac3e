"""The ten reports: each is a table with its period, place, and a sentence on how it is counted."""

from portal.monitoring.reports.catalogue import REPORTS, Report

__all__ = ["REPORTS", "Report"]
