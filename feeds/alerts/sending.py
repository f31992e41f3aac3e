"""Handing letters to the mail server, each once.

A letter is taken (SENDING) before it is handed over. What the server has refused is certainly not sent and is
tried again or given up. Where the connection breaks in the middle, or this process dies, nobody knows: the
letter becomes UNCLEAR, is not sent again by itself, and is shown to staff, who decide.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import mail
from django.core.mail import EmailMessage
from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone

from aggregator import holders
from feeds.alerts import bounces, letters
from feeds.models import Letter
from feeds.waiting import doubled

log = logging.getLogger(__name__)

FIRST_RETRY, LAST_RETRY = timedelta(minutes=1), timedelta(hours=6)
GIVE_UP = timedelta(days=2)  # news older than that is none
LOST_AFTER = timedelta(minutes=10)  # a letter taken so long ago went, or did not, with whoever took it
State = Letter.State


class ServerAway(Exception):
    """No connection to the mail server: no letter was touched."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How handing over ended. WAITING: refused for now."""

    state: str
    error: str = ""
    bounced: bool = False  # the server knows no such mailbox


def send_due(holder: str, keep_on: Callable[[], bool] = lambda: True, most: int = 500) -> int:
    """Send what is due, for as long as `keep_on`; returns how many letters went out.

    Raises ServerAway.
    """
    note_lost(holder, timezone.now())
    sent, connection = 0, None
    try:
        while sent < most and keep_on() and (letter := _next()):
            try:
                message = letters.compose(letter)
            except DatabaseError:
                raise
            except Exception as error:  # a letter that cannot be worded must not hold up the others
                _end(letter, State.WAITING, Outcome(State.FAILED, f"{type(error).__name__}: {error}"))
                continue
            if message is None:
                letter.delete()  # all of it was recalled meanwhile
                continue
            connection = connection or _opened()
            if not _take(letter, holder):
                continue
            outcome = hand_over(connection, message)
            _end(letter, State.SENDING, outcome)
            sent += outcome.state == State.SENT
            if outcome.state == State.UNCLEAR:
                connection = None
    finally:
        if connection is not None:
            connection.close()
    return sent


def note_lost(holder: str, now: datetime) -> int:
    """Letters whose sender died in the middle are UNCLEAR; returns how many."""
    rows = Letter.objects.filter(state=State.SENDING).exclude(holder=holder)
    lost = [
        pk
        for pk, by, at in rows.values_list("pk", "holder", "taken_at")
        if holders.is_dead(by) or at is None or at < now - LOST_AFTER
    ]
    return Letter.objects.filter(pk__in=lost, state=State.SENDING).update(
        state=State.UNCLEAR, error="Pengirim berhenti di tengah pengiriman."
    )


def _next() -> Letter | None:
    """Questions for consent first: somebody sits and waits for one."""
    due = Letter.objects.filter(state=State.WAITING, due_at__lte=timezone.now())
    due = due.select_related("alert__watched").order_by("due_at", "id")
    return due.filter(alert=None).first() or due.first()


def _opened() -> Any:
    connection = mail.get_connection()
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        raise ServerAway(str(error)) from error
    return connection


def _take(letter: Letter, holder: str) -> bool:
    changes = {"state": State.SENDING, "holder": holder, "taken_at": timezone.now()}
    changes["attempts"] = letter.attempts + 1
    letter.attempts += 1
    return bool(Letter.objects.filter(pk=letter.pk, state=State.WAITING).update(**changes))


def hand_over(connection: Any, message: EmailMessage) -> Outcome:
    """Give one mail to the server. What it answers with a code is certain; all else is not."""
    try:
        connection.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        return _refused(code, said, bounced=code >= 500)
    except smtplib.SMTPSenderRefused as error:
        return Outcome(State.WAITING, _said(error.smtp_code, error.smtp_error))  # a matter between us two
    except smtplib.SMTPResponseException as error:
        return _refused(error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(State.UNCLEAR, f"{type(error).__name__}: {error}")
    except ValueError as error:
        return Outcome(State.FAILED, str(error))
    return Outcome(State.SENT)


def _refused(code: int, said: bytes | str, *, bounced: bool = False) -> Outcome:
    return Outcome(State.FAILED if code >= 500 else State.WAITING, _said(code, said), bounced)


def _said(code: int, said: bytes | str) -> str:
    return f"{code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"


def _end(letter: Letter, before: str, outcome: Outcome) -> None:
    now = timezone.now()
    rows = Letter.objects.filter(pk=letter.pk).filter(Q(state=before) | Q(state=State.UNCLEAR))
    changes: dict[str, Any] = {"state": outcome.state, "error": outcome.error[:300]}
    if outcome.state == State.SENT:
        if letter.alert is None:
            rows.delete()  # of somebody who has agreed to nothing yet nothing is kept
            return
        changes["sent_at"] = now
    elif outcome.state == State.WAITING:
        if now - letter.made_at > GIVE_UP:
            changes["state"] = State.FAILED
        else:
            changes["due_at"] = now + doubled(FIRST_RETRY, letter.attempts, LAST_RETRY)
    rows.update(**changes)
    if changes["state"] != State.SENT:
        log.warning("letter %s: %s %s", letter.pk, changes["state"], outcome.error)
    if outcome.bounced:
        bounces.note(letter.address, permanent=True, reason=outcome.error, now=now)
