"""The identity provider is set wholly or not at all, and never in the clear."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as portal_settings
from django.core.exceptions import ImproperlyConfigured

from portal import doctor
from portal.env import Env
from portal.monitoring import provider_talk
from tests.portal.monitoring.identity_provider import IdentityProvider


@pytest.mark.parametrize(
    "address",
    [
        "https://sso.kpu.go.id/realms/kpu",
        "https://sso.kpu.go.id/",
        "http://127.0.0.1:8080/realm",
        "http://localhost:8080",
        "http://[::1]:8080",
    ],
)
def test_an_issuer_is_kept_sign_by_sign(address):
    assert Env({"OIDC_ISSUER": address}).issuer("OIDC_ISSUER", "") == address


@pytest.mark.parametrize(
    "address",
    [
        "http://sso.kpu.go.id",
        "http://10.0.0.1",
        "http://127.0.0.1.nip.example",
        "sso.kpu.go.id",
        "https://",
        "https://a:b@sso.kpu.go.id",
        "https://sso.kpu.go.id/?realm=kpu",
        "ftp://sso.kpu.go.id",
    ],
)
def test_an_issuer_that_cannot_be_trusted_ends_the_start(address):
    with pytest.raises(ImproperlyConfigured, match=r"OIDC_ISSUER.*https"):
        Env({"OIDC_ISSUER": address}).issuer("OIDC_ISSUER", "")


def test_a_provider_set_by_half_ends_the_start_in_words(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", "import portal.settings"],
        env={
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(tmp_path),
            "SECRET_KEY": "x" * 50,
            "OIDC_ISSUER": "https://sso.kpu.go.id",
            "OIDC_CLIENT_ID": "portal",
        },
        cwd=portal_settings.BASE_DIR,
        capture_output=True,
        text=True,
    )
    assert done.returncode
    assert "OIDC_CLIENT_SECRET not set: signing in with an identity provider takes all of" in done.stderr


@pytest.fixture
def no_provider(settings) -> None:
    settings.OIDC_ISSUER = ""


def test_the_doctor_says_that_no_provider_is_set(no_provider):
    assert doctor._sign_in().said == "by password (OIDC_ISSUER is empty)"


def test_the_doctor_asks_the_provider_and_names_the_address_to_register(settings, monkeypatch):
    monkeypatch.setattr(provider_talk, "SECONDS", 60.0)  # a busy machine is not a slow provider
    with IdentityProvider() as idp:
        for name, value in idp.settings().items():
            setattr(settings, name, value)
        found = doctor._sign_in()
        assert found.is_well
        assert f"{portal_settings.BASE_URL}/masuk/oidc/kembali" in found.said
        provider_talk._made.cache_clear()
        idp.said["issuer"] = "https://lain.example"
        assert "https://lain.example" in doctor._sign_in().said
    provider_talk._made.cache_clear()
    assert "OIDC_ISSUER" in doctor._sign_in().advice
