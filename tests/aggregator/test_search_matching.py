"""A question held against a few posts finds what the index finds."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.http import QueryDict

from aggregator.models import Stage, Story
from aggregator.search import Few, Filters, follow, read_filters, search
from tests.factories import make_entry, make_feed, make_province, make_satker

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parent.parent / "data"
DAY = datetime(2025, 10, 10, 3, tzinfo=UTC)


@pytest.fixture
def posts() -> list[int]:
    """Titles of real posts of two provinces, some carried by others, some in a stage."""
    bali = make_province("51", "Bali")
    stage = Stage.objects.create(slug="dpt", name="Penetapan DPT", election="pemilu-2024")
    feeds = [make_feed(), make_feed(satker=make_satker("5101", province=bali, name="KPU Kabupaten Jembrana"))]
    lines = (DATA / "kpu_titles.jsonl").read_text(encoding="utf-8").splitlines()
    found = []
    for number, line in enumerate(lines):
        title = json.loads(line)["title"]
        fields = {"feed": feeds[number % 2], "published_at": DAY - timedelta(days=number)}
        story = Story.objects.create()
        stages = {"stage": stage if number % 3 else None, "origin": "own" if number % 4 else "central"}
        found.append(make_entry(title, story=story, **fields, **stages).pk)
        if number % 10 == 0:
            copied = fields | {"feed": feeds[(number + 1) % 2]}
            found.append(make_entry(title, story=story, is_lead=False, **copied).pk)
    return found


QUESTIONS = [
    *("", "PSU", "psu papua", "pemungutan suara ulang", '"suara ulang"', "rapat -pleno", "judul:pdpb"),
    *("(dpt OR pdpb) -papua", "pemutakh*", "provinsi:bali rapat", "kpu jembrana", "tahapan:non pleno"),
    *("dari:2025-09-01 sampai:2025-10-01", "-rapat", "tidakadakataini", "pemilih pemula OR difabel"),
]


@pytest.mark.parametrize("engine", ["whoosh", "tantivy"])
def test_it_finds_what_a_search_newest_first_finds(settings, engine: str, posts: list[int]) -> None:
    settings.SEARCH_ENGINE = engine
    follow(once=True)
    few = Few(posts)
    narrowed = [
        {},
        {"provinces": ("bali",)},
        {"stages": ("non",), "include_all": True},
        {"origin": "muat-ulang"},
        {"satker": ("5101",), "date_from": date(2025, 8, 1), "date_to": date(2025, 10, 3)},
        {"month": "2025-09"},
    ]
    met = 0  # questions that find something
    for q in QUESTIONS:
        for fields in narrowed:
            filters = Filters(q=q, sort="terbaru", **fields)
            asked = search(filters, size=1000)
            assert not asked.degraded
            assert set(few.matching(filters)) == set(asked.entry_ids), (q, fields)
            met += bool(asked.entry_ids)
    assert met > 30


def test_a_post_is_held_against_any_number_of_questions_with_few_queries(
    posts: list[int], django_assert_max_num_queries
) -> None:
    few = Few(posts)
    few.matching(Filters(q="rapat"))
    with django_assert_max_num_queries(0):
        for number in range(50):
            few.matching(Filters(q=f"rapat pleno {number}"))


def test_what_is_not_public_is_found_by_nobody() -> None:
    hidden = make_entry("Rapat pleno", public=False).pk
    assert Few([hidden]).matching(read_filters(QueryDict("q=rapat"))) == []
