"""Readers report errors without an account or a cookie; staff find them in a queue."""

from __future__ import annotations

import re

import pytest
from django.conf import settings as portal_settings
from django.test import Client

from portal import openforms
from portal.models import ErrorReport, User
from portal.views import error_reports
from tests.factories import make_entry, make_feed, make_province, make_satker

pytestmark = pytest.mark.django_db
PAGE = "/berita/7/lapor"


@pytest.fixture
def entry():
    return make_entry("Penetapan DPT", pk=7, feed=make_feed(satker=make_satker()))


def send(client, origin=None, **fields):
    html = client.get(PAGE).content.decode()
    signed = re.search(r'name="tanda" value="([^"]+)"', html)[1]
    sent = {"tanda": signed, "subject": "date", "message": "Harusnya 2025", "contact": ""} | fields
    return client.post(PAGE, sent, headers={"origin": origin or portal_settings.BASE_URL})


def test_a_report_is_kept_and_thanked_for_without_a_cookie(entry):
    client = Client(enforce_csrf_checks=True)
    response = send(client, contact="warga@contoh.id")
    assert response.status_code == 302
    assert "sudah diterima" in client.get(response.url).content.decode()
    assert not client.cookies
    kept = ErrorReport.objects.get()
    assert (kept.entry, kept.subject, kept.message, kept.contact) == (
        entry,
        "date",
        "Harusnya 2025",
        "warga@contoh.id",
    )


@pytest.mark.parametrize("sent", [{"origin": "https://jahat.example"}, {"tanda": "1:palsu"}])
def test_what_no_page_of_ours_sent_is_refused(client, entry, sent):
    assert send(client, **sent).status_code == 400
    assert not ErrorReport.objects.exists()


def test_a_form_that_lay_open_for_days_is_refused(client, entry, monkeypatch):
    old = openforms.time.time() - 2 * openforms.VALID
    with monkeypatch.context() as patch:
        patch.setattr(openforms.time, "time", lambda: old)
        stale = openforms.sign(error_reports.PURPOSE)
    assert send(client, tanda=stale).status_code == 400


def test_a_mistake_in_the_form_is_named_and_nothing_typed_is_lost(client, entry):
    response = send(client, contact="bukan surel", message="Isi saya")
    html = response.content.decode()
    assert response.status_code == 400
    assert "Laporan belum terkirim" in html
    assert "Isi saya" in html


def test_programs_that_fill_every_field_are_thanked_and_forgotten(client, entry):
    assert send(client, website="https://jahat.example").status_code == 302
    assert not ErrorReport.objects.exists()


def test_one_address_may_not_flood_the_queue(client, entry, settings):
    settings.LIMIT_REPORT = 2
    assert [send(client).status_code for _number in range(3)] == [302, 302, 429]
    assert ErrorReport.objects.count() == 2


def test_all_addresses_together_may_not_flood_the_queue(client, entry, monkeypatch):
    monkeypatch.setattr(error_reports, "MOST_OF_ALL", 1)
    assert [send(client).status_code for _number in range(2)] == [302, 400]
    assert ErrorReport.objects.count() == 1


def test_only_public_posts_can_be_reported(client):
    make_entry(pk=7, public=False, state="held")
    assert client.get(PAGE).status_code == 404


def test_every_post_leads_to_the_form(client, entry):
    assert f'href="{PAGE}"' in client.get(entry.get_absolute_url()).content.decode()


def staff(client, role="admin", satker=None):
    user = User.objects.create_user(username=f"petugas-{role}", password="x", role=role, satker=satker)
    client.force_login(user)
    return user


def test_staff_see_the_queue_and_settle_it_and_the_contact_is_forgotten(client, entry):
    report = ErrorReport.objects.create(entry=entry, subject="date", message="<b>", contact="warga@contoh.id")
    staff(client)
    html = client.get("/pantauan/laporan-pembaca").content.decode()
    assert "Penetapan DPT" in html
    assert "&lt;b&gt;" in html
    client.post(
        f"/pantauan/laporan-pembaca/{report.pk}", {"keadaan": "fixed", "catatan": "Tanggal dibetulkan"}
    )
    report.refresh_from_db()
    assert (report.state, report.note, report.contact) == ("fixed", "Tanggal dibetulkan", "")
    assert report.settled_by == "petugas-admin"


def test_an_office_sees_reports_about_its_own_posts_only(client, entry):
    report = ErrorReport.objects.create(entry=entry, subject="date")
    staff(client, "satker", make_satker(province=make_province("51", "Bali")))
    assert "Penetapan DPT" not in client.get("/pantauan/laporan-pembaca").content.decode()
    answer = client.post(f"/pantauan/laporan-pembaca/{report.pk}", {"keadaan": "fixed"})
    assert answer.status_code == 404
