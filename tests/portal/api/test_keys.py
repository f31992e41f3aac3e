"""Limits of the API are told with every answer; a key allows more."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from portal import limits
from portal.api import keys
from portal.models import ApiKey

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch, settings):
    monkeypatch.setattr(keys, "_known", {})
    monkeypatch.setattr(limits.time, "time", lambda: 1_800_000_030.0)
    settings.LIMIT_API = 2


def make_key(*options: str) -> str:
    out = StringIO()
    call_command("create_api_key", "Redaksi Contoh", *options, stdout=out)
    return out.getvalue().strip()


def test_every_answer_tells_how_much_is_left(client):
    first, second = (client.get("/api/v1/topics") for _number in range(2))
    assert first.headers["RateLimit-Policy"] == '"api";q=2;w=60'
    assert first.headers["RateLimit"] == '"api";r=1;t=30'
    assert second.headers["RateLimit"] == '"api";r=0;t=30'
    assert client.get("/api/v1/topics").status_code == 429


def test_a_key_has_a_limit_of_its_own_wherever_it_is_used(client):
    key = make_key("--per-minute", "4")
    found = [
        client.get("/api/v1/topics", headers={"X-API-Key": key}, REMOTE_ADDR=f"203.0.113.{number}")
        for number in range(5)
    ]
    assert [response.status_code for response in found] == [200, 200, 200, 200, 429]
    assert found[0].headers["RateLimit-Policy"] == '"api-key";q=4;w=60'


def test_a_key_that_is_switched_off_is_refused_in_words(client):
    key = make_key()
    ApiKey.objects.update(is_active=False)
    response = client.get("/api/v1/topics", headers={"X-API-Key": key})
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"
    assert "X-API-Key" in response.json()["detail"]


def test_of_a_key_only_its_digest_is_kept():
    key = make_key()
    assert key not in str(list(ApiKey.objects.values()))


def test_a_holder_has_one_active_key():
    make_key()
    with pytest.raises(CommandError, match="active key"):
        make_key()
