"""What monitoring keeps: who did what, sign-in, migration notes; targets, alerts, saved views."""

from portal.monitoring.models.accounts import Identity, RecoveryCode, SecondFactor, StaffSession, Throttle
from portal.monitoring.models.alerts import Alert, Digest, DigestPick, Notice, Webhook
from portal.monitoring.models.audit import AuditRow
from portal.monitoring.models.contacts import Contact, FollowUp
from portal.monitoring.models.figures import (
    DutyPost,
    FeedDay,
    FeedMonth,
    FeedRead,
    FigureState,
    OfficeDay,
    OfficeMonth,
    OfficeState,
    OfficeSubject,
    OfficeSums,
    PlaceDay,
    PlaceSubject,
)
from portal.monitoring.models.sites import MigrationChange, MigrationPlan, SiteCheck
from portal.monitoring.models.targets import Exemption, SavedView, Target

__all__ = [
    "Alert",
    "AuditRow",
    "Contact",
    "Digest",
    "DigestPick",
    "DutyPost",
    "Exemption",
    "FeedDay",
    "FeedMonth",
    "FeedRead",
    "FigureState",
    "FollowUp",
    "Identity",
    "MigrationChange",
    "MigrationPlan",
    "Notice",
    "OfficeDay",
    "OfficeMonth",
    "OfficeState",
    "OfficeSubject",
    "OfficeSums",
    "PlaceDay",
    "PlaceSubject",
    "RecoveryCode",
    "SavedView",
    "SecondFactor",
    "SiteCheck",
    "StaffSession",
    "Target",
    "Throttle",
    "Webhook",
]
