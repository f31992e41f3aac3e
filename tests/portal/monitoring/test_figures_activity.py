"""Activity of satker: days, runs, gaps, shares, comparisons, topics, targets, duties and the ranking."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.models import Entry, EntryTopic, Satker, Stage, Story, Topic
from portal.days import Period
from portal.monitoring.figures import (
    compare,
    days_off,
    duties,
    duty,
    follow,
    grid,
    mix,
    ranking,
    runs,
    targets,
)
from portal.monitoring.figures.sums import Sums, sums
from portal.monitoring.models import Exemption, Target
from tests.factories import make_entries, make_entry, make_feed, make_province, make_satker
from tests.portal.monitoring.world import make_feed_day

pytestmark = pytest.mark.django_db
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
NOW = datetime(2026, 12, 2, 2, 0, tzinfo=UTC)


def at(month: int, day: int, hour: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.fixture
def topic():
    return Topic.objects.create(slug="logistik", name="Logistik")


def posts(satker, days, topic=None, **fields):
    feed = satker.feeds.first() or make_feed(satker=satker)
    entries = make_entries({"feed": feed, "published_at": when, "origin": "own"} | fields for when in days)
    if topic:
        EntryTopic.objects.bulk_create(EntryTopic(entry=entry, topic=topic) for entry in entries)


def everyone():
    return Satker.objects.all()


def test_a_grid_has_a_cell_for_every_day_and_a_row_for_every_satker():
    busy, idle = make_satker("0001"), make_satker("0002")
    posts(busy, [at(11, 2), at(11, 2), at(11, 4)])
    follow.follow()
    found = grid.grid(everyone(), NOVEMBER, NOW)
    assert [row.satker for row in found.rows] == [busy, idle]
    assert found.rows[0].days[:5] == [0, 2, 0, 1, 0]
    assert len(found.days) == 30
    assert found.rows[1].streaks.gap == 30


def test_days_to_come_are_no_days_without_a_post():
    make_satker("0001", timezone="Asia/Jayapura")
    follow.follow()
    row = grid.grid(everyone(), NOVEMBER, datetime(2026, 11, 3, 16, tzinfo=UTC)).rows[0]
    assert row.days[:5] == [0, 0, 0, 0, None]  # it is the 4th in Jayapura, at one in the morning
    assert row.streaks.gap == 3


MONDAY = date(2026, 11, 2)


def streaks(posted, days, off=()):
    marks = runs.marks("".join("01"[day in posted] for day in days))
    return runs.streaks(marks, runs.template(days[0], days[-1], off), is_over=True)


@pytest.mark.parametrize(
    ("posted", "off", "expected"),
    [
        ([0, 1, 2, 3, 4, 7], [], (6, 6, 2)),  # a weekend neither counts nor breaks a run
        ([0, 1, 3], [], (0, 2, 4)),
        ([0, 1, 3], [2], (0, 3, 4)),
        ([], [], (0, 0, 8)),
        ([0, 1, 2, 3, 4, 5, 6, 7], [], (8, 8, 0)),
    ],
)
def test_runs_and_gaps(posted, off, expected):
    days = [MONDAY + timedelta(days=n) for n in range(8)]
    found = streaks([days[n] for n in posted], days, [days[n] for n in off])
    assert (found.current, found.longest, found.gap) == expected


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_the_longest_gap_is_that_of_a_direct_count(posted):
    days = [MONDAY + timedelta(days=n) for n in range(len(posted))]
    found = streaks([day for day, flag in zip(days, posted, strict=True) if flag], days)
    assert found.gap == max(len(run) for run in "".join("x" if flag else " " for flag in posted).split("x"))


@given(st.lists(st.sampled_from("x -"), min_size=1, max_size=60))
def test_runs_are_those_of_a_direct_count(signs):
    """x: a post, -: a day off. Day by day: a working day without a post that is not off ends a run."""
    days = [MONDAY + timedelta(days=n) for n in range(len(signs))]
    run = longest = 0
    for day, sign in zip(days, signs, strict=True):
        if sign == "x":
            run += 1
        elif sign == " " and day.weekday() < 5:
            run = 0
        longest = max(longest, run)
    posted, off = ([d for d, s in zip(days, signs, strict=True) if s == which] for which in "x-")
    found = streaks(posted, days, off)
    assert (found.current, found.longest) == (run, longest)


@pytest.mark.parametrize("seed", range(4))
def test_sums_equal_a_direct_count_in_three_zones(seed, topic):
    chance = random.Random(seed)
    for zone in ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"):
        satker = make_satker(timezone=zone)
        for _ in range(40):
            when = datetime(2026, 10, 31, 17, tzinfo=UTC) + timedelta(hours=chance.randint(-40, 800))
            posts(
                satker,
                [when],
                chance.choice([topic, None]),
                origin=chance.choice(["own", "central", "child", ""]),
            )
    follow.follow()
    found = sums(everyone(), NOVEMBER)
    for satker in everyone():
        own, active, all_posts = 0, set(), 0
        for entry in Entry.objects.filter(satker=satker):
            day = entry.published_at.astimezone(ZoneInfo(satker.timezone)).date()
            if NOVEMBER.first <= day <= NOVEMBER.last:
                all_posts += 1
                own += entry.origin == "own"
                active |= {day} if entry.origin == "own" else set()
        mine = found[satker.pk]
        assert (mine.posts, mine.own, mine.active_days) == (all_posts, own, len(active))


def test_sums_keep_to_the_satker_asked_for():
    mine, other = make_satker(), make_satker()
    posts(mine, [at(11, 3)])
    posts(other, [at(11, 3)])
    follow.follow()
    assert set(sums(Satker.objects.filter(pk=mine.pk), NOVEMBER)) == {mine.pk}


def test_k2_who_only_reposts_has_a_share_of_nothing():
    satker = make_satker()
    posts(satker, [at(11, 3), at(11, 4), at(11, 5)], origin="central")
    posts(satker, [at(11, 6)], origin="")
    follow.follow()
    found = sums(everyone(), NOVEMBER)[satker.pk]
    assert (found.own_share, found.reposts, found.undecided) == (0.0, 3, 1)


def test_a_share_of_posts_of_unknown_origin_is_not_known():
    assert Sums(posts=3).own_share is None


def test_k3_months_of_provinces_end_at_midnight_in_wib():
    bali = make_province("51", "Bali", timezone="Asia/Makassar")
    satker = make_satker(province=bali, timezone="Asia/Makassar")
    posts(satker, [datetime(2026, 10, 31, 16, 30, tzinfo=UTC)])  # 31 October in WIB, 1 November in WITA
    posts(satker, [at(11, 3), at(11, 4)], origin="central")
    follow.follow()
    pair = next(row for row in compare.provinces(OCTOBER, NOVEMBER) if row.place == bali)
    assert (pair.before.posts, pair.before.own, pair.after.posts, pair.after.reposts) == (1, 1, 2, 2)
    assert (pair.change.posts, pair.change.own, pair.change.reposts) == (1, -1, 2)
    own = compare.offices(everyone(), OCTOBER, NOVEMBER)[0]
    assert (own.before.posts, own.after.posts) == (0, 3)


def judged(satker, failed=0):
    make_feed_day(
        feed=satker.feeds.first() or make_feed(satker=satker), day=NOVEMBER.first, polls=100, failed=failed
    )


def test_k4_equals_share_a_place_and_a_satker_with_nothing_is_listed(topic):
    best, equal, twin, none, unread, unasked = (make_satker(f"000{n}") for n in range(6))
    posts(best, [at(11, 2), at(11, 3)], topic)
    for satker in (equal, twin):
        posts(satker, [at(11, 2)], topic)
        posts(satker, [at(11, 2)], origin="central")
    posts(unread, [at(11, 2)] * 9, topic)
    for satker in (best, equal, twin, none):
        judged(satker)
    judged(unread, failed=11)
    follow.follow()
    rows = ranking.ranking(everyone(), NOVEMBER, OCTOBER, NOW)
    assert [(row.satker, row.place) for row in rows] == [
        (best, 1),
        (equal, 2),
        (twin, 2),
        (none, 4),
        (unread, None),
        (unasked, None),
    ]
    assert (rows[0].sums.own_on_topic, rows[0].change, rows[0].longest_gap) == (2, 2, 27)


def test_days_decide_between_equals_and_provinces_are_ranked_apart(topic):
    bali = make_province("51", "Bali")
    once, twice, elsewhere = make_satker("0001"), make_satker("0002"), make_satker("0003", province=bali)
    posts(once, [at(11, 2), at(11, 2)], topic)
    posts(twice, [at(11, 2), at(11, 3)], topic)
    posts(elsewhere, [at(11, 2)], topic)
    for satker in (once, twice, elsewhere):
        judged(satker)
    follow.follow()
    rows = ranking.ranking(everyone(), NOVEMBER, OCTOBER, NOW)
    assert [(row.satker, row.place) for row in rows] == [(twice, 1), (once, 2), (elsewhere, 1)]


QUARTER = 2026 * 4 + 2  # July to September


def states(now=NOW):
    return {row.satker.code: row.state for row in duties.fulfilments(everyone(), QUARTER, now)}


def duty_post(satker, month, day, title="PDPB Triwulan III 2026"):
    make_entry(title, feed=make_feed(satker=satker), published_at=at(month, day), origin="own")


def test_k6_who_has_no_duty_post_by_the_15th_is_missing():
    for code, when in {"0001": (9, 30), "0002": (10, 15), "0003": (10, 16)}.items():
        duty_post(make_satker(code), *when)
    make_satker("0004")
    duty_post(make_satker("0005"), 8, 3, "Rapat pleno")
    follow.follow()
    assert states() == {"0001": "done", "0002": "done", "0003": "late", "0004": "missing", "0005": "missing"}


def test_a_duty_is_open_until_its_day_is_past_on_the_satkers_clocks():
    make_satker("0001")
    make_satker("0002", timezone="Asia/Jayapura")
    follow.follow()
    assert states(datetime(2026, 10, 15, 15, 30, tzinfo=UTC)) == {"0001": "open", "0002": "missing"}


def test_provinces_answer_for_half_years_and_the_nation_for_none():
    make_satker("0", level="national", province=None)
    duty_post(make_satker("35", level="province"), 12, 12, "Pleno PDPB Semester II 2026")
    duty_post(make_satker("51", level="province"), 7, 2, "Pleno PDPB Semester I 2026")
    follow.follow()
    rows = duties.fulfilments(everyone(), QUARTER, datetime(2027, 2, 1, tzinfo=UTC))
    assert [(row.satker.code, row.state, row.span.name) for row in rows] == [
        ("35", "done", "Semester II 2026"),
        ("51", "missing", "Semester II 2026"),
    ]


def test_k118_fulfils_the_fourth_quarter_of_kebumen():
    kebumen = make_satker("3305")
    title = "Rapat Pleno Terbuka Rekapitulasi Daftar Pemilih Berkelanjutan Triwulan IV Tahun 2025"
    make_entry(
        title, feed=make_feed(satker=kebumen), published_at=datetime(2025, 12, 8, 3, tzinfo=UTC), origin="own"
    )
    follow.follow()
    (row,) = duties.fulfilments(everyone(), 2025 * 4 + 3, datetime(2026, 2, 1, tzinfo=UTC))
    assert (row.state, row.span.name, row.span.due) == ("done", "Triwulan IV 2025", date(2026, 1, 15))


@pytest.mark.parametrize(
    ("today", "quarter"), [((2026, 10, 14), 2), ((2026, 10, 15), 3), ((2026, 12, 31), 3), ((2027, 1, 15), 4)]
)
def test_the_quarter_asked_about_is_the_newest_that_is_due(today, quarter):
    index = duties.last_due(date(*today))
    assert (index // 4, index % 4 + 1) == (2026, quarter)
    assert duty.quarter(index).due <= date(*today)


def test_a_target_is_lowered_by_holidays_and_disasters():
    """November 2026 has 21 working days; 7 of them are lost to a flood in one satker."""
    Target.objects.create(level="regency", since=date(2026, 1, 1), posts=21, active_days=21)
    Target.objects.create(level="regency", since=date(2026, 12, 1), posts=99, active_days=99)
    hit = make_satker("0001")
    make_satker("0002")
    Exemption.objects.create(
        kind="disaster", first=date(2026, 11, 4), last=date(2026, 11, 12), satker=hit, reason="banjir"
    )
    posts(hit, [at(11, day) for day in range(13, 28)])
    follow.follow()
    first, second = targets.aims(everyone(), NOVEMBER)
    assert (first.expected, first.exempt_days, first.working_days, first.is_met) == (14.0, 7, 14, True)
    assert (second.expected, second.is_met, second.share) == (21.0, False, 0.0)


def test_without_a_target_nothing_is_expected():
    make_satker()
    follow.follow()
    assert targets.aims(everyone(), NOVEMBER)[0].is_met is None


def test_a_period_of_parts_of_months_expects_parts_of_targets():
    Target.objects.create(level="regency", since=date(2026, 1, 1), posts=21, active_days=0)
    make_satker()
    follow.follow()
    period = Period(date(2026, 11, 2), date(2026, 11, 6))
    assert targets.aims(everyone(), period)[0].expected == 5.0


def test_holidays_of_the_nation_are_known_by_name():
    assert "Kemerdekaan" in days_off.public_holidays(2026)[date(2026, 8, 17)]
    assert date(2026, 3, 20) in days_off.public_holidays(2026)  # a joint day off


def test_topics_and_stages_add_up_to_the_posts(topic):
    stage = Stage.objects.create(slug="kampanye", name="Kampanye", election="pemilu-2024")
    other = Topic.objects.create(slug="humas", name="Humas", position=1)
    satker = make_satker()
    posts(satker, [at(11, 2), at(11, 3)], topic, stage=stage)
    posts(satker, [at(11, 4)], other)
    posts(satker, [at(11, 5)], stage_rule="staff: humas")
    follow.follow()
    assert mix.topics(everyone(), NOVEMBER) == [(topic, 2), (other, 1)]
    (month,) = mix.stage_mix(everyone(), NOVEMBER)
    assert (month.stages, month.outside, month.posts, month.corrected) == (
        {stage.pk: 2},
        {other.pk: 1, 0: 1},
        4,
        1,
    )
    assert month.province == satker.province_id


def test_the_most_carried_source_is_named():
    centre, province, satker = make_satker("0"), make_satker("35"), make_satker("3571")
    for source, number in ((centre, 2), (province, 1)):
        for _ in range(number):
            lead = make_entry(feed=make_feed(satker=source), published_at=at(11, 2), origin="own")
            story = Story.objects.create(lead=lead)
            posts(satker, [at(11, 3)], origin="central", story=story)
    follow.follow()
    assert mix.sources(everyone(), NOVEMBER) == {satker.pk: centre}


def test_the_province_of_a_comparison_counts_the_national_office_apart():
    satker = make_satker("0", level="national", province=None)
    posts(satker, [at(11, 2)])
    rows = compare.provinces(OCTOBER, NOVEMBER)
    assert Counter(row.place is None for row in rows)[True] == 1
    assert rows[-1].after.posts == 1
