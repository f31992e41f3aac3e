"""Handing letters to a mail server: once, and with what is not certain left to people."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from aggregator import holders
from aggregator.models import Duty, Entry
from feeds.alerts import loop, round_of_work, sending
from feeds.models import Alert, Letter
from portal import doctor
from portal.models import User
from tests.feeds.alerting import follow, make_letters, publish, text_of
from tests.feeds.mailbox import Mailbox
from tests.installation import Installation

pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")
State = Letter.State


@pytest.fixture
def mailbox(settings) -> Iterator[Mailbox]:
    with Mailbox() as found:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.port
        settings.EMAIL_TIMEOUT = 5
        yield found


def one_letter() -> Letter:
    follow()
    publish("Rapat pleno")
    assert make_letters() == 1
    return Letter.objects.get()


def state(letter: Letter) -> str:
    letter.refresh_from_db()
    return letter.state


def test_a_letter_goes_out_once(mailbox: Mailbox) -> None:
    letter = one_letter()
    assert round_of_work() == 1
    assert round_of_work() == 0
    assert mailbox.envelopes == [("portal@localhost", ["redaksi@media.example"])]
    assert "Rapat pleno" in text_of(mailbox.letters[0])
    assert state(letter) == State.SENT
    assert letter.sent_at


def test_one_round_does_everything_from_the_post_to_the_letter(mailbox: Mailbox) -> None:
    follow()
    publish("Rapat pleno")
    assert round_of_work() == 1
    assert "Rapat pleno" in str(mailbox.letters[0]["Subject"])


def test_what_the_server_refuses_for_now_is_tried_again_later_and_later(mailbox: Mailbox) -> None:
    letter = one_letter()
    mailbox.rcpt = "451 greylisted"
    assert round_of_work() == 0
    assert state(letter) == State.WAITING
    first = letter.due_at - timezone.now()
    assert timedelta(seconds=60) < first <= timedelta(seconds=120)
    assert "greylisted" in letter.error
    Letter.objects.update(due_at=timezone.now())
    round_of_work()
    letter.refresh_from_db()
    assert letter.due_at - timezone.now() > first * 1.5
    mailbox.rcpt = "250 ok"
    Letter.objects.update(due_at=timezone.now())
    assert round_of_work() == 1
    assert len(mailbox.letters) == 1


def test_news_of_days_ago_are_given_up(mailbox: Mailbox) -> None:
    letter = one_letter()
    mailbox.data = "451 later"
    Letter.objects.update(made_at=timezone.now() - sending.GIVE_UP * 2)
    round_of_work()
    assert state(letter) == State.FAILED


def test_a_mailbox_that_does_not_exist_is_told_nothing_more(mailbox: Mailbox) -> None:
    letter = one_letter()
    mailbox.rcpt = "550 no such user"
    round_of_work()
    assert state(letter) == State.FAILED
    alert = Alert.objects.get()
    assert alert.stopped_at
    assert "no such user" in alert.error
    publish("lagi")
    assert make_letters() == 0


def test_a_letter_refused_for_what_it_says_ends_no_alert(mailbox: Mailbox) -> None:
    letter = one_letter()
    mailbox.data = "554 looks like spam"
    round_of_work()
    assert state(letter) == State.FAILED
    assert Alert.objects.get().stopped_at is None


def test_a_connection_that_breaks_in_the_middle_leaves_the_letter_to_people(mailbox: Mailbox) -> None:
    letter = one_letter()
    mailbox.drop = True
    assert round_of_work() == 0
    assert state(letter) == State.UNCLEAR
    mailbox.drop = False
    assert round_of_work() == 0
    assert len(mailbox.letters) == 1


def test_one_letter_that_cannot_be_worded_holds_up_no_other(mailbox: Mailbox) -> None:
    alert = follow()
    alert.watched.path = "/feeds/topik/tiada"
    alert.watched.save()
    broken = Letter.objects.create(key="x", alert=alert, address=alert.address, entry_ids=[publish().pk])
    follow(address="lain@media.example")
    publish()
    assert round_of_work() == 1
    assert state(broken) == State.FAILED


def test_while_the_mail_server_is_away_every_letter_waits_untouched(settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    letter = one_letter()
    with pytest.raises(sending.ServerAway):
        round_of_work()
    assert state(letter) == State.WAITING
    assert letter.attempts == 0
    with pytest.raises(CommandError, match="mail server"):
        call_command("run_alerts", "--once")


def test_only_the_process_on_duty_works(mailbox: Mailbox) -> None:
    one_letter()
    Duty.objects.update_or_create(
        name=loop.DUTY, defaults={"holder": "other/1/2", "until": timezone.now() + timedelta(minutes=1)}
    )
    assert round_of_work() == 0
    Duty.objects.update(until=timezone.now())
    assert round_of_work() == 1


def test_a_letter_recalled_in_whole_is_not_sent_and_not_kept(mailbox: Mailbox) -> None:
    one_letter()
    Entry.objects.update(state="withdrawn")
    assert round_of_work() == 0
    assert not Letter.objects.exists()
    assert not mailbox.letters


# --- a crash in the sending window ------------------------------------------------------------------


def test_a_sender_that_died_leaves_the_letter_unclear_and_it_is_not_sent_again(mailbox: Mailbox) -> None:
    letter = one_letter()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    name = f"{holders.prefix()}{dead.pid}/1"
    dead.wait()
    Letter.objects.update(state=State.SENDING, holder=name, taken_at=timezone.now())
    assert round_of_work() == 0
    assert state(letter) == State.UNCLEAR
    assert round_of_work() == 0
    assert not mailbox.letters


def test_a_sender_on_another_machine_is_waited_for(mailbox: Mailbox) -> None:
    letter = one_letter()
    Letter.objects.update(state=State.SENDING, holder="elsewhere/1/2", taken_at=timezone.now())
    round_of_work()
    assert state(letter) == State.SENDING
    Letter.objects.update(taken_at=timezone.now() - sending.LOST_AFTER * 2)
    round_of_work()
    assert state(letter) == State.UNCLEAR


ASK = """
from feeds.models import Letter
request = {"place": "/feeds/nasional", "rhythm": "now", "language": "id"}
Letter.objects.create(key="x", address="redaksi@media.example", request=request)
"""
STATES = "from feeds.models import Letter; print(list(Letter.objects.values_list('state', flat=True)))"


@pytest.mark.processes
def test_a_process_killed_while_it_sends_never_sends_twice(tmp_path) -> None:
    installation = Installation(tmp_path, 80)
    installation.env.pop("DATABASE_URL", None)
    installation.begin()
    installation.run("shell", "-v0", "-c", ASK)
    with Mailbox(hang=True) as mailbox:
        installation.env["EMAIL_URL"] = f"smtp://127.0.0.1:{mailbox.port}"
        child = installation.popen("run_alerts")
        assert mailbox.got_one.wait(60)
        child.kill()
        child.communicate()
    with Mailbox() as mailbox:
        installation.env["EMAIL_URL"] = f"smtp://127.0.0.1:{mailbox.port}"
        assert "0 letters" in installation.run("run_alerts", "--once")
        assert "['unclear']" in installation.run("shell", "-v0", "-c", STATES)
        assert not mailbox.letters


@pytest.fixture
def staff() -> Client:
    client = Client()
    user = User.objects.create(username="admin", role="admin", is_staff=True, is_superuser=True)
    client.force_login(user)
    return client


def act(client: Client, action: str, letter: Letter) -> None:
    form = {"action": action, "_selected_action": [letter.pk]}
    assert client.post("/pantauan/admin/feeds/letter/", form).status_code == 302


def test_staff_see_what_is_unclear_and_decide(staff: Client, mailbox: Mailbox) -> None:
    letter = one_letter()
    Letter.objects.update(state=State.UNCLEAR)
    page = staff.get("/pantauan/admin/feeds/letter/?state__exact=unclear").content.decode()
    assert "redaksi@media.example" in page
    assert "tidak pasti terkirim" in page
    act(staff, "count_as_sent", letter)
    assert state(letter) == State.SENT
    assert letter.decided_by == "admin"
    Letter.objects.update(state=State.UNCLEAR)
    act(staff, "send_again", letter)
    assert round_of_work() == 1
    assert len(mailbox.letters) == 1
    act(staff, "send_again", letter)  # it went: nothing is left to decide
    assert state(letter) == State.SENT


def test_staff_can_begin_a_stopped_alert_again(staff: Client) -> None:
    alert = follow()
    Alert.objects.update(stopped_at=timezone.now(), bounces=3, error="550")
    form = {"action": "resume", "_selected_action": [alert.pk]}
    assert staff.post("/pantauan/admin/feeds/alert/", form).status_code == 302
    alert.refresh_from_db()
    assert (alert.stopped_at, alert.bounces) == (None, 0)
    page = staff.get("/pantauan/admin/feeds/alert/").content.decode()
    assert alert.token not in page


def test_the_doctor_names_letters_that_wait_for_a_decision() -> None:
    one_letter()
    assert doctor._mail().is_well
    Letter.objects.update(state=State.UNCLEAR)
    assert "/pantauan/admin/feeds/letter/" in doctor._mail().advice
    Letter.objects.update(state=State.WAITING, due_at=timezone.now() - timedelta(hours=2))
    assert "EMAIL_URL" in doctor._mail().advice
