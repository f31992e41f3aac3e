"""Signing in with an identity provider: who comes in, who does not, and what a bad provider can do."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pyotp
import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from portal.models import User
from portal.monitoring import factors, provider, provider_talk, throttle
from portal.monitoring.models import AuditRow, Identity, SecondFactor, StaffSession
from tests.portal.monitoring.identity_provider import ANI, SECRET, IdentityProvider, key

pytestmark = pytest.mark.django_db

PASSWORD = "sandi panjang sekali"
BACK = "/masuk/oidc/kembali"


@pytest.fixture
def idp(settings, monkeypatch) -> Iterator[IdentityProvider]:
    with IdentityProvider() as running:
        for name, value in running.settings().items():
            setattr(settings, name, value)
        settings.LIMIT_SIGN_IN = 0
        monkeypatch.setattr(provider_talk, "SECONDS", 60.0)  # a busy machine is not a slow provider
        provider_talk._made.cache_clear()
        yield running


@pytest.fixture
def viewer(account: Callable[[str], User]) -> User:
    return account("viewer")


def press(client: Client, **fields: str) -> str:
    """Press the button; the address at the provider."""
    page = client.post("/masuk/oidc", fields)
    assert page.status_code == 200, page.headers.get("Location")
    return unescape(re.search(r'<a class="button" href="([^"]+)"', page.content.decode())[1])


def come_back(client: Client, idp: IdentityProvider, **fields: str):
    there = urlsplit(idp.approve(press(client, **fields)))
    return client.get(f"{there.path}?{there.query}")


def is_in(client: Client) -> bool:
    return client.get("/pantauan/akun").status_code == 200


def failed() -> AuditRow:
    return AuditRow.objects.get(action="sign_in.failed")


def told(client: Client, response) -> str:
    assert response.headers["Location"].startswith("/masuk?next=%2Fpantauan")
    return client.get(response.headers["Location"]).content.decode()


# --- off by default ---------------------------------------------------------------------------------


def test_without_a_provider_there_is_no_button_and_no_address(client):
    assert "/masuk/oidc" not in client.get("/masuk").content.decode()
    assert client.post("/masuk/oidc").status_code == 404
    assert client.get(BACK).status_code == 404


def test_the_button_carries_the_name_of_the_provider(client, idp):
    page = client.get("/masuk").content.decode()
    assert "Masuk dengan SSO Contoh" in page
    assert 'name="password"' in page
    assert idp.asked == []


# --- coming in --------------------------------------------------------------------------------------


def test_a_viewer_comes_in_where_they_wanted(client, idp, viewer):
    response = come_back(client, idp, next="/pantauan/akun")
    assert response.headers["Location"] == "/pantauan/akun"
    assert is_in(client)


def test_the_first_time_binds_the_account_found_by_its_verified_address(client, idp, viewer):
    come_back(client, idp)
    bound = Identity.objects.get()
    assert (bound.user, bound.issuer, bound.subject) == (viewer, idp.issuer, ANI["sub"])
    rows = AuditRow.objects.order_by("id").values_list("action", "actor", "address", "details")
    assert list(rows) == [
        (
            "identity.bound",
            "viewer@kpu.example",
            "127.0.0.1",
            {"issuer": idp.issuer, "subject": ANI["sub"]},
        ),
        ("sign_in", "viewer@kpu.example", "127.0.0.1", {"via": "oidc"}),
    ]


def test_who_was_invited_needs_no_password_to_come_in(client, idp, viewer, as_role):
    viewer.set_unusable_password()
    viewer.save()
    assert "diundang" in as_role("admin").get("/pantauan/petugas").content.decode()
    come_back(client, idp)
    assert is_in(client)
    assert "diundang" not in as_role("admin").get("/pantauan/petugas").content.decode()


def test_an_account_says_whom_the_provider_knows_it_as(client, idp, viewer, as_role):
    come_back(client, idp)
    said = "Viewer@KPU.example, terhubung sejak"
    assert said in client.get("/pantauan/akun").content.decode()
    assert said not in as_role("satker").get("/pantauan/akun").content.decode()


def test_a_bound_account_is_found_whatever_its_address_is_now(client, idp, viewer):
    come_back(client, idp)
    idp.person |= {"email": "nama.baru@kpu.example", "email_verified": False}
    again = Client()
    come_back(again, idp)
    assert is_in(again)
    assert Identity.objects.count() == 1


def test_an_address_that_only_the_user_info_tells_is_taken_from_there(client, idp, viewer):
    idp.in_token = False
    come_back(client, idp)
    assert is_in(client)
    assert "/userinfo" in idp.asked


def test_a_provider_that_takes_the_secret_only_in_the_form_gets_it_there(client, idp, viewer):
    idp.said["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    come_back(client, idp)
    assert is_in(client)


def test_a_new_key_of_the_provider_is_asked_for(client, idp, viewer):
    come_back(client, idp)
    idp.answers["/jwks"] = (200, json.dumps({"keys": [key("kunci-3").as_dict(private=False)]}).encode())
    idp.signed_with = key("kunci-3")
    again = Client()
    come_back(again, idp)
    assert is_in(again)


def test_what_the_provider_says_of_itself_is_asked_once(client, idp, viewer):
    for _ in range(2):
        come_back(Client(), idp)
    assert idp.asked.count("/.well-known/openid-configuration") == 1
    assert idp.asked.count("/jwks") == 1


def test_neither_roles_nor_accounts_come_from_the_provider(client, idp, viewer):
    idp.claims |= {"role": "admin", "is_superuser": True, "groups": ["admin"]}
    come_back(client, idp)
    viewer.refresh_from_db()
    assert (viewer.role, viewer.is_staff, viewer.is_superuser) == ("viewer", False, False)
    assert client.get("/pantauan/petugas").status_code == 403


@pytest.mark.parametrize(
    "goal", ["https://jahat.example/", "//jahat.example", "/\\jahat.example", "/feeds/nasional.rss"]
)
def test_the_way_on_never_leads_out_of_the_staff_pages(client, idp, viewer, goal):
    assert come_back(client, idp, next=goal).headers["Location"] == "/pantauan"


def test_the_admin_of_django_leads_to_the_same_button(client, idp):
    page = client.get("/pantauan/admin/", follow=True)
    assert "Masuk dengan SSO Contoh" in page.content.decode()


# --- the same gate ----------------------------------------------------------------------------------


def test_the_portals_own_code_is_asked_after_the_provider(client, idp, viewer):
    secret = factors.new_secret()
    factors.install(viewer, secret, 0)
    assert come_back(client, idp, next="/pantauan/akun").headers["Location"] == "/masuk/kode"
    assert not is_in(client)
    assert not Identity.objects.exists()
    response = client.post("/masuk/kode", {"code": pyotp.TOTP(secret).now()})
    assert response.headers["Location"] == "/pantauan/akun"
    assert is_in(client)
    assert Identity.objects.get().user == viewer


def test_an_admin_without_a_second_factor_must_set_one_up(client, idp, account):
    admin = account("admin")
    idp.person["email"] = admin.email
    assert come_back(client, idp).headers["Location"] == "/masuk/pasang"
    page = client.get("/masuk/pasang").content.decode()
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
    assert (
        "Kode pemulihan" in client.post("/masuk/pasang", {"code": pyotp.TOTP(secret).now()}).content.decode()
    )
    assert is_in(client)
    assert Identity.objects.get().user == admin


@pytest.mark.parametrize(
    ("claims", "is_enough"),
    [
        ({"amr": ["pwd", "otp"]}, True),
        ({"acr": "urn:kpu:dua-faktor"}, True),
        ({"amr": ["pwd"], "acr": "0"}, False),
        ({"amr": [["otp"], {"otp": 1}], "acr": ["otp"]}, False),
        ({}, False),
    ],
)
def test_a_second_factor_of_the_provider_counts_by_the_values_set(
    client, idp, account, settings, claims, is_enough
):
    settings.OIDC_SECOND_FACTOR = ("otp", "urn:kpu:dua-faktor")
    idp.person["email"] = account("admin").email
    idp.claims |= claims
    come_back(client, idp)
    assert is_in(client) is is_enough


def test_without_values_set_no_word_of_the_provider_is_a_second_factor(client, idp, account):
    idp.person["email"] = account("admin").email
    idp.claims |= {"amr": ["otp", "mfa"], "acr": ""}
    come_back(client, idp)
    assert not is_in(client)


def test_a_locked_account_is_locked_this_way_too(client, idp, viewer):
    while throttle.count(throttle.ACCOUNT, viewer.username).allowed:
        pass
    response = come_back(client, idp)
    assert "Terlalu banyak percobaan" in client.get(response.headers["Location"]).content.decode()
    assert not is_in(client)
    assert AuditRow.objects.get(action="sign_in.locked").details["via"] == "oidc"


def test_the_session_has_a_new_key_and_ends_after_twelve_hours(client, idp, viewer):
    there = urlsplit(idp.approve(press(client)))
    before = client.session.session_key
    client.get(f"{there.path}?{there.query}")
    session = Session.objects.get(session_key=client.session.session_key)
    assert session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()
    assert timedelta(hours=11, minutes=59) < session.expire_date - timezone.now() <= timedelta(hours=12)
    assert StaffSession.objects.get().user == viewer
    client.post("/keluar")
    assert not is_in(client)


def test_one_address_cannot_try_without_end(client, idp, settings):
    settings.LIMIT_SIGN_IN = 3
    tries = [client.get(BACK, {"code": "x", "state": "y"}).status_code for _ in range(5)]
    assert tries == [302, 302, 302, 429, 429]


# --- whom it does not let in ------------------------------------------------------------------------


def set_inactive(viewer: User) -> None:
    User.objects.filter(pk=viewer.pk).update(is_active=False)


def set_twin(viewer: User) -> None:
    User.objects.create(username="kembar", email="VIEWER@kpu.example", role="viewer")


def set_bound(viewer: User) -> None:
    Identity.objects.create(user=viewer, issuer="x", subject="orang lain")


@pytest.mark.parametrize(
    ("person", "before", "code"),
    [
        ({"email": "orang.luar@kpu.example"}, None, "unknown"),
        ({"email_verified": False}, None, "unverified"),
        ({"email_verified": "true"}, None, "unverified"),
        ({"email_verified": None}, None, "unverified"),
        ({"email": None}, None, "unverified"),
        ({"email": ""}, None, "unverified"),
        ({"email": "vıewer@kpu.example"}, None, "unverified"),
        ({}, set_inactive, "inactive"),
        ({}, set_twin, "ambiguous"),
    ],
)
def test_an_identity_without_one_active_account_is_refused_with_the_reason_in_the_log_alone(
    client, idp, viewer, person, before, code
):
    idp.person |= person
    if before:
        before(viewer)
    accounts = User.objects.count()
    response = come_back(client, idp)
    page = response.content.decode()
    assert response.status_code == 403
    assert "Akun belum terhubung" in page
    assert "Minta admin KPU RI" in page
    assert failed().details == {"via": "oidc", "code": code, "subject": ANI["sub"]}
    assert not is_in(client)
    assert "sessionid" not in client.cookies or not client.cookies["sessionid"].value
    assert User.objects.count() == accounts
    assert not Identity.objects.exists()


def test_no_refusal_tells_whether_there_is_such_an_account(client, idp, viewer):
    set_inactive(viewer)
    pages = []
    for email in ("viewer@kpu.example", "tidak.ada@kpu.example"):
        idp.person["email"] = email
        pages.append(come_back(Client(), idp).content.decode().replace(email, ""))
    assert pages[0] == pages[1]


def test_another_subject_with_the_address_of_a_bound_account_is_refused(client, idp, viewer):
    come_back(client, idp)
    idp.person["sub"] = "pendatang-99"
    other = Client()
    assert come_back(other, idp).status_code == 403
    assert failed().details["code"] == "taken"
    assert not is_in(other)


def test_a_stranger_to_a_bound_account_is_not_even_asked_for_its_code(client, idp, viewer):
    come_back(client, idp)
    factors.install(viewer, factors.new_secret(), 0)
    idp.person["sub"] = "pendatang-99"
    assert come_back(Client(), idp).status_code == 403


def test_a_subject_that_was_bound_meanwhile_is_not_bound_twice(client, idp, viewer):
    secret = factors.new_secret()
    factors.install(viewer, secret, 0)
    come_back(client, idp)
    Identity.objects.create(user=viewer, issuer=idp.issuer, subject="lebih cepat")
    response = client.post("/masuk/kode", {"code": pyotp.TOTP(secret).now()})
    assert response.status_code == 403
    assert not is_in(client)


def test_a_binding_to_a_former_provider_is_in_nobodys_way(client, idp, viewer):
    Identity.objects.create(user=viewer, issuer="https://sso-lama.kpu.example", subject=ANI["sub"])
    come_back(client, idp)
    assert is_in(client)


def test_an_admin_sees_and_releases_a_binding_which_ends_its_sessions(client, idp, viewer, as_role):
    come_back(client, idp)
    bound, admin = Identity.objects.get(), as_role("admin")
    assert ANI["sub"] in admin.get("/pantauan/admin/monitoring/identity/").content.decode()
    assert admin.get("/pantauan/admin/monitoring/identity/add/").status_code == 403
    admin.post(f"/pantauan/admin/monitoring/identity/{bound.pk}/delete/", {"post": "yes"})
    row = AuditRow.objects.get(action="admin.delete")
    assert (row.actor, row.kind, row.name) == (
        "admin@kpu.example",
        "identity",
        "viewer@kpu.example – Viewer@KPU.example",
    )
    assert not is_in(client)
    idp.person["sub"] = "baru-1"
    come_back(client, idp)
    assert Identity.objects.get().subject == "baru-1"


def test_many_bindings_are_released_at_once(client, idp, viewer, as_role):
    come_back(client, idp)
    fields = {"action": "delete_selected", "_selected_action": [Identity.objects.get().pk], "post": "yes"}
    as_role("admin").post("/pantauan/admin/monitoring/identity/", fields)
    assert not Identity.objects.exists()
    assert not is_in(client)
    assert AuditRow.objects.filter(action="admin.delete", kind="identity").count() == 1


def test_only_kpu_ri_admins_see_bindings(as_role):
    for role in ("viewer", "province", "satker"):
        assert as_role(role).get("/pantauan/admin/monitoring/identity/").status_code == 302


# --- answers that prove nothing ---------------------------------------------------------------------


def test_an_answer_is_good_once(client, idp, viewer):
    there = urlsplit(idp.approve(press(client)))
    client.get(f"{there.path}?{there.query}")
    client.post("/keluar")
    response = client.get(f"{there.path}?{there.query}")
    assert "sudah terpakai" in told(client, response)
    assert failed().details["code"] == "state"
    assert not is_in(client)


def test_an_answer_that_failed_cannot_be_tried_again(client, idp, viewer):
    there = urlsplit(idp.approve(press(client)))
    idp.answers["/token"] = (500, b"")
    client.get(f"{there.path}?{there.query}")
    idp.answers.clear()
    assert "sudah terpakai" in told(client, client.get(f"{there.path}?{there.query}"))
    assert not is_in(client)


@pytest.mark.parametrize("state", ["", "tebakan", None])
def test_a_forged_state_comes_to_nothing(client, idp, viewer, state):
    there = parse_qs(urlsplit(idp.approve(press(client))).query)
    query = {"code": there["code"][0]} | ({} if state is None else {"state": state})
    assert "sudah terpakai" in told(client, client.get(BACK, query))
    assert "/token" not in idp.asked
    assert not is_in(client)


def test_an_answer_meant_for_another_browser_comes_to_nothing(client, idp, viewer):
    there = urlsplit(idp.approve(press(client)))
    other = Client()
    assert "sudah terpakai" in told(other, other.get(f"{there.path}?{there.query}"))
    assert not is_in(other)


def test_an_answer_that_comes_late_comes_to_nothing(client, idp, viewer):
    there = urlsplit(idp.approve(press(client)))
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert "sudah terpakai" in told(client, client.get(f"{there.path}?{there.query}"))


def test_a_code_that_was_given_to_another_browser_is_worth_nothing(client, idp, viewer):
    """PKCE: the verifier is in the session that asked."""
    stolen = parse_qs(urlsplit(idp.approve(press(Client()))).query)["code"][0]
    own = parse_qs(urlsplit(idp.approve(press(client))).query)["state"][0]
    page = told(client, client.get(BACK, {"code": stolen, "state": own}))
    assert "tidak dapat dibuktikan" in page
    assert failed().details["code"] == "refused"
    assert not is_in(client)


@pytest.mark.parametrize(
    ("claims", "word"),
    [
        ({"nonce": "lain"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": None, "nonce_supported": False}, "nonce"),
        ({"aud": "aplikasi-lain"}, "aud"),
        ({"aud": ["aplikasi-lain"], "azp": "portal"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": ["portal", "aplikasi-lain"], "azp": "aplikasi-lain"}, "azp"),
        ({"iss": "https://palsu.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"exp": 1_000_000_000, "iat": 999_999_000}, "exp"),
        ({"exp": None}, "exp"),
        ({"nbf": 4_000_000_000}, "valid"),
        ({"iat": 4_000_000_000}, "valid"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 17}, "sub"),
        ({"sub": "x" * 256}, "sub"),
        ({"at_hash": "bukan-itu"}, "at_hash"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(client, idp, viewer, claims, word):
    idp.claims |= claims
    assert "tidak dapat dibuktikan" in told(client, come_back(client, idp))
    assert failed().details["code"] == "token"
    assert word in failed().reason
    assert not is_in(client)


def test_a_token_signed_by_somebody_else_is_refused(client, idp, viewer):
    stranger = key("bukan-penyedia")
    idp.signed_with = type(stranger).import_key(stranger.as_dict(private=True) | {"kid": "kunci-1"})
    assert "tidak dapat dibuktikan" in told(client, come_back(client, idp))
    assert "bad_signature" in failed().reason
    assert not is_in(client)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_anybody_could_have_made_is_refused(client, idp, viewer, algorithm):
    idp.algorithm = algorithm
    assert "tidak dapat dibuktikan" in told(client, come_back(client, idp))
    assert failed().details["code"] == "token"
    assert not is_in(client)


def test_user_info_of_somebody_else_is_refused(client, idp, viewer):
    idp.in_token = False
    idp.answers["/userinfo"] = (200, json.dumps(ANI | {"sub": "orang-lain"}).encode())
    assert "tidak dapat dibuktikan" in told(client, come_back(client, idp))
    assert not is_in(client)


# --- a provider that fails --------------------------------------------------------------------------

RUBBISH = [b"<html>Maaf</html>", b"null", b"[]", b"{}", b'{"keys": 5}', b"\xff\xfe\x00"]


def use(client: Client, idp: IdentityProvider, path: str):
    """As far as this path of the provider is asked."""
    return client.post("/masuk/oidc") if path.startswith("/.well-known") else come_back(client, idp)


def signs_in_by_password(client: Client, viewer: User) -> bool:
    client.post("/masuk", {"username": viewer.username, "password": PASSWORD})
    return is_in(client)


@pytest.mark.parametrize("body", RUBBISH)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks", "/token"])
def test_rubbish_from_the_provider_is_said_and_the_password_still_works(client, idp, viewer, path, body):
    idp.answers[path] = (200, body)
    page = told(client, use(client, idp, path))
    assert "sedang tidak dapat dihubungi" in page or "tidak dapat dibuktikan" in page
    assert failed().reason
    assert signs_in_by_password(client, viewer)


@pytest.mark.parametrize("token", [5, None, "", "a", "a.b.c", "a.b", {}, ["x"]])
def test_a_token_that_is_none_is_said(client, idp, viewer, token):
    answer = {"access_token": "kunci-masuk", "token_type": "Bearer", "id_token": token}
    idp.answers["/token"] = (200, json.dumps(answer).encode())
    told(client, come_back(client, idp))
    assert failed().reason
    assert not is_in(client)


def test_an_answer_without_a_token_is_said(client, idp, viewer):
    idp.answers["/token"] = (200, b'{"access_token": "kunci-masuk", "token_type": "Bearer"}')
    told(client, come_back(client, idp))
    assert failed().details["code"] == "token"
    assert not is_in(client)


@pytest.mark.parametrize("status", [404, 503])
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks", "/token", "/userinfo"])
def test_an_error_of_the_provider_is_said(client, idp, viewer, path, status):
    idp.in_token = path != "/userinfo"
    idp.answers[path] = (status, b"")
    told(client, use(client, idp, path))
    assert str(status) in failed().reason
    assert signs_in_by_password(client, viewer)


def test_a_provider_that_is_down_is_said(client, idp, viewer, settings):
    settings.OIDC_ISSUER = "http://127.0.0.1:1"
    assert "sedang tidak dapat dihubungi" in told(client, client.post("/masuk/oidc"))
    assert failed().details["code"] == "unreachable"
    assert signs_in_by_password(client, viewer)


def test_a_provider_that_does_not_answer_is_waited_for_no_longer_than_set(client, idp, viewer, monkeypatch):
    monkeypatch.setattr(provider_talk, "SECONDS", 0.1)
    over = threading.Event()
    idp.answers["/token"] = lambda: (200, b"{}") if over.wait(30) else (500, b"")
    assert "sedang tidak dapat dihubungi" in told(client, come_back(client, idp))
    over.set()
    assert "timeout" in failed().reason


def test_more_than_may_wait_for_the_provider_are_told_so(client, idp, viewer):
    taken = 0
    while provider_talk._lines.acquire(blocking=False):
        taken += 1
    try:
        assert "Banyak orang sedang masuk" in told(client, client.post("/masuk/oidc"))
    finally:
        provider_talk._lines.release(taken)
    come_back(client, idp)
    assert is_in(client)


def test_an_endless_answer_is_cut(client, idp, viewer):
    idp.answers["/jwks"] = (200, b" " * 300_000)
    told(client, come_back(client, idp))
    assert "too_large" in failed().reason


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token"])
def test_a_provider_that_leads_elsewhere_is_not_followed(client, idp, viewer, path):
    idp.answers[path] = (302, f"{idp.issuer}/lain".encode())
    told(client, use(client, idp, path))
    assert "/lain" not in idp.asked


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://palsu.example"},
        {"issuer": None},
        {"token_endpoint": None},
        {"token_endpoint": "http://sso.kpu.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": 5},
    ],
)
def test_a_provider_that_names_itself_or_its_places_wrongly_is_not_used(client, idp, said):
    idp.said |= said
    told(client, client.post("/masuk/oidc"))
    assert failed().details["code"] == "rubbish"


def test_the_secret_goes_to_no_place_in_the_clear(client, idp, viewer, settings):
    settings.OIDC_ISSUER = "http://sso.kpu.example"
    told(client, client.post("/masuk/oidc"))
    assert "plain" in failed().reason


@pytest.mark.parametrize(("error", "code"), [("access_denied", "denied"), ("server_error", "refused")])
def test_who_gives_up_at_the_provider_comes_back_to_the_password(client, idp, viewer, error, code):
    state = parse_qs(urlsplit(idp.approve(press(client))).query)["state"][0]
    told(client, client.get(BACK, {"error": error, "state": state, "error_description": "<b>x</b>"}))
    assert failed().details["code"] == code
    assert "<b>" not in failed().reason


def test_an_error_that_nobody_asked_for_is_a_forged_answer(client, idp):
    told(client, client.get(BACK, {"error": "access_denied"}))
    assert failed().details["code"] == "state"


# --- what readers and others see of it ---------------------------------------------------------------


def test_the_state_lives_in_a_session_only_from_the_button_on(client, idp):
    client.get("/")
    client.get("/masuk")
    assert "sessionid" not in client.cookies
    press(client)
    assert "sessionid" in client.cookies
    kept = Session.objects.get()
    assert kept.expire_date - timezone.now() <= timedelta(seconds=provider.PENDING_SECONDS)


def test_the_button_is_a_deed_of_our_own_page(idp):
    assert Client().get("/masuk/oidc").status_code == 405
    assert Client().post(BACK).status_code == 405
    assert Client(enforce_csrf_checks=True).post("/masuk/oidc").status_code == 403


def test_the_content_policy_stays_as_strict(client, idp):
    for page in (client.get("/masuk"), client.post("/masuk/oidc")):
        assert "form-action 'self';" in page.headers["Content-Security-Policy"]
        assert "no-store" in page.headers["Cache-Control"]


def test_the_question_says_nothing_of_our_secret(client, idp):
    address = press(client)
    query = parse_qs(urlsplit(address).query)
    assert query["redirect_uri"] == ["http://127.0.0.1:8000/masuk/oidc/kembali"]
    assert urlencode({"x": SECRET})[2:] not in address
    assert "code_verifier" not in query


def test_whoever_is_in_is_not_put_out_by_a_forged_answer(client, idp, viewer):
    come_back(client, idp)
    assert client.get(BACK, {"code": "x", "state": "y"}).headers["Location"] == "/pantauan"
    assert is_in(client)


def test_no_factor_is_set_up_by_a_provider(client, idp, viewer):
    come_back(client, idp)
    assert not SecondFactor.objects.exists()
