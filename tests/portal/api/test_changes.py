"""Following the change sequence keeps a copy that equals what is public."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection

from aggregator.models import Change, Entry, PortalState
from tests.factories import make_entry, make_public

# On PostgreSQL a follower sees a mark when its transaction has ended.
pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")


@pytest.fixture
def copy(client):
    return Copy(client)


class Copy:
    """A subscriber's copy of everything."""

    def __init__(self, client) -> None:
        self.client, self.address, self.titles = client, "/api/v1/changes", {}

    def follow(self) -> None:
        has_more = True
        while has_more:
            page = self.client.get(self.address).json()
            for change in page["items"]:
                if change["public"]:
                    self.titles[change["id"]] = change["entry"]["title"]
                else:
                    self.titles.pop(change["id"], None)
            self.address, has_more = page["next"], page["has_more"]


def public() -> dict[int, str]:
    return dict(Entry.objects.public().values_list("pk", "public_revision__title"))


def test_a_copy_follows_new_posts_corrections_and_recalls(copy):
    first, second = make_entry("Satu"), make_entry("Dua")
    copy.follow()
    make_public(first, first.revisions.create(number=2, title="Satu, diralat", content_sha256="z" * 64))
    Entry.objects.filter(pk=second.pk).update(state="withdrawn")
    Change.objects.mark([second.pk])
    make_entry("Tiga")
    copy.follow()
    assert copy.titles == public()
    assert "Satu, diralat" in copy.titles.values()


def test_many_changes_come_in_pages(copy, monkeypatch):
    monkeypatch.setattr("portal.api.changes.PAGE", 3)
    for number in range(8):
        make_entry(f"Berita {number}")
    copy.follow()
    assert copy.titles == public()


def test_of_what_was_never_public_not_even_the_number_is_told(copy, client):
    held = make_entry("Rahasia", public=False)
    Change.objects.mark([held.pk])
    assert client.get("/api/v1/changes").json()["items"] == []


def test_after_a_restore_a_follower_is_told_to_begin_anew(copy, client):
    make_entry()
    copy.follow()
    PortalState.objects.update(epoch=uuid.uuid4())
    response = client.get(copy.address)
    assert response.status_code == 410
    assert "cursor" in response.json()["detail"]


def test_a_cursor_of_others_is_refused(client):
    response = client.get("/api/v1/changes", {"cursor": "1; DROP TABLE"})
    assert (response.status_code, response.json()["parameter"]) == (400, "cursor")
