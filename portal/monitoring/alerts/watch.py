"""From conditions to events. An event opens once, lasts as long as its condition, and is told when it opens
or becomes worse; while nothing changes and nobody has taken note, ever more rarely."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, prefetch_related_objects
from django.utils import timezone

from aggregator.bulk import update
from portal.monitoring.alerts import escalation
from portal.monitoring.alerts.rules import RULES, Condition, NotKnown, Rule
from portal.monitoring.models import Alert

log = logging.getLogger(__name__)

SAME_EVENT = timedelta(hours=24)  # a condition that comes back within it is the event it was
REMINDERS = (timedelta(days=1), timedelta(days=3), timedelta(days=7), timedelta(days=30))  # the last repeats
TOGETHER = timedelta(hours=1)  # what is not urgent is told at most so often
NOTED = (
    *("seen_at", "title", "detail", "address", "level", "noticed_level"),
    *("acknowledged_at", "acknowledged_by", "waiting_since"),
)


@dataclass(slots=True)
class Seen:
    """What one look found."""

    opened: int = 0
    closed: int = 0
    due: list[Alert] = field(default_factory=list)


def look(now: datetime | None = None, rules: Iterable[Rule] | None = None) -> Seen:
    """Bring the events up to date; `due` are those that people are to be told of now. A rule that breaks
    neither opens nor closes anything."""
    now = now or timezone.now()
    seen = Seen()
    for rule in rules or RULES.values():
        try:
            found = {condition.key: condition for condition in rule.find(now)}
        except NotKnown:
            continue
        except Exception:  # each rule stands alone: one that breaks must not silence the others
            log.exception("the alarm rule %s broke", rule.name)
            continue
        _bring_up_to_date(rule, found, now, seen)
    seen.due = due(now)
    return seen


def due(now: datetime) -> list[Alert]:
    """Open events that are to be told: urgent ones at once, the others together and not in quiet hours."""
    waiting = [alert for alert in Alert.objects.filter(closed_at=None) if _is_due(alert, now)]
    calm = [name for name, rule in RULES.items() if not rule.urgent]
    if any(alert.rule in calm for alert in waiting) and (is_quiet(now) or _was_told_lately(calm, now)):
        waiting = [alert for alert in waiting if alert.rule not in calm]
    prefetch_related_objects(waiting, "satker")
    return waiting


def _was_told_lately(calm: list[str], now: datetime) -> bool:
    told = Alert.objects.filter(rule__in=calm, noticed_at__isnull=False)
    last = told.order_by("-noticed_at").values_list("noticed_at", flat=True).first()
    return last is not None and timedelta(0) <= now - last < TOGETHER


def is_quiet(now: datetime) -> bool:
    """Whether what is not urgent waits for the morning. Quiet hours may go over midnight."""
    first, end = settings.ALERT_QUIET_FROM, settings.ALERT_QUIET_UNTIL
    hour = timezone.localtime(now).hour
    return first <= hour < end if first <= end else hour >= first or hour < end


def _is_due(alert: Alert, now: datetime) -> bool:
    return alert.rule in RULES and (is_told_again(alert, now) or escalation.is_due(alert, now))


def is_told_again(alert: Alert, now: datetime) -> bool:
    """Whether those who hear of the event are told: it is new, it became worse, or a reminder is due."""
    if alert.noticed_at is None or alert.level > alert.noticed_level:
        return True
    if alert.acknowledged_at is not None:
        return False
    wait = REMINDERS[min(alert.notices, len(REMINDERS)) - 1]
    return now - alert.noticed_at >= wait


def _bring_up_to_date(rule: Rule, found: dict[str, Condition], now: datetime, seen: Seen) -> None:
    with transaction.atomic():
        open_ones = {
            alert.key: alert
            for alert in Alert.objects.select_for_update().filter(rule=rule.name, closed_at=None)
        }
        lasting = {key: alert for key, alert in open_ones.items() if key in found}
        _note([(alert, found[key]) for key, alert in lasting.items()], now)
        if over := [alert.pk for key, alert in open_ones.items() if key not in found]:
            seen.closed += Alert.objects.filter(pk__in=over).update(closed_at=now)
        fresh = [condition for key, condition in found.items() if key not in open_ones]
        if fresh and not (rule.name == "failing" and _is_outage()):
            seen.opened += _open(rule, fresh, now)


def _is_outage() -> bool:
    """While everything fails together, single feeds are no events of their own."""
    return Alert.objects.filter(rule="outage", closed_at=None).exists()


def _note(lasting: Sequence[tuple[Alert, Condition]], now: datetime) -> None:
    """Where it became worse, somebody has to take note anew."""
    for alert, condition in lasting:
        alert.seen_at, alert.title, alert.detail = now, condition.title[:300], condition.detail[:1000]
        alert.address = condition.address[:500]
        if condition.level > alert.level:
            if alert.acknowledged_at:
                alert.waiting_since = None
            alert.acknowledged_at, alert.acknowledged_by = None, ""
        alert.level = condition.level
        alert.noticed_level = min(alert.noticed_level, condition.level + 1)  # a new wave is news again
    update(Alert, NOTED, [(*(getattr(alert, name) for name in NOTED), alert.pk) for alert, _its in lasting])


def _open(rule: Rule, fresh: list[Condition], now: datetime) -> int:
    """New events; an event that ended a moment ago goes on, as told as it was."""
    keys = [condition.key for condition in fresh]
    former = Alert.objects.filter(Q(rule=rule.name, closed_at__gt=now - SAME_EVENT))
    ended = {alert.key: alert for alert in former.order_by("closed_at") if alert.key in set(keys)}
    new, again = [], []
    for condition in fresh:
        if alert := ended.get(condition.key):
            again.append((alert, condition))
            continue
        new.append(
            Alert(
                rule=rule.name,
                key=condition.key,
                satker=condition.satker,
                title=condition.title[:300],
                detail=condition.detail[:1000],
                address=condition.address[:500],
                level=condition.level,
                opened_at=now,
                seen_at=now,
            )
        )
    Alert.objects.filter(pk__in=[alert.pk for alert, _its in again]).update(closed_at=None)
    _note(again, now)
    Alert.objects.bulk_create(new, batch_size=500)
    return len(new)
