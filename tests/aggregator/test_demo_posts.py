"""The made-up news of the demonstration network: reproducible, varied, and true about itself."""

from __future__ import annotations

import csv
import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.demo import almanac, noise
from aggregator.demo.grammar import DATA, compiled, expand
from aggregator.demo.posts import Post, World
from aggregator.demo.scenarios import scenarios
from aggregator.demo.timeline import Session

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
TOPICS = Path("aggregator/data/topic_keywords.csv")


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=1)


@pytest.fixture(scope="module")
def posts(world: World) -> list[Post]:
    """The windows of every seventh office."""
    codes = list(world.offices)[::7]
    return [post for code in codes for post in world.posts(code, NOW, world.window(code))]


def test_the_same_seed_tells_the_same_news(world: World) -> None:
    again = World(seed=1)
    assert again.posts("3571", NOW, 20) == world.posts("3571", NOW, 20)


def test_another_seed_tells_other_news(world: World) -> None:
    other = World(seed=2)
    assert {post.title for post in other.posts("3571", NOW, 20)} != {
        post.title for post in world.posts("3571", NOW, 20)
    }


def test_windows_hold_10_to_50_entries_30_on_average(world: World) -> None:
    sizes = [world.window(code) for code in world.offices]
    assert min(sizes) >= 10
    assert max(sizes) <= 50
    assert 28 <= sum(sizes) / len(sizes) <= 33


def test_nothing_is_published_ahead_of_its_time(posts: list[Post]) -> None:
    assert all(post.published_at <= NOW for post in posts)


def test_no_mark_of_a_template_is_left_in_a_post(posts: list[Post]) -> None:
    marks = re.compile(r"[{}\[\]|<>]")
    left = [found for post in posts for found in [post.title, *post.paragraphs] if marks.search(found)]
    assert [text for text in left if not re.fullmatch(r"\[\w+\.?/\w+\.?\]", text)] == []


def test_choices_of_one_name_take_the_same_place_though_they_begin_with_a_fact() -> None:
    template = compiled("[@m:{kampus}|{disdik}|polisi] dan [@m:mahasiswa|pelajar|{jajaran}]")
    facts = {"@m/3": "1", "disdik": "dinas"}
    assert expand(template, facts.__getitem__, random.Random(1)) == "dinas dan pelajar"


def test_nothing_that_a_post_names_is_missing(posts: list[Post]) -> None:
    gap = re.compile(r"\b(?:dengan|dan|mewakili|kepada|ke|di)(?: [.,]|\.|$)", re.MULTILINE)
    assert [found for post in posts for found in [post.title, *post.paragraphs] if gap.search(found)] == []


def test_units_in_titles_have_a_capital(posts: list[Post]) -> None:
    unit = re.compile(r"\d (?:persen|juta|miliar)\b")
    assert [post.title for post in posts if unit.search(post.title)] == []


def test_offices_of_aceh_are_not_called_kpu(posts: list[Post]) -> None:
    wrong = re.compile(r"KPU (?:Kabupaten|Kota) (?:Aceh|Pidie|Bireuen|Gayo|Sabang|Langsa|Simeulue|Nagan)")
    assert [post.title for post in posts if wrong.search(f"{post.title}\n{post.text}")] == []


def test_every_topic_of_the_keyword_list_is_told_of(world: World, posts: list[Post]) -> None:
    with TOPICS.open(encoding="utf-8") as file:
        topics = {row["topic"] for row in csv.DictReader(file)}
    assert {scenario.topic for scenario in scenarios().values()} == topics
    assert {post.topic for post in posts} == topics


def test_every_scenario_can_be_told_whole() -> None:
    for scenario in scenarios().values():
        assert scenario.titles, scenario.name
        assert scenario.leads, scenario.name
        assert any(always for always, _ in scenario.body), scenario.name
        assert len(scenario.body) + len(scenario.quotes) + len(scenario.closings) >= 2, scenario.name


def test_bodies_have_three_to_ten_paragraphs(posts: list[Post]) -> None:
    own = [len(post.paragraphs) for post in posts if post.origin == "own"]
    assert min(own) >= 2
    assert max(own) <= 10
    assert sum(own) / len(own) > 4


def test_posts_of_different_offices_do_not_read_alike(posts: list[Post]) -> None:
    bodies = Counter(post.text for post in posts if post.origin == "own")
    assert max(bodies.values()) == 1


def test_all_three_time_zones_are_written(posts: list[Post]) -> None:
    text = " ".join(post.text for post in posts)
    assert all(f" {zone}" in text for zone in ("WIB", "WITA", "WIT"))


