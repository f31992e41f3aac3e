"""What monitoring keeps: who did what, sign-in, migration notes; targets, alerts, saved views."""

from portal.monitoring.models.alerts import Alert, Digest, Notice, Webhook
from portal.monitoring.models.figures import (
    DutyPost,
    FeedDay,
    FeedRead,
    FigureState,
    OfficeDay,
    OfficeMonth,
    OfficeState,
    OfficeSubject,
)
from portal.monitoring.models.targets import Exemption, SavedView, Target

__all__ = [
    "Alert",
    "Digest",
    "DutyPost",
    "Exemption",
    "FeedDay",
    "FeedRead",
    "FigureState",
    "Notice",
    "OfficeDay",
    "OfficeMonth",
    "OfficeState",
    "OfficeSubject",
    "SavedView",
    "Target",
    "Webhook",
]
