"""The audit log: complete, unchangeable, shown to whom it concerns."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import DatabaseError, transaction

from aggregator import approve
from aggregator.models import Satker, SatkerHost, Topic
from portal.monitoring import audit
from portal.monitoring.models import AuditRow
from tests.factories import make_feed

pytestmark = pytest.mark.django_db


@pytest.fixture
def some_rows(country):
    audit.record("satker.hold", "ani", thing=country.kediri, reason="lonjakan")
    audit.record("satker.hold", "budi", thing=country.badung, reason="diretas")
    audit.record("sign_in", "ani")


def content(response) -> str:
    return b"".join(response.streaming_content).decode() if response.streaming else response.content.decode()


@pytest.mark.parametrize("change", [lambda r: r.update(reason="lain"), lambda r: r.delete()])
def test_the_database_refuses_to_change_the_log(some_rows, change):
    before = list(AuditRow.objects.values())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change(AuditRow.objects.all())
    assert list(AuditRow.objects.values()) == before


def test_a_row_that_was_saved_cannot_be_saved_again(some_rows):
    row = AuditRow.objects.first()
    row.actor = "orang lain"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        row.save()


@pytest.mark.parametrize(
    ("role", "seen"),
    [("admin", {"ani", "budi"}), ("viewer", {"ani", "budi"}), ("province", {"ani"}), ("satker", {"ani"})],
)
def test_a_role_sees_and_exports_the_rows_of_its_satker(some_rows, as_role, role, seen):
    client = as_role(role)
    page = client.get("/pantauan/catatan").content.decode()
    table = list(csv.DictReader(io.StringIO(content(client.get("/pantauan/catatan.csv")))))
    for actor, words in (("ani", "lonjakan"), ("budi", "diretas")):
        assert (words in page) == (actor in seen)
    assert {row["actor"] for row in table if row["action"] == "satker.hold"} == seen
    assert any(row["action"] == "sign_in" for row in table) == (role in ("admin", "viewer"))


@pytest.mark.parametrize(
    ("query", "actors"),
    [
        ("petugas=ANI", ["ani", "ani"]),
        ("tindakan=sign_in", ["ani"]),
        ("satker=5103", ["budi"]),
        ("q=diretas", ["budi"]),
        ("dari=2001-01-01&sampai=2001-01-02", []),
    ],
)
def test_the_log_is_filtered(some_rows, as_role, query, actors):
    text = content(as_role("admin").get(f"/pantauan/catatan.csv?{query}"))
    found = [row["actor"] for row in csv.DictReader(io.StringIO(text)) if row["action"] != "export"]
    assert found == actors


@pytest.mark.parametrize("query", ["dari=kemarin", "tindakan=apa", "sebelum=x"])
def test_a_bad_filter_is_said(as_role, query):
    assert as_role("admin").get(f"/pantauan/catatan?{query}").status_code == 400


def test_nothing_in_the_export_is_a_formula(as_role, country):
    audit.record("satker.hold", "ani", thing=country.kediri, reason="=HYPERLINK(1)")
    assert "'=HYPERLINK(1)" in content(as_role("admin").get("/pantauan/catatan.csv"))


def test_an_export_is_itself_in_the_log(as_role):
    as_role("admin").get("/pantauan/catatan.csv")
    assert AuditRow.objects.filter(action="export", actor="admin@kpu.example").exists()


def test_long_logs_are_paged_without_gaps(as_role, country):
    for number in range(230):
        audit.record("satker.hold", f"petugas-{number:03d}", thing=country.kediri)
    client, seen, path = as_role("admin"), [], "/pantauan/catatan"
    while path:
        response = client.get(path)
        page = response.context["page"]
        seen += [row.actor for row in page.rows]
        path = f"/pantauan/catatan?sebelum={page.next}" if page.next else ""
    assert seen == [f"petugas-{number:03d}" for number in reversed(range(230))]


def test_a_page_of_the_log_costs_no_query_a_row(as_role, country, django_assert_max_num_queries):
    client = as_role("admin")
    for number in range(100):
        audit.record("satker.hold", f"petugas-{number}", thing=country.kediri)
    with django_assert_max_num_queries(8):
        client.get("/pantauan/catatan")


def test_changes_in_the_django_admin_are_kept_with_old_and_new_value(as_role, country):
    client, path = as_role("admin"), f"/pantauan/admin/aggregator/satker/{country.kediri.pk}/change/"
    form = client.get(path).context["adminform"].form
    data = {name: form.initial.get(name) or "" for name in form.fields} | {"trust": "trusted"}
    for prefix in ("hosts", "feeds"):
        data |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    assert client.post(path, data).status_code == 302
    row = AuditRow.objects.get(action="admin.change")
    assert (row.actor, row.role, row.satker) == ("admin@kpu.example", "admin", country.kediri)
    assert row.details["changes"]["trust"] == ["normal", "trusted"]


def test_a_decision_in_the_django_admin_is_one_row(as_role, country):
    host = SatkerHost.objects.create(satker=country.kediri, hostname="baru.kpu.go.id", state="proposed")
    as_role("admin").post(
        "/pantauan/admin/aggregator/satkerhost/",
        {"action": "approve", "_selected_action": [host.pk], "reason": "sudah dicek"},
    )
    rows = AuditRow.objects.values_list("action", "actor", "reason", "name", "address")
    assert list(rows) == [("host.approve", "admin@kpu.example", "sudah dicek", "baru.kpu.go.id", "127.0.0.1")]


def test_an_action_without_words_of_its_own_is_kept_too(as_role, country):
    feed = make_feed(satker=country.kediri)
    as_role("admin").post(
        "/pantauan/admin/aggregator/feed/", {"action": "check_now", "_selected_action": [feed.pk]}
    )
    row = AuditRow.objects.get()
    assert (row.action, row.details["done"], row.details["rows"]) == (
        "admin.action",
        "check_now",
        [str(feed.pk)],
    )


def test_a_new_row_in_the_django_admin_is_kept(as_role):
    as_role("admin").post(
        "/pantauan/admin/aggregator/topic/add/",
        {"slug": "logistik", "name": "Logistik", "position": "1", "description": ""},
    )
    assert Topic.objects.get().name == "Logistik"
    assert AuditRow.objects.get(action="admin.add").name == "Logistik"


def test_a_decision_from_the_shell_is_kept(country):
    approve.approve_host(country.kediri, "lama.kpu.go.id", "shell:root", "dipindah")
    row = AuditRow.objects.get()
    assert (row.actor, row.action, row.satker) == (
        "shell:root",
        "host.approve",
        Satker.objects.get(code="3571"),
    )


def test_a_decision_that_cannot_be_recorded_is_not_taken(country, monkeypatch):
    monkeypatch.setattr(
        AuditRow.objects, "create", lambda **_row: (_ for _ in ()).throw(DatabaseError("penuh"))
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        approve.approve_host(country.kediri, "lama.kpu.go.id", "ani")
    assert not SatkerHost.objects.exists()
