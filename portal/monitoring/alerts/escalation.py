"""How far up an event is told. Without ALERT_ESCALATE_HOURS everybody whom it concerns hears at once. With
it, what `climbs` is told to the lowest level that has somebody, and goes up one level each time that nobody
took note of it for so long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from portal.models import User
from portal.monitoring.alerts.rules import RULES
from portal.monitoring.models import Alert

Reach = Alert.Reach
LEVELS = {User.Role.SATKER: Reach.SATKER, User.Role.PROVINCE: Reach.PROVINCE}


def level_of(user: User) -> Reach:
    return LEVELS.get(User.Role(user.role), Reach.NATIONAL)


def is_due(alert: Alert, now: datetime) -> bool:
    """Whether those who were told have left the event lying for too long, and somebody is above them."""
    since = alert.waiting_since
    return (
        alert.reach < Reach.NATIONAL
        and alert.acknowledged_at is None
        and since is not None
        and now - since >= timedelta(hours=settings.ALERT_ESCALATE_HOURS)
    )


def reach(alert: Alert, concerned: Sequence[User], now: datetime) -> Reach:
    """Up to which level the event is told now. Levels without an account are passed over."""
    if not settings.ALERT_ESCALATE_HOURS or not RULES[alert.rule].climbs:
        return Reach.NATIONAL
    levels = sorted({level_of(user) for user in concerned})
    if not alert.notices:
        return levels[0] if levels else Reach.NATIONAL
    if not is_due(alert, now):
        return Reach(alert.reach)
    return next((level for level in levels if level > alert.reach), Reach.NATIONAL)
