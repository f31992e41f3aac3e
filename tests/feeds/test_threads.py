"""Feeds are built by several threads at once, beside others that care for the locale."""

from __future__ import annotations

import locale
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event

import pytest
from django.db import connection

from feeds import caching, channels, documents, windows
from feeds.items import Facts
from feeds.kept import Kept
from feeds.render import fragments, rss

AT = datetime(2026, 5, 1, tzinfo=UTC)


def facts(number: int) -> Facts:
    row = (
        number,
        f"https://kpu.go.id/{number}",
        AT,
        0,
        number,
        AT,
        "",
        f"Berita {number}",
        "Humas",
        "ringkas",
    )
    office = ("0101", "kpu", "KPU", "", "pattern", None, None, None, None, "https://kpu.go.id/feed")
    return Facts(*row, (), "id", *office, AT, ())


def document(numbers: range) -> documents.Document:
    channel = channels.Channel("nasional", "", "Berita", "Berita", "/", None)
    return documents.Document(channel, windows.Window(list(numbers)), [facts(n) for n in numbers], full=False)


def test_building_feeds_never_touches_the_locale_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_args: object) -> str:
        raise AssertionError("setlocale was called")

    monkeypatch.setattr(locale, "setlocale", forbidden)
    assert b"<pubDate>Fri, 01 May 2026 00:00:00 +0000</pubDate>" in rss(document(range(1, 3)))


def test_many_threads_build_the_same_bytes() -> None:
    expected = rss(document(range(1, 40)))
    fragments.clear()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _n: rss(document(range(1, 40))), range(40)))
    assert set(found) == {expected}


@pytest.mark.django_db(transaction=True)
def test_of_many_that_ask_at_once_one_builds() -> None:
    built: list[int] = []
    go = Event()

    def build() -> caching.Prepared:
        go.wait(5)
        built.append(1)
        return caching.Prepared(b"x", AT, "")

    def ask() -> caching.Prepared:
        try:
            return caching.prepared("key", build)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(ask) for _number in range(6)]
        go.set()
        answers = [future.result(10) for future in waiting]
    assert len(built) == 1
    assert len(set(map(id, answers))) == 1


def test_what_is_kept_stays_within_its_bytes() -> None:
    kept: Kept[int] = Kept(100)
    for number in range(50):
        kept.put(number, number, 10)
    assert kept.weight <= 100
    assert kept.get(49) == 49
    assert kept.get(0) is None


def test_what_was_asked_for_last_goes_last() -> None:
    kept: Kept[int] = Kept(30)
    for number in range(3):
        kept.put(number, number, 10)
    kept.get(0)
    kept.put(3, 3, 10)
    assert kept.get(0) == 0
    assert kept.get(1) is None


def test_a_value_put_again_counts_once() -> None:
    kept: Kept[int] = Kept(100)
    kept.put("a", 1, 60)
    kept.put("a", 2, 60)
    assert (kept.get("a"), kept.weight) == (2, 60)
