"""Whether the right posts come first among the demonstration network's, in the words of people who do not
know how an office writes. What is right is not judged by what is found: the generator knows what each post
is about and whose it is. Grade 2: the subject asked for, of the place asked for; grade 1: one of the two,
where both are asked for.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.demo.posts import World
from aggregator.search import Filters, follow, search
from tests.aggregator.test_search_relevance import interval, ndcg, registered
from tests.factories import make_entry, make_feed

pytestmark = pytest.mark.django_db
QUERIES = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "data" / "demo_queries.jsonl").read_text().splitlines()
]
NOW = datetime(2026, 11, 20, tzinfo=UTC)
PROVINCES = ("13", "35")
EACH = 10  # posts of an office
LEAST_NDCG = 0.85


def test_fifty_queries_on_the_demo_network_put_the_right_posts_first(settings):
    settings.SEARCH_ENGINE = "tantivy"
    posts = _publish()
    values = {}
    for query in QUERIES:
        grades = {
            pk: (scenario in query["about"]) + (not query["place"] or code == query["place"])
            for pk, (scenario, code) in posts.items()
            if query["place"] or scenario in query["about"]
        }
        by_grade = {
            f"grade{grade}": [pk for pk, given in grades.items() if given == grade] for grade in (1, 2)
        }
        assert by_grade["grade2"], query
        values[query["query"]] = ndcg(search(Filters(q=query["query"])).entry_ids, {**query, **by_grade})
    mean = sum(values.values()) / len(values)
    low, high = interval(list(values.values()))
    weakest = sorted(values.items(), key=lambda item: item[1])[:8]
    assert len(values) == 50
    assert mean >= LEAST_NDCG, f"{mean:.3f}, 95 % of {low:.3f} to {high:.3f}; weakest {weakest}"


def _publish() -> dict[int, tuple[str, str]]:
    """The posts of two provinces; by entry id what each is about and the code of its office."""
    world = World(1)
    codes = {code for code in world.offices if code[:2] in PROVINCES}
    feeds = {code: make_feed(satker=one) for code, one in registered(codes).items()}
    found = {}
    for code, feed in sorted(feeds.items()):
        for post in world.posts(code, NOW, EACH):
            entry = make_entry(post.title, feed=feed, text=post.text, published_at=post.published_at)
            found[entry.pk] = (post.scenario, code)
    follow(once=True)
    return found
