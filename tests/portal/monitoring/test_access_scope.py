"""Which satker an account sees, whatever is asked."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from aggregator.models import Entry, Satker
from portal.monitoring.access import satker_of, within
from tests.factories import make_entry, make_feed

pytestmark = pytest.mark.django_db

SEEN = {
    "admin": {"0000", "3500", "3571", "5100", "5103"},
    "viewer": {"0000", "3500", "3571", "5100", "5103"},
    "province": {"3500", "3571"},
    "satker": {"3571"},
}


@pytest.mark.parametrize("role", SEEN)
def test_an_account_sees_the_satker_of_its_role(account, role):
    assert set(satker_of(account(role)).values_list("code", flat=True)) == SEEN[role]


@pytest.mark.parametrize("role", SEEN)
def test_rows_are_those_of_the_satker_that_are_seen(account, role):
    for satker in Satker.objects.all():
        make_entry(feed=make_feed(satker=satker))
    seen = within(account(role), Entry.objects.all()).values_list("satker__code", flat=True)
    assert set(seen) == SEEN[role]


def test_nobody_sees_nothing(country):
    assert not satker_of(AnonymousUser()).exists()
    assert not within(AnonymousUser(), Satker.objects.all(), "pk").exists()


@pytest.mark.parametrize("role", SEEN)
def test_an_account_that_was_switched_off_sees_nothing(account, role):
    user = account(role)
    user.is_active = False
    assert not satker_of(user).exists()
    assert not within(user, Satker.objects.all(), "pk").exists()


def test_a_province_account_of_the_national_office_sees_no_province(account, country):
    user = account("province")
    user.satker = country.national
    assert not satker_of(user).exists()
