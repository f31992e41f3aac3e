"""What the tests of e-mail alerts share."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from typing import Any

from django.utils import timezone

from aggregator.models import Entry
from feeds.alerts import consent, digests, notice
from feeds.models import Alert
from tests.factories import make_entry

NATION = "/feeds/nasional"


def follow(place: str = NATION, rhythm: str = "now", address: str = "redaksi@media.example") -> Alert:
    """A confirmed alert; what is there already is no news."""
    settle()
    return consent.confirm(consent.Wish(address, place, rhythm))


def settle(now: datetime | None = None) -> None:
    """Take every step along the change sequence there is."""
    while notice.notice(now or timezone.now()):
        pass


def publish(title: str = "Rapat pleno", **fields: Any) -> Entry:
    now = timezone.now()
    times = {"published_at": now, "released_at": now, "classified_at": now, "clustered_at": now}
    return make_entry(title, **(times | fields))


def make_letters(now: datetime | None = None) -> int:
    now = now or timezone.now()
    settle(now)
    return digests.make(now)


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())
