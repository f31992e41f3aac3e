"""A reader who was away can fill its gap: the archive documents of RFC 5005."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from lxml import etree

from aggregator.models import Change, Entry
from feeds import windows
from tests.factories import SEEN, make_entry, make_feed
from tests.feeds.rules import ATOM, CHECKS, FH

pytestmark = pytest.mark.django_db
BASE = "http://127.0.0.1:8000"


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Archives of about 5 posts, so that few posts make many."""
    monkeypatch.setattr(windows, "STEP", 5)
    monkeypatch.setattr(windows, "LEAST", 5)
    monkeypatch.setattr(windows, "SCAN", 20)


def make_many(count: int, **fields: object) -> list[int]:
    """Posts an hour apart, oldest first."""
    feed = make_feed()
    found = []
    for number in range(count):
        at = SEEN - timedelta(hours=count - number)
        found.append(make_entry(f"Berita {number}", feed=feed, published_at=at, **fields).pk)
    return found


def get(client: Client, address: str) -> etree._Element:
    path = address.removeprefix(BASE)
    response = client.get(path)
    assert response.status_code == 200, path
    assert CHECKS["atom"](response.content, f"{BASE}{path}") == []
    return etree.fromstring(response.content)


def link(feed: etree._Element, rel: str) -> str:
    found = [x.get("href") or "" for x in feed.findall(f"{ATOM}link") if x.get("rel") == rel]
    assert len(found) <= 1
    return found[0] if found else ""


def ids(feed: etree._Element) -> list[int]:
    return [int(x.text.rpartition("/")[2]) for x in feed.findall(f"{ATOM}entry/{ATOM}id") if x.text]


def walk(client: Client, address: str) -> list[list[int]]:
    """The entries of the current document and of each archive, newest document first."""
    pages = []
    while address:
        feed = get(client, address)
        pages.append(ids(feed))
        address = link(feed, "prev-archive")
    return pages


@pytest.mark.parametrize(
    "address", ["/feeds/nasional.atom", "/feeds/cari.atom?q=berita", "/feeds/tahapan/non.atom"]
)
def test_following_prev_archive_meets_every_post(client: Client, small_steps: None, address: str) -> None:
    made = make_many(43, classified_at=SEEN)
    pages = walk(client, address)
    assert len(pages) > 5
    assert {pk for page in pages for pk in page} == set(made)


def test_archives_do_not_overlap_and_each_is_newest_first(client: Client, small_steps: None) -> None:
    made = make_many(43)
    archives = walk(client, "/feeds/nasional.atom")[1:]
    flat = [pk for page in archives for pk in page]
    assert flat == sorted(flat, reverse=True)
    assert len(flat) == len(set(flat))
    assert set(made) - set(flat) <= set(made[-windows.LEAST :])


def test_a_new_post_changes_no_archive(client: Client, small_steps: None) -> None:
    make_many(43)
    before = walk(client, "/feeds/nasional.atom")
    bodies = {}
    feed = get(client, "/feeds/nasional.atom")
    while address := link(feed, "prev-archive"):
        bodies[address] = client.get(address.removeprefix(BASE)).content
        feed = get(client, address)
    make_entry(published_at=SEEN)
    after = walk(client, "/feeds/nasional.atom")
    assert after[-len(before) + 2 :] == before[2:]
    changed = [a for a, body in bodies.items() if client.get(a.removeprefix(BASE)).content != body]
    assert len(changed) <= 1  # the newest may have got a next-archive


def test_a_recall_takes_one_post_from_one_archive_and_moves_nothing(
    client: Client, small_steps: None
) -> None:
    made = make_many(43)
    before = walk(client, "/feeds/nasional.atom")
    gone = Entry.objects.get(pk=next(pk for pk in before[3] if not windows.closes(pk)))
    gone.state, gone.withdrawn_at = "withdrawn", SEEN
    gone.save()
    Change.objects.mark([gone.pk])
    after = walk(client, "/feeds/nasional.atom")
    assert after == [[pk for pk in page if pk != gone.pk] for page in before]
    assert {pk for page in after for pk in page} == set(made) - {gone.pk}


def test_the_archive_named_by_a_recalled_post_still_answers(client: Client, small_steps: None) -> None:
    make_many(43)
    feed = get(client, "/feeds/nasional.atom")
    address = link(feed, "prev-archive")
    number = int(address.rpartition("/")[2])
    Entry.objects.filter(pk=number).update(state="withdrawn", withdrawn_at=SEEN)
    Change.objects.mark([number])
    assert number not in ids(get(client, address))


