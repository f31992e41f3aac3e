"""Mail that came back."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from feeds.alerts import bounces, letters
from feeds.models import Alert, Letter
from tests.feeds.alerting import follow, make_letters, publish

pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")

NOTICE = """\
From: MAILER-DAEMON@mx.media.example
To: portal@localhost
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.media.example

Final-Recipient: rfc822; siapa@lain.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user

--b
Content-Type: {quoted}

Message-ID: {message_id}
Subject: berita

--b--
"""


@pytest.fixture
def letter() -> Letter:
    follow()
    publish()
    make_letters()
    return Letter.objects.get()


def notice(letter: Letter, **changes: str) -> bytes:
    facts = {"action": "failed", "status": "5.1.1", "quoted": "text/rfc822-headers"}
    facts["message_id"] = letters.message_id(letter.pk)
    return NOTICE.format(**(facts | changes)).encode()


@pytest.mark.parametrize("quoted", ["text/rfc822-headers", "message/rfc822"])
def test_a_notice_that_quotes_our_letter_is_believed_about_its_reader(letter: Letter, quoted: str) -> None:
    found = bounces.read(notice(letter, quoted=quoted))
    assert found == bounces.Bounce("redaksi@media.example", True, "5.1.1 smtp; 550 no such user")


def test_a_notice_that_quotes_no_letter_of_ours_is_not_believed(letter: Letter) -> None:
    assert bounces.read(notice(letter, message_id=f"<letter.{letter.pk}.0000@localhost>")) is None
    assert bounces.read(notice(letter, action="delivered", status="2.0.0")) is None
    assert bounces.read(b"Subject: halo\n\nhalo") is None
    assert bounces.read(b"\xff\x00") is None


def test_a_delay_is_not_permanent(letter: Letter) -> None:
    found = bounces.read(notice(letter, action="delayed", status="4.2.2"))
    assert found
    assert not found.permanent


def test_a_mailbox_that_is_gone_stops_all_its_alerts() -> None:
    follow()
    follow("/feeds/ditarik")
    follow(address="lain@media.example")
    assert bounces.note("Redaksi@media.example", permanent=True, reason="550") == 2
    assert Alert.objects.filter(stopped_at=None).count() == 1


def test_a_mailbox_that_is_full_is_stopped_only_after_many_times() -> None:
    follow()
    counts = [
        bounces.note("redaksi@media.example", permanent=False, reason="452 full")
        for _number in range(bounces.MOST_TEMPORARY)
    ]
    assert counts == [0] * (bounces.MOST_TEMPORARY - 1) + [1]


def test_agreeing_anew_begins_again() -> None:
    alert = follow()
    bounces.note(alert.address, permanent=True, reason="550")
    again = follow()
    assert (again.pk, again.stopped_at, again.bounces) == (alert.pk, None, 0)


def test_the_command_takes_an_address_or_a_notice_from_a_mail_server(
    letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    call_command("note_bounce", "lain@media.example", stdout=out)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(notice(letter))))
    call_command("note_bounce", stdout=out)
    assert out.getvalue().split("\n")[:2] == ["0 alerts stopped.", "1 alerts stopped."]
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"no")))
    with pytest.raises(CommandError):
        call_command("note_bounce")
