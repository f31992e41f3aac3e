"""What is proven clean word by word is what the whole look finds clean."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.demo.posts import Post as DemoPost
from aggregator.screen import terms
from aggregator.screen.judge import Post, judge

WORDS = (
    "slot gacor sl0t s l o t data hk live draw c1 d4ftar judi hoki88 ѕlot SLÓT &amp; & sl&#111;t g@cor"
    " $lot j.u.d.i depo 10k KPU lawan perjudian foto toto qq pasti wd ｓｌｏｔ ini hari tps tps88 … \u200b"
)
NASTY = st.sampled_from(WORDS.split())
BETWEEN = st.sampled_from([" ", " ", "-", ".", "", "\n", "\u00a0", "_", ", "])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.one_of(NASTY, st.text(max_size=3)), BETWEEN), max_size=8), st.booleans())
def test_nothing_is_found_in_what_is_clean(parts: list[tuple[str, str]], brands: bool):
    text = "".join(chain.from_iterable(parts))
    if terms.is_clean(text, brands=brands):
        found = terms.look_through(text, brands=brands)
        assert not found
        assert not found.against


def cases() -> list[Post]:
    lines = Path("tests/data/hack_cases.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [case["entry"] for line in lines if "entry" in (case := json.loads(line))]
    return [
        Post(e["title"], e.get("summary_html", ""), e.get("content_html", ""), e["link"]) for e in entries
    ]


def test_verdicts_are_those_of_the_whole_look(demo_posts: list[DemoPost], monkeypatch: pytest.MonkeyPatch):
    posts = [Post(post.title, post.text) for post in demo_posts]
    posts += [
        replace(post, text=f"{post.text}\n{bad.text}") for post, bad in zip(posts, cases(), strict=False)
    ]
    posts += cases()
    quick = [judge(post) for post in posts]
    monkeypatch.setattr(terms, "is_clean", lambda text, brands=False: False)
    assert [judge(post) for post in posts] == quick


def test_nearly_all_believable_posts_are_clean_at_once(demo_posts: list[DemoPost]):
    clean = [terms.is_clean(post.text) for post in demo_posts]
    assert sum(clean) > 0.9 * len(clean)
