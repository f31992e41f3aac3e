"""Who is told of which events, in which words. Written to the outbox in one transaction with the mark on
the events, so that nothing is told twice and nothing is forgotten."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.models import User
from portal.monitoring.access import NATIONAL
from portal.monitoring.alerts import escalation, watch
from portal.monitoring.alerts.rules import RULES
from portal.monitoring.models import Alert, Notice, Webhook
from portal.templatetags.berita import long_time

MOST_LISTED = 60  # events named in one mail; the rest is a number
Mail, Hook = Notice.Channel.MAIL, Notice.Channel.WEBHOOK


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it was before, and whom it is told now: up to `reach`; only those above who have not heard
    of it where it does no more than go up."""

    alert: Alert
    reach: Alert.Reach
    only_up: bool

    @property
    def goes_up(self) -> bool:
        return self.alert.notices > 0 and self.reach > self.alert.reach

    def is_for(self, user: User) -> bool:
        level = escalation.level_of(user)
        heard = self.only_up and level <= self.alert.reach
        return level <= self.reach and not heard and concerns(user, self.alert)


def tell(alerts: Sequence[Alert], now: datetime | None = None) -> int:
    """Write one message a recipient about these events; returns how many messages there are."""
    now = now or timezone.now()
    if not alerts:
        return 0
    people = recipients()
    with transaction.atomic():
        mine = [told for alert in alerts if _take(told := _to_whom(alert, people, now), now)]
        written = [*_mails(mine, people, now), *_hooks(mine, now)]
        Notice.objects.bulk_create(written, ignore_conflicts=True)
    return len(written)


def _to_whom(alert: Alert, people: Sequence[User], now: datetime) -> Told:
    reach = escalation.reach(alert, [user for user in people if concerns(user, alert)], now)
    return Told(alert, reach, escalation.is_due(alert, now) and not watch.is_told_again(alert, now))


def _take(told: Told, now: datetime) -> bool:
    """Mark the event as told, unless somebody else has told it or taken note of it meanwhile. A letter to
    those above is no reminder of those below, but the next reminder keeps its distance from it."""
    alert = told.alert
    marks = {"noticed_at": now, "reach": told.reach}
    if not told.only_up:
        marks |= {"noticed_level": alert.level, "notices": F("notices") + 1}
    if told.goes_up:
        marks["escalated_at"] = now
    if told.goes_up or alert.waiting_since is None:
        marks["waiting_since"] = now
    same = Alert.objects.filter(
        pk=alert.pk, notices=alert.notices, reach=alert.reach, acknowledged_at=alert.acknowledged_at
    )
    return bool(same.update(**marks))


def recipients() -> list[User]:
    return list(User.objects.filter(is_active=True).exclude(email="").select_related("satker").order_by("pk"))


def concerns(user: User, alert: Alert) -> bool:
    """Whether this account hears of this event: by its role, and only of its own satker."""
    rule = RULES.get(alert.rule)
    if rule is None or user.role not in rule.roles:
        return False
    if user.role in NATIONAL:
        return True
    if alert.satker is None or user.satker is None:
        return False
    if user.role == User.Role.PROVINCE:
        return user.satker.province_id is not None and alert.satker.province_id == user.satker.province_id
    return alert.satker_id == user.satker_id


def _mails(mine: Sequence[Told], people: Sequence[User], now: datetime) -> Iterable[Notice]:
    for user in people:
        if its := [told.alert for told in mine if told.is_for(user)]:
            subject, body = letter(its, user, now)
            yield Notice(
                kind=Notice.Kind.ALERT,
                key=_key(its),
                channel=Mail,
                address=user.email,
                subject=subject,
                body=body,
                created_at=now,
                due_at=now,
            )


def letter(alerts: Sequence[Alert], user: User, now: datetime) -> tuple[str, str]:
    """Subject and body: one event by its name, several by their number and kinds."""
    counts = Counter(str(RULES[alert.rule].label) for alert in alerts)
    groups: dict[tuple[str, int], list[tuple[Alert, str]]] = defaultdict(list)
    for alert in alerts[:MOST_LISTED]:
        label = str(RULES[alert.rule].label)
        groups[label, counts[label]].append((alert, why_again(alert, user)))
    facts = {
        "groups": [(label, number, told) for (label, number), told in groups.items()],
        "more": max(0, len(alerts) - MOST_LISTED),
        "base": settings.BASE_URL,
        "user": user,
        "now": now,
    }
    subject = alerts[0].title
    if len(alerts) > 1:
        words = {"number": len(alerts), "kinds": ", ".join(counts)}
        subject = _("%(number)d peringatan: %(kinds)s") % words
    return _one_line(subject), render_to_string("monitoring/alert_letter.txt", facts)


def why_again(alert: Alert, user: User) -> str:
    """Why an event is told that was told before, to this account or below it; nothing of a new one."""
    if not alert.notices:
        return ""
    since = long_time(alert.opened_at)
    if (level := escalation.level_of(user)) > alert.reach:
        words = _(
            "diteruskan ke %(level)s; berlangsung sejak %(since)s, belum ditandai diketahui oleh siapa pun"
        )
        return words % {"level": level.label, "since": since}
    if alert.level > alert.noticed_level:
        return _("memburuk; berlangsung sejak %s") % since
    return _("pengingat; berlangsung sejak %s") % since


def _hooks(mine: Sequence[Told], now: datetime) -> Iterable[Notice]:
    """Machines have no level: they hear of everything at once, and nothing anew by its going up."""
    alerts = [told.alert for told in mine if not told.only_up]
    for hook in Webhook.objects.filter(is_active=True):
        if its := [alert for alert in alerts if not hook.rules or alert.rule in hook.rules]:
            yield Notice(
                kind=Notice.Kind.ALERT,
                key=_key(its),
                channel=Hook,
                address=str(hook.pk),
                subject=_("%d peringatan pantauan") % len(its),
                body=payload(its, now),
                created_at=now,
                due_at=now,
            )


def payload(alerts: Sequence[Alert], now: datetime) -> str:
    """What a machine is told, as JSON."""
    return json.dumps(
        {
            "at": now.isoformat(timespec="seconds"),
            "alerts": [
                {
                    "id": alert.pk,
                    "rule": alert.rule,
                    "key": alert.key,
                    "satker": alert.satker.code if alert.satker else None,
                    "title": alert.title,
                    "detail": alert.detail,
                    "level": alert.level,
                    "notice": alert.notices + 1,
                    "opened_at": alert.opened_at.isoformat(timespec="seconds"),
                    "url": settings.BASE_URL + (alert.address or "/pantauan/peringatan"),
                }
                for alert in alerts
            ],
        },
        ensure_ascii=False,
    )


def _key(alerts: Sequence[Alert]) -> str:
    """The same events told for the same time from the same level have the same name."""
    said = ",".join(
        f"{alert.pk}.{alert.notices}.{alert.reach}" for alert in sorted(alerts, key=lambda alert: alert.pk)
    )
    return hashlib.sha256(said.encode()).hexdigest()[:40]


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