def test_an_import_of_old_posts_only_adds_to_what_is_there(client: Client, small_steps: None) -> None:
    make_many(43)
    before = {pk for page in walk(client, "/feeds/nasional.atom") for pk in page}
    old = [
        make_entry(published_at=SEEN - timedelta(hours=20, minutes=n), is_import=True).pk for n in range(12)
    ]
    pages = walk(client, "/feeds/nasional.atom")
    assert {pk for page in pages for pk in page} == before | set(old)
    assert not set(pages[0]) & set(old)


def test_an_archive_names_itself_the_current_document_and_its_neighbours(
    client: Client, small_steps: None
) -> None:
    make_many(43)
    current = get(client, "/feeds/nasional.atom")
    newest = get(client, link(current, "prev-archive"))
    older = get(client, link(newest, "prev-archive"))
    assert link(older, "next-archive") == link(newest, "self")
    assert link(older, "current") == link(current, "self")
    assert older.find(f"{FH}archive") is not None
    assert current.find(f"{FH}archive") is None
    assert older.findtext(f"{ATOM}id") == current.findtext(f"{ATOM}id")
    assert link(older, "hub") == ""


def test_rss_and_json_lead_to_the_archives_too(client: Client, small_steps: None) -> None:
    made = make_many(43)
    channel = etree.fromstring(client.get("/feeds/nasional.rss").content).find("channel")
    assert channel is not None
    assert link(channel, "prev-archive").startswith(f"{BASE}/feeds/nasional.rss/arsip/")
    met, address = set(), f"{BASE}/feeds/nasional.json"
    while address:
        feed = json.loads(client.get(address.removeprefix(BASE)).content)
        met |= {int(item["id"].rpartition("/")[2]) for item in feed["items"]}
        address = feed.get("next_url", "")
    assert met == set(made)


def test_parameters_stay_with_the_archives(client: Client, small_steps: None) -> None:
    make_many(43)
    address = link(get(client, "/feeds/nasional.atom?semua=1&isi=penuh"), "prev-archive")
    assert address.endswith("?semua=1&isi=penuh")
    get(client, address)


def test_a_burst_stays_in_the_current_document(client: Client, small_steps: None) -> None:
    make_many(20)
    feed = make_feed()
    burst = [make_entry(feed=feed, published_at=SEEN + timedelta(seconds=n)).pk for n in range(12)]
    assert set(burst) <= set(ids(get(client, "/feeds/nasional.atom")))


def test_a_run_of_posts_without_a_boundary_is_cut_and_loses_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch, small_steps: None
) -> None:
    monkeypatch.setattr(windows, "STEP", 10_000)
    made = make_many(90)
    pages = walk(client, "/feeds/nasional.atom")
    assert {pk for page in pages for pk in page} == set(made)
    assert max(map(len, pages)) <= windows.SCAN


def test_fifty_posts_make_a_document_of_the_usual_size(client: Client) -> None:
    make_many(120)
    pages = walk(client, "/feeds/nasional.atom")
    assert 50 <= len(pages[0]) <= 120
    assert len({pk for page in pages for pk in page}) == 120


def test_a_feed_that_holds_everything_leads_to_no_archive(client: Client) -> None:
    make_many(10)
    assert link(get(client, "/feeds/nasional.atom"), "prev-archive") == ""


def test_recalls_have_archives_too(client: Client, small_steps: None) -> None:
    made = make_many(43)
    for hours, pk in enumerate(made):
        Entry.objects.filter(pk=pk).update(state="held", withdrawn_at=SEEN + timedelta(hours=hours))
    Change.objects.mark(made)
    pages = walk(client, "/feeds/ditarik.atom")
    assert len(pages) > 5
    assert {pk for page in pages for pk in page} == set(made)


def test_a_late_release_shows_in_a_search_although_its_date_is_old(client: Client, small_steps: None) -> None:
    make_many(12)
    late = make_entry(
        "Berita terlambat",
        published_at=SEEN - timedelta(hours=11, minutes=30),
        released_at=SEEN + timedelta(1),
    )
    assert ids(get(client, "/feeds/cari.atom?q=berita"))[0] == late.pk