def test_carriers_of_a_release_share_its_story_and_topic(world: World, posts: list[Post]) -> None:
    carried = [post for post in posts if post.origin == "central"]
    assert len(carried) > 30
    for post in carried:
        slot = world.timeline.find("0", int(post.story_key.removeprefix("0-")))
        assert slot is not None
        release = world.post(slot, int(NOW.timestamp()))
        assert release.key == post.story_key
        assert post.topic == release.topic
        assert post.published_at > release.published_at
        assert _common(post.text, release.text) > 0.5


def test_own_posts_are_stories_of_their_own(posts: list[Post]) -> None:
    own = [post for post in posts if post.origin == "own"]
    assert all(post.story_key == post.key for post in own)


def test_a_site_does_not_carry_the_same_release_twice_within_a_day(world: World) -> None:
    for code in list(world.offices)[39::40]:
        carried = [post for post in world.posts(code, NOW, 60) if post.origin != "own"]
        twice = [
            (a.key, b.key)
            for a in carried
            for b in carried
            if a.number < b.number
            and a.story_key == b.story_key
            and b.published_at - a.published_at < timedelta(hours=24)
        ]
        assert len(twice) <= 1, (code, twice)


def test_a_correction_changes_one_figure_and_nothing_else(world: World) -> None:
    timeline = world.timeline
    start = int((NOW - timedelta(days=20)).timestamp())
    slots = [
        s for code in list(world.offices)[::5] for s in timeline.between(code, start, start + 86_400 * 5)
    ]
    pairs = [(world.post(slot, slot.when), world.post(slot, slot.when + 40 * 3600)) for slot in slots]
    corrected = [(first, last) for first, last in pairs if last.version == 2]
    assert len(corrected) > 3
    for first, last in corrected:
        assert first.updated_at is None
        assert last.updated_at is not None
        assert last.updated_at > last.published_at
        assert (first.title, first.text) != (last.title, last.text)
        assert _common(first.text, last.text) > 0.95 or first.title != last.title


def test_stage_news_lies_within_its_stage(world: World) -> None:
    july = datetime(2024, 7, 10, 9, 0, tzinfo=UTC)
    staged = [
        post for code in list(world.offices)[40::20] for post in world.posts(code, july, 15) if post.stage
    ]
    assert staged
    for post in staged:
        start, end = almanac.stages()[post.stage]
        assert start <= post.published_at.date() <= end + timedelta(days=4)


def test_today_nothing_belongs_to_a_stage(posts: list[Post]) -> None:
    recent = [post for post in posts if post.published_at.year == 2026]
    assert all(post.stage == "" for post in recent)


def test_voters_of_a_province_are_the_sum_of_its_regencies(world: World) -> None:
    province = world.offices["35"]
    assert province.voters(7) == sum(world.offices[child.code].voters(7) for child in province.children)


def test_live_posts_come_at_the_asked_rate() -> None:
    start = int(NOW.timestamp())
    world = World(1, [Session(start, None, 30.0)])
    posts = [s for code in world.offices for s in world.timeline.between(code, start, start + 600) if s.live]
    assert 295 <= len(posts) <= 305
    assert len({(slot.code, slot.number) for slot in posts}) == len(posts)


def test_an_earlier_run_stays_in_the_history() -> None:
    start = int(NOW.timestamp())
    first = World(1, [Session(start, None, 60.0)])
    later = World(1, [Session(start, start + 600, 60.0), Session(start + 3600, None, 60.0)])
    moment = NOW + timedelta(seconds=599)
    shown = first.posts("3578", moment, 30)
    assert {post.key for post in shown if post.published_at > NOW}
    assert set(shown) <= set(later.posts("3578", moment + timedelta(hours=2), 90))


def test_news_is_put_into_slots_that_can_be_found_again(world: World) -> None:
    slot = world.timeline.newest("3506", int(NOW.timestamp()), 1)[0]
    assert world.timeline.find("3506", slot.number) == slot


def test_unbalanced_brackets_in_a_template_are_refused() -> None:
    for source in ("satu [dua|tiga", "satu] dua", "[a[b|c]"):
        with pytest.raises(ValueError, match="unbalanced"):
            compiled(source)


def test_the_synonyms_have_no_word_in_two_groups() -> None:
    lines = (DATA / "sinonim.txt").read_text(encoding="utf-8").splitlines()
    words = [word.strip() for line in lines if "=" in line for word in line.split("=")]
    assert [word for word, count in Counter(words).items() if count > 1] == []


def test_rewording_leaves_quotations_alone() -> None:
    import random

    text = 'Ia menyampaikan, "kami menggelar rapat untuk semua," kata ketua.'
    changed = noise.reword(text, 1.0, random.Random(1))
    assert '"kami menggelar rapat untuk semua,"' in changed
    assert "menyampaikan" not in changed


def _common(a: str, b: str) -> float:
    """Words of the shorter text that the other has too, as a part."""
    first, second = Counter(a.split()), Counter(b.split())
    return (first & second).total() / min(first.total(), second.total())
