"""What came back. A mailbox that is gone is told nothing more, one that is full for long neither."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from typing import Any

from django.db.models import F
from django.utils import timezone

from feeds.alerts.letters import letter_of
from feeds.models import Alert, Letter

MOST_TEMPORARY = 8  # "later" in a row, from a mailbox that is full or a server that is away


@dataclass(frozen=True, slots=True)
class Bounce:
    address: str
    permanent: bool
    reason: str


def note(address: str, *, permanent: bool, reason: str, now: datetime | None = None) -> int:
    """Note that mail to this address came back; returns how many alerts are stopped by it. Staff, or a new
    confirmation by the owner of the mailbox, begin them again."""
    alerts = Alert.objects.filter(address=address.lower(), stopped_at=None)
    alerts.update(bounces=F("bounces") + 1, error=reason[:300])
    if not permanent:
        alerts = alerts.filter(bounces__gte=MOST_TEMPORARY)
    return alerts.update(stopped_at=now or timezone.now())


def read(raw: bytes) -> Bounce | None:
    """What a delivery status notification (RFC 3464) says of one of our letters; None for any other mail,
    and for one that does not quote a Message-ID that only we can have made."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    status, action, diagnosis = "", "", ""
    number = None
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            blocks: Any = part.get_payload()
            for block in blocks:
                status = str(block.get("Status", status)).strip()
                action = str(block.get("Action", action)).strip().lower()
                diagnosis = str(block.get("Diagnostic-Code", diagnosis))
        elif kind in ("message/rfc822", "text/rfc822-headers"):
            number = number or _number(part)
    if number is None or action not in ("failed", "delayed"):
        return None
    address = Letter.objects.filter(pk=number).values_list("address", flat=True).first()
    if address is None:
        return None
    return Bounce(address, action == "failed" and status.startswith("5"), f"{status} {diagnosis}".strip())


def _number(part: Message) -> int | None:
    """Of the letter whose head is quoted in this part."""
    payload: Any = part.get_payload()
    if isinstance(payload, list):
        return letter_of(str(payload[0].get("Message-ID", "")))
    quoted = email.message_from_string(str(payload), policy=email.policy.default)
    return letter_of(str(quoted.get("Message-ID", "")))
