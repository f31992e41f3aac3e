"""When a feed is asked again, and that no two workers get the same feed."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import holders, schedule
from aggregator.models import Feed, HostPause
from aggregator.records import Outcome
from aggregator.schedule import Attempt, plan
from tests.factories import make_feed

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
LEAST, MOST = 900, 21_600


def wait_of(attempt: Attempt, interval: int = 3600) -> float:
    made = plan(attempt, interval=interval, now=NOW, least=LEAST, most=MOST, rng=random.Random(1))
    return (made.next_check_at - NOW).total_seconds()


def interval_of(attempt: Attempt, interval: int = 3600) -> int:
    return plan(attempt, interval=interval, now=NOW, least=LEAST, most=MOST).interval


def test_many_known_entries_lengthen_the_interval():
    assert interval_of(Attempt(Outcome.FETCHED, new=0, known=30)) > 3600


def test_few_known_entries_shorten_the_interval():
    some_new = interval_of(Attempt(Outcome.FETCHED, new=2, known=28))
    mostly_new = interval_of(Attempt(Outcome.FETCHED, new=20, known=10))
    assert mostly_new < some_new < 3600


@given(
    st.sampled_from(list(Outcome)),
    st.integers(0, 1000),
    st.integers(0, 1000),
    st.integers(1, 10_000),
    st.integers(1, 10**7),
)
def test_interval_stays_within_the_bounds_whatever_happens(outcome, new, known, failures, interval):
    made = plan(
        Attempt(outcome, new=new, known=known, failures=failures, error_code="timeout"),
        interval=min(max(interval, LEAST), MOST),
        now=NOW,
        least=LEAST,
        most=MOST,
    )
    assert LEAST <= made.interval <= MOST
    assert timedelta(0) < made.next_check_at - NOW <= timedelta(days=1.2)


def test_failures_back_off_exponentially_up_to_a_day():
    waits = [wait_of(Attempt(Outcome.FAILED, error_code="timeout", failures=n)) for n in (1, 2, 3, 30)]
    assert waits[0] < waits[1] < waits[2] < waits[3] <= 86_400 * 1.1


def test_a_time_out_is_retried_sooner_than_a_404():
    timeout = wait_of(Attempt(Outcome.FAILED, error_code="timeout", failures=1))
    assert timeout < wait_of(Attempt(Outcome.FAILED, error_code="http_404", failures=1))


def test_410_asks_to_stop_the_feed():
    gone = Attempt(Outcome.FAILED, error_code="http_410", failures=1)
    assert plan(gone, interval=3600, now=NOW, least=LEAST, most=MOST).stop


def test_retry_after_is_never_undercut():
    assert wait_of(Attempt(Outcome.FAILED, error_code="http_503", failures=1, retry_after=7200)) >= 7200


def test_http_freshness_delays_the_next_check():
    assert wait_of(Attempt(Outcome.NOT_MODIFIED, fresh_for=10_000), interval=900) >= 9000


def test_ttl_of_the_feed_delays_the_next_check():
    assert wait_of(Attempt(Outcome.FETCHED, wishes={"ttl": 10_000}), interval=900) >= 9000


def test_skip_hours_are_left_out():
    wishes = {"skip_hours": [3, 4, 5, 6]}
    made = plan(Attempt(Outcome.NOT_MODIFIED, wishes=wishes), interval=3600, now=NOW, least=LEAST, most=MOST)
    assert made.next_check_at.hour == 7


def test_skip_days_are_left_out():
    wishes = {"skip_days": ["Wednesday", "Thursday"]}  # NOW is a Wednesday
    made = plan(Attempt(Outcome.NOT_MODIFIED, wishes=wishes), interval=3600, now=NOW, least=LEAST, most=MOST)
    assert made.next_check_at.strftime("%A") == "Friday"


def test_a_feed_that_forbids_all_hours_is_asked_all_the_same():
    assert wait_of(Attempt(Outcome.NOT_MODIFIED, wishes={"skip_hours": list(range(24))})) < 7200


def test_feeds_that_fail_together_do_not_come_back_together():
    failed = Attempt(Outcome.FAILED, error_code="timeout", failures=3)
    times = {plan(failed, interval=900, now=NOW, least=LEAST, most=MOST).next_check_at for _ in range(20)}
    assert len(times) == 20


@pytest.mark.django_db
def test_only_due_active_feeds_are_leased_longest_overdue_first():
    later = make_feed(next_check_at=NOW - timedelta(minutes=1))
    sooner = make_feed(next_check_at=NOW - timedelta(hours=1))
    make_feed(next_check_at=NOW + timedelta(hours=1))
    make_feed(next_check_at=NOW - timedelta(hours=2), state=Feed.State.STOPPED)
    assert [f.pk for f in schedule.lease_due(NOW, 1)] == [sooner.pk]
    assert [f.pk for f in schedule.lease_due(NOW, 10)] == [later.pk]


@pytest.mark.django_db
def test_a_leased_feed_is_not_given_twice_until_the_lease_ends():
    feed = make_feed(next_check_at=NOW)
    assert schedule.lease_due(NOW, 10)
    assert schedule.lease_due(NOW, 10) == []
    assert schedule.lease([feed.pk], NOW) == []
    after = NOW + timedelta(seconds=schedule.LEASE_SECONDS)
    assert [f.pk for f in schedule.lease_due(after, 10)] == [feed.pk]


@pytest.mark.django_db
def test_a_feed_can_be_leased_whatever_its_schedule():
    feed = make_feed(next_check_at=NOW + timedelta(hours=5))
    assert [f.pk for f in schedule.lease([feed.pk], NOW)] == [feed.pk]


@pytest.mark.django_db
def test_a_clock_that_jumped_back_makes_no_feed_wait_for_days():
    feed = make_feed(next_check_at=NOW + timedelta(days=300))
    assert [f.pk for f in schedule.lease_due(NOW, 10)] == [feed.pk]


@pytest.mark.django_db
def test_a_feed_checked_under_a_clock_that_ran_ahead_is_due_at_once():
    """F09: written two hours ahead, it would otherwise wait for two hours and its interval."""
    ahead = NOW + timedelta(hours=2)
    feed = make_feed(last_checked_at=ahead, next_check_at=ahead + timedelta(minutes=15))
    assert [f.pk for f in schedule.lease_due(NOW, 10)] == [feed.pk]


@pytest.mark.django_db
def test_a_lease_taken_under_a_clock_that_ran_ahead_does_not_outlast_a_true_one():
    """F09."""
    feed = make_feed(next_check_at=NOW + timedelta(hours=2), lease="elsewhere/1/1/abc")
    assert [f.pk for f in schedule.lease_due(NOW, 10)] == [feed.pk]


@pytest.mark.django_db
def test_a_host_paused_under_a_clock_that_ran_ahead_is_asked_again():
    """F09: no site may ask for more than a day of quiet."""
    HostPause.objects.create(hostname="satu.example", until=NOW + timedelta(days=300))
    HostPause.objects.create(hostname="dua.example", until=NOW + timedelta(hours=20))
    assert set(schedule.paused_hosts(NOW)) == {"dua.example"}


@pytest.mark.django_db
def test_feeds_of_one_host_are_never_with_two_workers():
    """A central platform may serve all offices under one name."""
    first, second = (
        make_feed(f"https://pusat.example/{n}/feed", next_check_at=NOW - timedelta(hours=1)) for n in range(2)
    )
    other = make_feed("https://lain.example/feed", next_check_at=NOW)
    assert [f.pk for f in schedule.lease_due(NOW, 1)] == [first.pk]
    assert [f.pk for f in schedule.lease_due(NOW, 10)] == [other.pk]
    assert schedule.lease([second.pk], NOW) == []
    assert schedule.waiting([first.pk, second.pk, other.pk], NOW) == [second.pk]
    after = NOW + timedelta(seconds=schedule.LEASE_SECONDS)
    assert len(schedule.lease_due(after, 10)) == 3


@pytest.mark.django_db
def test_a_feed_given_back_is_due_at_the_time_given():
    make_feed(next_check_at=NOW)
    feeds = schedule.lease_due(NOW, 10)
    schedule.give_back(feeds, NOW + timedelta(minutes=5))
    assert schedule.lease_due(NOW, 10) == []
    assert len(schedule.lease_due(NOW + timedelta(minutes=5), 10)) == 1


@pytest.mark.django_db
def test_what_a_dead_process_of_this_host_held_is_free_at_once():
    feed = make_feed(next_check_at=NOW)
    schedule.lease_due(NOW, 10)
    gone = holders.token().split("/")
    gone[1] = str(2**22 + 1)  # beyond Linux's largest process id
    Feed.objects.update(lease="/".join(gone))
    assert [f.pk for f in schedule.lease_due(NOW, 10)] == [feed.pk]


@pytest.mark.django_db
def test_what_another_host_holds_is_left_to_it():
    make_feed(next_check_at=NOW + timedelta(minutes=4), lease="elsewhere/999999999/1/abc")
    assert schedule.lease_due(NOW, 10) == []


def test_a_process_that_took_over_a_dead_one_s_number_is_not_taken_for_it():
    host, pid, started = holders.me().split("/")
    assert not holders.is_dead(f"{host}/{pid}/{started}/x")
    assert holders.is_dead(f"{host}/{pid}/1/x")
