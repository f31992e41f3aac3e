"""Invitations and new passwords by mail."""

from __future__ import annotations

import re

import pytest
from django.core import mail, signing
from django.test import Client

from portal.models import User
from portal.monitoring import letters, tasks
from portal.monitoring.models import AuditRow

pytestmark = pytest.mark.django_db

NEW = "kuda benar baterai staples"


@pytest.fixture(autouse=True)
def _worker_at_once(monkeypatch):
    """Tasks are run where they are queued."""

    def run(name: str, *args: object) -> None:
        getattr(tasks, name.rpartition(".")[2])(*args)

    monkeypatch.setattr("portal.monitoring.views.people.async_task", run)
    monkeypatch.setattr("portal.monitoring.views.passwords.async_task", run)


def link() -> str:
    return re.search(r"https?://[^/]+(/masuk/sandi/\S+)", mail.outbox[-1].body)[1]


def invite(client: Client, **fields: str):
    data = {"name": "Ani Lestari", "email": "ani@kpu.example", "role": "viewer", "satker": "", **fields}
    return client.post("/pantauan/petugas", data)


def test_an_invited_officer_sets_a_password_and_signs_in(as_role, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        invite(as_role("admin"), role="satker", satker="3571")
    assert mail.outbox[0].to == ["ani@kpu.example"]
    guest = Client()
    page = guest.get(link())
    assert page.headers["Referrer-Policy"] == "no-referrer"
    guest.post(link(), {"password": NEW, "again": NEW})
    assert guest.post("/masuk", {"username": "ani@kpu.example", "password": NEW}).status_code == 302
    assert guest.get("/pantauan").status_code == 200
    assert AuditRow.objects.filter(action="account.invited", name="ani@kpu.example").exists()


def test_a_link_is_good_once(as_role, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        invite(as_role("admin"))
    Client().post(link(), {"password": NEW, "again": NEW})
    assert Client().get(link()).status_code == 410


@pytest.mark.parametrize(("kind", "days"), [("undangan", 8), ("sandi", 0.05)])
def test_a_link_runs_out(client, account, monkeypatch, kind, days):
    token = letters.token_of(account("viewer"), kind)
    real = signing.time.time
    monkeypatch.setattr(signing.time, "time", lambda: real() + days * 86400)
    assert client.get(f"/masuk/sandi/{token}").status_code == 410


def test_a_forged_link_opens_nothing(client, account):
    token = letters.token_of(account("viewer"), letters.RESET)
    assert client.get(f"/masuk/sandi/{token[:-1]}x").status_code == 410
    assert client.get("/masuk/sandi/apa-saja").status_code == 410


@pytest.mark.parametrize(
    "fields",
    [
        {"role": "satker"},
        {"role": "province", "satker": "3571"},
        {"role": "viewer", "satker": "3571"},
        {"role": "raja"},
        {"email": "viewer@kpu.example"},
        {"email": "bukan surel"},
    ],
)
def test_a_wrong_invitation_makes_no_account(as_role, account, fields):
    account("viewer")
    client = as_role("admin")
    before = User.objects.count()
    assert invite(client, **fields).status_code == 200
    assert User.objects.count() == before


def test_a_forgotten_password_is_set_anew_and_the_sessions_end(account):
    user, old = account("viewer"), Client()
    old.post("/masuk", {"username": user.username, "password": "sandi panjang sekali"})
    Client().post("/masuk/lupa", {"email": user.email})
    Client().post(link(), {"password": NEW, "again": NEW})
    assert old.get("/pantauan").status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_nothing_tells_whether_an_address_has_an_account(client, account):
    known = client.post("/masuk/lupa", {"email": account("viewer").email})
    unknown = client.post("/masuk/lupa", {"email": "tidak.ada@kpu.example"})
    assert (known.status_code, known.headers["Location"]) == (
        unknown.status_code,
        unknown.headers["Location"],
    )
    assert len(mail.outbox) == 1


def test_nobody_is_flooded_with_letters(account):
    for _ in range(10):
        Client().post("/masuk/lupa", {"email": account("viewer").email})
    assert len(mail.outbox) == 3


def test_a_new_password_does_not_go_round_the_second_factor(account):
    user = account("admin")
    Client().post("/masuk/lupa", {"email": user.email})
    guest = Client()
    guest.post(link(), {"password": NEW, "again": NEW})
    response = guest.post("/masuk", {"username": user.username, "password": NEW})
    assert response.headers["Location"] == "/masuk/pasang"


def test_switching_an_account_off_ends_its_sessions(account, as_role):
    user, guest = account("viewer"), Client()
    guest.post("/masuk", {"username": user.username, "password": "sandi panjang sekali"})
    as_role("admin").post(f"/pantauan/petugas/{user.pk}", {"lakukan": "matikan"})
    assert guest.get("/pantauan").status_code == 302
    assert AuditRow.objects.get(action="account.changed").details == {"is_active": False}


def test_admins_do_not_lock_themselves_out(account, as_role):
    user = account("admin")
    as_role("admin").post(f"/pantauan/petugas/{user.pk}", {"lakukan": "matikan"})
    user.refresh_from_db()
    assert user.is_active
