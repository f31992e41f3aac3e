"""Whom to call at a satker, and what was agreed: written by those whom it concerns, seen by staff alone."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.urls import reverse

from portal.monitoring.models import AuditRow, Contact, FollowUp

pytestmark = pytest.mark.django_db
PERSON = {
    "lakukan": "kontak",
    "kontak-name": "Rina Hapsari",
    "kontak-position": "Kasubbag Humas",
    "kontak-phone": "(0354) 771 000",
}
TALK = {
    "lakukan": "catat",
    "tindak-way": "call",
    "tindak-note": "Umpan mati, diperbaiki pekan ini",
    "tindak-due_on": "2026-12-01",
}


@pytest.fixture
def where(country) -> str:
    return reverse("monitoring:contacts", args=[country.kediri.code])


@pytest.mark.parametrize(
    ("role", "keeps", "follows"),
    [
        ("admin", True, True),
        ("viewer", False, False),
        ("province", True, True),
        ("satker", True, False),
    ],
)
def test_who_may_write_what(as_role, where, role, keeps, follows):
    client = as_role(role)
    assert client.post(where, PERSON).status_code == (302 if keeps else 403)
    assert client.post(where, TALK).status_code == (302 if follows else 403)
    assert (Contact.objects.count(), FollowUp.objects.count()) == (keeps, follows)
    assert AuditRow.objects.filter(action__in=["contact", "follow_up"]).count() == keeps + follows


@pytest.mark.parametrize(
    ("role", "buttons"),
    [
        ("admin", {"kontak", "catat"}),
        ("viewer", set()),
        ("province", {"kontak", "catat"}),
        ("satker", {"kontak"}),
    ],
)
def test_a_page_offers_what_its_reader_may_do(as_role, where, role, buttons):
    page = as_role(role).get(where).content.decode()
    assert set(re.findall(r'name="lakukan" value="(\w+)"', page)) == buttons


def test_a_contact_without_a_way_to_reach_it_is_refused_in_words(as_role, where):
    page = as_role("admin").post(where, PERSON | {"kontak-phone": ""})
    assert "Isilah telepon kantor atau surel kedinasan." in page.content.decode()
    assert not Contact.objects.exists()


def test_a_follow_up_is_settled_once_by_whoever_was_first(as_role, where):
    as_role("admin").post(where, TALK)
    key = FollowUp.objects.get().pk
    for role in ("province", "admin"):
        as_role(role).post(where, {"lakukan": "selesai", "nomor": key})
    assert FollowUp.objects.get().settled_by == "province@kpu.example"
    assert AuditRow.objects.filter(action="follow_up").count() == 2


def test_a_row_of_another_satker_cannot_be_reached_through_ones_own_page(as_role, where, country):
    other = Contact.objects.create(satker=country.badung, name="Made", phone="1", changed_by="x")
    assert as_role("satker").post(where, {"lakukan": "hapus", "nomor": other.pk}).status_code == 404
    assert as_role("admin").post(where, {"lakukan": "hapus", "nomor": other.pk}).status_code == 404
    assert Contact.objects.exists()


def test_the_tables_can_be_taken_along_without_formulas(as_role, where):
    client = as_role("admin")
    client.post(where, PERSON | {"kontak-name": "=HYPERLINK(1)"})
    client.post(where, TALK)
    rows = csv.reader(io.StringIO(client.get(f"{where}?format=csv&tabel=kontak").content.decode("utf-8-sig")))
    assert not any(cell.startswith("=") for row in rows for cell in row)
    talks = client.get(f"{where}?format=csv&tabel=tindak_lanjut").content.decode()
    assert "Umpan mati, diperbaiki pekan ini" in talks


def test_the_report_on_silence_names_the_contact_and_the_last_talk(as_role, where, country):
    client = as_role("admin")
    client.post(where, PERSON)
    client.post(where, TALK)
    FollowUp.objects.create(satker=country.badung, by="x", way="note", note="belum diangkat")
    report = client.get("/pantauan/laporan/3.csv").content.decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(report), delimiter=";" if ";" in report.splitlines()[0] else ","))
    rows = {row["Kode"]: row for row in table}
    kediri = rows[country.kediri.code]
    assert kediri["Penanggung jawab"] == "Rina Hapsari, Kasubbag Humas"
    assert kediri["Dihubungi"]
    assert not rows[country.badung.code]["Dihubungi"]
