"""Controls of docs/security.md that no other test shows: transport, hosts, forms, redirects, files."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as portal_settings
from django.core.mail import BadHeaderError, EmailMessage
from django.test import Client
from django.utils import timezone

from feeds.alerts.letters import _one_line
from portal import pagecache
from tests.factories import make_entry, make_feed, make_province, make_satker

pytestmark = pytest.mark.django_db


def settings_with(tmp_path: Path, *names: str, **env: str) -> dict[str, object]:
    """What some settings are under another environment."""
    code = f"""
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
from django.conf import settings
print(json.dumps({{name: getattr(settings, name) for name in {names!r}}}))
"""
    keep = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "SECRET_KEY": "x" * 50}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**keep, **env},
        cwd=portal_settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_public_address_with_https_brings_hsts_and_secure_cookies(tmp_path):
    names = ("SECURE_HSTS_SECONDS", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY")
    found = settings_with(tmp_path, *names, BASE_URL="https://berita.example.go.id")
    assert found["SECURE_HSTS_SECONDS"] == 31_536_000
    assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is True
    assert found["SESSION_COOKIE_HTTPONLY"] is True


def test_hsts_is_said_over_https_and_not_otherwise(client, settings):
    settings.SECURE_HSTS_SECONDS = 100
    assert client.get("/", secure=True).headers["Strict-Transport-Security"] == "max-age=100"
    assert "Strict-Transport-Security" not in Client().get("/").headers


def test_debug_pages_are_off_unless_asked_for(tmp_path):
    assert settings_with(tmp_path, "DEBUG")["DEBUG"] is False


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "a b"])
def test_a_foreign_host_name_is_refused_before_anything_is_kept(client, settings, host):
    settings.PAGE_CACHE_SECONDS = 20
    pagecache.forget()
    response = client.get("/", headers={"host": host})
    assert response.status_code == 400
    assert pagecache.pages.get("/") is None
    pagecache.forget()


def test_a_forwarded_host_is_nobodys_word(client):
    response = client.get(
        "/sitemap.xml", headers={"x-forwarded-host": "evil.example", "x-forwarded-for": "1.2.3.4"}
    )
    assert b"evil.example" not in response.content


@pytest.mark.parametrize(
    "goal", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x()"]
)
def test_signing_in_leads_nowhere_else(admin_user, goal):
    client = Client()
    page = client.get("/masuk", {"next": goal})
    assert page.status_code == 200
    token = client.cookies["csrftoken"].value if "csrftoken" in client.cookies else ""
    form = {"username": "admin", "password": "password", "next": goal, "csrfmiddlewaretoken": token}
    response = client.post("/masuk?next=" + goal, form)
    assert "evil.example" not in response.headers.get("Location", "")
    assert not response.headers.get("Location", "").startswith("javascript")


@pytest.mark.parametrize("path", ["/masuk", "/keluar", "/pantauan/admin/login/"])
def test_a_form_of_another_site_is_refused(path):
    client = Client(enforce_csrf_checks=True)
    response = client.post(path, {"username": "a"}, headers={"origin": "https://evil.example"})
    assert response.status_code in (302, 403)
    assert "sessionid" not in client.cookies


@pytest.mark.parametrize("text", ["Judul\r\nBcc: korban@example.id", "a\nb", "a\x0bb\x85c\u2028d"])
def test_no_line_break_reaches_a_letters_headers(text):
    assert len(_one_line(text).splitlines()) <= 1
    with pytest.raises(BadHeaderError):
        EmailMessage("a\nb", "x", "a@example.id", ["b@example.id"]).message()


@pytest.mark.parametrize("formula", ["=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", "-2+3"])
def test_no_cell_of_a_public_table_is_a_formula(client, formula):
    make_satker(name=formula, province=make_province("51", formula, slug="bali"))
    rows = csv.reader(client.get("/satker.csv").content.decode().splitlines())
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    table = client.get("/aktivitas/provinsi.csv").content.decode("utf-8-sig").splitlines()
    assert not any(cell.startswith(("=", "@")) for row in csv.reader(table) for cell in row)


def test_an_error_tells_a_reader_nothing_of_its_cause(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("portal.views.home.lists.newest_folded", lambda _entries: {}["kata sandi"])
    response = client.get("/")
    assert response.status_code == 500
    assert b"Traceback" not in response.content
    assert b"kata sandi" not in response.content


def test_no_answer_names_the_software_behind_it(client):
    headers = client.get("/").headers
    assert not {"X-Powered-By", "Server"} & set(headers)


def test_frames_sniffing_and_referrers_are_bounded_on_every_page(client):
    make_entry(feed=make_feed(satker=make_satker()), published_at=timezone.now())
    for path in ("/", "/masuk", "/feeds/nasional.rss", "/healthz"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
        assert "default-src" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
