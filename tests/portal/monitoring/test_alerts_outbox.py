"""The outbox: every message once, machines told with a signature, the digest once a day."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.core import mail
from django.core.management import call_command

from aggregator.models import Satker
from portal.monitoring.alerts import digest, notices, outbox
from portal.monitoring.figures import follow
from portal.monitoring.figures.today import Today, today
from portal.monitoring.models import Alert, Digest, DigestPick, Notice, Webhook
from tests.factories import make_entry, make_feed

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 0, 5, tzinfo=UTC)  # 07.05 WIB


def notice(**fields):
    defaults = {
        "kind": "alert",
        "key": "k",
        "channel": "mail",
        "address": "a@kpu.example",
        "subject": "Perihal",
        "body": "Isi",
    }
    return Notice.objects.create(**defaults | fields, due_at=NOW, created_at=NOW)


def test_a_message_is_sent_once():
    notice()
    assert outbox.send_due(NOW) == 1
    assert outbox.send_due(NOW + timedelta(days=1)) == 0
    assert [(m.to, m.subject, m.body) for m in mail.outbox] == [(["a@kpu.example"], "Perihal", "Isi")]
    assert Notice.objects.get().state == "sent"


def test_a_message_has_an_identity_of_its_own():
    sent = notice()
    outbox.send_due(NOW)
    assert f"pantauan-{sent.pk}@" in mail.outbox[0].extra_headers["Message-ID"]


def test_a_mail_server_that_is_away_is_tried_again_ever_later(monkeypatch):
    notice()
    monkeypatch.setattr(
        "django.core.mail.EmailMessage.send", lambda self: (_ for _ in ()).throw(OSError("mati"))
    )
    waits, at = [], NOW
    for _ in range(20):
        outbox.send_due(at)
        row = Notice.objects.get()
        if row.state != "waiting":
            break
        waits.append((row.due_at - at).total_seconds() / 60)
        at = row.due_at
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 720]
    assert (row.state, row.error) == ("failed", "OSError: mati")


def test_a_mail_that_was_cut_off_is_not_sent_again_by_itself():
    notice(state="sending")
    outbox.send_due(NOW + timedelta(hours=1))
    assert Notice.objects.get().state == "unclear"
    assert mail.outbox == []


def test_a_message_that_another_process_sends_is_left_alone():
    notice(state="sending")
    Notice.objects.update(due_at=NOW + timedelta(minutes=9))
    outbox.send_due(NOW)
    assert Notice.objects.get().state == "sending"


class Receiver:
    """A machine on loopback that keeps what it is told."""

    def __init__(self, status=200):
        self.got, self.status = [], status
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_args):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_address[1]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/kail"


@pytest.fixture
def receiver(settings):
    receiver = Receiver()
    settings.FETCH_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.FETCH_ALLOWED_PORTS = (receiver.port,)
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


def hook(url, **fields):
    return Webhook.objects.create(
        **{"name": "mesin", "url": url, "secret": "rahasia", "created_by": "x"} | fields
    )


def test_a_machine_is_told_with_a_signature(receiver, country):
    hook(receiver.url)
    Alert.objects.create(rule="hacked", key="3571", satker=country.kediri, title="Perkara")
    notices.tell(list(Alert.objects.all()), NOW)
    assert outbox.send_due(NOW) == 1
    (headers, body) = receiver.got[0]
    stamp = headers["X-Portal-Timestamp"]
    assert headers["X-Portal-Signature"] == f"sha256={outbox.signature('rahasia', stamp, body)}"
    told = json.loads(body)["alerts"][0]
    assert (told["rule"], told["satker"], told["title"]) == ("hacked", "3571", "Perkara")


def test_a_machine_hears_of_the_rules_it_asked_for(receiver):
    hook(receiver.url, rules=["gap"])
    Alert.objects.create(rule="worker", key="x", title="x")
    assert notices.tell(list(Alert.objects.all()), NOW) == 0


def test_a_machine_that_answers_badly_is_told_again_under_the_same_number(receiver):
    hook(receiver.url)
    Alert.objects.create(rule="worker", key="x", title="x")
    notices.tell(list(Alert.objects.all()), NOW)
    receiver.status = 500
    assert outbox.send_due(NOW) == 0
    receiver.status = 204
    assert outbox.send_due(NOW + timedelta(minutes=2)) == 1
    numbers = {headers["X-Portal-Delivery"] for headers, _body in receiver.got}
    assert (len(receiver.got), len(numbers)) == (2, 1)


def test_a_machine_inside_our_own_network_is_not_asked(receiver, settings):
    settings.FETCH_ALLOWED_NETWORKS = ()
    notice(channel="webhook", address=str(hook(receiver.url).pk))
    assert outbox.send_due(NOW) == 0
    assert receiver.got == []
    assert "address" in Notice.objects.get().error


@pytest.fixture
def news(country, account):
    for role in ("admin", "viewer", "province", "satker"):
        account(role)
    for satker, number in ((country.kediri, 3), (country.badung, 2)):
        feed = make_feed(satker=satker, last_success_at=NOW)
        for _ in range(number):
            make_entry(feed=feed, published_at=NOW - timedelta(hours=20), origin="own")
    follow.follow()
    return country


YESTERDAY = date(2026, 11, 24)


def test_k15_the_digest_is_made_once_a_day_and_not_again_after_a_restart(news):
    for minutes in range(0, 600, 40):
        digest.make(NOW + timedelta(minutes=minutes))
        outbox.send_due(NOW + timedelta(minutes=minutes))
    assert Digest.objects.count() == 1
    assert sorted(message.to[0] for message in mail.outbox) == [
        "admin@kpu.example",
        "province@kpu.example",
        "viewer@kpu.example",
    ]


def test_k15_the_digest_tells_the_numbers_of_the_page(news, as_role):
    made = digest.make(NOW)
    assert made.day == YESTERDAY
    assert Today.of(made.numbers) == today(Satker.objects.all(), YESTERDAY, NOW)
    body = Notice.objects.get(address="viewer@kpu.example").body
    assert "Satker aktif: 2 dari 5" in body
    assert "Berita: 5 (sendiri 5" in body


def test_a_province_gets_the_numbers_of_its_own_satker(news):
    digest.make(NOW)
    body = Notice.objects.get(address="province@kpu.example").body
    assert "Satker aktif: 1 dari 2" in body
    assert "Jawa Timur" in body


def test_before_seven_in_the_morning_no_digest_is_made(news):
    assert digest.make(NOW - timedelta(minutes=10)) is None
    assert digest.day_due(NOW) == YESTERDAY


def test_a_worker_that_comes_late_makes_the_digest_of_the_day_and_no_older_one(news):
    assert digest.make(NOW + timedelta(days=3, hours=5)).day == date(2026, 11, 27)
    assert Digest.objects.count() == 1


def test_a_worker_that_dies_while_it_makes_the_digest_leaves_nothing_half_made(news, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(digest, "_messages", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            digest.make(NOW)
    assert not Digest.objects.exists()
    assert digest.make(NOW) is not None
    assert Notice.objects.count() == 3


def test_without_figures_no_digest_is_made(country, account):
    account("admin")
    assert digest.make(NOW) is None


def test_what_humas_chose_is_told_unless_it_is_withdrawn(news):
    good, gone = (make_entry(title, feed=make_feed(satker=news.kediri)) for title in ("Pilihan", "Ditarik"))
    for entry in (good, gone):
        DigestPick.objects.create(day=YESTERDAY, entry=entry, chosen_by="humas")
    type(gone).objects.filter(pk=gone.pk).update(state="withdrawn")
    digest.make(NOW)
    body = Notice.objects.get(address="viewer@kpu.example").body
    assert "Pilihan (KPU Kota Kediri)" in body
    assert "Ditarik (KPU" not in body


def test_ninety_days_have_ninety_digests(news):
    """The worker is away now and then, and runs twice at times."""
    at = NOW
    for step in range(90 * 3):
        at = NOW + timedelta(hours=8 * step)
        if step % 10 == 3:
            continue
        digest.make(at)
        if step % 4 == 0:
            digest.make(at)
        outbox.send_due(at)
    days = list(Digest.objects.order_by("day").values_list("day", flat=True))
    assert len(days) == len(set(days)) == 90
    assert len(mail.outbox) == 3 * len(days)


def test_the_command_looks_once(news, capsys):
    call_command("run_watch", "--once")
    assert "messages sent" in capsys.readouterr().out
