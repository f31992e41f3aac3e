"""Beginning and ending an alert. Nothing of a reader is kept before the owner of the mailbox has agreed: what
was asked for travels inside the signed link of the letter that asks back."""

from __future__ import annotations

import re
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from aggregator.errors import BadParameter, TooMany, UnknownValue
from feeds import places
from feeds.alerts.rhythms import next_due
from feeds.models import Alert, Asked, Letter, Noticed, Watched

SALT = "feeds.alerts.consent"
VALID = timedelta(days=3)
PER_ADDRESS, PER_ADDRESS_SPAN = 5, timedelta(days=1)
OVERALL, OVERALL_SPAN = 600, timedelta(hours=1)
REPEAT_SPAN = timedelta(minutes=10)  # the same wish again is a second press of the button
MOST_ALERTS = 50  # of one address
# What mail servers take without quoting; nothing here can end a header or begin another address.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^\s@\"<>,;:()\[\]\\]{3,253}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for, read and checked."""

    address: str
    place: str  # of the channel, canonical
    rhythm: str
    language: str = "id"


def read_address(raw: str) -> str:
    """A mail address in lower case. Raises BadParameter."""
    address = raw.strip().lower()
    try:
        if not _ADDRESS.fullmatch(address) or len(address) > 254:
            raise ValidationError("")
        validate_email(address)
    except ValidationError:
        raise BadParameter(
            "surel", _("Alamat surel ini tidak dapat dipakai. Periksa penulisannya.")
        ) from None
    return address


def read_rhythm(raw: str) -> str:
    """Raises BadParameter."""
    if raw not in Alert.Rhythm.values:
        raise BadParameter("irama", _("Pilih seberapa sering Anda ingin disurati."))
    return raw


def ask(wish: Wish, now: datetime | None = None) -> None:
    """Have the address asked whether it wants this. Raises TooMany.

    Whoever asks learns nothing of the address: not whether it exists, nor whether it has this alert. How
    much one client may ask is for `portal.limits` to say.
    """
    now = now or timezone.now()
    row = Asked(address=_hash(wish.address), subject=_hash(*asdict(wish).values()), at=now)
    if Asked.objects.filter(subject=row.subject, at__gt=now - REPEAT_SPAN).exists():
        return
    _limit(row, now)
    with transaction.atomic():
        row.save()
        Letter.objects.create(
            key=f"consent:{secrets.token_hex(16)}",
            address=wish.address,
            request={"place": wish.place, "rhythm": wish.rhythm, "language": wish.language},
            made_at=now,
            due_at=now,
        )


def _limit(row: Asked, now: datetime) -> None:
    limits = (
        (Asked.objects.filter(address=row.address), PER_ADDRESS, PER_ADDRESS_SPAN),
        (Asked.objects.all(), OVERALL, OVERALL_SPAN),
    )
    for rows, most, span in limits:
        if rows.filter(at__gt=now - span).count() >= most:
            raise TooMany("surel", _("Terlalu banyak permintaan langganan surel. Coba lagi nanti."))


def _hash(*values: str) -> str:
    return salted_hmac("feeds.alerts.asked", "\n".join(values), algorithm="sha256").hexdigest()[:32]


def link(wish: Wish) -> str:
    """The signed part of the address that confirms."""
    return signing.dumps(list(asdict(wish).values()), salt=SALT, compress=True)


def read_link(signed: str) -> Wish:
    """Raises UnknownValue for a link that is not ours or too old."""
    try:
        return Wish(*signing.loads(signed, salt=SALT, max_age=VALID))
    except (signing.BadSignature, TypeError):
        message = _(
            "Tautan konfirmasi ini tidak berlaku lagi. Tautan berlaku tiga hari; daftarkan alamat Anda lagi."
        )
        raise UnknownValue("konfirmasi", message) from None


def confirm(wish: Wish, now: datetime | None = None) -> Alert:
    """Begin the alert, or change its rhythm. Confirming twice is confirming once.

    Raises UnknownValue when the channel is gone, TooMany when the address has very many alerts.
    """
    now = now or timezone.now()
    place = places.at(wish.place).place
    with transaction.atomic():
        watched = Watched.objects.get_or_create(path=place)[0]
        found = Alert.objects.filter(address=wish.address, watched=watched).first()
        if found is None:
            if Alert.objects.filter(address=wish.address).count() >= MOST_ALERTS:
                raise TooMany(
                    "surel", _("Alamat ini sudah mempunyai langganan sebanyak yang dapat kami layani.")
                )
            # What was noticed until now was there before.
            seen = Noticed.objects.aggregate(last=Max("id"))["last"] or 0
            found = Alert(address=wish.address, watched=watched, seen=seen, confirmed_at=now)
        found.rhythm, found.language = wish.rhythm, wish.language
        found.due_at = next_due(wish.rhythm, now)
        found.bounces, found.stopped_at, found.error = 0, None, ""
        found.save()
    return found


def end(token: str) -> int:
    """End the alert of this token, and forget it. 0 when it is ended already."""
    return Alert.objects.filter(token=token).delete()[0]


def end_all(token: str) -> int:
    """End every alert of the address that this token is of."""
    address = Alert.objects.filter(token=token).values_list("address", flat=True).first()
    return Alert.objects.filter(address=address).delete()[0] if address else 0


def unsubscribe_address(alert: Alert) -> str:
    return f"{settings.BASE_URL}/langganan/berhenti/{alert.token}"
