"""What `make run` prints to who tries the demonstration is true."""

from __future__ import annotations

import pytest

from portal.management.commands import run

pytestmark = pytest.mark.django_db


def test_the_demo_account_signs_in_sees_the_nation_and_decides_nothing(client):
    password = run._demo_account()
    signed_in = client.post("/masuk", {"username": run.DEMO_USER, "password": password})
    assert signed_in.status_code == 302
    assert client.get("/pantauan").status_code == 200
    assert client.get("/pantauan/admin/").status_code in (302, 403, 404)


def test_each_start_gives_the_demo_account_a_new_password(client):
    first, second = run._demo_account(), run._demo_account()
    assert first != second
    client.post("/masuk", {"username": run.DEMO_USER, "password": first})
    assert client.get("/pantauan").status_code == 302
