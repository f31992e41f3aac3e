"""Signing in: password, lock-out, second factor, and what is kept of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from portal.models import User
from portal.monitoring import factors, throttle
from portal.monitoring.models import AuditRow, RecoveryCode, SecondFactor, StaffSession, Throttle

pytestmark = pytest.mark.django_db

PASSWORD = "sandi panjang sekali"


def give_password(client: Client, user: User, password: str = PASSWORD, **more: str):
    return client.post("/masuk", {"username": user.username, "password": password, **more})


def is_in(client: Client) -> bool:
    return client.get("/pantauan").status_code == 200


def with_factor(user: User) -> str:
    secret = factors.new_secret()
    factors.install(user, secret, 0)
    return secret


def test_a_viewer_signs_in_by_password_and_comes_where_they_wanted(client, account):
    page = client.get("/pantauan/akun")
    assert page.headers["Location"] == "/masuk?next=/pantauan/akun"
    response = give_password(client, account("viewer"), next="/pantauan/akun")
    assert response.headers["Location"] == "/pantauan/akun"
    assert is_in(client)


@pytest.mark.parametrize(
    "goal", ["https://jahat.example/", "//jahat.example", "/feeds/nasional.rss", "javascript:1"]
)
def test_the_way_on_never_leads_out_of_the_staff_pages(client, account, goal):
    assert give_password(client, account("viewer"), next=goal).headers["Location"] == "/pantauan"


def test_a_wrong_password_and_an_unknown_account_look_alike(client, account):
    wrong = give_password(client, account("viewer"), "keliru").content.decode()
    unknown = client.post("/masuk", {"username": "tidak.ada", "password": "keliru"}).content.decode()
    for page in (wrong, unknown):
        assert "Nama akun atau sandi keliru." in page
    assert not is_in(client)


def test_what_was_typed_in_the_wrong_field_is_not_kept(client, account):
    client.post("/masuk", {"username": PASSWORD, "password": "x"})
    row = AuditRow.objects.get(action="sign_in.failed")
    assert row.actor == "(akun tidak dikenal)"
    assert not Throttle.objects.filter(name__contains="sandi").exists()


def test_an_account_is_locked_after_five_wrong_passwords_even_for_the_right_one(client, account):
    user = account("viewer")
    for _ in range(5):
        give_password(client, user, "keliru")
    page = give_password(client, user).content.decode()
    assert "Terlalu banyak percobaan" in page
    assert not is_in(client)
    assert AuditRow.objects.filter(action="sign_in.locked").count() == 1
    give_password(client, user)
    assert AuditRow.objects.filter(action="sign_in.locked").count() == 1


def test_the_lock_holds_on_every_node_and_without_any_cache(client, account, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1",  # nobody listens
        }
    }
    user = account("viewer")
    for _ in range(6):
        give_password(Client(), user, "keliru")
    assert "Terlalu banyak percobaan" in give_password(Client(), user).content.decode()


def test_a_lock_opens_by_itself_and_lasts_longer_each_time(client, account):
    user = account("viewer")
    waits = []
    for _ in range(2):
        verdict = throttle.Verdict(True)
        while verdict.allowed:
            verdict = throttle.count(throttle.ACCOUNT, user.username)
        waits.append(verdict.until - timezone.now())
        Throttle.objects.update(locked_until=timezone.now() - timedelta(seconds=1))
    assert waits[1] > waits[0] * 1.5
    Throttle.objects.all().delete()
    give_password(client, user)
    assert is_in(client)


def test_one_address_cannot_try_many_accounts(client, settings):
    settings.LIMIT_SIGN_IN = 10
    tries = [client.post("/masuk", {"username": f"orang{n}", "password": "keliru"}) for n in range(12)]
    assert [answer.status_code for answer in tries] == [200] * 10 + [429] * 2


def test_an_account_that_was_switched_off_does_not_come_in(client, account):
    user = account("viewer")
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert "keliru" in give_password(client, user).content.decode()


def test_an_admin_must_set_up_a_second_factor_before_coming_in(client, account):
    response = give_password(client, account("admin"))
    assert response.headers["Location"] == "/masuk/pasang"
    assert not is_in(client)
    page = client.get("/masuk/pasang").content.decode()
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
    assert "<svg" in page
    page = client.post("/masuk/pasang", {"code": pyotp.TOTP(secret).now()}).content.decode()
    assert len(re.findall(r"<code>[a-z2-7-]{19}</code>", page)) == factors.RECOVERY_CODES
    assert is_in(client)


@pytest.mark.parametrize("name", ["ani@kpu.example", "subbagian.teknis.kepulauan.sangihe@sulut.kpu.example"])
def test_the_picture_of_the_key_is_scaled_whole_however_long_the_name_is(name):
    """A picture with a size of its own is cut by the page, and no telephone reads it."""
    svg = factors.qr_svg(factors.address_of(User(username=name), factors.new_secret())).decode()
    side = re.search(r'<svg [^>]*viewBox="0 0 (\d+) \1"', svg)[1]
    assert f"h{side}v{side}" in svg
    assert not re.search(r"<svg [^>]*(width|height)=", svg)


def test_a_wrong_code_sets_nothing_up(client, account):
    give_password(client, account("admin"))
    client.get("/masuk/pasang")
    assert "tidak cocok" in client.post("/masuk/pasang", {"code": "000000"}).content.decode()
    assert not SecondFactor.objects.exists()
    assert not is_in(client)


def test_the_code_is_asked_after_the_password(client, account):
    user = account("viewer")
    secret = with_factor(user)
    assert give_password(client, user, next="/pantauan/akun").headers["Location"] == "/masuk/kode"
    assert not is_in(client)
    response = client.post("/masuk/kode", {"code": pyotp.TOTP(secret).now()})
    assert response.headers["Location"] == "/pantauan/akun"
    assert is_in(client)


def test_a_code_is_good_once(account):
    user = account("viewer")
    code = pyotp.TOTP(with_factor(user)).now()
    assert factors.accept(user, code)
    assert not factors.accept(user, code)


def test_codes_cannot_be_guessed(client, account):
    user = account("viewer")
    secret = with_factor(user)
    give_password(client, user)
    for _ in range(5):
        client.post("/masuk/kode", {"code": "000000"})
    page = client.post("/masuk/kode", {"code": pyotp.TOTP(secret).now()}).content.decode()
    assert "Terlalu banyak percobaan" in page
    assert not is_in(client)


def test_a_recovery_code_helps_once(client, account):
    user = account("viewer")
    code = factors.install(user, factors.new_secret(), 0)[0]
    give_password(client, user)
    client.post("/masuk/kode", {"code": code.upper()})
    assert is_in(client)
    other = Client()
    give_password(other, user)
    other.post("/masuk/kode", {"code": code})
    assert not is_in(other)
    assert not RecoveryCode.objects.filter(sha256=code).exists()


def test_the_code_page_helps_nobody_without_a_password(client, account):
    with_factor(account("viewer"))
    assert client.get("/masuk/kode").headers["Location"] == "/masuk"
    assert client.get("/masuk/pasang").headers["Location"] == "/masuk"


def test_whoever_has_a_factor_cannot_put_another_in_its_place_at_the_door(client, account):
    user = account("viewer")
    with_factor(user)
    give_password(client, user)
    assert client.get("/masuk/pasang").headers["Location"] == "/masuk/kode"


def test_the_admin_of_django_has_no_door_of_its_own(client, account):
    response = client.get("/pantauan/admin/login/", {"next": "/pantauan/admin/"})
    assert response.headers["Location"] == "/masuk?next=/pantauan/admin/"
    response = client.post(
        "/pantauan/admin/login/", {"username": account("admin").username, "password": PASSWORD}
    )
    assert response.status_code == 302
    assert not is_in(client)
    led = client.get("/pantauan/admin/aggregator/entry/", follow=True)
    assert led.redirect_chain[-1][0] == "/masuk?next=/pantauan/admin/aggregator/entry/"


def test_a_session_ends_twelve_hours_after_signing_in_whatever_is_done(client, account):
    give_password(client, account("viewer"))
    session = Session.objects.get(session_key=client.session.session_key)
    end = session.expire_date
    assert timedelta(hours=11, minutes=59) < end - timezone.now() <= timedelta(hours=12)
    client.get("/pantauan/akun")
    assert Session.objects.get(session_key=client.session.session_key).expire_date == end


def test_signing_in_gives_a_new_session_key(client, account):
    client.get("/masuk")
    client.session.save()
    before = client.session.session_key
    give_password(client, account("viewer"))
    assert client.session.session_key != before


def test_one_session_can_be_ended_from_another(client, account):
    user, other = account("viewer"), Client()
    give_password(client, user)
    give_password(other, user)
    row = StaffSession.objects.get(key=other.session.session_key)
    assert "sesi ini" in client.get("/pantauan/akun").content.decode()
    client.post("/pantauan/akun/sesi", {"sesi": row.pk})
    assert not is_in(other)
    assert is_in(client)


def test_nobody_ends_the_sessions_of_others(client, account, as_role):
    give_password(client, account("viewer"))
    row = StaffSession.objects.get()
    as_role("province").post("/pantauan/akun/sesi", {"sesi": row.pk})
    assert is_in(client)


def test_a_new_password_ends_all_other_sessions(client, account):
    user, other = account("viewer"), Client()
    give_password(client, user)
    give_password(other, user)
    new = "kuda benar baterai staples"
    client.post("/pantauan/akun", {"present": PASSWORD, "password": new, "again": new})
    assert is_in(client)
    assert not is_in(other)


@pytest.mark.parametrize("password", ["pendek", "123456789012345", "password12345", "viewer@kpu.example"])
def test_weak_passwords_are_refused(client, account, password):
    user = account("viewer")
    give_password(client, user)
    client.post("/pantauan/akun", {"present": PASSWORD, "password": password, "again": password})
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_signing_in_and_out_are_in_the_log(client, account):
    give_password(client, account("viewer"))
    client.post("/keluar")
    assert not is_in(client)
    rows = AuditRow.objects.order_by("id").values_list("action", "actor", "address")
    assert list(rows) == [
        ("sign_in", "viewer@kpu.example", "127.0.0.1"),
        ("sign_out", "viewer@kpu.example", "127.0.0.1"),
    ]


def test_signing_out_is_a_deed_not_a_link(client):
    assert client.get("/keluar").status_code == 405


def test_the_doors_are_kept_by_no_cache(client):
    for path in ("/masuk", "/masuk/lupa", "/masuk/kode"):
        assert "no-store" in client.get(path).headers["Cache-Control"]


def test_a_form_of_another_site_signs_nobody_in(account):
    client = Client(enforce_csrf_checks=True)
    assert give_password(client, account("viewer")).status_code == 403
