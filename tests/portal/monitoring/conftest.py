"""Accounts of every role over two provinces, and a client signed in as any of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from portal.models import User
from portal.monitoring.sessions import BACKEND
from tests.portal.monitoring.scenes import Country, make_country


@pytest.fixture
def country(db: None) -> Country:
    return make_country()


@pytest.fixture
def account(country: Country) -> Callable[[str], User]:
    """An account of this role; a province's and a satker's are of Jawa Timur and Kota Kediri."""
    scope = {"province": country.east_java, "satker": country.kediri}

    def make(role: str) -> User:
        is_admin = role == "admin"
        user: User = User.objects.get_or_create(
            username=f"{role}@kpu.example",
            defaults={
                "email": f"{role}@kpu.example",
                "role": role,
                "satker": scope.get(role),
                "is_staff": is_admin,
                "is_superuser": is_admin,
                "password": make_password("sandi panjang sekali"),
            },
        )[0]
        return user

    return make


@pytest.fixture
def as_role(account: Callable[[str], User]) -> Callable[[str], Client]:
    """A client that is signed in with this role; anonymous for ""."""

    def sign_in(role: str) -> Client:
        client = Client()
        if role:
            client.cookies[settings.SESSION_COOKIE_NAME] = session_of(account(role))
        return client

    return sign_in


def session_of(user: User) -> str:
    """As signing in would leave it, by one statement; that itself has tests of its own."""
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)
