"""Posts over the API: the same as on `/cari`, paged without a skip, gone when withdrawn."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.models import Entry, EntryTopic, Story, Topic
from tests.factories import SEEN, make_entry, make_province, make_public, make_satker

pytestmark = pytest.mark.django_db


def ask(client, path: str, status: int = 200, **params):
    response = client.get(f"/api/v1/{path}", params)
    assert response.status_code == status, response.content
    return response.json()


def walk(client, path: str, **params) -> list[int]:
    """The ids of all pages, by `next`."""
    found, page = [], ask(client, path, **params)
    while True:
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            return found
        page = client.get(page["next"]).json()


def test_a_post_tells_whose_it_is_and_what_it_is_about(client, settings):
    entry = make_entry("Rapat pleno", summary="Rapat pleno rutin.", text="Rapat pleno rutin.", author="Humas")
    topic = Topic.objects.create(slug="rapat", name="Kelembagaan/Rapat")
    EntryTopic.objects.create(entry=entry, topic=topic)
    found = ask(client, f"entries/{entry.pk}")
    assert (found["title"], found["author"], found["text"]) == ("Rapat pleno", "Humas", "Rapat pleno rutin.")
    assert found["satker"] == {"code": entry.satker.code, "name": entry.satker.name}
    assert found["province"] == {"slug": "jawa-timur", "name": "Jawa Timur"}
    assert found["topics"] == [{"slug": "rapat", "name": "Kelembagaan/Rapat"}]
    assert (found["stage"], found["story"], found["origin"]) == (None, None, None)
    assert found["page"] == settings.BASE_URL + entry.get_absolute_url()
    assert found["url"] == entry.url
    assert found["published_at"] == "2026-11-20T02:00:00Z"


def test_filters_narrow_as_on_the_search_page(client):
    bali = make_province("51", "Bali")
    here = make_entry("Rapat di Bali", satker=make_satker(province=bali))
    make_entry("Rapat di tempat lain")
    assert [item["id"] for item in ask(client, "entries", provinsi="bali")["items"]] == [here.pk]


def test_pages_neither_skip_nor_repeat_when_posts_arrive_meanwhile(client):
    posts = [make_entry(f"Berita {n}", published_at=SEEN - timedelta(hours=n)) for n in range(7)]
    first = ask(client, "entries", batas=3)
    make_entry("Baru", published_at=SEEN + timedelta(hours=1))
    rest, address = [], first["next"]
    while address:
        page = client.get(address).json()
        rest += [item["id"] for item in page["items"]]
        address = page["next"]
    assert [item["id"] for item in first["items"]] + rest == [post.pk for post in posts]


def test_a_page_size_is_kept_from_page_to_page(client):
    for number in range(5):
        make_entry(f"Berita {number}", published_at=SEEN - timedelta(hours=number))
    following = client.get(ask(client, "entries", batas=2)["next"]).json()
    assert len(following["items"]) == 2


@pytest.mark.parametrize("state", ["held", "withdrawn"])
def test_what_was_public_once_is_gone_without_a_word_of_it(client, state):
    entry = make_entry("Judul rahasia")
    Entry.objects.filter(pk=entry.pk).update(state=state)
    response = client.get(f"/api/v1/entries/{entry.pk}")
    assert response.status_code == 410
    assert response.headers["Content-Type"] == "application/problem+json"
    assert b"rahasia" not in response.content
    assert ask(client, "entries")["items"] == []


def test_what_was_never_public_is_not_found(client):
    entry = make_entry("Judul rahasia", public=False)
    assert ask(client, f"entries/{entry.pk}", 404)["status"] == 404
    assert ask(client, f"entries/{entry.pk}/versions", 404)["status"] == 404


def test_versions_tell_only_what_was_public(client):
    entry = make_entry("Rapat pleno")
    held = entry.revisions.create(number=2, title="Slot gacor", state="held", content_sha256="x" * 64)
    corrected = entry.revisions.create(number=3, title="Rapat pleno terbuka", content_sha256="y" * 64)
    make_public(entry, corrected)
    found = ask(client, f"entries/{entry.pk}/versions")
    assert [row["title"] for row in found] == ["Rapat pleno terbuka", "Rapat pleno"]
    assert held.title not in str(found)
    assert ask(client, f"entries/{entry.pk}")["versions"] == 2


@pytest.mark.parametrize(
    ("params", "status", "parameter"),
    [
        ({"provinsi": "atlantis"}, 404, "provinsi"),
        ({"dari": "kemarin"}, 400, "dari"),
        ({"provinsii": "bali"}, 400, "provinsii"),
        ({"batas": "0"}, 400, "batas"),
        ({"batas": "banyak"}, 400, "batas"),
        ({"sebelum": "x"}, 400, "sebelum"),
    ],
)
def test_a_bad_request_is_told_in_words_that_name_the_parameter(client, params, status, parameter):
    found = ask(client, "entries", status, **params)
    assert (found["status"], found["parameter"]) == (status, parameter)
    assert found["detail"]


def test_an_unchanged_answer_is_not_sent_again(client):
    make_entry()
    first = client.get("/api/v1/entries")
    assert first.headers["ETag"]
    again = client.get("/api/v1/entries", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_scripts_of_other_pages_may_read_it_and_no_cookie_is_set(client):
    response = client.get("/api/v1/entries")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert not response.cookies


def test_a_list_costs_the_same_queries_however_long(client, django_assert_max_num_queries):
    for number in range(30):
        make_entry(f"Berita {number}", satker=make_satker())
    with django_assert_max_num_queries(8):
        ask(client, "entries", batas=30)


def test_a_story_lists_every_post_that_tells_it(client):
    original, copy, other = make_entry("Rilis"), make_entry("Rilis pusat"), make_entry("Lain")
    story = Story.objects.create(lead=original)
    Entry.objects.filter(pk=original.pk).update(story=story, carriers=1)
    Entry.objects.filter(pk=copy.pk).update(story=story, is_lead=False)
    found = ask(client, f"stories/{story.pk}")
    assert found["original"]["id"] == original.pk
    assert [row["id"] for row in found["carried_by"]] == [copy.pk]
    assert walk(client, "stories") == [original.pk]
    assert other.pk not in walk(client, "stories")
    assert ask(client, f"stories/{story.pk + 1}", 404)
