"""Alarms on the staff pages: each account's own, noted by people, and machines set up by the admin."""

from __future__ import annotations

import pytest
from django.utils import timezone

from portal.monitoring.figures import follow
from portal.monitoring.models import Alert, AuditRow, DigestPick, Notice, Webhook
from tests.factories import make_entry, make_feed

pytestmark = pytest.mark.django_db


@pytest.fixture
def events(country):
    for satker in (country.kediri, country.east_java, country.badung):
        Alert.objects.create(rule="hacked", key=satker.code, satker=satker, title=f"Perkara {satker.code}")
    Alert.objects.create(rule="worker", key="pekerja", title="Pekerja mati")
    follow.follow()
    return country


def shown(client, ending=""):
    text = client.get(f"/pantauan/peringatan{ending}").content.decode()
    return [
        word
        for word in ("3571", "3500", "5103", "Pekerja mati")
        if f"Perkara {word}" in text or (word in text and " " in word)
    ]


@pytest.mark.parametrize("ending", ["", ".csv"])
def test_everybody_sees_their_own(events, as_role, ending):
    assert shown(as_role("viewer"), ending) == ["3571", "3500", "5103", "Pekerja mati"]
    assert shown(as_role("province"), ending) == ["3571", "3500"]
    assert shown(as_role("satker"), ending) == ["3571"]


def test_taking_note_is_recorded_and_kept_to_the_scope(events, as_role):
    keys = list(Alert.objects.values_list("pk", flat=True))
    as_role("province").post(
        "/pantauan/peringatan/diketahui", {"peringatan": keys, "catatan": "sudah dihubungi"}
    )
    noted = Alert.objects.exclude(acknowledged_at=None)
    assert sorted(noted.values_list("key", flat=True)) == ["3500", "3571"]
    assert noted[0].note == "sudah dihubungi"
    assert AuditRow.objects.filter(action="setting", reason="sudah dihubungi").count() == 2


def test_a_viewer_takes_no_note(events, as_role):
    assert as_role("viewer").post("/pantauan/peringatan/diketahui", {"peringatan": [1]}).status_code == 403


def test_the_outbox_is_for_kpu_ri(events, as_role):
    assert as_role("province").get("/pantauan/pemberitahuan").status_code == 403
    assert as_role("viewer").get("/pantauan/pemberitahuan").status_code == 200


def test_a_message_is_sent_again_when_the_admin_says_so(events, as_role):
    stuck = Notice.objects.create(
        kind="alert", key="k", channel="mail", address="a", subject="s", body="b", state="unclear"
    )
    sent = Notice.objects.create(
        kind="alert", key="l", channel="mail", address="a", subject="s", body="b", state="sent"
    )
    for row in (stuck, sent):
        as_role("admin").post(f"/pantauan/pemberitahuan/{row.pk}/kirim-lagi")
    assert list(Notice.objects.order_by("pk").values_list("state", flat=True)) == ["waiting", "sent"]


def test_a_machine_is_set_up_by_the_admin_and_its_secret_shown_once(events, as_role):
    form = {"name": "SOC", "url": "https://soc.kpu.go.id/kail", "rules": ["hacked"]}
    assert as_role("viewer").post("/pantauan/webhook", form).status_code == 403
    client = as_role("admin")
    page = client.post("/pantauan/webhook", form, follow=True).content.decode()
    hook = Webhook.objects.get()
    assert hook.secret in page
    assert hook.secret not in client.get("/pantauan/pemberitahuan").content.decode()
    client.post(f"/pantauan/webhook/{hook.pk}")
    assert not Webhook.objects.get().is_active


@pytest.mark.parametrize("url", ["ftp://x.example/a", "javascript:alert(1)", "bukan alamat"])
def test_a_machine_has_a_web_address(events, as_role, url):
    as_role("admin").post("/pantauan/webhook", {"name": "x", "url": url})
    assert not Webhook.objects.exists()


def test_the_digest_of_a_day_can_be_read_and_posts_chosen_for_it(events, as_role):
    entry = make_entry("Pilihan humas", feed=make_feed(satker=events.kediri))
    day = timezone.localdate().isoformat()
    client = as_role("viewer")
    for said in (str(entry.pk), f"https://berita.example/berita/{entry.pk}/judul"):
        client.post("/pantauan/ringkasan/pilihan", {"hari": day, "berita": said})
    assert DigestPick.objects.count() == 1
    assert "Pilihan humas" in client.get(f"/pantauan/ringkasan?hari={day}").content.decode()
    assert (
        as_role("province").post("/pantauan/ringkasan/pilihan", {"hari": day, "berita": "1"}).status_code
        == 403
    )
    client.post("/pantauan/ringkasan/pilihan", {"hari": day, "berita": str(entry.pk), "lakukan": "hapus"})
    assert not DigestPick.objects.exists()


def test_no_more_than_five_are_chosen_and_none_that_is_not_public(events, as_role):
    feed = make_feed(satker=events.kediri)
    day = timezone.localdate().isoformat()
    hidden = make_entry(feed=feed, public=False)
    for entry in [hidden, *(make_entry(feed=feed) for _ in range(7))]:
        as_role("admin").post("/pantauan/ringkasan/pilihan", {"hari": day, "berita": str(entry.pk)})
    assert DigestPick.objects.count() == 5
    assert not DigestPick.objects.filter(entry=hidden).exists()


@pytest.mark.parametrize("role", ["admin", "viewer", "province", "satker"])
def test_pages_answer_every_role(events, as_role, role):
    for address in ("/pantauan/peringatan", "/pantauan/peringatan.xlsx", "/pantauan/ringkasan"):
        assert as_role(role).get(address).status_code == 200
