"""The Django admin: lists, searches, decisions with a reason, and satker as a file."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from aggregator import registry
from aggregator.models import (
    Entry,
    Feed,
    Quarantine,
    Satker,
    SatkerHold,
    SatkerHost,
    Stage,
    Topic,
)
from aggregator.registry import export
from aggregator.registry.reference import SATKER_CSV
from portal import urls
from portal.models import User
from tests.factories import make_entry, make_feed, make_satker

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    user = User.objects.create(username="ani", role="admin", is_staff=True, is_superuser=True)
    client.force_login(user)
    return client


def act(client: Client, model: str, action: str, *rows: int, reason: str = "alasan uji") -> str:
    data = {"action": action, "_selected_action": rows, "reason": reason}
    answer = client.post(reverse(f"admin:aggregator_{model}_changelist"), data, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def held_entry() -> Entry:
    entry = make_entry("<script>alert(1)</script> slot gacor", public=False, state="held", text="<b>judi</b>")
    entry.revisions.update(state="held")
    Quarantine.objects.create(
        entry=entry, revision=entry.revisions.get(), points=9, signals=[{"code": "judol", "points": 9}]
    )
    return entry


# --- every page opens -------------------------------------------------------------------------------

assert urls  # with the addresses the admin is loaded
MODELS = sorted(
    model._meta.model_name or "" for model in admin.site._registry if model._meta.app_label == "aggregator"
)


@pytest.mark.parametrize("model", MODELS)
def test_every_list_opens_and_can_be_searched(staff: Client, model: str):
    entry = held_entry()
    make_entry(feed=entry.feed)
    SatkerHold.objects.create(satker=entry.satker, reason="uji", started_by="ani")
    url = reverse(f"admin:aggregator_{model}_changelist")
    assert staff.get(url).status_code == 200
    assert staff.get(url, {"q": "kediri"}).status_code == 200
    assert staff.get(url, {"q": str(entry.pk)}).status_code == 200


@pytest.mark.parametrize("make", [make_satker, make_feed, held_entry])
def test_every_row_opens(staff: Client, make: Callable[[], Satker | Feed | Entry]):
    row = make()
    url = reverse(f"admin:aggregator_{row._meta.model_name}_change", args=[row.pk])
    assert staff.get(url).status_code == 200


def test_lists_cost_no_query_a_row(staff: Client, django_assert_max_num_queries):
    feed = make_feed()
    for _ in range(30):
        make_entry(feed=feed)
    with django_assert_max_num_queries(14):
        staff.get(reverse("admin:aggregator_entry_changelist"))


def test_the_admin_speaks_indonesian(staff: Client):
    page = staff.get(reverse("admin:aggregator_satker_changelist")).content.decode()
    assert "Impor CSV" in page
    assert 'lang="id"' in page


def test_nobody_enters_without_an_account(client: Client):
    assert client.get(reverse("admin:aggregator_satker_import")).status_code == 302


def test_a_viewer_does_not_enter(client: Client):
    client.force_login(User.objects.create(username="budi", role="viewer"))
    assert client.get(reverse("admin:aggregator_satker_changelist")).status_code == 302


def test_nobody_can_schedule_code_through_the_admin(staff: Client):
    assert "django_q" not in {model._meta.app_label for model in admin.site._registry}
    assert staff.get("/pantauan/admin/django_q/schedule/add/").status_code == 404


# --- decisions --------------------------------------------------------------------------------------


def test_held_text_is_shown_escaped(staff: Client):
    entry = held_entry()
    page = staff.get(reverse("admin:aggregator_entry_change", args=[entry.pk])).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "&lt;b&gt;judi" in page


def test_a_quarantined_post_is_released_under_the_name_of_who_is_signed_in(staff: Client):
    entry = held_entry()
    act(staff, "quarantine", "release", Quarantine.objects.get().pk, reason="pelatihan")
    row = Quarantine.objects.get()
    assert (row.state, row.decided_by, row.reason) == ("released", "ani", "pelatihan")
    assert Entry.objects.public().get() == entry


def test_a_decision_without_a_reason_changes_nothing_and_says_so(staff: Client):
    held_entry()
    page = act(staff, "quarantine", "release", Quarantine.objects.get().pk, reason="")
    assert "memerlukan alasan" in page
    assert Quarantine.objects.get().state == "held"


def test_a_quarantined_post_is_rejected(staff: Client):
    held_entry()
    act(staff, "quarantine", "reject", Quarantine.objects.get().pk)
    assert Quarantine.objects.get().state == "rejected"


def test_a_case_is_marked_as_reported(staff: Client):
    held_entry()
    act(staff, "quarantine", "report", Quarantine.objects.get().pk)
    assert Quarantine.objects.get().reported_at is not None


@pytest.mark.parametrize(("action", "state"), [("quarantine", "held"), ("withdraw", "withdrawn")])
def test_a_public_post_is_held_or_withdrawn(staff: Client, action: str, state: str):
    entry = make_entry()
    act(staff, "entry", action, entry.pk)
    assert Entry.objects.get().state == state


def test_a_satker_is_hidden_and_released(staff: Client):
    entry = make_entry()
    act(staff, "satker", "hide", entry.satker_id)
    assert Entry.objects.get().state == "held"
    act(staff, "satker", "release", entry.satker_id)
    assert Entry.objects.get().state == "public"
    assert SatkerHold.objects.get().ended_by == "ani"


def test_approving_a_derived_host_confirms_it(staff: Client):
    satker = make_satker()
    host = SatkerHost.objects.create(satker=satker, hostname=satker.hostname, state="proposed")
    act(staff, "satkerhost", "approve", host.pk, reason="dilihat sendiri")
    host.refresh_from_db()
    satker.refresh_from_db()
    assert (host.state, host.decided_by, host.reason) == ("approved", "ani", "dilihat sendiri")
    assert satker.hostname_evidence == "confirmed"


def test_a_revoked_host_is_asked_no_more(staff: Client):
    feed = make_feed()
    act(staff, "satkerhost", "revoke", SatkerHost.objects.get().pk)
    assert SatkerHost.objects.get().state == "revoked"
    assert feed.satker.hosts.filter(state="approved").count() == 0


def test_a_host_added_by_hand_waits_for_approval(staff: Client):
    satker = make_satker()
    url = reverse("admin:aggregator_satkerhost_add")
    staff.post(url, {"satker": satker.pk, "hostname": "Lama.KPU.example", "reason": ""})
    host = SatkerHost.objects.get()
    assert (host.hostname, host.state) == ("lama.kpu.example", "proposed")


def test_what_is_no_host_is_refused_in_a_sentence(staff: Client):
    satker = make_satker()
    url = reverse("admin:aggregator_satkerhost_add")
    answer = staff.post(url, {"satker": satker.pk, "hostname": "https://a.example/x", "reason": ""})
    assert "bukan nama host" in answer.content.decode()
    assert not SatkerHost.objects.exists()


def test_a_feed_added_by_hand_is_a_candidate_until_it_is_confirmed(staff: Client):
    satker = make_satker()
    staff.post(reverse("admin:aggregator_feed_add"), {"satker": satker.pk, "url": "https://a.example/feed"})
    assert Feed.objects.get().state == "candidate"
    act(staff, "feed", "confirm", Feed.objects.get().pk)
    assert Feed.objects.get().state == "active"
    assert SatkerHost.objects.get(hostname="a.example").state == "approved"


def test_a_feed_is_switched_off(staff: Client):
    feed = make_feed()
    act(staff, "feed", "disable", feed.pk)
    assert Feed.objects.get().state == "disabled"


def test_the_address_of_a_topic_is_given_once(staff: Client):
    topic = Topic.objects.create(slug="humas", name="Humas")
    url = reverse("admin:aggregator_topic_change", args=[topic.pk])
    staff.post(url, {"name": "Kehumasan", "slug": "lain", "description": "", "position": 1})
    topic.refresh_from_db()
    assert (topic.slug, topic.name) == ("humas", "Kehumasan")


def test_a_new_election_stage_can_be_added(staff: Client):
    data = {
        "slug": "pemilu-2029-masa-tenang",
        "election": "pemilu-2029",
        "name": "Masa tenang",
        "start": "2029-02-11",
        "end": "2029-02-13",
        "position": 40,
    }
    staff.post(reverse("admin:aggregator_stage_add"), data)
    assert Stage.objects.filter(slug="pemilu-2029-masa-tenang").exists()


def test_an_account_with_a_role_is_made(staff: Client):
    satker = make_satker()
    data = {
        "username": "citra",
        "usable_password": "true",
        "password1": "sandi-yang-panjang-2",
        "password2": "sandi-yang-panjang-2",
        "role": "satker",
        "satker": satker.pk,
    }
    staff.post(reverse("admin:portal_user_add"), data)
    assert User.objects.get(username="citra").satker == satker


# --- satker as a file -------------------------------------------------------------------------------


@pytest.fixture
def country() -> None:
    registry.load()


def preview(client: Client, data: bytes) -> str:
    file = SimpleUploadedFile("satker.csv", data, content_type="text/csv")
    form = {"import_file": file, "format": "0", "resource": "0"}
    answer = client.post(reverse("admin:aggregator_satker_import"), form)
    assert answer.status_code == 200
    return answer.content.decode()


def confirm(client: Client, page: str) -> str:
    hidden = dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', page))
    url = reverse("admin:aggregator_satker_process_import")
    answer = client.post(url, hidden | {"confirm": "ya"}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_export_is_the_registry_file(staff: Client, country: None):
    answer = staff.get(reverse("admin:aggregator_satker_export"))
    mine = answer.content.decode().replace("\r\n", "\n")
    with_feeds = [line.rsplit(",", 2)[0] for line in mine.splitlines()]
    assert with_feeds == export.as_csv().splitlines()


def test_an_import_shows_what_would_change_and_writes_nothing(staff: Client, country: None):
    data = export.as_csv().replace("KPU Kabupaten Badung", "KPU Badung").encode()
    page = preview(staff, data)
    assert "0 satker baru, 1 berubah, 552 tetap" in page
    assert "<del>KPU Kabupaten Badung</del> <ins>KPU Badung</ins>" in page
    assert "style=" not in page
    assert Satker.objects.get(code="5103").name == "KPU Kabupaten Badung"


def test_a_confirmed_import_writes_satker_hosts_and_feeds(staff: Client, country: None):
    lines = export.as_csv().splitlines()
    header, badung = lines[0], next(line for line in lines if line.startswith("5103,"))
    row = badung.replace("KPU Kabupaten Badung", "KPU Badung")
    data = f"{header},migration_status,feed_url\n{row},M,https://kab-badung.kpu.go.id/feed\n"
    page = confirm(staff, preview(staff, data.encode()))
    assert "0 satker baru, 1 berubah" in page
    badung_row = Satker.objects.get(code="5103")
    assert (badung_row.name, badung_row.slug, badung_row.migration_status) == (
        "KPU Badung",
        "kpu-badung",
        "M",
    )
    assert Feed.objects.get().state == "active"
    assert SatkerHost.objects.get(hostname="kab-badung.kpu.go.id").state == "approved"


def test_an_import_into_an_empty_registry_makes_the_country(staff: Client):
    page = confirm(staff, preview(staff, SATKER_CSV.read_bytes()))
    assert "553 satker baru" in page
    assert Satker.objects.get(code="5103").province.name == "Bali"


def test_every_bad_line_is_named_at_once(staff: Client, country: None):
    lines = export.as_csv().splitlines()
    lines[3] = lines[3].replace("Asia/Jakarta", "Asia/Nowhere")
    lines[9] = lines[9].replace("regency", "kecamatan")
    page = preview(staff, "\n".join(lines).encode())
    assert "Baris 4:" in page
    assert "Baris 10:" in page
    assert "Simpan perubahan" not in page


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "NUL"),
        (b"a,b\n1,2\n", "tidak ada"),
        ("code;nama\n1;é\n".encode("latin-1"), "UTF-8"),
    ],
)
def test_what_is_no_registry_file_is_refused_in_a_sentence(staff: Client, data: bytes, words: str):
    page = preview(staff, data)
    assert words in page
    assert "Simpan perubahan" not in page


def test_a_host_that_staff_confirmed_survives_an_import(staff: Client, country: None):
    Satker.objects.filter(code="5103").update(hostname="badung.kpu.go.id", hostname_evidence="confirmed")
    assert "0 berubah, 553 tetap" in preview(staff, SATKER_CSV.read_bytes())
