"""Accounts of every role over two provinces, and a client signed in as any of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from portal.models import User
from tests.portal.monitoring.scenes import Country, make_country


@pytest.fixture(autouse=True)
def _quick_passwords(settings) -> None:
    """Slow hashes are good for passwords, not for tests."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def country(db: None) -> Country:
    return make_country()


@pytest.fixture
def account(country: Country) -> Callable[[str], User]:
    """An account of this role; a province's and a satker's are of Jawa Timur and Kota Kediri."""
    scope = {"province": country.east_java, "satker": country.kediri}

    def make(role: str) -> User:
        is_admin = role == "admin"
        user, created = User.objects.get_or_create(
            username=f"{role}@kpu.example",
            defaults={
                "email": f"{role}@kpu.example",
                "role": role,
                "satker": scope.get(role),
                "is_staff": is_admin,
                "is_superuser": is_admin,
            },
        )
        if created:
            user.set_password("sandi panjang sekali")
            user.save()
        return user

    return make


@pytest.fixture
def as_role(account: Callable[[str], User]) -> Callable[[str], Client]:
    """A client that is signed in with this role; anonymous for ""."""

    def sign_in(role: str) -> Client:
        client = Client()
        if role:
            client.force_login(account(role))
        return client

    return sign_in
